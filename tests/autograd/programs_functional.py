"""Programs about `autograd.functional`: structures of results, strict mode, what is refused."""

from itertools import product

from programs import program, raises
from programs_func import cubes, double, pair, shown


def values(x):
    """What is in a tree, whether its nodes are lists or tuples."""
    return [values(v) for v in x] if isinstance(x, (list, tuple)) else shown(x.detach())


def both(x, y):
    return (x ** 3 * y).sum() + (y ** 2).sum()


@program
def functional_products(torch):
    A, x, y = torch.autograd.functional, double(torch, 3), double(torch, 3, start=1)
    one = torch.ones((), dtype=torch.float64)
    s = double(torch)
    calls = [
        lambda **k: A.vjp(torch.sin, x, y, **k), lambda **k: A.vjp(pair, (x, y), (y, one), **k), lambda **k: A.vjp(cubes, x, **k),
        lambda **k: A.vjp(lambda a, b: a.sin(), (x, y), y, **k), lambda **k: A.jvp(torch.sin, x, y, **k),
        lambda **k: A.jvp(pair, (x, y), (y, x), **k), lambda **k: A.jvp(lambda a: a * x, s, **k),
        lambda **k: A.jvp(lambda a, b: (a.sin(), b.cos()), (x, y), (y, x), **k), lambda **k: A.vhp(cubes, x, y, **k),
        lambda **k: A.vhp(both, (x, y), (y, x), **k), lambda **k: A.hvp(cubes, x, y, **k), lambda **k: A.hvp(both, (x, y), (y,
                                                                                                             x), **k),
        lambda **k: A.hvp(lambda a: a ** 3, s, **k), lambda **k: A.vhp(lambda a: a ** 3, s, **k),
        lambda **k: A.hvp(lambda a, b: (a ** 3).sum() + b.sum(), (x, y), (y, x), **k)]
    return [shown(call(create_graph=c)) for call, c in product(calls, (False, True))]


@program
def functional_matrices(torch):
    A, x, y = torch.autograd.functional, double(torch, 2), double(torch, 2, 2, start=1)
    results = []
    for vectorize in (False, True):
        k = {'vectorize': vectorize}
        results += [
            A.jacobian(torch.sin, x, **k), A.jacobian(lambda a: (a.sin(), a.sum()), x, **k), A.jacobian(pair, (x, y), **k),
            A.jacobian(lambda a, b: a @ b, (x, y), **k), A.jacobian(lambda a, b: a * 2, (x, y), **k),
            A.jacobian(lambda a: (a,), (x,), **k), A.jacobian(cubes, y, **k), A.hessian(cubes, y, **k), A.hessian(cubes, (x,),
                                                                                                                  **k),
            A.hessian(both, (x, y[0]), **k), A.hessian(lambda a: (a ** 3).sum().reshape(1, 1), x, **k),
            A.jacobian(torch.sin, x, create_graph=True, **k), A.hessian(cubes, x, create_graph=True, **k)]
    k = {'vectorize': True, 'strategy': 'forward-mode'}
    forward = [A.jacobian(torch.sin, x, **k), A.jacobian(lambda a: (a.sin(), a.sum()), x, **k), A.jacobian(pair, (x, y), **k),
               A.hessian(cubes, x, vectorize=True, outer_jacobian_strategy='forward-mode'),
               A.hessian(both, (x, y[0]), vectorize=True, outer_jacobian_strategy='forward-mode')]
    w = double(torch, 2).requires_grad_()
    results += [A.jacobian(torch.sin, w), A.jacobian(torch.sin, w, create_graph=True), A.hessian(cubes, w, create_graph=True)]
    results[-1].sum().backward()
    with torch.no_grad():
        results += [A.jacobian(torch.sin, x), A.vjp(torch.sin, x, x), A.hvp(cubes, x, x)]
    return [shown(v) for v in (*results, w.grad)] + [values(v) for v in forward]


@program
def functional_strict(torch):
    A, x, y = torch.autograd.functional, double(torch, 2), double(torch, 2, start=1)

    def linear(a):
        return a.sum()

    def constant(a):
        return torch.ones((), dtype=torch.float64)

    def first(a, b):
        return (a ** 3).sum()

    def separate(a, b):
        return (a ** 3).sum() + b.sum()
    calls = [
        lambda k: A.vjp(constant, x, **k), lambda k: A.vjp(first, (x, y), **k), lambda k: A.vjp(linear, x, **k),
        lambda k: A.jvp(constant, x, x, **k), lambda k: A.jvp(first, (x, y), (x, y), **k), lambda k: A.jvp(linear, x, x, **k),
        lambda k: A.jacobian(constant, x, **k), lambda k: A.jacobian(first, (x, y), **k), lambda k: A.jacobian(linear, x, **k),
        lambda k: A.hessian(constant, x, **k), lambda k: A.hessian(first, (x, y), **k), lambda k: A.hessian(linear, x, **k),
        lambda k: A.hessian(separate, (x, y), **k), lambda k: A.hessian(lambda a: (a ** 2).sum(), x, **k),
        lambda k: A.vhp(constant, x, x, **k), lambda k: A.vhp(first, (x, y), (x, y), **k), lambda k: A.vhp(linear, x, x, **k),
        lambda k: A.vhp(lambda a: (a ** 2).sum(), x, x, **k), lambda k: A.hvp(constant, x, x, **k),
        lambda k: A.hvp(first, (x, y), (x, y), **k), lambda k: A.hvp(linear, x, x, **k), lambda k: A.hvp(cubes, x, x, **k),
        lambda k: A.hvp(lambda a: (a ** 2).sum(), x, x, **k)]
    return [[raises(lambda c=call, k=k: c(k))] + ([] if k.get('strict') else [shown(call(k))])
            for call, k in product(calls, ({}, {'strict': True}, {'strict': True, 'create_graph': True}))]


@program
def functional_refuses(torch):
    A, x, y = torch.autograd.functional, double(torch, 2), double(torch, 2, 2)
    return [raises(f) for f in (
        lambda: A.vjp(torch.sin, 3), lambda: A.vjp(torch.sin, (x, 3)), lambda: A.vjp(lambda a: 3, x), lambda: A.vjp(lambda a: (a,
                                                                                                                    3), x),
        lambda: A.vjp(torch.sin, x), lambda: A.vjp(torch.sin, x, y), lambda: A.vjp(torch.sin, x, (x, x)),
        lambda: A.vjp(lambda a: (a, a), x, (x,)), lambda: A.vjp(lambda a: (a, a), x, (x, y)), lambda: A.vjp(torch.sin, x, 3),
        lambda: A.jvp(torch.sin, x), lambda: A.jvp(torch.sin, x, y), lambda: A.jvp(torch.add, (x, x), (x,)),
        lambda: A.jvp(torch.sin, [x], x),
        lambda: A.hessian(torch.sin, x), lambda: A.hessian(lambda a: (a.sum(),), x), lambda: A.hessian(lambda a: 3, x),
        lambda: A.vhp(torch.sin, x, x), lambda: A.vhp(lambda a: (a.sum(),), x, x), lambda: A.hvp(torch.sin, x, x),
        lambda: A.hvp(cubes, x),
        lambda: A.hvp(lambda a: (a.sum(),), x, x), lambda: A.jacobian(torch.sin, 3), lambda: A.jacobian(lambda a: 'x', x),
        lambda: A.jacobian(torch.sin, x, strategy='x'), lambda: A.hessian(cubes, x, outer_jacobian_strategy='x'),
        lambda: A.jacobian(torch.sin, x, strategy='forward-mode'), lambda: A.jacobian(torch.sin, x, strict=True, vectorize=True),
        lambda: A.jacobian(torch.sin, x, create_graph=True, strategy='forward-mode'),
        lambda: A.jacobian(torch.sin, x, strict=True, strategy='forward-mode'))]
