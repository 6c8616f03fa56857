"""Small programs about autograd. Each takes the library and returns plain data; PyTorch's answers are on record.

`python tests/golden/record.py` (with torch installed) writes the record, tests/golden/autograd.json.
"""

import gc
import weakref

PROGRAMS = {}


def program(f):
    PROGRAMS[f.__name__] = f
    return f


def data(x):
    """A tensor as lists, None as it is."""
    return None if x is None else [str(x.dtype).split('.')[-1], rounded(x.tolist())]


def rounded(v):
    """Nested numbers with 12 digits: the last ones depend on the order of operations."""
    return [rounded(w) for w in v] if isinstance(v, list) else float(f'{v:.12g}') if isinstance(v, float) else v


def raises(f):
    """The type and the sentence of the error that f() raises; printed names begin with "torch." for both libraries."""
    try:
        f()
    except Exception as error:
        return [type(error).__name__, str(error).split('\n')[0].replace('cnet.', 'torch.')]
    return 'no error'


def leaf(torch, *values, dtype='float64'):
    return torch.tensor(values, dtype=getattr(torch, dtype), requires_grad=True)


@program
def accumulation(torch):
    x = leaf(torch, 1., 2.)
    (x * x).sum().backward()
    first = x.grad.clone()
    (x * 3).sum().backward()
    return data(first), data(x.grad), x.grad.requires_grad


@program
def shared_subexpression(torch):
    x = leaf(torch, 1., 2.)
    y = x.exp()
    (y * y + y * x).sum().backward()
    return data(x.grad)


@program
def broadcasting_reduces(torch):
    x, b = torch.ones(3, 2, dtype=torch.float64, requires_grad=True), leaf(torch, 1., 2.)
    (x * b + b).sum().backward()
    return data(x.grad), data(b.grad)


@program
def types_are_cast_back(torch):
    x, y = leaf(torch, 1., 2., dtype='float32'), leaf(torch, 3., 4.)
    (x * y).sum().backward()
    return data(x.grad), data(y.grad)


@program
def twice_is_refused(torch):
    x = leaf(torch, 1.)
    y = x * x
    y.backward()
    return raises(y.backward)


@program
def twice_when_nothing_was_kept(torch):
    x = leaf(torch, 1.)
    y = x + 1
    y.backward()
    y.backward()
    return data(x.grad)


@program
def retained_graph(torch):
    x = leaf(torch, 3.)
    y = x * x
    y.backward(retain_graph=True)
    y.backward()
    return data(x.grad)


@program
def not_a_scalar(torch):
    x = leaf(torch, 1., 2.)
    return raises((x * 2).backward), raises(torch.ones(1).backward)


@program
def wrong_gradient_shape(torch):
    x = leaf(torch, 1., 2.)
    return raises(lambda: (x * 2).backward(torch.ones(3, dtype=torch.float64)))[0]


@program
def higher_orders(torch):
    x = leaf(torch, 2.)
    y, results = x ** 4, []
    for _ in range(4):
        y, = torch.autograd.grad(y.sum(), x, create_graph=True)
        results.append(data(y))
    return results


@program
def grad_of_unused(torch):
    x, y = leaf(torch, 1.), leaf(torch, 2.)
    z = x * 2
    return (raises(lambda: torch.autograd.grad(z, y, retain_graph=True)),
            [data(g) for g in torch.autograd.grad(z, (x, y), allow_unused=True, retain_graph=True)],
            [data(g) for g in torch.autograd.grad(z, (x, y), materialize_grads=True)])


@program
def grad_of_intermediate(torch):
    x = leaf(torch, 1., 2.)
    y = x * x
    z = (y * y).sum()
    return data(torch.autograd.grad(z, y)[0]), data(x.grad), data(y.grad if y.is_leaf else None)


@program
def batched_grad(torch):
    x = leaf(torch, 1., 2.)
    return data(torch.autograd.grad(x * x, x, torch.eye(2, dtype=torch.float64), is_grads_batched=True)[0])


@program
def backward_into_inputs(torch):
    x, y = leaf(torch, 1.), leaf(torch, 2.)
    (x * y).sum().backward(inputs=[x])
    return data(x.grad), data(y.grad)


@program
def several_roots(torch):
    x = leaf(torch, 1., 2.)
    y = x * 2
    weights = [torch.tensor(w, dtype=torch.float64) for w in (1., 2.)]
    torch.autograd.backward([y.sum(), (y * y).sum()], weights)
    return data(x.grad)


@program
def modes(torch):
    x = leaf(torch, 1.)
    out = []
    with torch.no_grad():
        out.append((x * 2).requires_grad)
        with torch.enable_grad():
            out.append((x * 2).requires_grad)
    with torch.set_grad_enabled(False):
        out.append((x * 2).requires_grad)
    torch.set_grad_enabled(False)
    out.append((x * 2).requires_grad)
    torch.set_grad_enabled(True)
    out.append((x * 2).requires_grad)

    @torch.no_grad()
    def f():
        return (x * 2).requires_grad

    @torch.no_grad
    def bare():
        return (x * 2).requires_grad

    @torch.no_grad()
    def generator():
        yield (x * 2).requires_grad
        yield torch.is_grad_enabled()
    return out, f(), bare(), [(v, torch.is_grad_enabled()) for v in generator()]


@program
def inference(torch):
    x = leaf(torch, 1.)
    with torch.inference_mode():
        y = x * 2
        out = [y.requires_grad, y.is_inference(), torch.is_inference_mode_enabled()]
    z = torch.ones(1, dtype=torch.float64)
    return out, raises(lambda: y.add_(1))[0], raises(lambda: x * y)[0], (z + y).is_inference()


@program
def complex_gradients(torch):
    x = torch.tensor([1 + 2j, 3 - 1j], dtype=torch.complex128, requires_grad=True)
    (x * x.conj()).real.sum().backward()
    a = [[str(v) for v in x.grad.tolist()]]
    y = leaf(torch, 1., 2.)
    (y * x.detach()).abs().sum().backward()
    return a, data(y.grad)


@program
def anomaly(torch):
    x = leaf(torch, 0.)
    with torch.autograd.set_detect_anomaly(True):
        y = (x.sqrt() * 0).sum()
        return raises(y.backward)


@program
def long_chain(torch):
    x = leaf(torch, 1.)
    y = x
    for _ in range(100_000):
        y = y + 1e-5
    y.backward()
    out = data(x.grad)
    for _ in range(100_000):
        y = y + 1e-5
    del y
    return out


@program
def no_cycles(torch):
    gc.collect()
    gc.disable()
    try:
        x = leaf(torch, 1., 2.)
        y = (x.exp() * x).sum()
        y.backward()
        z = x * 2
        z[0] = 1.
        z.mul_(3)
        w = (z.tanh() + z.sigmoid()).sum()
        refs = [weakref.ref(t) for t in (y, z, w)]
        del y, z, w
        return [r() is None for r in refs]
    finally:
        gc.enable()


@program
def gradients_are_separate(torch):
    x, y = leaf(torch, 1.), leaf(torch, 2.)
    g = torch.ones(1, dtype=torch.float64)
    (x + y).backward(g)
    x.grad.mul_(5)
    return data(x.grad), data(y.grad), data(g)


@program
def assigning_grad(torch):
    x = leaf(torch, 1., 2.)
    x.grad = torch.ones(2, dtype=torch.float64)
    return (data(x.grad), raises(lambda: setattr(x, 'grad', torch.ones(3, dtype=torch.float64)))[0],
            raises(lambda: setattr(x, 'grad', torch.ones(2)))[0], raises(lambda: setattr(x, 'grad', 3))[0])


@program
def gradcheck_finds_mistakes(torch):
    class Wrong(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 3
    x = leaf(torch, 1., 2.)
    check = torch.autograd.gradcheck
    return (check(lambda t: t.exp() * t, (x,)), check(Wrong.apply, (x,), raise_exception=False),
            raises(lambda: check(Wrong.apply, (x,)))[0], check(lambda t: t.exp(), (x,), fast_mode=True),
            check(Wrong.apply, (x,), fast_mode=True, raise_exception=False), torch.autograd.gradgradcheck(lambda t: t ** 3, (x,)))
