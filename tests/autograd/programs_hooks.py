"""Programs about flags, hooks, and functions with a derivative of their own."""

from programs import data, leaf, program, raises


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
    p, _s = Product.apply(x, y)
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
