"""Parameters as one vector, and back."""

from ..._ops.join import cat
from ..._tensor import Tensor

__all__ = ['parameters_to_vector', 'vector_to_parameters']


def parameters_to_vector(parameters):
    """Join parameters into one vector.

    Args:
        parameters (iterable of Tensor): the parameters.

    Returns:
        Tensor: (total number of elements).

    Example:
        >>> import cnet
        >>> cnet.nn.utils.parameters_to_vector([cnet.zeros(1, 2), cnet.ones(1)])
        tensor([0., 0., 1.])
    """
    return cat([p.reshape(-1) for p in parameters])


def vector_to_parameters(vec, parameters):
    """Cut a vector into pieces that become the parameters' values.

    Args:
        vec (Tensor): (total number of elements); the parameters become views of it.
        parameters (iterable of Tensor): the parameters, in the order of `parameters_to_vector`.

    Example:
        >>> import cnet
        >>> p = cnet.zeros(1, 2)
        >>> cnet.nn.utils.vector_to_parameters(cnet.tensor([1., 2.]), [p])
        >>> p
        tensor([[1., 2.]])
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f'expected cnet.Tensor, but got: {type(vec).__name__}')
    start = 0
    for p in parameters:
        n = p.numel()
        p.data = vec[start:start + n].view_as(p).data
        start += n
