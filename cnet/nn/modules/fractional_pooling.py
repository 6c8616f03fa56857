"""Max pooling over windows at random places."""

from .. import functional as F
from .module import Module
from .utils import repeated

__all__ = ['FractionalMaxPool2d', 'FractionalMaxPool3d']


class _FractionalMaxPool(Module):
    """The constructor of both. `_dims` is the number of dimensions."""

    _dims = 0

    def __init__(self, kernel_size, output_size=None, output_ratio=None, return_indices=False, _random_samples=None):
        super().__init__()
        n, name = self._dims, type(self).__name__
        self.kernel_size = repeated(kernel_size, n)
        self.return_indices = return_indices
        self.register_buffer('_random_samples', _random_samples)
        self.output_size = None if output_size is None else repeated(output_size, n)
        self.output_ratio = None if output_ratio is None else repeated(output_ratio, n)
        if output_size is None and output_ratio is None:
            raise ValueError(f'{name} requires specifying either an output size, or a pooling ratio')
        if output_size is not None and output_ratio is not None:
            raise ValueError('only one of output_size and output_ratio may be specified')
        if output_ratio is not None and not all(0 < r < 1 for r in self.output_ratio):
            raise ValueError(f'output_ratio must be between 0 and 1 (got {output_ratio})')


class FractionalMaxPool2d(_FractionalMaxPool):
    """The largest element of each of a given number of windows, which overlap or not at random.

    Args:
        kernel_size (int or tuple): the size of the windows.
        output_size (int or tuple, optional): how many windows; this or output_ratio.
        output_ratio (float or tuple, optional): the same as a share of the input's lengths.
        return_indices (bool): also return the positions of the maxima, for `MaxUnpool2d`.

    Shape:
        input: (N, C, H, W) or (C, H, W). output: (N, C, H', W') or (C, H', W').

    Example:
        >>> import cnet
        >>> cnet.nn.FractionalMaxPool2d(2, output_ratio=0.5)(cnet.zeros(1, 1, 8, 6)).shape
        cnet.Size([1, 1, 4, 3])
    """

    _dims = 2

    def forward(self, input):
        return F.fractional_max_pool2d(input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices,
                                       _random_samples=self._random_samples)


class FractionalMaxPool3d(_FractionalMaxPool):
    """`FractionalMaxPool2d` for volumes.

    Shape:
        input: (N, C, D, H, W) or (C, D, H, W). output: (N, C, D', H', W') or (C, D', H', W').
    """

    _dims = 3

    def forward(self, input):
        return F.fractional_max_pool3d(input, self.kernel_size, self.output_size, self.output_ratio, self.return_indices,
                                       _random_samples=self._random_samples)
