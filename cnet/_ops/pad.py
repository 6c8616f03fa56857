"""`pad`: a border around a tensor, of a constant or made of what is inside."""

import math

import numpy as np

from .. import _kernels as K
from .._core import checks
from .._core.arrays import assign, cast, empty_format, laid, layout
from .._core.device import contiguous_format
from .._core.op import Op

__all__ = ['constant_pad_nd']
FUNCTIONAL = ['pad']

_MODES = ('reflect', 'replicate', 'circular')    # by their numbers in the kernel
_PARTS = {'e': np.dtype(np.float32)}


class ConstantPad(Op, name='ConstantPadNdBackward0'):
    @staticmethod
    def forward(x, pad, value):
        inner, outer, shape = [], [], []
        for n, (left, right) in zip(x.shape, pad, strict=True):
            shape.append(n + left + right)
            inner.append(slice(max(-left, 0), n - max(-right, 0)))
            outer.append(slice(max(left, 0), n + left + min(right, 0)))
        y = empty_format(shape, x.dtype, layout(x))
        for d, (left, right) in enumerate(pad):     # what lies before and after, as far as no earlier dimension has it
            if left > 0:
                y[(*outer[:d], slice(0, left))] = value
            if right > 0:
                y[(*outer[:d], slice(-right, None))] = value
        assign(y[tuple(outer)], x[tuple(inner)])
        return y

    def backward(self, g):
        return ConstantPad.apply(g, pad=tuple([(-a, -b) for a, b in self.kw['pad']]), value=0)


class BorderPad(Op):  # the subclasses carry the names
    """`pad` has the widths of the last dimensions, in their order."""

    @staticmethod
    def forward(x, pad, mode, format):
        planes, inner, sizes = _planes(x.shape, pad, format)
        shape = (*x.shape[:x.ndim - len(pad)], *[n + left + right for n, (left, right) in zip(sizes, pad, strict=True)])
        y = empty_format(shape, x.dtype, format)
        K.resample.border(laid(x, format), y, planes, inner, sizes, pad, mode)
        return y

    def backward(self, g):
        return BorderPadGrad.apply(g, shape=self.in_shape(0), **self.kw)


class BorderPadGrad(Op, name='PadBackwardBackward0'):
    @staticmethod
    def forward(g, shape, pad, mode, format):
        planes, inner, sizes = _planes(shape, pad, format)
        work = _PARTS.get(g.dtype.char, g.dtype)
        gx = empty_format(shape, work, format)
        K.resample.border_grad(laid(cast(g, work), format), gx, planes, inner * (1 + (work.kind == 'c')), sizes, pad, mode)
        return cast(gx, g.dtype)

    def backward(self, g):
        kw = self.kw
        return BorderPad.apply(g, pad=kw['pad'], mode=kw['mode'], format=kw['format'])


def _planes(shape, pad, format):
    """How many planes there are, how many elements of a pixel lie side by side, and the sizes of a plane."""
    first = len(shape) - len(pad)
    if format is contiguous_format:
        return math.prod(shape[:first]), 1, shape[first:]
    return shape[0], shape[1], shape[2:]


def _named(name):
    return type(name, (BorderPad,), {}, name=name)


_OPS = {
    'reflect': [_named(f'ReflectionPad{n}DBackward0') for n in (1, 2, 3)],
    'replicate': [_named(f'ReplicationPad{n}DBackward0') for n in (1, 2, 3)],
    'circular': [_named('CopySlices')] * 3,
}


def pad(input, pad, mode='constant', value=None):
    """A border around a tensor.

    Args:
        input (Tensor): any tensor.
        pad (sequence of int): two widths, before and after, for each dimension that gets a border, from the last
            dimension backwards. Negative widths cut.
        mode (str): what the border is made of: 'constant'; 'reflect', the inside mirrored at its outermost element;
            'replicate', the outermost element; or 'circular', the inside from the other end.
        value (number, optional): the constant. Default: 0.

    Shape:
        Input ``(*, H, W)``; with ``pad=(l, r, t, b)``, output ``(*, t + H + b, l + W + r)``.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.pad(cnet.tensor([1, 2, 3]), (1, 2)).tolist()
        [0, 1, 2, 3, 0, 0]
        >>> cnet.nn.functional.pad(cnet.tensor([[1, 2, 3]]), (2, 1), 'reflect').tolist()
        [[3, 2, 1, 2, 3, 2]]
    """
    widths = checks.size((pad,), 'pad', 'pad') if isinstance(pad, (tuple, list)) else _no_widths(pad)
    shape = input._a.shape
    ndim = len(shape)
    if len(widths) % 2:
        raise RuntimeError('Padding length must be divisible by 2')
    if len(widths) > 2 * ndim:
        raise RuntimeError('Padding length should be less than or equal to two times the input dimension but got padding '
                           f'length {len(widths)} and input of dimension {ndim}')
    pairs = [(widths[i], widths[i + 1]) for i in range(0, len(widths), 2)]
    if mode == 'constant':
        pairs += [(0, 0)] * (ndim - len(pairs))
        pairs.reverse()
        for n, (left, right) in zip(shape, pairs, strict=True):
            if n + left + right < 0 or n + left < 0 or n + right < 0:
                raise RuntimeError('narrow(): length must be non-negative.')
        return ConstantPad.apply(input, pad=tuple(pairs), value=0 if value is None else value)
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in _OPS:
        raise NotImplementedError(f'Unrecognised padding mode {mode}')
    count = len(pairs)
    if count not in (1, 2, 3) or ndim not in (count + 1, count + 2):
        raise NotImplementedError(
            f'Padding size {len(widths)} is not supported for {ndim}D input tensor.\n'
            'Supported combinations for non-constant padding:\n'
            '  - 2D or 3D input: padding size = 2 (pads last dimension)\n'
            '  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n'
            '  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)')
    for i, (left, right) in enumerate(pairs, 1):
        _check_border(shape, ndim - i, left, right, mode)
    if mode != 'circular' and 0 in shape[1 if ndim == count + 2 else 0:]:
        raise RuntimeError(f'Expected {count + 1}D or {count + 2}D (batch mode) tensor with possibly 0 batch size and '
                           f'other non-zero dimensions for input, but got: {list(shape)}')
    format = contiguous_format if mode == 'circular' or ndim != count + 2 else layout(input._a)
    return _OPS[mode][count - 1].apply(input, pad=tuple(pairs[::-1]), mode=_MODES.index(mode), format=format)


def constant_pad_nd(input, pad, value=0):
    """A border of a constant around a tensor; the older form of `nn.functional.pad`.

    Args:
        input (Tensor): any tensor.
        pad (sequence of int): two widths, before and after, for each dimension that gets a border, from the last
            dimension backwards. Negative widths cut.
        value (number): the constant. Default: 0.

    Returns:
        Tensor: new memory.

    Example:
        >>> import cnet
        >>> cnet.constant_pad_nd(cnet.tensor([1, 2]), (1, 1), 9)
        tensor([9, 1, 2, 9])
    """
    checks.tensor(input, 'constant_pad_nd', 'input', 1)
    return _border(input, pad, 'constant', value)


def _check_border(shape, dim, left, right, mode):
    n = shape[dim]
    if mode == 'reflect' and (left >= n or right >= n) and n:
        raise RuntimeError('Argument #4: Padding size should be less than the corresponding input dimension, but got: '
                           f'padding ({left}, {right}) at dimension {dim} of input {list(shape)}')
    if mode == 'circular' and (left > n or right > n):
        raise RuntimeError('Padding value causes wrapping around more than once.')
    if mode == 'circular' and n + left + right < 0:
        raise RuntimeError('Negative padding value is resulting in an empty dimension')
    if mode != 'circular' and n and n + left + right < 1:
        letter = 'WHD'[len(shape) - 1 - dim]
        raise RuntimeError(f'input ({letter}: {n}) is too small. Calculated output {letter}: {n + left + right}')


def _no_widths(pad):
    raise TypeError(f"pad(): argument 'pad' (position 2) must be tuple of ints, not "
                    f'{"Tensor" if hasattr(pad, "_a") else type(pad).__name__}')


_border = pad  # parameters are called `pad`
METHODS = {}
