"""Reductions over the elements that a mask lets through: what PyTorch serves as `torch.masked`.

In all of them `mask` is a tensor of bools that broadcasts to `input` (None lets everything through), `dim` is a dimension, a
tuple of them, or None for all, and `dtype` is the type of the result.
"""

from .._core import checks
from .._core.dtype import bool as bool_
from .._core.dtype import float32, iinfo, int64
from .compare import METHODS as COMPARISONS
from .create import ones
from .norms import logsumexp as unmasked_logsumexp
from .norms import vector_norm

__all__ = ['amax', 'amin', 'argmax', 'argmin', 'canonical', 'cumprod', 'cumsum', 'filled', 'logsumexp', 'mean', 'median', 'norm',
           'prod', 'std', 'sum', 'var']

INF = float('inf')


def canonical(mask, input):
    """A mask as bools of the shape of `input`."""
    checks.tensor(mask, 'masked', 'mask')
    if mask.ndim > input.ndim:
        raise IndexError('_input_mask expected broadcastable mask (got mask dimensionality higher than of the input)')
    return mask.broadcast_to(input.shape).to(bool_)


def filled(input, mask, value):
    """`input` with `value` where the mask is False."""
    return input if mask is None else input.masked_fill(~canonical(mask, input), value)


def least(dtype):
    """The smallest value of a type: what a maximum begins with."""
    return -INF if dtype.is_floating_point else iinfo(dtype).min


def greatest(dtype):
    """The largest value of a type: what a minimum begins with."""
    return INF if dtype.is_floating_point else iinfo(dtype).max


def _wide(input, dtype):
    """The type of a sum or product."""
    if dtype is not None:
        return dtype
    return input.dtype if input.dtype.is_floating_point or input.dtype.is_complex else int64


def sum(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The sum of the elements that the mask lets through.

    Args:
        input (Tensor): any.
        dim (int, tuple of ints, optional): what to sum over. Default: all.
        keepdim (bool): keep those dimensions, with size 1. Default: False.
        dtype (dtype, optional): of the result. Default: that of `input`; int64 for integers.
        mask (Tensor, optional): which elements count.

    Shape:
        `input` and `mask` broadcast to the shape of `input`; the result lacks `dim`.

    Returns:
        Tensor: the sums; 0 where nothing counts.

    Example:
        >>> import cnet
        >>> cnet.masked.sum(cnet.tensor([[1., 2.], [3., 4.]]), 1, mask=cnet.tensor([True, False]))
        tensor([1., 3.])
    """
    dim = checks.dims(dim, input.ndim)
    return filled(input, mask, 0).sum(dim, keepdim, dtype=_wide(input, dtype))


def prod(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The product of the elements that the mask lets through.

    Args:
        input (Tensor): any.
        dim (int, tuple of ints, optional): what to multiply over. Default: all.
        keepdim (bool): keep those dimensions, with size 1. Default: False.
        dtype (dtype, optional): of the result. Default: that of `input`; int64 for integers.
        mask (Tensor, optional): which elements count.

    Returns:
        Tensor: the products; 1 where nothing counts.

    Example:
        >>> import cnet
        >>> cnet.masked.prod(cnet.tensor([[1., 2.], [3., 4.]]), 0, mask=cnet.tensor([True, False]))
        tensor([3., 1.])
    """
    dims = checks.dims(dim, input.ndim)
    result = filled(input, mask, 1).to(_wide(input, dtype))
    for d in sorted(dims, reverse=True):
        result = result.prod(d, keepdim)
    return result


def cumsum(input, dim, *, dtype=None, mask=None):
    """Running sums of the elements that the mask lets through.

    Args:
        input (Tensor): any.
        dim (int): along which dimension.
        dtype (dtype, optional): of the result. Default: that of `input`.
        mask (Tensor, optional): which elements count.

    Returns:
        Tensor: the shape of `input`.

    Example:
        >>> import cnet
        >>> cnet.masked.cumsum(cnet.tensor([1., 2., 3.]), 0, mask=cnet.tensor([True, False, True]))
        tensor([1., 1., 4.])
    """
    dtype = input.dtype if dtype is None else dtype
    return filled(input, mask, 0).cumsum(checks.dim(dim, input.ndim), dtype=dtype).to(dtype)


def cumprod(input, dim, *, dtype=None, mask=None):
    """Running products of the elements that the mask lets through.

    Args:
        input (Tensor): any.
        dim (int): along which dimension.
        dtype (dtype, optional): of the result. Default: that of `input`.
        mask (Tensor, optional): which elements count.

    Returns:
        Tensor: the shape of `input`.

    Example:
        >>> import cnet
        >>> cnet.masked.cumprod(cnet.tensor([2., 3., 4.]), 0, mask=cnet.tensor([True, False, True]))
        tensor([2., 2., 8.])
    """
    dtype = input.dtype if dtype is None else dtype
    return filled(input, mask, 1).cumprod(checks.dim(dim, input.ndim), dtype=dtype).to(dtype)


def amax(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The largest of the elements that the mask lets through.

    Args:
        input (Tensor): real.
        dim (int, tuple of ints, optional): what to search. Default: all.
        keepdim (bool): keep those dimensions, with size 1. Default: False.
        dtype (dtype, optional): of the result. Default: that of `input`.
        mask (Tensor, optional): which elements count.

    Returns:
        Tensor: the maxima; the smallest value of the type where nothing counts.

    Example:
        >>> import cnet
        >>> cnet.masked.amax(cnet.tensor([[1., 2.], [3., 4.]]), 1, mask=cnet.tensor([True, False]))
        tensor([1., 3.])
    """
    dims = checks.dims(dim, input.ndim)
    return filled(input, mask, least(input.dtype)).amax(dims, keepdim).to(input.dtype if dtype is None else dtype)


def amin(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The smallest of the elements that the mask lets through.

    Args:
        input (Tensor): real.
        dim (int, tuple of ints, optional): what to search. Default: all.
        keepdim (bool): keep those dimensions, with size 1. Default: False.
        dtype (dtype, optional): of the result. Default: that of `input`.
        mask (Tensor, optional): which elements count.

    Returns:
        Tensor: the minima; the largest value of the type where nothing counts.

    Example:
        >>> import cnet
        >>> cnet.masked.amin(cnet.tensor([[1., 2.], [3., 4.]]), 1, mask=cnet.tensor([False, True]))
        tensor([2., 4.])
    """
    dims = checks.dims(dim, input.ndim)
    return filled(input, mask, greatest(input.dtype)).amin(dims, keepdim).to(input.dtype if dtype is None else dtype)


def argmax(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """Where the largest of the elements that the mask lets through is.

    Args:
        input (Tensor): real.
        dim (int, optional): along which dimension. Default: in the flattened input.
        keepdim (bool): keep the dimension, with size 1. Default: False.
        dtype (dtype, optional): of the result. Default: that of `input`.
        mask (Tensor, optional): which elements count.

    Returns:
        Tensor: positions.

    Example:
        >>> import cnet
        >>> cnet.masked.argmax(cnet.tensor([1, 2, 3]), mask=cnet.tensor([True, True, False]))
        tensor(1)
    """
    return filled(input, mask, least(input.dtype)).argmax(dim, keepdim).to(input.dtype if dtype is None else dtype)


def argmin(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """Where the smallest of the elements that the mask lets through is.

    Args:
        input (Tensor): real.
        dim (int, optional): along which dimension. Default: in the flattened input.
        keepdim (bool): keep the dimension, with size 1. Default: False.
        dtype (dtype, optional): of the result. Default: that of `input`.
        mask (Tensor, optional): which elements count.

    Returns:
        Tensor: positions.

    Example:
        >>> import cnet
        >>> cnet.masked.argmin(cnet.tensor([1, 2, 3]), mask=cnet.tensor([False, True, True]))
        tensor(1)
    """
    return filled(input, mask, greatest(input.dtype)).argmin(dim, keepdim).to(input.dtype if dtype is None else dtype)


def _count(input, dim, keepdim, mask):
    """How many elements each result is made of."""
    mask = ones(input.shape, dtype=bool_) if mask is None else canonical(mask, input)
    return mask.sum(checks.dims(dim, input.ndim), keepdim)


def mean(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The mean of the elements that the mask lets through.

    Args:
        input (Tensor): floating point or complex, unless `dtype` is.
        dim (int, tuple of ints, optional): what to average over. Default: all.
        keepdim (bool): keep those dimensions, with size 1. Default: False.
        dtype (dtype, optional): of the result. Default: that of `input`.
        mask (Tensor, optional): which elements count.

    Returns:
        Tensor: the means; NaN where nothing counts.

    Example:
        >>> import cnet
        >>> cnet.masked.mean(cnet.tensor([1., 2., 6.]), mask=cnet.tensor([True, True, False]))
        tensor(1.5000)
    """
    source = 'Input' if dtype is None else 'Optional'
    dtype = input.dtype if dtype is None else dtype
    if not dtype.is_floating_point and not dtype.is_complex:
        raise ValueError(f'mean(): Could not infer output dtype. {source} dtype must be either a floating point or complex '
                         f'dtype. Got: {dtype}')
    return sum(input, dim, keepdim=keepdim, dtype=dtype, mask=mask) / _count(input, dim, keepdim, mask)


def median(input, dim=-1, *, keepdim=False, dtype=None, mask=None):
    """The median (the lower of two) of the elements that the mask lets through.

    Args:
        input (Tensor): real.
        dim (int): along which dimension. Default: the last.
        keepdim (bool): keep the dimension, with size 1. Default: False.
        dtype (dtype, optional): of the result, for integers. Default: that of `input`.
        mask (Tensor, optional): which elements count; NaN does not either.

    Returns:
        Tensor: the medians; NaN where nothing counts, which is an error for integers.

    Example:
        >>> import cnet
        >>> cnet.masked.median(cnet.tensor([1., 2., 6.]), mask=cnet.tensor([False, True, True]))
        tensor(2.)
    """
    dim = checks.dim(dim, input.ndim)
    exact = input.dtype.is_floating_point
    values = filled(input if exact else input.to(float32), mask, float('nan')).nanmedian(dim, keepdim).values
    if exact:
        return values
    if values.isnan().any():
        raise ValueError('masked median expects no fully masked out rows if dtype is not floating point')
    return values.to(input.dtype if dtype is None else dtype)


def norm(input, ord=2.0, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The norm of the vector of the elements that the mask lets through.

    Args:
        input (Tensor): floating point or complex.
        ord (float): of the norm. Default: 2.
        dim (int, tuple of ints, optional): the dimensions of a vector. Default: all.
        keepdim (bool): keep those dimensions, with size 1. Default: False.
        dtype (dtype, optional): in which to compute. Default: that of `input`.
        mask (Tensor, optional): which elements count.

    Returns:
        Tensor: the norms; 0 where nothing counts (infinite for ``ord=-inf``).

    Example:
        >>> import cnet
        >>> cnet.masked.norm(cnet.tensor([3., 4., 5.]), mask=cnet.tensor([True, True, False]))
        tensor(5.)
    """
    x = filled(input, mask, INF if ord == -INF else 0)
    return vector_norm(x, ord, checks.dims(dim, input.ndim), keepdim, dtype=input.dtype if dtype is None else dtype)


def logsumexp(input, dim=None, *, keepdim=False, dtype=None, mask=None):
    """The logarithm of the sum of exp of the elements that the mask lets through.

    Args:
        input (Tensor): any but bool.
        dim (int, tuple of ints, optional): what to sum over. Default: all.
        keepdim (bool): keep those dimensions, with size 1. Default: False.
        dtype (dtype, optional): of the result. Default: that of `input`.
        mask (Tensor, optional): which elements count.

    Returns:
        Tensor: the logarithms; -inf where nothing counts.

    Example:
        >>> import cnet
        >>> cnet.masked.logsumexp(cnet.tensor([0., 0., 9.]), mask=cnet.tensor([True, True, False]))
        tensor(0.6931)
    """
    x = filled(input, mask, -INF if input.dtype.is_complex else least(input.dtype))
    return unmasked_logsumexp(x, checks.dims(dim, input.ndim), keepdim).to(input.dtype if dtype is None else dtype)


def var(input, dim=None, unbiased=None, *, correction=None, keepdim=False, dtype=None, mask=None):
    """The variance of the elements that the mask lets through.

    Args:
        input (Tensor): any.
        dim (int, tuple of ints, optional): what to average over. Default: all.
        unbiased (bool, optional): the older form of `correction`: 1 or 0.
        correction (float, optional): taken from the number of elements in the divisor. Default: 1.
        keepdim (bool): keep those dimensions, with size 1. Default: False.
        dtype (dtype, optional): of the result. Default: that of `input`; float32 for integers.
        mask (Tensor, optional): which elements count.

    Returns:
        Tensor: the variances; NaN where nothing counts.

    Example:
        >>> import cnet
        >>> cnet.masked.var(cnet.tensor([1., 3., 9.]), mask=cnet.tensor([True, True, False]))
        tensor(2.)
    """
    return _variance(input, dim, unbiased, correction, keepdim, dtype, mask)


def std(input, dim=None, unbiased=None, *, correction=None, keepdim=False, dtype=None, mask=None):
    """The standard deviation of the elements that the mask lets through.

    Args:
        input (Tensor): any.
        dim (int, tuple of ints, optional): what to average over. Default: all.
        unbiased (bool, optional): the older form of `correction`: 1 or 0.
        correction (float, optional): taken from the number of elements in the divisor. Default: 1.
        keepdim (bool): keep those dimensions, with size 1. Default: False.
        dtype (dtype, optional): of the result. Default: that of `input`; float32 for integers.
        mask (Tensor, optional): which elements count.

    Returns:
        Tensor: the deviations; NaN where nothing counts.

    Example:
        >>> import cnet
        >>> cnet.masked.std(cnet.tensor([1., 3., 9.]), mask=cnet.tensor([True, True, False]), correction=0)
        tensor(1.)
    """
    return _variance(input, dim, unbiased, correction, keepdim, dtype, mask).sqrt()


def _inexact(dtype):
    return dtype if dtype.is_floating_point or dtype.is_complex else float32


def _variance(input, dim, unbiased, correction, keepdim, dtype, mask):
    if unbiased is not None and correction is not None:
        raise AssertionError('Only one of unbiased and correction may be given')
    if correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    dtype = _inexact(input.dtype) if dtype is None else dtype
    count = _count(input, dim, True, mask)
    x = input - sum(input, dim, keepdim=True, dtype=dtype, mask=mask) / count
    total = sum(x * x.conj(), dim, keepdim=keepdim, dtype=_inexact(dtype), mask=mask)
    count = count.reshape(total.shape)
    if correction:
        real = total.real.dtype if total.is_complex() else total.dtype
        count = count.to(real) - correction
        count = COMPARISONS['maximum'](count, count.new_zeros(()))
    return (total / count).to(dtype)
