"""Feed-forward layers, forward and forward with backward: LeNet's, ResNet's, depthwise, transposed, pooling, normalization.

A multiplication and an addition are two operations; bytes are those of operands and results, each passing the memory once.
The backward pass of a convolution is two more products of the same size, or one for a network's first layer, whose input
needs no gradient.
"""

from math import prod

from .cases import Cases

cases = Cases()


def layer(name, build, shape, flops, reads, writes, backward=3, first=False, last=False):
    """Two rows of a module: forward without recording, and forward and backward by a given gradient of the result.

    Args:
        name: of the rows.
        build: makes the module, given the library.
        shape: of the input.
        flops, reads, writes: of the forward pass, in operations and numbers.
        backward: those of forward and backward together, in forward passes.
        first: the input needs no gradient.
        last: channels come last in memory.
    """
    def images(torch):
        x = torch.randn(*shape)
        return x.contiguous(memory_format=torch.channels_last) if last else x

    @cases(f'{name}, forward', flops=flops, reads=4 * reads, writes=4 * writes)
    def _(torch):
        module, x = build(torch), images(torch)

        def call():
            with torch.no_grad():
                return module(x)
        return call

    @cases(f'{name}, forward + backward', flops=flops * backward, reads=4 * reads * backward,
           writes=4 * writes * backward)
    def _(torch):
        module = build(torch)
        x = images(torch).requires_grad_(not first)
        inputs = [*([] if first else [x]), *module.parameters()]
        y = module(x)
        g = torch.randn(*y.shape).to(memory_format=torch.channels_last) if last else torch.randn(*y.shape)

        def call():
            return torch.autograd.grad(module(x), inputs, g)
        return call


def length(size, kernel, stride, padding, dilation):
    """The length of a convolution's result."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def conv(name, shape, channels, kernel, stride=1, padding=0, dilation=1, groups=1, bias=False, first=False, last=False):
    """A convolution of as many dimensions as the shape has after the channels."""
    n, c, *size = shape
    out = [length(s, kernel, stride, padding, dilation) for s in size]
    weights = channels * c // groups * kernel ** len(size)

    def build(torch):
        module = getattr(torch.nn, f'Conv{len(size)}d')(c, channels, kernel, stride, padding, dilation, groups, bias)
        return module.to(memory_format=torch.channels_last) if last else module
    layer(name, build, shape, 2 * n * prod(out) * weights, prod(shape) + weights, n * channels * prod(out),
          2 if first else 3, first, last)


for _batch in (1, 64):
    conv(f'LeNet conv1 1->6 k5, batch {_batch}', (_batch, 1, 32, 32), 6, 5, bias=True, first=True)
    conv(f'LeNet conv2 6->16 k5, batch {_batch}', (_batch, 6, 14, 14), 16, 5, bias=True)

conv('CIFAR 3->64 32x32, batch 32', (32, 3, 32, 32), 64, 3, padding=1, first=True)
for _c, _size in ((64, 32), (128, 16), (256, 8), (512, 4)):
    conv(f'CIFAR {_c}->{_c} k3 {_size}x{_size}, batch 32', (32, _c, _size, _size), _c, 3, padding=1)
for _c, _size in ((64, 32), (128, 16), (256, 8)):
    conv(f'CIFAR {_c}->{2 * _c} k3 s2 {_size}x{_size}, batch 32', (32, _c, _size, _size), 2 * _c, 3, 2, 1)
conv('CIFAR 64->128 k1 s2 32x32, batch 32', (32, 64, 32, 32), 128, 1, 2)

conv('ResNet-50 3->64 k7 s2 224x224, batch 4', (4, 3, 224, 224), 64, 7, 2, 3, first=True)
for _c, _size in ((64, 56), (128, 28), (256, 14), (512, 7)):
    conv(f'ResNet-50 {_c}->{_c} k3 {_size}x{_size}, batch 4', (4, _c, _size, _size), _c, 3, padding=1)
for _c, _m, _size in ((64, 256, 56), (256, 64, 56), (512, 128, 28), (256, 1024, 14), (2048, 512, 7)):
    conv(f'ResNet-50 {_c}->{_m} k1 {_size}x{_size}, batch 4', (4, _c, _size, _size), _m, 1)
for _c, _m, _size in ((256, 512, 56), (1024, 2048, 14)):
    conv(f'ResNet-50 {_c}->{_m} k1 s2 {_size}x{_size}, batch 4', (4, _c, _size, _size), _m, 1, 2)

for _c, _size in ((64, 56), (256, 14)):
    for _stride in (1, 2):
        conv(f'depthwise k3 s{_stride} {_c} of {_size}x{_size}, batch 8', (8, _c, _size, _size), _c, 3, _stride, 1, groups=_c)
conv('depthwise k5 64 of 28x28, batch 8', (8, 64, 28, 28), 64, 5, padding=2, groups=64)
conv('grouped 8 x (16->16) k3 28x28, batch 8', (8, 128, 28, 28), 128, 3, padding=1, groups=8)
conv('dilated 2 64->64 k3 28x28, batch 8', (8, 64, 28, 28), 64, 3, padding=2, dilation=2)
conv('DCGAN 64->128 k4 s2 32x32, batch 16', (16, 64, 32, 32), 128, 4, 2, 1)
conv('Conv1d 64->64 k3 256, batch 32', (32, 64, 256), 64, 3, padding=1)
conv('Conv3d 16->16 k3 16x32x32, batch 2', (2, 16, 16, 32, 32), 16, 3, padding=1)
layer('ConvTranspose2d 128->128 k4 s2 p1 16x16, batch 4', lambda torch: torch.nn.ConvTranspose2d(128, 128, 4, 2, 1, bias=False),
      (4, 128, 16, 16), 2 * 4 * 128 * 256 * 128 * 16, 4 * 128 * 256 + 128 * 128 * 16, 4 * 128 * 1024)

_SHAPE = (32, 64, 32, 32)


def plain(name, build, shape=_SHAPE, flops=1, shrink=1, last=False):
    """A layer that is bound by bytes: flops and results per number of the input."""
    n = prod(shape)
    layer(name, build, shape, flops * n, n, n // shrink, 2, last=last)


plain('max pool 2x2', lambda torch: torch.nn.MaxPool2d(2), shrink=4)
plain('max pool 3x3 s2 p1', lambda torch: torch.nn.MaxPool2d(3, 2, 1), flops=2.25, shrink=4)
plain('average pool 2x2', lambda torch: torch.nn.AvgPool2d(2), shrink=4)
plain('adaptive average pool to 1x1', lambda torch: torch.nn.AdaptiveAvgPool2d(1), shrink=1024)
plain('adaptive average pool to 7x7', lambda torch: torch.nn.AdaptiveAvgPool2d(7), shrink=20)
plain('BatchNorm2d, training', lambda torch: torch.nn.BatchNorm2d(64), flops=6)
plain('BatchNorm2d, eval', lambda torch: torch.nn.BatchNorm2d(64).eval(), flops=2)
plain('BatchNorm2d, training, 32x256x7x7', lambda torch: torch.nn.BatchNorm2d(256), (32, 256, 7, 7), 6)
plain('BatchNorm1d, training', lambda torch: torch.nn.BatchNorm1d(512), (64, 512), 6)
plain('LayerNorm', lambda torch: torch.nn.LayerNorm(512), (64, 128, 512), 6)
plain('GroupNorm 8', lambda torch: torch.nn.GroupNorm(8, 64), flops=6)
plain('InstanceNorm2d', lambda torch: torch.nn.InstanceNorm2d(64), flops=6)
plain('ReLU', lambda torch: torch.nn.ReLU())


plain('BatchNorm2d + ReLU, training', lambda torch: torch.nn.Sequential(torch.nn.BatchNorm2d(64), torch.nn.ReLU()), flops=7)
plain('BatchNorm2d + ReLU, eval', lambda torch: torch.nn.Sequential(torch.nn.BatchNorm2d(64), torch.nn.ReLU()).eval(), flops=3)


def block(name, mode, c, m, kernel, size, groups=1, batch=32):
    """Convolution, batch norm and ReLU in a Sequential."""
    def build(torch):
        nn = torch.nn
        model = nn.Sequential(nn.Conv2d(c, m, kernel, 1, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(m), nn.ReLU())
        return model.train(mode == 'training')
    weights, pixels = m * c // groups * kernel ** 2, batch * size ** 2
    layer(f'{name} + BatchNorm2d + ReLU, {mode}', build, (batch, c, size, size), 2 * pixels * weights,
          pixels * c + weights, pixels * m)


for _mode in ('training', 'eval'):
    block('Conv2d 64->64 k3 32x32', _mode, 64, 64, 3, 32)
    block('Conv2d 64->128 k1 16x16', _mode, 64, 128, 1, 16)
    block('Conv2d depthwise k3 128 of 16x16', _mode, 128, 128, 3, 16, 128)

for _m, _k, _n in ((64, 784, 512), (512, 1024, 4096), (2048, 128, 128)):
    for _act in ('ReLU', 'GELU'):
        layer(f'Linear {_k}->{_n} + {_act}, {_m} rows',
              lambda torch, k=_k, n=_n, act=_act: torch.nn.Sequential(torch.nn.Linear(k, n), getattr(torch.nn, act)()),
              (_m, _k), 2 * _m * _k * _n, _m * _k + _k * _n, _m * _n)


@cases('grid_sample bilinear 8x16x64x64, forward', flops=8 * 16 * 64 * 64 * 7, reads=4 * 8 * 64 * 64 * 18,
       writes=4 * 8 * 64 * 64 * 16)
def _(torch):
    x, grid = torch.randn(8, 16, 64, 64), torch.rand(8, 64, 64, 2) * 2 - 1
    return lambda: torch.nn.functional.grid_sample(x, grid, align_corners=False)


@cases('grid_sample bilinear 8x16x64x64, forward + backward', flops=8 * 16 * 64 * 64 * 28,
       reads=8 * 8 * 64 * 64 * 34, writes=4 * 8 * 64 * 64 * 34)
def _(torch):
    x, grid = torch.randn(8, 16, 64, 64, requires_grad=True), (torch.rand(8, 64, 64, 2) * 2 - 1).requires_grad_()
    g = torch.randn(8, 16, 64, 64)
    return lambda: torch.autograd.grad(torch.nn.functional.grid_sample(x, grid, align_corners=False), (x, grid), g)

conv('channels last: 64->64 k1 32x32, batch 32', _SHAPE, 64, 1, last=True)
conv('channels last: 64->64 k3 32x32, batch 32', _SHAPE, 64, 3, padding=1, last=True)
conv('channels last: depthwise k3 64 of 32x32, batch 32', _SHAPE, 64, 3, padding=1, groups=64, last=True)
conv('channels last: depthwise k3 s2 64 of 56x56, batch 8', (8, 64, 56, 56), 64, 3, 2, 1, groups=64, last=True)
plain('channels last: max pool 2x2', lambda torch: torch.nn.MaxPool2d(2), shrink=4, last=True)
plain('channels last: max pool 3x3 s2 p1', lambda torch: torch.nn.MaxPool2d(3, 2, 1), flops=2.25, shrink=4, last=True)
plain('channels last: average pool 2x2', lambda torch: torch.nn.AvgPool2d(2), shrink=4, last=True)
plain('channels last: adaptive average pool to 1x1', lambda torch: torch.nn.AdaptiveAvgPool2d(1), shrink=1024, last=True)
plain('channels last: BatchNorm2d, training', lambda torch: torch.nn.BatchNorm2d(64), flops=6, last=True)
plain('channels last: BatchNorm2d, eval', lambda torch: torch.nn.BatchNorm2d(64).eval(), flops=2, last=True)
plain('channels last: GroupNorm 8', lambda torch: torch.nn.GroupNorm(8, 64), flops=6, last=True)
plain('channels last: ReLU', lambda torch: torch.nn.ReLU(), last=True)
