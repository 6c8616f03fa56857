"""Functions of modules whose gradients are not those of what they compute, because PyTorch's are not."""

from ...autograd import Function
from .. import functional as F


def _sums(x, before, after):
    """Of every channel with so many neighbours before and after it."""
    n, padded = x.shape[1], F.pad(x, (0, 0, 0, 0, before, after))
    result = padded.narrow(1, 0, n)
    for i in range(1, before + after + 1):
        result = result + padded.narrow(1, i, n)
    return result


class CrossMapLRN2d(Function):
    """x / (k + alpha / size · sum(x²))^beta over neighbouring channels, as PyTorch's module of that name sums them.

    It moves a window along the channels, adding what comes in and taking off what goes out, and never takes off the first. The
    gradient goes through windows of `size` channels that begin one earlier, and none has the first channel besides.
    """

    @staticmethod
    def scale(x, size, alpha, k):
        reach = int((size - 1) / 2 + 1)
        square = x * x
        sums = _sums(square, reach - 1, reach - 1)
        if reach == 1:
            sums = sums.clone()     # which is the squares themselves
        if x.shape[1] > reach:
            sums.narrow(1, reach, x.shape[1] - reach).add_(square.narrow(1, 0, 1))
        return sums * (alpha / size) + k

    @staticmethod
    def forward(ctx, x, size, alpha, beta, k):
        ctx.size, ctx.alpha, ctx.beta, ctx.k = size, alpha, beta, k
        ctx.save_for_backward(x)
        return x * CrossMapLRN2d.scale(x, size, alpha, k) ** -beta

    @staticmethod
    def backward(ctx, g):
        x, = ctx.saved_tensors
        scale = CrossMapLRN2d.scale(x, ctx.size, ctx.alpha, ctx.k)
        direct = g * scale ** -ctx.beta
        before = min(int(ctx.size - (ctx.size - 1) / 2), ctx.size - 1)
        sums = _sums(direct * x / scale, before, ctx.size - 1 - before)
        return direct - x * sums * (2 * ctx.alpha * ctx.beta / ctx.size), None, None, None, None
