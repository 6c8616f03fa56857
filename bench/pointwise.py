"""Elementwise operations, forward and forward + backward, at three sizes: in a core's caches, beside them, far beyond.

Bytes are those that code without detours moves: each argument read once, each result written once.
"""

from .cases import Cases

cases = Cases()

SIZES = (64, 256), (1024, 1024), (4096, 4096)
FLOAT = 4


def functional(name):
    """A function of `nn.functional`."""
    return lambda torch, x: getattr(torch.nn.functional, name)(x)


def method(name):
    """A method of tensors."""
    return lambda torch, x: getattr(x, name)()


UNARY = {
    'relu': functional('relu'), 'gelu': functional('gelu'), 'silu': functional('silu'), 'tanh': method('tanh'),
    'sigmoid': method('sigmoid'), 'exp': method('exp'), 'log': method('log'),
}


def drawn(torch, name, shape):
    """Arguments that a function is defined for."""
    return torch.rand(*shape) + 0.5 if name == 'log' else torch.randn(*shape)


def grads(torch, f, *inputs):
    """A call that runs `f` and pulls numbers back through it: ones would leave nothing of a softmax but rounding."""
    inputs = [x.requires_grad_() for x in inputs]
    y = f(*inputs)
    g = (torch.arange(y.numel()) % 7 + 1).to(y.dtype).reshape(y.shape)
    return lambda: torch.autograd.grad(f(*inputs), inputs, g)


def unary(name, shape):
    f, n = UNARY[name], shape[0] * shape[1]

    @cases(f'{name} {shape[0]}x{shape[1]}', reads=FLOAT * n, writes=FLOAT * n)
    def _(torch):
        x = drawn(torch, name, shape)
        return lambda: f(torch, x)

    @cases(f'{name} {shape[0]}x{shape[1]}, gradient', reads=3 * FLOAT * n, writes=2 * FLOAT * n)
    def _(torch):
        return grads(torch, lambda x: f(torch, x), drawn(torch, name, shape))


def row(shape):
    return 1, shape[1]


def column(shape):
    return shape[0], 1


def same(shape):
    return shape


# Name: the function, the shape of its second argument, large arrays moved forward, moved in all, and written in all.
BINARY = {
    'add': (lambda torch, x, y: x + y, same, 3, 3, 1),
    'add a row': (lambda torch, x, y: x + y, row, 2, 3, 1),
    'add a column': (lambda torch, x, y: x + y, column, 2, 3, 1),
    'mul': (lambda torch, x, y: x * y, same, 3, 9, 3),
    'mul by a row': (lambda torch, x, y: x * y, row, 2, 6, 2),
    'mul by a column': (lambda torch, x, y: x * y, column, 2, 6, 2),
}


def binary(name, shape):
    f, second, forward, both, written = BINARY[name]
    n = shape[0] * shape[1]

    @cases(f'{name} {shape[0]}x{shape[1]}', reads=(forward - 1) * FLOAT * n, writes=FLOAT * n)
    def _(torch):
        x, y = torch.randn(*shape), torch.randn(*second(shape))
        return lambda: f(torch, x, y)

    @cases(f'{name} {shape[0]}x{shape[1]}, gradient', reads=(both - written) * FLOAT * n, writes=written * FLOAT * n)
    def _(torch):
        return grads(torch, lambda x, y: f(torch, x, y), torch.randn(*shape), torch.randn(*second(shape)))


def where(shape):
    n = shape[0] * shape[1]

    @cases(f'where {shape[0]}x{shape[1]}', reads=(2 * FLOAT + 1) * n, writes=FLOAT * n)
    def _(torch):
        c, x, y = torch.rand(*shape) < 0.5, torch.randn(*shape), torch.randn(*shape)
        return lambda: torch.where(c, x, y)

    @cases(f'where {shape[0]}x{shape[1]}, gradient', reads=(3 * FLOAT + 2) * n, writes=3 * FLOAT * n)
    def _(torch):
        c = torch.rand(*shape) < 0.5
        return grads(torch, lambda x, y: torch.where(c, x, y), torch.randn(*shape), torch.randn(*shape))


def dropout(shape):
    n = shape[0] * shape[1]

    def seeded(torch, x):
        torch.manual_seed(0)  # every call's result is that of every other
        return torch.nn.functional.dropout(x, 0.3)

    @cases(f'dropout {shape[0]}x{shape[1]}', reads=FLOAT * n, writes=2 * FLOAT * n)
    def _(torch):
        x = torch.randn(*shape)
        return lambda: seeded(torch, x)

    @cases(f'dropout {shape[0]}x{shape[1]}, gradient', reads=3 * FLOAT * n, writes=3 * FLOAT * n)
    def _(torch):
        return grads(torch, lambda x: seeded(torch, x), torch.randn(*shape))


for _shape in SIZES:
    for _name in UNARY:
        unary(_name, _shape)
    for _name in BINARY:
        binary(_name, _shape)
    where(_shape)
    dropout(_shape)
