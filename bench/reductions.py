"""Sums, extremes, softmax, cross entropy and running sums, forward and forward + backward.

Bytes are those that code without detours moves: each argument read once, each result written once.
"""

from .cases import Cases
from .pointwise import FLOAT, SIZES, grads

cases = Cases()
# Functions whose result is smaller than x, and functions whose result has its shape.
SMALL = {
    'sum of all': lambda torch, x: x.sum(),
    'sum of rows': lambda torch, x: x.sum(1),
    'sum of columns': lambda torch, x: x.sum(0),
    'mean of rows': lambda torch, x: x.mean(1),
    'max of rows with places': lambda torch, x: x.max(1),
    'max of columns with places': lambda torch, x: x.max(0),
    'max of all': lambda torch, x: x.max(),
    'logsumexp of rows': lambda torch, x: x.logsumexp(1),
}
FULL = {
    'softmax': lambda torch, x: torch.softmax(x, 1),
    'softmax of columns': lambda torch, x: torch.softmax(x, 0),
    'log_softmax': lambda torch, x: torch.log_softmax(x, 1),
    'cumsum of rows': lambda torch, x: x.cumsum(1),
    'cumsum of columns': lambda torch, x: x.cumsum(0),
}


def values(result):
    """The values of a result that may come with places."""
    return result if hasattr(result, 'dim') else result[0]


def reduction(name, f, shape, forward, both):
    """Cases of a function: large arrays read and written forward, and forward and backward."""
    n = shape[0] * shape[1]

    @cases(f'{name} {shape[0]}x{shape[1]}', reads=forward[0] * FLOAT * n, writes=forward[1] * FLOAT * n)
    def _(torch):
        x = torch.randn(*shape)
        return lambda: f(torch, x)

    @cases(f'{name} {shape[0]}x{shape[1]}, gradient', reads=both[0] * FLOAT * n, writes=both[1] * FLOAT * n)
    def _(torch):
        return grads(torch, lambda x: values(f(torch, x)), torch.randn(*shape))


def cross_entropy(rows, classes):
    n = rows * classes

    def inputs(torch):
        return torch.randn(rows, classes), torch.arange(rows) * 7 % classes

    @cases(f'cross_entropy {rows}x{classes}', reads=FLOAT * n)
    def _(torch):
        x, y = inputs(torch)
        return lambda: torch.nn.functional.cross_entropy(x, y)

    @cases(f'cross_entropy {rows}x{classes}, gradient', reads=2 * FLOAT * n, writes=FLOAT * n)
    def _(torch):
        x, y = inputs(torch)
        return grads(torch, lambda x: torch.nn.functional.cross_entropy(x, y), x)

    @cases(f'nll_loss {rows}x{classes}, gradient', writes=FLOAT * n)
    def _(torch):
        x, y = inputs(torch)
        return grads(torch, lambda x: torch.nn.functional.nll_loss(x, y), x)


for _shape in SIZES:
    for _name, _f in SMALL.items():
        reduction(_name, _f, _shape, (1, 0), (2 if 'logsumexp' in _name else 1, 1))
    for _name, _f in FULL.items():
        reduction(_name, _f, _shape, (1, 1), (2 if 'cumsum' in _name else 3, 2))
cross_entropy(256, 10)
cross_entropy(64, 32000)
