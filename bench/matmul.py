"""Matrix products: square, thin, transposed, batched, and linear layers."""

from .cases import Cases

cases = Cases()


def product(name, m, k, n, left=False, right=False):
    """A product of m x k by k x n, from operands that are transposed views where `left` or `right` say so."""
    @cases(name, flops=2 * m * k * n, reads=4 * (m * k + k * n), writes=4 * m * n)
    def _(torch):
        a = torch.randn(k, m).t() if left else torch.randn(m, k)
        b = torch.randn(n, k).t() if right else torch.randn(k, n)
        return lambda: a @ b

    @cases.twin(name, 'numpy')
    def _(np):
        rng = np.random.default_rng(0)
        a = rng.standard_normal((k, m), np.float32).T if left else rng.standard_normal((m, k), np.float32)
        b = rng.standard_normal((n, k), np.float32).T if right else rng.standard_normal((k, n), np.float32)

        def call():
            np.matmul(a, b)
        return call


for _n in (8, 16, 32, 64, 128, 256, 512, 1024, 2048):
    product(f'{_n} x {_n}', _n, _n, _n)
product('512 x 512, first transposed', 512, 512, 512, left=True)
product('512 x 512, second transposed', 512, 512, 512, right=True)
product('512 x 512, both transposed', 512, 512, 512, True, True)
product('10000x64 by 64x64', 10000, 64, 64)
product('1x1024 by 1024x4096', 1, 1024, 4096)
product('1x1024 by 1024x4096, second transposed', 1, 1024, 4096, right=True)


def batched(name, batch, m, k, n):
    """`batch` products of m x k by k x n."""
    @cases(name, flops=2 * batch * m * k * n, reads=4 * batch * (m * k + k * n), writes=4 * batch * m * n)
    def _(torch):
        a, b = torch.randn(batch, m, k), torch.randn(batch, k, n)
        return lambda: torch.bmm(a, b)

    @cases.twin(name, 'numpy')
    def _(np):
        rng = np.random.default_rng(0)
        a, b = rng.standard_normal((batch, m, k), np.float32), rng.standard_normal((batch, k, n), np.float32)

        def call():
            np.matmul(a, b)
        return call


batched('64 products 64 x 64', 64, 64, 64, 64)
batched('256 products 16 x 16', 256, 16, 16, 16)
batched('32 products 128x32 by 32x128', 32, 128, 32, 128)


@cases('512 x 512, float64', flops=4 * 512 ** 3)       # a flop of float64 is worth two of float32 at the peak
def _(torch):
    a, b = torch.randn(512, 512, dtype=torch.float64), torch.randn(512, 512, dtype=torch.float64)
    return lambda: a @ b


def linear(batch, inputs, outputs):
    """A linear layer's product with bias, and the two products of its gradients."""
    work = 2 * batch * inputs * outputs

    @cases(f'linear {batch}x{inputs} to {outputs}', flops=work)
    def _(torch):
        x, w, b = torch.randn(batch, inputs), torch.randn(outputs, inputs), torch.randn(outputs)
        return lambda: torch.nn.functional.linear(x, w, b)

    @cases(f'linear {batch}x{inputs} to {outputs}, forward + backward', flops=3 * work)
    def _(torch):
        x, w, b = torch.randn(batch, inputs), torch.randn(outputs, inputs), torch.randn(outputs)
        g = torch.randn(batch, outputs)
        for leaf in (x, w, b):
            leaf.requires_grad_()

        def call():
            x.grad = w.grad = b.grad = None
            torch.nn.functional.linear(x, w, b).backward(g)
            return x.grad, w.grad, b.grad
        return call


linear(64, 784, 512)
linear(512, 1024, 4096)


@cases('mv 1024 x 1024', flops=2 * 1024 ** 2, reads=4 * 1024 ** 2)
def _(torch):
    a, x = torch.randn(1024, 1024), torch.randn(1024)
    return lambda: torch.mv(a, x)


@cases('dot 65536', flops=2 * 65536, reads=8 * 65536)
def _(torch):
    a, b = torch.randn(65536), torch.randn(65536)
    return lambda: torch.dot(a, b)


@cases('einsum bhid,bhjd->bhij, 4x8x128x64', flops=2 * 32 * 128 * 128 * 64)
def _(torch):
    q, k = torch.randn(4, 8, 128, 64), torch.randn(4, 8, 128, 64)
    return lambda: torch.einsum('bhid,bhjd->bhij', q, k)
