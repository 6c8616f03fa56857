"""Sizes of convolutions: arguments to tuples and the size of the result, or PyTorch's refusals."""

from functools import lru_cache
from operator import index

__all__ = ['forward_geometry', 'transposed_geometry']

_AXES = {2: ('height', 'width'), 3: ('depth', 'height', 'width')}


def as_tuple(x, n, name, op):
    """A number per spatial dimension from an int or a sequence of one or n ints."""
    if isinstance(x, int) and not isinstance(x, bool):
        return (x,) * n
    if isinstance(x, str) or not hasattr(x, '__len__'):
        try:
            return (index(x),) * n
        except TypeError:
            raise TypeError(f"{op}(): argument '{name}' must be tuple of ints, not {type(x).__name__}") from None
    if len(x) not in (1, n):
        raise RuntimeError(f'expected {name} to be a single integer value or a list of {n} values to match the convolution '
                           f'dimensions, but got {name}={list(x)}')
    try:
        x = tuple([index(v) for v in x])
    except TypeError:
        raise TypeError(f"{op}(): argument '{name}' must be tuple of ints, but found element of type "
                        f'{next(type(v).__name__ for v in x if not hasattr(v, "__index__"))}') from None
    return x if len(x) == n else x * n


def times(sizes):
    """Sizes as sentences give them: (4 x 4)."""
    return '(' + ' x '.join(map(str, sizes)) + ')'


def check_weight(x, w, n, op):
    """Refuse wrong numbers of dimensions. The shapes of input and weight."""
    if len(x) not in (n + 1, n + 2):
        raise RuntimeError(f'Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {op}, but got input of size: '
                           f'{list(x)}')
    if len(w) != n + 2:
        m = len(w) - 2
        raise RuntimeError(f'expected stride to be a single integer value or a list of {m} values to match the convolution '
                           f'dimensions, but got stride={[1] * n}')


def check_positive(stride, padding, dilation, groups):
    """Refuse numbers that no convolution has."""
    if min(padding) < 0:
        raise RuntimeError('negative padding is not supported')
    if min(stride) <= 0:
        raise RuntimeError('non-positive stride is not supported')
    if min(dilation) <= 0:
        raise RuntimeError(f'dilation should be greater than zero, but got {list(dilation)}')
    if groups <= 0:
        raise RuntimeError('non-positive groups is not supported')


def by_axis(name, values, default):
    """Numbers with their names as sentences give them; one dimension counts as the width of an image."""
    values = (default, *values) if len(values) == 1 else values
    return ' '.join([f'{name}_{axis}: {v}' for axis, v in zip(_AXES[len(values)], values)])


def check_kernel(kernel):
    """Refuse a kernel without taps."""
    if min(kernel) <= 0:
        raise RuntimeError('kernel size should be greater than zero, but got ' + by_axis('kernel', kernel, 1))


@lru_cache(maxsize=1024, typed=True)
def forward_geometry(x, w, bias, stride, padding, dilation, groups, op):
    """Constants of a convolution.

    Args:
        x, w, bias (tuple): shapes of input, weight and bias (or None).
        stride, padding, dilation, groups: as the user gave them.
        op (str): name of the function, conv1d to conv3d.

    Returns:
        dict: stride, padding, dilation, groups, and out, the spatial size of the result.
    """
    n = int(op[4])
    check_weight(x, w, n, op)
    kernel, size = w[2:], x[-n:]
    stride, dilation = as_tuple(stride, n, 'stride', op), as_tuple(dilation, n, 'dilation', op)
    groups = as_tuple(groups, 1, 'groups', op)[0]
    if isinstance(padding, str):
        check_positive(stride, (0,), dilation, groups)
        same = padding == 'same'
        if not same and padding != 'valid':
            raise RuntimeError(f"Invalid padding string: '{padding}'")
        if same and max(stride) > 1:
            raise RuntimeError("padding='same' is not supported for strided convolutions")
        # Where the padding is odd, the larger half goes to the end: the size of the result says so.
        padding = tuple([d * (k - 1) // 2 if same else 0 for d, k in zip(dilation, kernel)])
        out = size if same else None
    else:
        padding, out = as_tuple(padding, n, 'padding', op), None
        check_positive(stride, padding, dilation, groups)
    if w[0] < groups:
        raise RuntimeError(f'Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of '
                           f'size {list(w)} instead')
    if w[0] % groups:
        raise RuntimeError(f'Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight '
                           f'of size [{list(w)}] instead')
    if x[-n - 1] != w[1] * groups:
        raise RuntimeError(f'Given groups={groups}, weight of size {list(w)}, expected input{list(x)} to have {w[1] * groups} '
                           f'channels, but got {x[-n - 1]} channels instead')
    if bias is not None and bias != w[:1]:
        raise RuntimeError(f'Given weight of size {list(w)}, expected bias to be 1-dimensional with {w[0]} elements, but got '
                           f'bias of size {list(bias)} instead')
    check_kernel(kernel)
    padded = [s + 2 * p for s, p in zip(size, padding)]
    reach = [d * (k - 1) + 1 for d, k in zip(dilation, kernel)]
    if out is None:
        if any(s < r for s, r in zip(padded, reach)):
            raise RuntimeError(f'Calculated padded input size per channel: {times(padded)}. Kernel size: {times(reach)}. '
                               "Kernel size can't be greater than actual input size")
        out = tuple([(s - r) // t + 1 for s, r, t in zip(padded, reach, stride)])
    return {'out': out, 'stride': stride, 'padding': padding, 'dilation': dilation, 'groups': groups}


@lru_cache(maxsize=1024, typed=True)
def transposed_geometry(x, w, bias, stride, padding, output_padding, groups, dilation, op):
    """Constants of a transposed convolution.

    Args:
        x, w, bias (tuple): shapes of input, weight and bias (or None).
        stride, padding, output_padding, groups, dilation: as the user gave them.
        op (str): name of the function, conv_transpose1d to conv_transpose3d.

    Returns:
        dict: size, the spatial size of the result, stride, padding, dilation, groups.
    """
    n = int(op[-2])
    check_weight(x, w, n, op)
    stride, padding = as_tuple(stride, n, 'stride', op), as_tuple(padding, n, 'padding', op)
    extra, dilation = as_tuple(output_padding, n, 'output_padding', op), as_tuple(dilation, n, 'dilation', op)
    groups = as_tuple(groups, 1, 'groups', op)[0]
    check_positive(stride, padding, dilation, groups)
    if min(extra) < 0:
        raise RuntimeError('negative output_padding is not supported')
    if w[0] < groups or w[0] % groups:
        raise RuntimeError(f'Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight '
                           f'of size [{list(w)}] instead')
    if x[-n - 1] != w[0]:
        raise RuntimeError(f'Given transposed=1, weight of size {list(w)}, expected input{list(x)} to have {w[0]} channels, '
                           f'but got {x[-n - 1]} channels instead')
    if bias is not None and bias != (w[1] * groups,):
        raise RuntimeError(f'Given transposed=1, weight of size {list(w)}, expected bias to be 1-dimensional with '
                           f'{w[1] * groups} elements, but got bias of size {list(bias)} instead')
    check_kernel(w[2:])
    if any(e >= s and e >= d for e, s, d in zip(extra, stride, dilation)):
        raise RuntimeError('output padding must be smaller than either stride or dilation, but got '
                           + ' '.join([by_axis('output_padding', extra, 0), by_axis('stride', stride, 1),
                                       by_axis('dilation', dilation, 1)]))
    size = tuple([(s - 1) * t - 2 * p + d * (k - 1) + e + 1
                  for s, t, p, d, k, e in zip(x[-n:], stride, padding, dilation, w[2:], extra)])
    if min(size) < 1:
        raise RuntimeError(f'Given input size per channel: {times(x[-n:])}. Calculated output size per channel: {times(size)}. '
                           'Output size is too small')
    return {'size': size, 'stride': stride, 'padding': padding, 'dilation': dilation, 'groups': groups}
