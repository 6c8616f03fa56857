"""The sentences of errors, one function each; every function returns the exception for the caller to raise."""

from .dtype import from_np

__all__ = [
    'argument_type', 'broadcast', 'dim_range', 'dim_repeated', 'dtype_out', 'element_type', 'invalid_view', 'mat_dtypes',
    'mat_shapes', 'not_implemented', 'requires_grad_dtype',
]

# Names of C types as they stand in sentences about matrix products.
_C_NAME = {'bool': 'bool', 'uint8': 'unsigned char', 'int8': 'signed char', 'int16': 'short', 'int32': 'int',
           'int64': 'long int', 'float16': 'c10::Half', 'float32': 'float', 'float64': 'double',
           'complex64': 'c10::complex<float>', 'complex128': 'c10::complex<double>'}


def type_name(x):
    """Name of an argument's type as sentences give it: 'Tensor', 'list', 'NoneType'."""
    return 'Tensor' if hasattr(x, '_a') else type(x).__name__


def argument_type(op, argument, wanted, given, position=None):
    """An argument has the wrong type; `wanted` is a type name such as 'Tensor', `given` the offending object."""
    where = '' if position is None else f' (position {position})'
    return TypeError(f"{op}(): argument '{argument}'{where} must be {wanted}, not {type_name(given)}")


def element_type(index, given, argument=0):
    """An element of a sequence of tensors is no tensor."""
    return TypeError(f'expected Tensor as element {index} in argument {argument}, but got {type_name(given)}')


def dim_range(dim, ndim):
    """A dimension does not exist."""
    n = ndim or 1
    return IndexError(f'Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})')


def dim_repeated(dim):
    """A dimension is named twice."""
    return RuntimeError(f'dim {dim} appears multiple times in the list of dims')


def broadcast(a, b):
    """Two shapes do not broadcast."""
    for i in range(1, min(len(a), len(b)) + 1):
        if a[-i] != b[-i] and a[-i] != 1 and b[-i] != 1:
            where = max(len(a), len(b)) - i
            return RuntimeError(f'The size of tensor a ({a[-i]}) must match the size of tensor b ({b[-i]}) '
                                f'at non-singleton dimension {where}')
    raise AssertionError(f'{a} and {b} do broadcast')


def mat_shapes(a, b):
    """The inner lengths of a matrix product differ; arguments are the two shapes."""
    return RuntimeError(f'mat1 and mat2 shapes cannot be multiplied ({a[0]}x{a[1]} and {b[0]}x{b[1]})')


def mat_dtypes(a, b):
    """The operands of a matrix product have different types; arguments are NumPy types."""
    return RuntimeError(f'expected m1 and m2 to have the same dtype, but got: {_C_NAME[a.name]} != {_C_NAME[b.name]}')


def invalid_view(shape, numel):
    """A shape does not hold the number of elements there are."""
    return RuntimeError(f"shape '[{', '.join(map(str, shape))}]' is invalid for input of size {numel}")


def not_implemented(kernel, dtype):
    """An operation is not defined for a type; `dtype` is a NumPy type."""
    return NotImplementedError(f'"{kernel}" not implemented for \'{from_np(dtype).legacy}\'')


def dtype_out(dtype, out):
    """``out=`` has another type than ``dtype=`` asks for; arguments are NumPy types."""
    return RuntimeError(f'dtype {from_np(dtype).legacy} does not match dtype of out parameter ({from_np(out).legacy})')


def requires_grad_dtype():
    """A tensor of integers or bools was asked to collect gradients."""
    return RuntimeError('Only Tensors of floating point and complex dtype can require gradients')
