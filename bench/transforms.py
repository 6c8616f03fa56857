"""Functions of functions: gradients, Jacobians, Hessians and maps over batches."""

from .cases import Cases

cases = Cases()

LOOP = 'one call per item: there are no batching rules'
ROWS = 'one sweep per row; PyTorch makes one sweep for all rows, by its batching rules'


def layer(torch):
    """A function of 32 numbers with 32 results, and a point."""
    w, x = torch.randn(32, 32) / 6, torch.randn(32)
    return lambda x: torch.tanh(w @ x), x


@cases('func.grad of a scalar function')
def _(torch):
    x = torch.tensor(0.5)
    f = torch.func.grad(lambda x: torch.sin(x) * x)
    return lambda: f(x)


@cases('func.grad, 32 to 1')
def _(torch):
    f, x = layer(torch)
    g = torch.func.grad(lambda x: f(x).sum())
    return lambda: g(x)


@cases('func.vjp and one product, 32 to 32')
def _(torch):
    f, x = layer(torch)
    return lambda: torch.func.vjp(f, x)[1](x)[0]


@cases('func.jvp, 32 to 32')
def _(torch):
    f, x = layer(torch)
    return lambda: torch.func.jvp(f, (x,), (x,))[1]


@cases('func.jacrev, 32 to 32', why=ROWS)
def _(torch):
    f, x = layer(torch)
    g = torch.func.jacrev(f)
    return lambda: g(x)


@cases('func.jacfwd, 32 to 32', why=ROWS)
def _(torch):
    f, x = layer(torch)
    g = torch.func.jacfwd(f)
    return lambda: g(x)


@cases('func.hessian, 32 to 1', why=ROWS)
def _(torch):
    f, x = layer(torch)
    g = torch.func.hessian(lambda x: f(x).sum())
    return lambda: g(x)


@cases('autograd.functional.jacobian, 32 to 32')
def _(torch):
    f, x = layer(torch)
    return lambda: torch.autograd.functional.jacobian(f, x)


@cases('autograd.functional.hessian, 32 to 1')
def _(torch):
    f, x = layer(torch)
    return lambda: torch.autograd.functional.hessian(lambda x: f(x).sum(), x)


@cases('autograd.functional.hvp, 32 to 1')
def _(torch):
    f, x = layer(torch)
    return lambda: torch.autograd.functional.hvp(lambda x: f(x).sum(), x, x)[1]


@cases('vmap of dot, 64 items', why=LOOP)
def _(torch):
    x = torch.randn(64, 32)
    f = torch.vmap(torch.dot)
    return lambda: f(x, x)


@cases('gradients per item, 64 items', why=LOOP)
def _(torch):
    f, _ = layer(torch)
    x = torch.randn(64, 32)
    g = torch.vmap(torch.func.grad(lambda x: f(x).sum()))
    return lambda: g(x)


@cases('checkpointed layers, forward and backward, 32x256')
def _(torch):
    import importlib
    checkpoint = importlib.import_module(f'{torch.__name__}.utils.checkpoint').checkpoint
    net = torch.nn.Sequential(*(torch.nn.Linear(256, 256) for _ in range(4)))
    x = torch.randn(32, 256, requires_grad=True)

    def call():
        x.grad = None
        checkpoint(net, x, use_reentrant=False).sum().backward()
        return x.grad
    return call


@cases('sample of Normal, 1000')
def _(torch):
    d = torch.distributions.Normal(torch.zeros(1000), torch.ones(1000))

    def call():
        torch.manual_seed(0)
        return d.sample()
    return call


@cases('Categorical, made, drawn and scored, 32x10')
def _(torch):
    logits = torch.randn(32, 10)

    def call():
        torch.manual_seed(0)
        d = torch.distributions.Categorical(logits=logits)
        return d.log_prob(d.sample())
    return call
