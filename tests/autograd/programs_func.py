"""Programs about `func`: transforms, how they nest, what they refuse."""

from collections import OrderedDict

from programs import program, raises, rounded


def shown(x):
    """A tree of tensors as plain data, with types, shapes and whether gradients are tracked."""
    if isinstance(x, dict):
        return {k: shown(v) for k, v in x.items()}
    if isinstance(x, (tuple, list)):
        return [type(x).__name__, *map(shown, x)]
    if hasattr(x, 'tolist'):
        return [str(x.dtype).split('.')[-1], list(x.shape), x.requires_grad, rounded(x.tolist())]
    return x


def double(torch, *shape, start=0.5):
    n = 1
    for size in shape:
        n *= size
    return (torch.arange(n, dtype=torch.float64) * 0.3 + start).reshape(shape)


def cubes(x):
    return (x ** 3).sum()


def pair(x, y):
    return x.sin() * y, (x * y.exp()).sum()


@program
def func_grad(torch):
    f, x, y = torch.func, double(torch, 3), double(torch, 3, start=1)
    tree = {'w': double(torch, 2), 'b': [double(torch, 2, start=2), double(torch)]}

    def loss(p, x):
        return (p['w'] * x + p['b'][0].exp()).sum() * p['b'][1]
    return [shown(v) for v in (
        f.grad(cubes)(x), f.grad(lambda a, b: (a * b * b).sum(), argnums=1)(x, y),
        f.grad(lambda a, b: (a * b * b).sum(), argnums=(1, 0))(x, y), f.grad(lambda a, b: (a * b).sum(), argnums=-1)(x, y),
        f.grad(loss)(tree, double(torch, 2)), f.grad(lambda x: (cubes(x), {'aux': x * 2, 'n': x.sum()}), has_aux=True)(x),
        f.grad_and_value(cubes)(x), f.grad_and_value(lambda x: (cubes(x), x * 2), has_aux=True)(x),
        f.grad(lambda x, k: cubes(x) * k)(x, k=2.0), f.grad(lambda x: torch.ones((), dtype=torch.float64))(x),
        f.grad(lambda x: x.detach().sum())(x), f.grad(lambda x, y: cubes(y), argnums=0)(x, y))]


@program
def func_nested(torch):
    f, x = torch.func, torch.tensor(0.7, dtype=torch.float64)
    third = f.grad(f.grad(f.grad(torch.sin)))(x)
    mixed = f.grad(lambda a: f.grad(lambda b: a * b ** 3)(a) + a)(x)
    captured = f.grad(lambda a: f.grad(lambda b: a * a * b)(torch.ones((), dtype=torch.float64)))(x)
    constant = f.grad(lambda a: f.grad(lambda b: b ** 3)(a.detach()) * a)(x)
    aux = f.grad(lambda a: f.grad(lambda b: (a * b * b, b * a), has_aux=True)(a)[1])(x)
    return [shown(v) for v in (third, mixed, captured, constant, aux)]


@program
def func_history(torch):
    """What the program itself differentiates stays connected; nothing else requires a gradient."""
    f, x = torch.func, double(torch, 3)
    w = double(torch, 3, start=1).requires_grad_()
    free, (value, aux) = f.grad_and_value(lambda x: (cubes(x), x * 2), has_aux=True)(x)
    tied = f.grad(lambda x: (x * x * w).sum())(x)
    tied.sum().backward()
    first = w.grad.clone()
    v = w.detach().clone().requires_grad_()
    own = f.grad(cubes)(v)
    own.sum().backward()
    with torch.no_grad():
        quiet = f.grad(lambda x: (x * x * w).sum())(x)
        inner = f.grad(lambda x: (x * w).sum().detach() * x.sum())(x)

    def silent(x):
        with torch.no_grad():
            return x * 2 + 0 * x
    return [shown(u) for u in (free, value, aux, first, v.grad, quiet, inner, f.grad(lambda x: (silent(x) * x).sum())(x))] + [
        tied.requires_grad, own.requires_grad, x.requires_grad, x.grad is None]


@program
def func_no_grad_inside(torch):
    f, x = torch.func, double(torch, 3)

    def step(x):
        with torch.no_grad():
            g = f.grad(cubes)(x)
        return (x * g).sum()
    with torch.inference_mode():
        inferred = f.grad(lambda x: (x * x).sum())(torch.ones(2, dtype=torch.float64))
    return [shown(f.grad(step)(x)), inferred.tolist(), f.grad(cubes)(x).tolist()]


@program
def func_vjp(torch):
    f, x, y = torch.func, double(torch, 3), double(torch, 3, start=1)
    out, pull = f.vjp(pair, x, y)
    one = torch.ones((), dtype=torch.float64)
    named, pull_named = f.vjp(lambda t: {'s': t['a'].sin(), 'c': [t['b'].cos()]}, {'a': x, 'b': y})
    _, _, aux = f.vjp(lambda x: (x * 2, {'k': x + 1}), x, has_aux=True)
    w = double(torch, 3, start=1).requires_grad_()
    cotangent = double(torch, 3, start=2).requires_grad_()
    _, linear = f.vjp(lambda x: x * x, x)
    g = linear(cotangent)[0]
    g.sum().backward()
    return [shown(v) for v in (out, pull((x, one)), pull((y, one * 2)), named, pull_named({'s': x, 'c': [y]}), aux,
                               f.vjp(lambda x: w * x, x)[0], g, cotangent.grad,
                               f.vjp(lambda x: x.detach(), x)[1](x), f.grad(lambda x: f.vjp(torch.sin, x)[1](x)[0].sum())(x))]


@program
def func_jvp(torch):
    f, x, y = torch.func, double(torch, 3), double(torch, 3, start=1)
    aux = f.jvp(lambda x: (x.sin(), x * 2), (x,), (y,), has_aux=True)
    tree = f.jvp(lambda t: [t['a'] * t['b'], t['a'].sum()], ({'a': x, 'b': y},), ({'a': y, 'b': x},))
    nested = f.jvp(lambda a: f.jvp(torch.sin, (a,), (a,))[1], (x,), (y,))
    over = f.jvp(f.grad(cubes), (x,), (y,))
    under = f.grad(lambda a: f.jvp(torch.sin, (a,), (y,))[1].sum())(x)
    tangent = f.grad(lambda t: f.jvp(cubes, (x,), (t,))[1])(y)
    half = f.jvp(lambda a, b: (a.sin(), b.cos()), (x, y), (x, y))
    free = f.jvp(lambda a: (a, torch.ones(2, dtype=torch.float64)), (x,), (y,))
    return [shown(v) for v in (f.jvp(pair, (x, y), (y, x)), aux, tree, nested, over, under, tangent, half, free)]


@program
def func_linearize(torch):
    x, y = double(torch, 3), double(torch, 3, start=1)
    out, push = torch.func.linearize(lambda a, b: a.sin() * b, x, y)
    return [shown(v) for v in (out, push(y, x), push(x, x))]


@program
def func_jacobians(torch):
    f, x, y = torch.func, double(torch, 2), double(torch, 2, 2, start=1)
    results = []
    for jac in (f.jacrev, f.jacfwd):
        results += [
            jac(torch.sin)(x), jac(lambda x: y @ x.sin())(x), jac(pair)(x, y[0]), jac(pair, argnums=1)(x, y[0]),
            jac(pair, argnums=(0, 1))(x, y[0]), jac(pair, argnums=(1,))(x, y[0]),
            jac(lambda x: (x * 2, x.sum()), has_aux=True)(x),
            jac(lambda t: {'p': t['a'] * y, 'q': [t['b'].sum()]})({'a': x, 'b': y}), jac(cubes)(x),
            jac(lambda x: torch.ones(2, dtype=torch.float64))(x), jac(lambda x: x.sum(0))(torch.zeros(0, 2, dtype=torch.float64)),
            jac(lambda t: (t['a'].sum() * double(torch, 9), t['b'] * x))({'a': x, 'b': y[0, 0]}), jac(lambda a: a * double(torch,
                                                                                                      9))(x[0]),
            jac(jac(lambda a: a ** 3 * double(torch, 4)))(x[0]), jac(jac(lambda x: x ** 3))(x), jac(lambda x: x[:, None] * y)(x)]
    results += [f.hessian(cubes)(x), f.hessian(lambda x, y: (x ** 2 * y).sum(), argnums=(0, 1))(x, y[0]),
                f.hessian(lambda x: x ** 3)(x), f.jacfwd(f.jacrev(torch.sin))(x), f.jacrev(f.jacfwd(torch.sin))(x),
                f.jacrev(lambda x: f.vjp(torch.sin, x)[1](x)[0])(x), f.grad(lambda x: f.jacrev(torch.sin)(x).sum())(x),
                f.jacrev(torch.sin, chunk_size=1)(x)]
    w = double(torch, 2).requires_grad_()
    results += [f.jacrev(lambda x: w * x)(x), f.jacrev(torch.sin)(w), f.jacrev(torch.sin)(x), f.hessian(cubes)(w)]
    return [shown(v) for v in results]


@program
def func_vmap(torch):
    f = torch.func
    x, y = double(torch, 3, 2), double(torch, 2, 3, start=1)
    results = [
        f.vmap(torch.dot)(x, x), f.vmap(torch.dot, in_dims=(0, 1))(x, y), f.vmap(lambda a, b: a + b, in_dims=(0, None))(x, y[:,
                                                                                                                        0]),
        f.vmap(lambda a: a * 2, out_dims=1)(x), f.vmap(lambda a: a * 2, in_dims=-1, out_dims=-1)(x),
        f.vmap(lambda a: (a, a.sum()), out_dims=(1, 0))(x), f.vmap(lambda d: {'s': d['a'] + d['b']})({'a': x, 'b': x}),
        f.vmap(lambda d: d['a'] + d['b'], in_dims=({'a': 0, 'b': None},))({'a': x, 'b': y[:, 0]}),
        f.vmap(f.vmap(lambda a, b: a * b))(x, x), f.vmap(f.vmap(lambda a: a.sum()), in_dims=2)(double(torch, 2, 2, 2)),
        f.vmap(f.grad(cubes))(x), f.vmap(f.jacrev(torch.sin))(x), f.vmap(lambda a: a.max(0))(x), f.vmap(lambda a, k=1: a * k)(x,
                                                                                                                              k=3),
        f.vmap(lambda a: a.clone().mul_(2))(x), f.vmap(lambda a: (a, 7), out_dims=(0, None))(x), f.vmap(cubes, chunk_size=2)(x),
        f.vmap(lambda a: OrderedDict(p=a.exp()))(x), f.vmap(lambda a, n: a * n, in_dims=(0, None))(x, 2),
        f.vmap(lambda a: [a], out_dims=[1])(x), f.vmap(lambda a: a.double(), out_dims=(1,))(x), torch.vmap(torch.sin)(x),
        f.grad(lambda x: f.vmap(cubes)(x).sum())(x), f.vmap(lambda a: torch.zeros(2))(x)]
    w = x.clone().requires_grad_()
    f.vmap(torch.dot)(w, x).sum().backward()
    return [shown(v) for v in (*results, w.grad)]


@program
def func_vmap_random(torch):
    f, x = torch.func, double(torch, 4, 2)
    torch.manual_seed(0)
    same = f.vmap(lambda a: a + torch.randn(2), randomness='same')(x)
    torch.manual_seed(0)
    one = torch.randn(2)
    torch.manual_seed(0)
    different = f.vmap(lambda a: torch.rand(2), randomness='different')(x)
    torch.manual_seed(0)
    all_ = torch.rand(4, 2)
    return [torch.equal(same, x + one), torch.equal(different, all_),
            raises(lambda: f.vmap(lambda a: a + torch.rand(2))(x)), raises(lambda: f.vmap(lambda a: torch.dropout(a, 0.5,
                                                                           True))(x)),
            raises(lambda: f.vmap(lambda a: a, randomness='x')(x)), raises(lambda: f.vmap(lambda a: torch.randperm(3))(x)),
            raises(lambda: f.vmap(f.vmap(lambda a: a + torch.rand(()), randomness='same'))(x)),
            raises(lambda: f.jacfwd(lambda a: a * torch.rand(2))(x[0]))]


@program
def func_models(torch):
    f, models = torch.func, [torch.nn.Linear(2, 2).double() for _ in range(3)]
    for k, m in enumerate(models):
        for p in m.parameters():
            p.data.fill_(0.1 * (k + 1))
    params, buffers = f.stack_module_state(models)
    x = double(torch, 4, 2)
    out = f.vmap(lambda p, b: f.functional_call(models[0], (p, b), (x,)))(params, buffers)

    def loss(p, x, t):
        return ((f.functional_call(models[0], p, (x,)) - t) ** 2).mean()
    single = {k: v.detach() for k, v in models[0].named_parameters()}
    each = f.vmap(f.grad(loss), in_dims=(None, 0, 0))(single, x, x)
    norm = f.replace_all_batch_norm_modules_(torch.nn.Sequential(torch.nn.BatchNorm1d(2)))
    return [shown(params), shown(buffers), shown(out), shown(each), all(p.is_leaf for p in params.values()),
            norm[0].running_mean is None, norm[0].track_running_stats]


@program
def func_refuses(torch):
    f, x = torch.func, double(torch, 3)
    z = torch.zeros(2, dtype=torch.complex128)
    return [raises(g) for g in (
        lambda: f.grad(torch.sin)(x), lambda: f.grad(lambda x: 3)(x), lambda: f.grad(cubes)(3.0), lambda: f.grad(cubes,
                                                                                                                 argnums=1)(x),
        lambda: f.grad(cubes, argnums=())(x), lambda: f.grad(cubes, argnums=(0, 0))(x), lambda: f.grad(cubes, argnums='x')(x),
        lambda: f.grad(cubes, argnums=[0])(x), lambda: f.grad(cubes, has_aux=True)(x), lambda: f.vjp(cubes, x, has_aux=True),
        lambda: f.vjp(cubes, 3), lambda: f.vjp(lambda x: None, x), lambda: f.vjp(lambda x: (x, 3), x),
        lambda: f.vjp(lambda x: (), x),
        lambda: f.vjp(lambda x: x > 1, x), lambda: f.vjp(torch.sin, x)[1](x[:2]), lambda: f.jvp(torch.sin, x, x),
        lambda: f.jvp(lambda x: x > 1, (x,), (x,)), lambda: f.jvp(cubes, (), ()), lambda: f.jvp(cubes, (3,), (3,)),
        lambda: f.jvp(lambda x: torch.ones(2), (x,), (x,), strict=True), lambda: f.jvp(cubes, (x,), (x,), has_aux=True),
        lambda: f.jvp(lambda x: 3, (x,), (x,)), lambda: f.jvp(torch.sin, (x,), (x[:2],)),
        lambda: f.grad(torch.sum)(torch.arange(3)), lambda: f.jacrev(torch.sin)(z), lambda: f.jacrev(torch.sin, chunk_size=0),
        lambda: f.jacfwd(torch.sin)(z), lambda: f.jacrev(torch.sin, argnums=2)(x), lambda: f.vmap(torch.sin, in_dims='0')(x),
        lambda: f.vmap(torch.sin)(), lambda: f.vmap(torch.sin, in_dims=(0, 0))(x), lambda: f.vmap(torch.sin, in_dims=1)(x),
        lambda: f.vmap(torch.sin, in_dims=-2)(x), lambda: f.vmap(torch.sin)(3), lambda: f.vmap(torch.sin, in_dims=(None,))(x),
        lambda: f.vmap(torch.add)(x, x[:2]), lambda: f.vmap(lambda x: 3)(x), lambda: f.vmap(torch.sin, out_dims=(0, 0))(x),
        lambda: f.vmap(torch.sin, out_dims='0')(x), lambda: f.vmap(torch.sin, out_dims=None)(x), lambda: f.vmap(torch.sin,
                                                                                                                out_dims=2)(x),
        lambda: f.vmap(lambda x: (x, x), out_dims=(0, 0, 0))(x), lambda: f.vmap(torch.sin, chunk_size=0),
        lambda: f.vmap(torch.sin, in_dims=(0.5,))(x), lambda: f.stack_module_state([]),
        lambda: f.stack_module_state([torch.nn.ReLU(), torch.nn.Tanh()]),
        lambda: f.stack_module_state([torch.nn.ReLU(), torch.nn.ReLU().eval()]))]
