"""`pad`: a border around a tensor, of a constant or made of what is inside.

A border in one dimension is described by `sources`: for each element of the result, the element of the input that it
is. The adjoint adds each element to its source again; it does so border column by border column, in a fixed order.
"""

import numpy as np

from .._core import checks
from .._core.arrays import assign, empty_format, laid, layout
from .._core.device import contiguous_format
from .._core.op import Op

__all__ = ['constant_pad_nd']
FUNCTIONAL = ['pad']


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
    @staticmethod
    def forward(x, pad, mode, format):
        for dim, (left, right) in pad:
            n = x.shape[dim]
            sources = _sources(n, left, right, mode)
            if left < 0 or right < 0:
                x = _columns(x, sources, dim)
                continue
            shape = list(x.shape)
            shape[dim] = n + left + right
            y = empty_format(shape, x.dtype, format)
            before = (slice(None),) * dim
            assign(y[(*before, slice(left, left + n))], x)
            y[(*before, slice(0, left))] = _columns(x, sources[:left], dim)
            y[(*before, slice(left + n, None))] = _columns(x, sources[left + n:], dim)
            x = y
        return laid(x, format)

    def backward(self, g):
        return BorderPadGrad.apply(g, shape=self.in_shape(0), **self.kw)


class BorderPadGrad(Op, name='PadBackwardBackward0'):
    @staticmethod
    def forward(g, shape, pad, mode, format):
        for dim, (left, right) in reversed(pad):
            n = shape[dim]
            sources = _sources(n, left, right, mode)
            sizes = list(g.shape)
            sizes[dim] = n
            x = empty_format(sizes, g.dtype, format)
            x[...] = 0
            before = (slice(None),) * dim
            first = min(max(left, 0), g.shape[dim])  # the stretch of g that is not border
            last = max(left + n + min(right, 0), first)
            x[(*before, slice(first - left, last - left))] = g[(*before, slice(first, last))]
            for j in (*range(first), *range(last, g.shape[dim])):
                x[(*before, sources[j])] += g[(*before, j)]
            g = x
        return g

    def backward(self, g):
        kw = self.kw
        return BorderPad.apply(g, pad=kw['pad'], mode=kw['mode'], format=kw['format'])


def _columns(x, index, dim):
    return x.take(index, dim) if x.flags.c_contiguous else x[(*(slice(None),) * dim, index)]  # `take` copies other layouts first


def _named(name):
    return type(name, (BorderPad,), {}, name=name)


_OPS = {
    'reflect': [_named(f'ReflectionPad{n}DBackward0') for n in (1, 2, 3)],
    'replicate': [_named(f'ReplicationPad{n}DBackward0') for n in (1, 2, 3)],
    'circular': [_named('CopySlices')] * 3,
}


def _sources(n, left, right, mode):
    """For each place of a padded dimension, the place in the input that it shows."""
    i = np.arange(-left, n + right)
    if mode == 'circular':
        low = max(-left, 0)  # what is cut at one end does not come in at the other
        period = n - low - max(-right, 0)
        return low + (i - low) % period if period > 0 else i
    if mode == 'replicate':
        return np.clip(i, 0, n - 1)
    i = abs(i)
    return np.where(i >= n, 2 * (n - 1) - i, i)


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
    plan = tuple([(ndim - i, pair) for i, pair in enumerate(pairs, 1) if pair != (0, 0)])
    format = contiguous_format if mode == 'circular' else layout(input._a)
    return _OPS[mode][count - 1].apply(input, pad=plan, mode=mode, format=format)


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
