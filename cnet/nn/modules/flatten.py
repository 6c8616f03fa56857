"""Flatten and Unflatten."""

from .module import Module

__all__ = ['Flatten', 'Unflatten']


class Flatten(Module):
    """Join neighbouring dimensions into one; by default all but the batch.

    Args:
        start_dim (int): the first dimension to join.
        end_dim (int): the last one.

    Shape:
        input: (*, S1, ..., Sn, *). output: (*, S1·...·Sn, *).

    Example:
        >>> import cnet
        >>> cnet.nn.Flatten()(cnet.zeros(2, 3, 4)).shape
        cnet.Size([2, 12])
    """

    def __init__(self, start_dim=1, end_dim=-1):
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input):
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self):
        return f'start_dim={self.start_dim}, end_dim={self.end_dim}'


class Unflatten(Module):
    """Cut one dimension into several.

    Args:
        dim (int): the dimension.
        unflattened_size (tuple of int): the sizes it becomes.

    Shape:
        input: (*, S1·...·Sn, *). output: (*, S1, ..., Sn, *).

    Example:
        >>> import cnet
        >>> cnet.nn.Unflatten(1, (3, 4))(cnet.zeros(2, 12)).shape
        cnet.Size([2, 3, 4])
    """

    def __init__(self, dim, unflattened_size):
        super().__init__()
        if not isinstance(unflattened_size, (tuple, list)):
            raise TypeError('unflattened_size must be a tuple of ints, but found type '
                            f'{type(unflattened_size).__name__}')
        for i, size in enumerate(unflattened_size):
            if not isinstance(size, int):
                raise TypeError('unflattened_size must be tuple of ints, but found element of type '
                                f'{type(size).__name__} at pos {i}')
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input):
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self):
        return f'dim={self.dim}, unflattened_size={self.unflattened_size}'
