"""Which kernel computes a convolution: the choice depends on shapes alone."""

from math import prod

from .. import _kernels as K
from .._core.arrays import contiguous as in_order
from .._core.arrays import empty

__all__ = ['forward', 'input_grad', 'weight_grad']


# Taps and strides of minimal filtering; with stride 2 the least product of channels, and of an input gradient's.
TILED = {(3, 1): None, (3, 2): (8192, 4096), (4, 2): (2048, 1024)}


def depthwise(w, stride, groups):
    """With one channel per group nothing is a matrix product."""
    return 1 < groups and w[1] == 1 and len(w) < 5 and stride[-1] < 3 and w[0] <= 4 * groups


def tiled(w, n, out, stride, padding, dilation, groups, passes=1, gradient=False):
    """Whether minimal filtering needs less time (bench/lab/conv.md): three taps along the last two axes (or the only one), or
    four with stride 2, channels that fill vectors and are enough for the products to outweigh the transforms, which weigh more
    in one dimension and with stride 2, and less beside the padding of small images; and enough tiles for `passes` over the
    factors, 2 for a weight gradient. `out` is the size of what is made, by an input gradient if `gradient`."""
    m, c, *kernel = w
    m //= groups
    axes, step, taps = min(2, len(kernel)), stride[-1], kernel[-1]
    if (min(m, c) < 16 or (taps, step) not in TILED or kernel[-2:] != [taps] * axes or stride[-2:] != (step,) * axes
            or max(dilation) > 1 or max(padding) >= taps):
        return False
    if step == 2:
        least = TILED[taps, step][gradient]
    else:
        least = 1024 if axes == 1 else 512 if len(kernel) == 2 and max(out) > 16 and passes == 1 else 256
    if m * c < least or (len(kernel) == 3 and not (stride[0] == 1 and padding[0] < kernel[0] <= 5)):
        return False
    gives, lanes = 4 if step == 2 and gradient else 2, K.direct.LANES
    down = [-(-i // gives) for i in out[-axes:]]
    tiles = n * prod(out[:-axes]) * prod(down)
    # Direct sums of small images cost less with stride 2: tiles may not be partly empty.
    if taps == 4 and gives == 2 and 5 * prod(out[-axes:]) < 4 * prod(down) * gives ** axes:
        return False
    if gradient or (passes == 2 and len(kernel) < 3):
        most = 16
    elif taps == 4:
        most = 64 if m * c < 1 << 18 else 128
    else:
        most = 64 * passes if m * c >= 1 << 17 else 16
    return tiles >= most and all(5 * i >= 4 * (-(-i // lanes) * lanes) for i in (m, c))


def paired(w, c, m, out, stride, padding, dilation, groups):
    """Whether m channels of a group are made of c by minimal filtering along rows (bench/lab/conv.md): channels that do not pay
    for tiles, but enough results to share the transforms, in rows that are not too short."""
    if len(w) != 4 or depthwise(w, stride, groups) or max(dilation) > 1 or max(stride) > 2:
        return False
    if not (5 if stride[1] == 2 else 2) <= w[3] <= 16:
        return False
    taps = c * w[2] * w[3]
    return 0 < c <= min(16, m) and taps <= 400 and prod(out) > 0 and (out[1] >= 14 or taps <= 64) and all(
        p < k for p, k in zip(padding, w[2:]))


def parted(w, n, out, stride, padding, dilation, groups, passes=1):
    """Whether a dilated convolution, taken apart into such without dilation, goes by tiles.

    Few channels do not pay for parts that are not copied by whole vectors, and none for parts that are mostly zeros.
    """
    if (groups > 1 or len(dilation) != 2 or dilation == (1, 1) or max(stride) > 1 or any(p % d for p, d in zip(padding, dilation))
            or n * prod(out) * prod(w) == 0):
        return False
    parts = shrunk(out, dilation)
    if (dilation[1] > 2 and w[0] * w[1] < 1 << 14) or 10 * prod(parts) * prod(dilation) > 11 * prod(out):
        return False
    return tiled(w, n * prod(dilation), parts, stride, shrunk(padding, dilation), (1, 1), groups, passes)


def shrunk(sizes, dilation):
    """Sizes in whole steps of the dilation, the last of which may be a part."""
    return tuple(-(-s // d) for s, d in zip(sizes, dilation))


def parts(x, dilation):
    """Room for the parts of images x as dilated.pyx has them, and a view of it as images."""
    n, c, *size = x.shape
    shape = (n, *dilation, c, *shrunk(size, dilation))
    room = empty((prod(shape) + 2 * K.direct.LANES,), x.dtype)[:prod(shape)].reshape(shape)
    return room, room.reshape(n * prod(dilation), *shape[3:])


def in_parts(x, dilation):
    """Images x taken apart."""
    room, images = parts(x, dilation)
    K.dilated.split(x, room)
    return images


def one_tap(w, pixels, padding):
    """Whether a convolution is a matrix product with the images, of enough pixels for a tile."""
    return max(w[2:]) == 1 and max(padding) == 0 and w[0] * w[1] > 0 and pixels >= 4


def one_pixel(w, x, out, padding, groups):
    """Whether images are a single pixel, so that a convolution is a linear layer."""
    return groups == 1 and prod(x.shape[2:]) == prod(out) == prod(w[2:]) == 1 and max(padding) == 0 and w[0] * w[1] * len(x) > 0


def pixels_in_lanes(m, pixels):
    """Whether such products have pixels in the lanes of vectors, not the m channels: unless their last vector leaves too many
    lanes empty, while channels fill them."""
    lanes = K.direct.LANES
    return -(-pixels // lanes) * lanes <= 1.15 * pixels or m * 5 < -(-m // lanes) * lanes * 4


def sums(w, c, m, width, stride, waste):
    """The kernels of direct sums for m channels made of c in rows of some width (bench/lab/conv.md): channels in the lanes of
    vectors, unless they leave too many of them empty, while the ends of rows, which pixels would waste, are few."""
    lanes = K.direct.LANES
    plain = max(stride) == 1 and c > 0
    if prod(w[2:]) > 1 and width > 1 and c > 0 and m * (width + 10) >= waste * width * (-(-m // lanes) * lanes):
        # Rows that fill vectors win against a single vector of channels, and where sums are short.
        if not (plain and (m <= lanes or c * prod(w[2:]) <= 2 * lanes) and width >= 0.95 * (-(-width // lanes) * lanes)):
            return K.direct
    return K.rows if plain else K.conv


def direct_weights(w, groups):
    """The same choice for a weight gradient, whose gradients are transposed first: enough taps must share that."""
    m, lanes = w[0] // groups, K.direct.LANES
    return w[-1] > 1 and prod(w[1:]) >= 64 and 5 * m >= 4 * (-(-m // lanes) * lanes)


def contiguous(*arrays):
    """The arrays, copied where they are not C-contiguous; None stays None."""
    return [a if a is None else in_order(a) for a in arrays]


def forward(x, w, b, y, stride, padding, dilation, groups, follows=None):
    """Fill and return y[N, M, out] or return another array, the convolution of x by w plus b unless that is None, and what
    follows: None, or (scale, shift, relu)."""
    x, w, b = contiguous(x, w, b)
    if one_pixel(w.shape, x, y.shape[2:], padding, groups):
        return followed(K.matmul.linear(x.reshape(x.shape[:2]), w.reshape(w.shape[:2]), b, True).reshape(y.shape), follows)
    if (paired(w.shape, w.shape[1], len(w) // groups, y.shape[2:], stride, padding, dilation, groups)
            and K.pairs.conv_forward(x, w, b, y, stride, padding, groups)):
        return followed(y, follows)
    if (tiled(w.shape, len(y), y.shape[2:], stride, padding, dilation, groups)
            and K.minimal.conv_forward(x, w, b, y, stride, padding, groups)):
        return followed(y, follows)
    if parted(w.shape, len(y), y.shape[2:], stride, padding, dilation, groups):
        room, images = parts(y, dilation)
        if K.minimal.conv_forward(in_parts(x, dilation), w, b, images, stride, shrunk(padding, dilation)):
            return followed(K.dilated.merge(room, y), follows)
    if depthwise(w.shape, stride, groups):
        kernels = K.depthwise
    elif y.size and one_tap(w.shape, prod(y.shape[2:]), padding):
        if prod(stride) > 1:
            x, stride = K.onetap.pick(x, empty((*x.shape[:2], *y.shape[2:]), x.dtype), stride), (1,) * len(stride)
        kernels = K.onetap if pixels_in_lanes(len(w) // groups, prod(y.shape[2:])) else K.direct
    else:
        waste = 1.05 if stride[-1] == 1 else 0.3
        kernels = sums(w.shape, w.shape[1], len(w) // groups, y.shape[-1], stride, waste) if y.size else K.conv
    # Where moving numbers takes the time, and not products, kernels do what follows.
    if follows is not None and (kernels is K.depthwise or kernels is K.onetap):
        return kernels.conv_forward(x, w, b, y, stride, padding, dilation, groups, follows)
    return followed(kernels.conv_forward(x, w, b, y, stride, padding, dilation, groups), follows)


def followed(y, follows):
    """The result of a convolution after what follows."""
    return y if follows is None else K.norm.follow(y, follows)


def input_grad(g, w, b, x, stride, padding, dilation, groups):
    """Fill and return x[N, C, size] or return another array, the gradient of a convolution's input plus b unless that is None."""
    g, w, b = contiguous(g, w, b)
    if one_pixel(w.shape, x, g.shape[2:], padding, groups):
        return K.matmul.linear(g.reshape(g.shape[:2]), w.reshape(w.shape[:2]), b, False).reshape(x.shape)
    if (max(stride) == 1 and paired(w.shape, len(w) // groups, w.shape[1], x.shape[2:], stride, padding, dilation, groups)
            and K.pairs.conv_input_grad(g, w, b, x, stride, padding, groups)):
        return x
    if (tiled(w.shape, len(x), x.shape[2:], stride, padding, dilation, groups, gradient=True)
            and K.minimal.conv_input_grad(g, w, b, x, stride, padding, groups)):
        return x
    if parted(w.shape, len(x), x.shape[2:], stride, padding, dilation, groups):
        room, images = parts(x, dilation)
        if K.minimal.conv_input_grad(in_parts(g, dilation), w, b, images, stride, shrunk(padding, dilation)):
            return K.dilated.merge(room, x)
    if depthwise(w.shape, stride, groups):
        kernels = K.depthwise
    elif g.size and one_tap(w.shape, prod(g.shape[2:]), padding):
        kernels = K.onetap if pixels_in_lanes(w.shape[1], prod(g.shape[2:])) else K.direct
        if prod(stride) > 1:
            y = empty((*x.shape[:2], *g.shape[2:]), x.dtype)
            kernels.conv_input_grad(g, w, b, y, (1,) * len(stride), padding, dilation, groups)
            return K.onetap.spread(y, b, x, stride)
    else:
        kernels = sums(w.shape, len(w), w.shape[1], x.shape[-1], stride, 1.05) if x.size and g.size else K.conv
    return kernels.conv_input_grad(g, w, b, x, stride, padding, dilation, groups)


def weight_grad(x, g, b, w, stride, padding, dilation, groups):
    """Fill and return w[M, C / groups, kernel], the gradient of a convolution's weights. There is no b."""
    x, g = contiguous(x, g)
    if (tiled(w.shape, len(g), g.shape[2:], stride, padding, dilation, groups, passes=2)
            and K.minimal.conv_weight_grad(x, g, w, stride, padding, groups)):
        return w
    if (parted(w.shape, len(g), g.shape[2:], stride, padding, dilation, groups, passes=2)
            and K.minimal.conv_weight_grad(in_parts(x, dilation), in_parts(g, dilation), w, stride, shrunk(padding, dilation))):
        return w
    if depthwise(w.shape, stride, groups):
        kernels = K.depthwise
    elif g.size and one_tap(w.shape, prod(g.shape[2:]), padding):
        if prod(stride) > 1:
            x, stride = K.onetap.pick(x, empty((*x.shape[:2], *g.shape[2:]), x.dtype), stride), (1,) * len(stride)
        kernels = K.onetap
    else:
        kernels = K.direct if direct_weights(w.shape, groups) else K.conv
    return kernels.conv_weight_grad(x, g, w, stride, padding, dilation, groups)
