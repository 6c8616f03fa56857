"""What small operations cost: cases whose arithmetic is next to nothing."""

from .cases import Cases

cases = Cases()


@cases('add, 8 elements')
def _(torch):
    a, b = torch.ones(8), torch.ones(8)
    return lambda: a + b


@cases('add, 8 elements, recorded')
def _(torch):
    a, b = torch.ones(8, requires_grad=True), torch.ones(8)
    return lambda: a + b


@cases('add + sum + backward, 8 elements')
def _(torch):
    a, b = torch.ones(8, requires_grad=True), torch.ones(8)
    return lambda: (a + b).sum().backward()


@cases('mul by a number, in place')
def _(torch):
    a = torch.ones(8)
    return lambda: a.mul_(1.0)


@cases('relu, 8 elements, recorded')
def _(torch):
    a = torch.ones(8, requires_grad=True)
    return lambda: torch.relu(a)


@cases('view')
def _(torch):
    a = torch.ones(2, 4)
    return lambda: a.view(8)


@cases('row of a matrix')
def _(torch):
    a = torch.ones(2, 4)
    return lambda: a[1]


@cases('shape')
def _(torch):
    a = torch.ones(2, 4)
    return lambda: a.shape


@cases('item')
def _(torch):
    a = torch.ones(1)
    return lambda: a.item()


@cases('Linear(100, 200) on one row')
def _(torch):
    layer, x = torch.nn.Linear(100, 200), torch.rand(1, 100)
    return lambda: layer(x)
