"""Normalizations of the elements that a mask lets through, and `logaddexp`: what PyTorch serves as `torch.masked`."""

from .._core import checks
from .compare import METHODS as COMPARISONS
from .masked_reductions import filled, greatest, least, norm

__all__ = ['log_softmax', 'logaddexp', 'normalize', 'softmax', 'softmin']


def softmax(input, dim, *, dtype=None, mask=None):
    """exp of the elements that the mask lets through, divided by the sum of them.

    Args:
        input (Tensor): floating point, unless `dtype` is.
        dim (int): along which dimension the results sum to 1.
        dtype (dtype, optional): of the result. Default: that of `input`.
        mask (Tensor, optional): which elements count.

    Shape:
        `mask` broadcasts to the shape of `input`, which is that of the result.

    Returns:
        Tensor: the weights; 0 where an element does not count, NaN where none does.

    Example:
        >>> import cnet
        >>> cnet.masked.softmax(cnet.zeros(3), 0, mask=cnet.tensor([True, True, False]))
        tensor([0.5000, 0.5000, 0.0000])
    """
    dtype = input.dtype if dtype is None else dtype
    return filled(input, mask, least(input.dtype)).softmax(checks.dim(dim, input.ndim), dtype=dtype)


def log_softmax(input, dim, *, dtype=None, mask=None):
    """The logarithm of `softmax`.

    Args:
        input (Tensor): floating point, unless `dtype` is.
        dim (int): along which dimension the exponentials of the results sum to 1.
        dtype (dtype, optional): of the result. Default: that of `input`.
        mask (Tensor, optional): which elements count.

    Returns:
        Tensor: the shape of `input`; -inf where an element does not count, NaN where none does.

    Example:
        >>> import cnet
        >>> cnet.masked.log_softmax(cnet.zeros(3), 0, mask=cnet.tensor([True, True, False]))
        tensor([-0.6931, -0.6931,    -inf])
    """
    dtype = input.dtype if dtype is None else dtype
    return filled(input, mask, least(input.dtype)).log_softmax(checks.dim(dim, input.ndim), dtype=dtype)


def softmin(input, dim, *, dtype=None, mask=None):
    """`softmax` of the negated elements.

    Args:
        input (Tensor): floating point, unless `dtype` is.
        dim (int): along which dimension the results sum to 1.
        dtype (dtype, optional): of the result. Default: that of `input`.
        mask (Tensor, optional): which elements count.

    Returns:
        Tensor: the weights; 0 where an element does not count, NaN where none does.

    Example:
        >>> import cnet
        >>> cnet.masked.softmin(cnet.zeros(3), 0, mask=cnet.tensor([True, True, False]))
        tensor([0.5000, 0.5000, 0.0000])
    """
    dtype = input.dtype if dtype is None else dtype
    return (-filled(input, mask, greatest(input.dtype))).softmax(checks.dim(dim, input.ndim), dtype=dtype)


def normalize(input, ord, dim, *, eps=1e-12, dtype=None, mask=None):
    """Divide vectors by the norms of their elements that the mask lets through.

    Args:
        input (Tensor): floating point or complex.
        ord (float): of the norm.
        dim (int): the dimension of a vector.
        eps (float): the least that a norm counts.
        dtype (dtype, optional): in which to compute the norms. Default: that of `input`.
        mask (Tensor, optional): which elements count.

    Returns:
        Tensor: the shape of `input`; 0 where an element does not count.

    Example:
        >>> import cnet
        >>> cnet.masked.normalize(cnet.tensor([3., 4., 5.]), 2.0, 0, mask=cnet.tensor([True, True, False]))
        tensor([0.6000, 0.8000, 0.0000])
    """
    size = norm(input, ord, dim, keepdim=True, dtype=dtype, mask=mask)
    return filled(input, mask, 0) / COMPARISONS['maximum'](size, size.new_full((), eps))


def logaddexp(input, other, *, dtype=None, input_mask=None, other_mask=None):
    """log(exp(input) + exp(other)) of the elements that the masks let through.

    Args:
        input, other (Tensor): floating point; they broadcast.
        dtype (dtype, optional): of the result. Default: that of `input`.
        input_mask, other_mask (Tensor, optional): which elements count.

    Returns:
        Tensor: the broadcast shape; -inf where neither element counts.

    Example:
        >>> import cnet
        >>> cnet.masked.logaddexp(cnet.zeros(2), cnet.zeros(2), other_mask=cnet.tensor([True, False]))
        tensor([0.6931, 0.0000])
    """
    dtype = input.dtype if dtype is None else dtype
    input, other = filled(input, input_mask, least(input.dtype)), filled(other, other_mask, least(other.dtype))
    return COMPARISONS['logaddexp'](input, other).to(dtype)
