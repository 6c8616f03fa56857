"""Moving elements: cat, transposes, gather, index_select and embedding, forward and forward + backward.

Bytes are those that an implementation without detours moves: each element that is used read once, each result written
once, indices included.
"""

from .cases import Cases
from .pointwise import FLOAT, SIZES, grads

cases = Cases()

INDEX = 8


def both(name, forward, gradient, inputs, f):
    """A case of `f(torch, x, *constants)` and one with its gradient: bytes read and written, and what they work on."""
    @cases(name, reads=forward[0], writes=forward[1])
    def _(torch):
        x, *constants = inputs(torch)
        return lambda: f(torch, x, *constants)

    @cases(f'{name}, gradient', reads=gradient[0], writes=gradient[1])
    def _(torch):
        x, *constants = inputs(torch)
        return grads(torch, lambda x: f(torch, x, *constants), x)


def places(torch, *shape, below):
    """Indices in no order, and the same ones from every library."""
    n = 1
    for length in shape:
        n *= length
    return (torch.arange(n) * 7919 % 1000003 % below).reshape(shape)


def moves(rows, columns):
    a, i, size = FLOAT * rows * columns, INDEX * rows * columns, f'{rows}x{columns}'

    def drawn(torch):
        return torch.randn(rows, columns)

    both(f'cat two {size}', (2 * a, 2 * a), (3 * a, 3 * a), lambda torch: (drawn(torch), drawn(torch)),
         lambda torch, x, y: torch.cat((x, y)))
    both(f'cat two {size} side by side', (2 * a, 2 * a), (3 * a, 3 * a), lambda torch: (drawn(torch), drawn(torch)),
         lambda torch, x, y: torch.cat((x, y), 1))
    both(f'contiguous of {size} transposed', (a, a), (2 * a, 2 * a), lambda torch: (drawn(torch),),
         lambda torch, x: x.t().contiguous())
    both(f'transposed {size} + 1', (a, a), (2 * a, 2 * a), lambda torch: (drawn(torch),),
         lambda torch, x: x.t() + 1)
    both(f'{size} + its transpose', (2 * a, a), (2 * a, a),
         lambda torch: (drawn(torch), torch.randn(columns, rows)), lambda torch, x, y: x + y.t())
    both(f'gather {size} along rows', (a + i, a), (2 * a + 2 * i, 2 * a),
         lambda torch: (drawn(torch), places(torch, rows, columns, below=columns)),
         lambda torch, x, at: x.gather(1, at))
    both(f'gather {size} along columns', (a + i, a), (2 * a + 2 * i, 2 * a),
         lambda torch: (drawn(torch), places(torch, rows, columns, below=rows)),
         lambda torch, x, at: x.gather(0, at))
    both(f'index_select rows of {size}', (a, a), (2 * a, 2 * a),
         lambda torch: (drawn(torch), places(torch, rows, below=rows)),
         lambda torch, x, at: x.index_select(0, at))
    both(f'index_select columns of {size}', (a, a), (2 * a, 2 * a),
         lambda torch: (drawn(torch), places(torch, columns, below=columns)),
         lambda torch, x, at: x.index_select(1, at))
    both(f'rows of {size} by an index', (a, a), (2 * a, 2 * a),
         lambda torch: (drawn(torch), places(torch, rows, below=rows)), lambda torch, x, at: x[at])


def embedding(words):
    """8,192 of a table's rows of 128 numbers; the gradient is a table again."""
    used, table = FLOAT * 8192 * 128, FLOAT * words * 128
    both(f'embedding {words}x128, 8192 indices', (used, used), (2 * used, used + table),
         lambda torch: (torch.randn(words, 128), places(torch, 8192, below=words)),
         lambda torch, x, at: torch.nn.functional.embedding(at, x))


for _shape in SIZES:
    moves(*_shape)
embedding(50000)
embedding(1000)
