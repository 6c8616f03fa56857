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
    """The type and the sentence of the error that f() raises."""
    try:
        f()
    except Exception as error:
        return [type(error).__name__, str(error).split('\n')[0]]
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
    torch.autograd.backward([y.sum(), (y * y).sum()], [torch.tensor(1., dtype=torch.float64), torch.tensor(2., dtype=torch.float64)])
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
def leaf_in_place_is_refused(torch):
    x = leaf(torch, 1., 2.)
    return (raises(lambda: x.add_(1)), raises(lambda: x[0].add_(1)), raises(lambda: x.view(2, 1).mul_(2)),
            raises(lambda: x.__setitem__(0, 1.)))


@program
def in_place_chain(torch):
    x = leaf(torch, 1., 2.)
    y = x * 2
    y.mul_(3).add_(1)
    y.mul_(y.detach().clone())
    y.exp_()
    y.sum().backward()
    return data(y), data(x.grad)


@program
def in_place_both_ways(torch):
    x, w = leaf(torch, 1., 2.), leaf(torch, 3., 4.)
    y = x * 1
    y.mul_(w)
    y.sum().backward()
    return data(x.grad), data(w.grad)


@program
def kept_output_was_written(torch):
    x = leaf(torch, 1., 2.)
    y = x.exp()
    y.add_(1)
    return raises(y.sum().backward)


@program
def kept_input_was_written(torch):
    x, w = leaf(torch, 1., 2.), torch.ones(2, dtype=torch.float64)
    y = x * w
    w.add_(1)
    return raises(y.sum().backward)[0]


@program
def kept_input_written_through_a_view(torch):
    x, w = leaf(torch, 1., 2.), torch.ones(2, dtype=torch.float64)
    y = x * w
    w[0] = 5.
    return raises(y.sum().backward)[0], w._version


@program
def written_without_need(torch):
    x, w = leaf(torch, 1., 2.), leaf(torch, 3., 4.)
    y = x + w
    z = y * 2
    y.add_(1)
    z.sum().backward()
    return data(x.grad)


@program
def write_through_view(torch):
    x = leaf(torch, 1., 2., 3.)
    base = x * 2
    view = base[1:]
    view.mul_(10)
    base.sum().backward()
    return data(base), data(x.grad), type(base.grad_fn).__name__


@program
def view_after_base_was_written(torch):
    x = leaf(torch, 1., 2., 3.)
    base = x * 2
    view = base[1:]
    base.mul_(3)
    view.sum().backward()
    return data(view), data(x.grad)


@program
def two_views(torch):
    x = leaf(torch, 1., 2., 3.)
    base = x * 2
    first, second = base[:2], base[1:]
    first.mul_(5)
    second.mul_(7)
    (first * 1).sum().backward()
    return data(first), data(x.grad)


@program
def write_into_plain_memory(torch):
    w = leaf(torch, 1., 2.)
    base = torch.zeros(2, 2, dtype=torch.float64)
    row = base[1]
    row.copy_(w * 3)
    out = [base.requires_grad, row.requires_grad]
    (base * base).sum().backward()
    return out, data(w.grad)


@program
def setitem(torch):
    x, v = leaf(torch, 1., 2., 3.), leaf(torch, 10.)
    y = x * 2
    y[1] = v[0]
    y[torch.tensor([0])] = v * 2
    (y * y).sum().backward()
    return data(y), data(x.grad), data(v.grad)


@program
def view_of_view(torch):
    x = torch.arange(6., dtype=torch.float64, requires_grad=True)
    y = x * 1
    v = y.view(2, 3).t()[1:]
    v.mul_(4)
    y.sum().backward()
    return data(y), data(x.grad), v._base is y


@program
def multi_output_view_is_refused(torch):
    y = leaf(torch, 1., 2.) * 2
    a, b = y.unbind(0)
    return raises(lambda: a.mul_(2))[0]


@program
def view_made_without_grad(torch):
    y = leaf(torch, 1., 2.) * 2
    with torch.no_grad():
        v = y[:1]
    return raises(lambda: v.mul_(2))[0]


@program
def second_order_through_views(torch):
    x = leaf(torch, 1., 2., 3.)
    y = x ** 3
    y[1:].mul_(2)
    g, = torch.autograd.grad(y.sum(), x, create_graph=True)
    gg, = torch.autograd.grad(g.sum(), x)
    return data(g), data(gg)


@program
def expanded_is_refused(torch):
    return raises(lambda: torch.ones(1, 2).expand(3, 2).add_(1))


@program
def in_place_result_type(torch):
    return (raises(lambda: torch.ones(2, dtype=torch.int64).add_(1.5)), raises(lambda: torch.ones(2).add_(torch.ones(3, 2))),
            data(torch.ones(2).add_(torch.tensor([1, 2]))))


@program
def versions(torch):
    x = torch.zeros(3)
    out = [x._version]
    x.add_(1)
    x[0] = 2.
    v = x.view(3, 1)
    v.mul_(2)
    d = x.detach()
    d.add_(1)
    out += [x._version, v._version, d._version, x.data._version]
    return out


@program
def detached(torch):
    x = leaf(torch, 1., 2.)
    y = (x * 2).detach()
    z = x * 2
    z.detach_()
    y2 = x * 3
    return y.requires_grad, z.requires_grad, z.is_leaf, raises(lambda: y2[0].detach_())[0]


@program
def requires_grad_rules(torch):
    x = leaf(torch, 1.)
    y = x * 2
    return (raises(lambda: setattr(y, 'requires_grad', False)), raises(lambda: torch.ones(1, dtype=torch.int64).requires_grad_()),
            torch.ones(1).requires_grad_().requires_grad, x.requires_grad_(False).requires_grad)


@program
def tensor_hooks(torch):
    x = leaf(torch, 1., 2.)
    seen = []
    h = x.register_hook(lambda g: seen.append(data(g)))
    y = x * 2
    y.register_hook(lambda g: g * 10)
    (y * 1 + y * 2).sum().backward()
    h.remove()
    (x * 1).sum().backward()
    return seen, data(x.grad)


@program
def node_hooks(torch):
    x = leaf(torch, 1., 2.)
    y = x * 2
    seen = []
    y.grad_fn.register_hook(lambda gi, go: seen.append([data(g) for g in gi + go]))
    y.grad_fn.register_prehook(lambda go: (go[0] * 3,))
    y.sum().backward()
    return seen, data(x.grad)


@program
def post_accumulate_hook(torch):
    x = leaf(torch, 1., 2.)
    seen = []
    x.register_post_accumulate_grad_hook(lambda t: seen.append(data(t.grad)))
    (x * 2).sum().backward()
    return seen, raises(lambda: (x * 2).register_post_accumulate_grad_hook(print))[0]


@program
def retained_gradients(torch):
    x = leaf(torch, 1., 2.)
    y = x * 2
    y.retain_grad()
    (y * y).sum().backward()
    return data(y.grad), y.retains_grad, x.retains_grad


@program
def graph_walk(torch):
    x = leaf(torch, 1., 2.)
    y = (x * 2 + 1).exp()
    names, fn = [], y.grad_fn
    while fn is not None:
        names.append(fn.name().split('::')[-1])
        fn = fn.next_functions[0][0] if fn.next_functions else None
    return names, y.is_leaf, x.is_leaf, y.output_nr


@program
def accumulate_node(torch):
    x = leaf(torch, 1.)
    acc = (x * 1).grad_fn.next_functions[0][0]
    seen = []
    acc.register_prehook(lambda g: seen.append(data(g[0])))
    (x * 2 + x).sum().backward()
    return acc.variable is x, seen, data(x.grad)


@program
def saved_tensor_hooks(torch):
    x = leaf(torch, 1., 2.)
    log = []

    def pack(t):
        log.append('pack')
        return t.tolist()

    def unpack(v):
        log.append('unpack')
        return torch.tensor(v, dtype=torch.float64)
    with torch.autograd.graph.saved_tensors_hooks(pack, unpack):
        y = (x.exp() * x).sum()
    g, = torch.autograd.grad(y, x, create_graph=True)
    gg, = torch.autograd.grad(g.sum(), x)
    return data(g), data(gg), 'pack' in log, 'unpack' in log


def _cube(torch):
    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, scale):
            ctx.save_for_backward(x)
            ctx.scale = scale
            return x ** 3 * scale

        @staticmethod
        def backward(ctx, g):
            x, = ctx.saved_tensors
            return 3 * ctx.scale * x * x * g, None
    return Cube


@program
def custom_function(torch):
    cube = _cube(torch)
    x = leaf(torch, 1., 2.)
    y = cube.apply(x, 2.)
    g, = torch.autograd.grad(y.sum(), x, create_graph=True)
    gg, = torch.autograd.grad(g.sum(), x)
    return data(y), data(g), data(gg), type(y.grad_fn).__name__, raises(lambda: cube()(x))[0]


@program
def custom_setup_context(torch):
    class Product(torch.autograd.Function):
        @staticmethod
        def forward(x, y):
            return x * y, x + y

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, g, h):
            x, y = ctx.saved_tensors
            return g * y + h, g * x + h
    x, y = leaf(torch, 2.), leaf(torch, 3.)
    p, s = Product.apply(x, y)
    (p * 1).backward()
    return data(x.grad), data(y.grad)


@program
def custom_needs_input_grad(torch):
    seen = []

    class Add(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y, k):
            seen.append(ctx.needs_input_grad)
            return x + y

        @staticmethod
        def backward(ctx, g):
            seen.append(ctx.needs_input_grad)
            return g, None, None
    x = leaf(torch, 1.)
    Add.apply(x, torch.ones(1, dtype=torch.float64), 3).backward()
    return seen, data(x.grad)


@program
def custom_marks(torch):
    class Split(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            a, b = x * 2, (x > 1).to(x.dtype)
            ctx.mark_non_differentiable(b)
            ctx.set_materialize_grads(False)
            return a, b

        @staticmethod
        def backward(ctx, g, h):
            assert h is None
            return g * 2

    class Twice(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 2
    x = leaf(torch, 1., 2.)
    a, b = Split.apply(x)
    y = x * 1
    z = Twice.apply(y)
    (a.sum() + z.sum()).backward()
    return a.requires_grad, b.requires_grad, z is y, data(x.grad)


@program
def custom_mistakes(torch):
    class Few(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, g):
            return g

    class Once(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @torch.autograd.function.once_differentiable
        def backward(ctx, g):
            return 2 * g * ctx.saved_tensors[0]
    x, y = leaf(torch, 1.), leaf(torch, 2.)
    g, = torch.autograd.grad(Once.apply(x), x, create_graph=True)
    return raises(Few.apply(x, y).backward)[0], data(g), raises(g.backward)


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
