"""Data types: the singletons ``cnet.float32`` …, how they promote, and what their numbers look like.

Names such as ``float`` and ``bool`` below are data types; the builtins of the same name are spelled ``builtins.float``.
"""

import builtins
import math

import numpy as np

__all__ = [
    'dtype', 'bfloat16', 'bool', 'uint8', 'int8', 'int16', 'int32', 'int64', 'float16', 'float32', 'float64', 'complex64',
    'complex128', 'short', 'int', 'long', 'half', 'float', 'double', 'cfloat', 'cdouble', 'promote_types',
    'result_type', 'can_cast', 'get_default_dtype', 'set_default_dtype', 'finfo', 'iinfo',
]

# Categories of numbers, in the order in which they win: a bool never lifts an int, an int never lifts a float.
BOOL, INT, FLOAT, COMPLEX = range(4)
_CATEGORY = {'b': BOOL, 'u': INT, 'i': INT, 'f': FLOAT, 'c': COMPLEX}


class dtype:
    """The type of a tensor's elements. There is one object per type; compare with ``==`` or ``is``.

    ``np`` is the matching NumPy type and ``category`` one of BOOL, INT, FLOAT, COMPLEX. ``bfloat16`` is a name without a
    NumPy type: programs can ask about it and compare it, and whatever would make a tensor of it is refused.
    """

    __slots__ = ('abbr', 'category', 'is_complex', 'is_floating_point', 'is_signed', 'itemsize', 'legacy', 'name', 'np')
    __module__ = 'cnet'

    def __new__(cls, *args, **kwargs):
        raise TypeError("cannot create 'cnet.dtype' instances")

    def __repr__(self):
        return 'cnet.' + self.name

    def __getattr__(self, name):
        if name == 'np':  # never set: a type that is only a name
            raise TypeError(f'there are no tensors of {self!r}: NumPy has no such type. Use cnet.float32 in its place')
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __reduce__(self):
        return self.name  # pickled and copied as the global `cnet.<name>`, so that `is` survives

    def to_real(self):
        """Return the type of the real part: float32 for complex64, and the type itself if it is real.

        Example:
            >>> import cnet
            >>> cnet.complex64.to_real()
            cnet.float32
        """
        return from_np(_REAL[self.np]) if self.is_complex else self

    def to_complex(self):
        """Return the complex type whose parts have this type.

        Example:
            >>> import cnet
            >>> cnet.float64.to_complex()
            cnet.complex128
        """
        if self.is_complex:
            return self
        if self.np not in _COMPLEX:
            raise RuntimeError(f'Unknown Complex ScalarType for {self.legacy}')
        return from_np(_COMPLEX[self.np])


def _bfloat16():
    self = object.__new__(dtype)
    self.name, self.abbr, self.legacy = 'bfloat16', 'bf16', 'BFloat16'
    self.category, self.itemsize = FLOAT, 2
    self.is_floating_point, self.is_complex, self.is_signed = True, False, True
    return self


def _make(name, abbr, legacy):
    self = object.__new__(dtype)
    self.np = np.dtype(name)
    self.name, self.abbr, self.legacy = name, abbr, legacy
    self.category = _CATEGORY[self.np.kind]
    self.itemsize = self.np.itemsize
    self.is_floating_point = self.category == FLOAT
    self.is_complex = self.category == COMPLEX
    self.is_signed = self.np.kind not in 'bu'
    return self


# `legacy` is the name in old-style type strings ('cnet.FloatTensor') and in some error sentences.
bool = _make('bool', 'b8', 'Bool')
uint8 = _make('uint8', 'u8', 'Byte')
int8 = _make('int8', 'i8', 'Char')
int16 = short = _make('int16', 'i16', 'Short')
int32 = int = _make('int32', 'i32', 'Int')
int64 = long = _make('int64', 'i64', 'Long')
float16 = half = _make('float16', 'f16', 'Half')
float32 = float = _make('float32', 'f32', 'Float')
float64 = double = _make('float64', 'f64', 'Double')
complex64 = cfloat = _make('complex64', 'c64', 'ComplexFloat')
complex128 = cdouble = _make('complex128', 'c128', 'ComplexDouble')
bfloat16 = _bfloat16()

DTYPES = (bool, uint8, int8, int16, int32, int64, float16, float32, float64, complex64, complex128)
# NumPy has no complex type of two float16; results that would need one are complex64.
_COMPLEX = {float32.np: complex64.np, float64.np: complex128.np}
_REAL = {complex64.np: float32.np, complex128.np: float64.np}


class _ByNumpy(dict):
    def __missing__(self, key):
        raise TypeError(
            f"can't convert np.ndarray of type {key.type.__module__}.{key.type.__name__}. "
            'The only supported types are: float64, float32, float16, complex64, complex128, int64, int32, int16, '
            'int8, uint8, and bool.')


_BY_NUMPY = _ByNumpy((d.np, d) for d in DTYPES)
from_np = _BY_NUMPY.__getitem__  # np.dtype -> dtype, TypeError if there is none


# ---------------------------------------------------------------------------------------------------- the default type

_default = float32


def get_default_dtype():
    """Return the type given to floating-point numbers when nothing else decides.

    Returns:
        dtype: ``cnet.float32`` unless changed.

    Example:
        >>> import cnet
        >>> cnet.get_default_dtype()
        cnet.float32
    """
    return _default


def set_default_dtype(d):
    """Set the type given to floating-point numbers when nothing else decides; complex numbers follow.

    Args:
        d (dtype): a floating-point type.

    Example:
        >>> import cnet
        >>> cnet.set_default_dtype(cnet.float64)
        >>> cnet.tensor([1.5]).dtype
        cnet.float64
        >>> cnet.set_default_dtype(cnet.float32)
    """
    global _default
    if type(d) is not dtype:
        raise TypeError('invalid dtype object: only floating-point types are supported as the default type')
    if not d.is_floating_point:
        raise TypeError('only floating-point types are supported as the default type')
    _ = d.np  # a type that is only a name is refused here
    _default = d


def default_np(category):
    """NumPy type of a number of the given category when nothing else decides."""
    if category == FLOAT:
        return _default.np
    if category == COMPLEX:
        return _COMPLEX.get(_default.np, complex64.np)
    return int64.np if category == INT else bool.np


# ------------------------------------------------------------------------------------------------------------ promotion

def _promote_np(x, y):
    if x is y:
        return x
    i, j = _BY_NUMPY[x].category, _BY_NUMPY[y].category
    # NumPy widens floats to hold integers (int32 + float32 = float64); here the higher category decides alone.
    if i != j and max(i, j) >= FLOAT and min(i, j) <= INT:
        return x if i > j else y
    return np.promote_types(x, y)


_PROMOTED = {(a.np, b.np): _promote_np(a.np, b.np) for a in DTYPES for b in DTYPES}
_NUMBERS = {builtins.bool: BOOL, builtins.int: INT, builtins.float: FLOAT, builtins.complex: COMPLEX}


def number_category(x):
    """Category of a Python or NumPy number, None for anything else."""
    category = _NUMBERS.get(type(x))
    if category is None:
        if isinstance(x, np.generic):
            return _CATEGORY.get(x.dtype.kind)
        for kind, category in _NUMBERS.items():
            if isinstance(x, kind):
                return category
        return None
    return category


def _combine(higher, lower):
    """Result of a dominant type and one of lower priority: the dominant one, lifted only to a higher category."""
    i, j = _BY_NUMPY[higher].category, _BY_NUMPY[lower].category
    if j <= i:
        return _PROMOTED[higher, lower] if i == BOOL else higher
    if i == FLOAT:
        return _COMPLEX.get(higher, complex64.np)
    return lower


def promote(a, b):
    """NumPy type of the result of a binary operation on two tensors or Python numbers (one at least a tensor)."""
    if type(a) in _NUMBERS:
        a, b = b, a
    try:
        x = a._a
    except AttributeError:
        return promote_all((a, b))
    category = _NUMBERS.get(type(b))
    if category is None:
        try:
            y = b._a
        except AttributeError:
            category = number_category(b)
            if category is None:
                raise TypeError(f'expected a Tensor or a number, but got {type(b).__name__}') from None
        else:
            s, t = x.dtype, y.dtype
            if s is t:
                return s
            if x.ndim and not y.ndim:
                return _combine(s, t)
            if y.ndim and not x.ndim:
                return _combine(t, s)
            return _PROMOTED[s, t]
    s = x.dtype
    return s if category <= _BY_NUMPY[s].category else _combine(s, default_np(category))


def promote_all(operands):
    """NumPy type of the result of an operation on any number of tensors and Python numbers."""
    by_priority = [None, None, None]  # tensors with dimensions, tensors without, numbers
    for x in operands:
        try:
            a = x._a
        except AttributeError:
            category = number_category(x)
            if category is None:
                raise TypeError(f'expected a Tensor or a number, but got {type(x).__name__}') from None
            level, t = 2, default_np(category)
        else:
            level, t = (0 if a.ndim else 1), a.dtype
        seen = by_priority[level]
        by_priority[level] = t if seen is None else _PROMOTED[seen, t]
    result = None
    for t in reversed(by_priority):
        if t is not None:
            result = t if result is None else _combine(t, result)
    return result


_BUILTIN = {builtins.bool: bool, builtins.int: int64, builtins.float: float64, builtins.complex: complex128}


def as_dtype(d, op):
    """The dtype that the user means by a dtype or by one of Python's number types, else TypeError."""
    if type(d) is dtype:
        return d
    try:
        return _BUILTIN[d]
    except (KeyError, TypeError):
        raise TypeError(f"{op}(): argument 'dtype' must be cnet.dtype, not {type(d).__name__}") from None


def _check(x, function, argument, position):
    if type(x) is not dtype:
        raise TypeError(f"{function}(): argument '{argument}' (position {position}) must be cnet.dtype, "
                        f'not {type(x).__name__}')


def promote_types(type1, type2):
    """Return the smallest type that both types convert to without changing category for the worse.

    Args:
        type1 (dtype): the one type.
        type2 (dtype): the other.

    Returns:
        dtype: the common type. A floating type wins over any integer type as it is.

    Example:
        >>> import cnet
        >>> cnet.promote_types(cnet.uint8, cnet.int8), cnet.promote_types(cnet.int64, cnet.float16)
        (cnet.int16, cnet.float16)
    """
    _check(type1, 'promote_types', 'type1', 1)
    _check(type2, 'promote_types', 'type2', 2)
    return _BY_NUMPY[_PROMOTED[type1.np, type2.np]]


def result_type(tensor1, tensor2):
    """Return the type of the result of an arithmetic operation on the two operands.

    A tensor with dimensions outranks one without, and that outranks a Python number: the lower rank changes the type
    only if its category (bool, int, float, complex) is higher.

    Args:
        tensor1 (Tensor or Number): the one operand.
        tensor2 (Tensor or Number): the other.

    Returns:
        dtype: the type of the result.

    Example:
        >>> import cnet
        >>> cnet.result_type(cnet.tensor([1, 2], dtype=cnet.uint8), 3)
        cnet.uint8
        >>> cnet.result_type(cnet.tensor([1, 2], dtype=cnet.uint8), 3.5)
        cnet.float32
    """
    for x in (tensor1, tensor2):
        if not hasattr(x, '_a') and number_category(x) is None:
            raise TypeError('result_type() received an invalid combination of arguments - got '
                            f'({type(tensor1).__name__}, {type(tensor2).__name__}), '
                            'but expected (Tensor or Number, Tensor or Number)')
    return _BY_NUMPY[promote_all((tensor1, tensor2))]


def can_cast(from_, to):
    """Tell whether a result of type `from_` may be written into a tensor of type `to`.

    Args:
        from_ (dtype): the type of the values.
        to (dtype): the type of their destination.

    Returns:
        bool: False for complex to real, floating to integer, and anything else to bool.

    Example:
        >>> import cnet
        >>> cnet.can_cast(cnet.float64, cnet.float16), cnet.can_cast(cnet.float32, cnet.int64)
        (True, False)
    """
    _check(from_, 'can_cast', 'from_', 1)
    _check(to, 'can_cast', 'to', 2)
    if from_.category <= BOOL or to.category == from_.category:
        return True
    return from_.category < to.category if to.category != BOOL else False


# --------------------------------------------------------------------------------------------------------------- limits

class finfo:
    """Limits of a floating-point type; for a complex type, those of its parts.

    Args:
        type (dtype, optional): a floating or complex type. Default: the default dtype.

    Example:
        >>> import cnet
        >>> cnet.finfo(cnet.float16).max
        65504.0
    """

    __slots__ = ('bits', 'dtype', 'eps', 'max', 'min', 'resolution', 'smallest_normal', 'tiny')
    __module__ = 'cnet'

    def __init__(self, type=None):
        if type is None:
            type = _default
        _check(type, 'finfo', 'type', 1)
        if type.category < FLOAT:
            raise TypeError('cnet.finfo() requires a floating point input type. Use cnet.iinfo to handle '
                            "'cnet.finfo'")
        real = type.to_real()
        info = np.finfo(real.np)
        self.bits, self.dtype = info.bits, real.name
        self.eps, self.max, self.min = builtins.float(info.eps), builtins.float(info.max), builtins.float(info.min)
        self.smallest_normal = self.tiny = builtins.float(info.smallest_normal)
        # Decimal digits that survive a round trip through text: 3, 6 and 15.
        self.resolution = 10.0 ** -math.floor(info.nmant * math.log10(2))

    def __repr__(self):
        return (f'finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, eps={self.eps:g}, '
                f'smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, dtype={self.dtype})')

    def __eq__(self, other):
        return isinstance(other, finfo) and self.dtype == other.dtype

    def __hash__(self):
        return hash(('finfo', self.dtype))


class iinfo:
    """Limits of an integer type.

    Args:
        type (dtype): an integer type.

    Example:
        >>> import cnet
        >>> cnet.iinfo(cnet.int8).min
        -128
    """

    __slots__ = ('bits', 'dtype', 'max', 'min')
    __module__ = 'cnet'

    def __init__(self, type):
        _check(type, 'iinfo', 'type', 1)
        if type.category >= FLOAT:
            raise TypeError('cnet.iinfo() requires an integer input type. Use cnet.finfo to handle '
                            "'cnet.iinfo'")
        if type.category == BOOL:
            raise TypeError('cnet.bool is not supported by cnet.iinfo')
        info = np.iinfo(type.np)
        self.bits, self.dtype, self.max, self.min = info.bits, type.name, info.max, info.min

    def __repr__(self):
        return f'iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})'

    def __eq__(self, other):
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __hash__(self):
        return hash(('iinfo', self.dtype))
