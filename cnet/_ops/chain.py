"""Products of several matrices in the cheapest order."""

from .._core import checks
from .._core.inplace import copy_out, scalar_name

__all__ = ['chain_matmul']
METHODS = {}


def chain_matmul(*matrices, out=None):
    """The product of several matrices, in the order of multiplication that costs least.

    Args:
        matrices (Tensor...): two or more, each with as many rows as the one before has columns.
        out (Tensor, optional): where the result is written.

    Returns:
        Tensor: the rows of the first by the columns of the last.

    Example:
        >>> import cnet
        >>> tuple(cnet.chain_matmul(cnet.ones(2, 3), cnet.ones(3, 4), cnet.ones(4, 5)).shape)
        (2, 5)
    """
    for x in matrices:
        if checks.tensor(x, 'chain_matmul', 'matrices')._a.ndim != 2:
            raise RuntimeError(f'Tensor dimension is {x._a.ndim}, expected 2 instead.')
    if not matrices:
        raise RuntimeError('chain_matmul(): Expected one or more matrices')
    r = matrices[0].clone() if len(matrices) == 1 else chain(matrices)
    return r if out is None else copy_out(r, out)


def chain(matrices):
    """The product of two or more matrices by the cheapest order (dynamic programming over sub-chains)."""
    sizes = [x._a.shape[0] for x in matrices] + [matrices[-1]._a.shape[1]]
    n = len(matrices)
    if n == 2:
        return matrices[0].mm(matrices[1])
    if n == 3:      # first, second, third: which of the two products comes first
        p, q, r, s = sizes
        a, b, c = matrices
        return a.mm(b).mm(c) if p * r * (q + s) < q * s * (r + p) else a.mm(b.mm(c))
    cost = {(i, i): (0, i) for i in range(n)}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            cost[i, j] = min((cost[i, s][0] + cost[s + 1, j][0] + sizes[i] * sizes[s + 1] * sizes[j + 1], s)
                             for s in range(i, j))

    def product(i, j):
        return matrices[i] if i == j else product(i, cost[i, j][1]).mm(product(cost[i, j][1] + 1, j))
    return product(0, n - 1)


def multi_dot(tensors, *, out=None):
    """The product of two or more matrices, in the order of multiplication that costs least.

    Args:
        tensors (sequence of Tensor): matrices, each with as many rows as the one before has columns; the first may be a
            vector, which counts as a row, and the last one, which counts as a column.
        out (Tensor, optional): where the result is written.

    Returns:
        Tensor: the rows of the first by the columns of the last, without those that a vector stands for.

    Example:
        >>> import cnet
        >>> cnet.linalg.multi_dot([cnet.ones(2), cnet.ones(2, 3), cnet.ones(3)]).item()
        6.0
    """
    tensors = list(checks.tensors(tensors, 'linalg_multi_dot'))
    n = len(tensors)
    if n < 2:
        raise RuntimeError(f'multi_dot(): expected at least 2 tensors but got {n}')
    for i, x in enumerate(tensors):
        ndim, which = x._a.ndim, 'first' if i == 0 else 'last'
        if 0 < i < n - 1:
            if ndim != 2:
                raise RuntimeError(f'multi_dot(): tensor {i} must be 2D but got {ndim}D')
        elif ndim not in (1, 2):
            raise RuntimeError(f'multi_dot(): the {which} tensor must be 1D or 2D but got {ndim}D')
        if x._a.dtype != tensors[0]._a.dtype:
            raise RuntimeError('multi_dot(): all tensors must have be the same dtype but tensor 0 is '
                               f'{scalar_name(tensors[0]._a.dtype).lower()} and tensor {i} {scalar_name(x._a.dtype).lower()}')
    for i in range(n - 1):
        a, b = tensors[i]._a.shape, tensors[i + 1]._a.shape
        if a[-1] != b[0]:
            raise RuntimeError(f'multi_dot(): tensors {i} and {i + 1} with shapes {list(a)} and {list(b)} cannot be multiplied')
    shape = tensors[0]._a.shape[:-1] + tensors[-1]._a.shape[1:]
    if tensors[0]._a.ndim == 1:
        tensors[0] = tensors[0].unsqueeze(0)
    if tensors[-1]._a.ndim == 1:
        tensors[-1] = tensors[-1].unsqueeze(1)
    r = chain(tensors).view(shape)
    return r if out is None else copy_out(r, out)
