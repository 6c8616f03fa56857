"""Size: the tuple of a tensor's dimensions."""

from operator import index

__all__ = ['Size']


class Size(tuple):
    """The shape of a tensor: a tuple of ints whose slices, sums and multiples are Sizes too.

    Args:
        sizes (iterable of int): one length per dimension.

    Example:
        >>> import cnet
        >>> cnet.Size([2, 3]).numel(), cnet.Size([2, 3]) + (4,)
        (6, cnet.Size([2, 3, 4]))
    """

    __slots__ = ()
    __module__ = 'cnet'

    def __new__(cls, sizes=()):
        self = tuple.__new__(cls, sizes)
        for i in self:
            if type(i) is not int:
                return tuple.__new__(cls, _ints(self))
        return self

    def numel(self):
        """Return the number of elements of a tensor with this shape.

        Example:
            >>> import cnet
            >>> cnet.Size([]).numel()
            1
        """
        n = 1
        for i in self:
            n *= i
        return n

    def __repr__(self):
        return f'cnet.Size([{", ".join(map(str, self))}])'

    def __reduce__(self):
        return Size, (tuple(self),)

    def __getitem__(self, i):
        item = tuple.__getitem__(self, i)
        return tuple.__new__(Size, item) if type(i) is slice else item

    def __add__(self, other):
        if not isinstance(other, tuple):
            raise TypeError(f'can only concatenate tuple (not {type(other).__name__}) to cnet.Size')
        return Size(tuple.__add__(self, other))

    def __radd__(self, other):
        if not isinstance(other, tuple):
            return NotImplemented
        return Size(tuple.__add__(other, self))

    def __mul__(self, n):
        return tuple.__new__(Size, tuple(self) * n)

    __rmul__ = __mul__


def _ints(sizes):
    for i, n in enumerate(sizes):
        try:
            yield index(n)
        except TypeError:
            raise TypeError(
                f"cnet.Size() takes an iterable of 'int' (item {i} is '{type(n).__name__}')") from None
