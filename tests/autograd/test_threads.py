"""Autograd in several Python threads."""

import threading

import cnet


def run_in_threads(f, count=2):
    """The results of f(i), each computed in a thread of its own at the same time."""
    results, errors = [None] * count, []
    barrier = threading.Barrier(count)

    def work(i):
        try:
            barrier.wait()
            results[i] = f(i)
        except Exception as error:
            errors.append(error)
    threads = [threading.Thread(target=work, args=(i,)) for i in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors, errors
    return results


def train(i):
    """The weights after some steps from a start that depends on i."""
    generator = cnet.Generator().manual_seed(i)
    x, y = cnet.randn(64, 32, generator=generator), cnet.randn(64, 8, generator=generator)
    w = cnet.randn(32, 8, generator=generator).requires_grad_()
    for _ in range(50):
        loss = ((x @ w).tanh() - y).square().mean()
        w.grad = None
        loss.backward()
        with cnet.no_grad():
            w -= 0.1 * w.grad
    return w.detach()


def test_two_threads_train_at_once():
    alone = [train(0), train(1)]
    together = run_in_threads(train)
    for a, b in zip(alone, together):
        assert cnet.equal(a, b)


def test_two_threads_share_a_leaf():
    w = cnet.ones(1000, requires_grad=True)

    def gradient(i):
        return cnet.autograd.grad((w * (i + 1)).sum(), w)[0]
    for i, g in enumerate(run_in_threads(gradient)):
        assert cnet.equal(g, cnet.full((1000,), i + 1.))


def test_grad_mode_belongs_to_the_thread():
    with cnet.no_grad():
        assert run_in_threads(lambda i: cnet.is_grad_enabled()) == [True, True]
        assert not cnet.is_grad_enabled()


def test_backward_inside_backward():
    class Inner(cnet.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            x = ctx.saved_tensors[0].detach().requires_grad_()
            with cnet.enable_grad():
                y = (x * x).sum()
            y.backward()
            return g * x.grad
    x = cnet.tensor([1., 2., 3.], requires_grad=True)
    Inner.apply(x).sum().backward()
    assert x.grad.tolist() == [2., 4., 6.]
