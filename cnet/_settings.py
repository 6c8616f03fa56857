"""Settings of the process that PyTorch has and that change nothing here, and the questions about them."""

import warnings

from ._core.device import device as parse_device
from ._core.dtype import DTYPES, float16, set_default_dtype
from ._tensor import Tensor

__all__ = [
    'SymBool', 'SymFloat', 'SymInt', 'are_deterministic_algorithms_enabled', 'get_autocast_dtype',
    'get_deterministic_debug_mode',
    'get_float32_matmul_precision', 'get_num_interop_threads', 'is_autocast_enabled',
    'is_deterministic_algorithms_warn_only_enabled', 'is_warn_always_enabled', 'set_default_tensor_type',
    'set_deterministic_debug_mode', 'set_float32_matmul_precision', 'set_num_interop_threads', 'set_warn_always', 'typename',
    'use_deterministic_algorithms',
]

_PRECISIONS = ('highest', 'high', 'medium')
_DEBUG = ('default', 'warn', 'error')
_state = {'deterministic': 0, 'precision': 'highest', 'interop': 1, 'warn_always': False}


def use_deterministic_algorithms(mode, *, warn_only=False):
    """Ask for the same results in every run. They are the same anyway, for any number of threads.

    Args:
        mode (bool): whether to ask.
        warn_only (bool): warn instead of refusing; there is nothing to warn of.

    Example:
        >>> import cnet
        >>> cnet.use_deterministic_algorithms(False)
        >>> cnet.are_deterministic_algorithms_enabled()
        False
    """
    _state['deterministic'] = (1 if warn_only else 2) if mode else 0


def are_deterministic_algorithms_enabled():
    """What `use_deterministic_algorithms` set.

    Example:
        >>> import cnet
        >>> cnet.are_deterministic_algorithms_enabled()
        False
    """
    return _state['deterministic'] > 0


def is_deterministic_algorithms_warn_only_enabled():
    """Whether `use_deterministic_algorithms` was told `warn_only`.

    Example:
        >>> import cnet
        >>> cnet.is_deterministic_algorithms_warn_only_enabled()
        False
    """
    return _state['deterministic'] == 1


def set_deterministic_debug_mode(debug_mode):
    """`use_deterministic_algorithms` by one word.

    Args:
        debug_mode (str or int): 'default' or 0, 'warn' or 1, 'error' or 2.

    Example:
        >>> import cnet
        >>> cnet.set_deterministic_debug_mode('default')
    """
    if not isinstance(debug_mode, (int, str)):
        raise TypeError(f'debug_mode must be str or int, but got {type(debug_mode)}')
    if isinstance(debug_mode, str):
        if debug_mode not in _DEBUG:
            raise RuntimeError('invalid value of debug_mode, expected one of `default`, `warn`, `error`, but got '
                               f'{debug_mode}')
        debug_mode = _DEBUG.index(debug_mode)
    if debug_mode not in (0, 1, 2):
        raise RuntimeError(f'invalid value of debug_mode, expected 0, 1, or 2, but got {debug_mode}')
    _state['deterministic'] = debug_mode


def get_deterministic_debug_mode():
    """What `set_deterministic_debug_mode` set, as a number.

    Example:
        >>> import cnet
        >>> cnet.get_deterministic_debug_mode()
        0
    """
    return _state['deterministic']


def set_float32_matmul_precision(precision):
    """Allow less precise matrix products. They are always computed in float32.

    Args:
        precision (str): 'highest', 'high' or 'medium'.

    Example:
        >>> import cnet
        >>> cnet.set_float32_matmul_precision('highest')
    """
    if not isinstance(precision, str):
        raise RuntimeError(f'set_float32_matmul_precision expects a str, but got {type(precision).__name__}')
    if precision not in _PRECISIONS:
        warnings.warn(f"{precision} is not one of 'highest', 'high', or 'medium'; the current setFloat32MatmulPrecision call has "
                      'no effect.', stacklevel=2)
        return
    _state['precision'] = precision


def get_float32_matmul_precision():
    """What `set_float32_matmul_precision` set.

    Example:
        >>> import cnet
        >>> cnet.get_float32_matmul_precision()
        'highest'
    """
    return _state['precision']


def set_num_interop_threads(n):
    """Accepted: operations do not run beside each other; `set_num_threads` sets the threads inside one.

    Args:
        n (int): a positive number.

    Example:
        >>> import cnet
        >>> cnet.set_num_interop_threads(1)
    """
    if not isinstance(n, int):
        raise RuntimeError(f'set_num_interop_threads expects an int, but got {type(n).__name__}')
    if n <= 0:
        raise RuntimeError('set_num_interop_threads expects a positive integer')
    _state['interop'] = n


def get_num_interop_threads():
    """What `set_num_interop_threads` set.

    Example:
        >>> import cnet
        >>> cnet.get_num_interop_threads()
        1
    """
    return _state['interop']


def set_warn_always(b):
    """Show warnings every time. Python's `warnings` decides that here.

    Args:
        b (bool): whether to.

    Example:
        >>> import cnet
        >>> cnet.set_warn_always(False)
    """
    if not isinstance(b, bool):
        raise RuntimeError(f'setWarnOnlyOnce expects a bool, but got {type(b).__name__}')
    _state['warn_always'] = b


def is_warn_always_enabled():
    """What `set_warn_always` set.

    Example:
        >>> import cnet
        >>> cnet.is_warn_always_enabled()
        False
    """
    return _state['warn_always']


def is_autocast_enabled(device_type='cuda'):
    """Whether autocast is on.

    Args:
        device_type (str): 'cpu', 'cuda', ...

    Returns:
        bool: False; see `amp.autocast`.

    Example:
        >>> import cnet
        >>> cnet.is_autocast_enabled('cpu')
        False
    """
    parse_device(device_type)
    return False


def get_autocast_dtype(device_type):
    """The type that autocast would compute in.

    Args:
        device_type (str): 'cpu', 'cuda', ...

    Returns:
        dtype: float16.

    Example:
        >>> import cnet
        >>> cnet.get_autocast_dtype('cpu')
        cnet.float16
    """
    parse_device(device_type)
    return float16


def set_default_tensor_type(t):
    """The old form of `set_default_dtype`.

    Args:
        t (type or str): a tensor class such as 'cnet.FloatTensor' or 'torch.DoubleTensor'.

    Example:
        >>> import cnet, warnings
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter('ignore')
        ...     cnet.set_default_tensor_type('cnet.FloatTensor')
    """
    warnings.warn('set_default_tensor_type() is deprecated, please use set_default_dtype() and set_default_device() as '
                  'alternatives.', stacklevel=2)
    name = t.rpartition('.')[2] if isinstance(t, str) else getattr(t, '__name__', '')
    for dtype in DTYPES:
        if f'{dtype.legacy}Tensor' == name:
            set_default_dtype(dtype)
            return
    raise TypeError(f'invalid type object: {t}')


def typename(obj):
    """The name of an object's type: of a tensor, also that of its elements.

    Args:
        obj (object): anything.

    Returns:
        str

    Example:
        >>> import cnet
        >>> cnet.typename(cnet.ones(1)), cnet.typename(3)
        ('cnet.FloatTensor', 'int')
    """
    if isinstance(obj, Tensor):
        return obj.type()
    named = obj if hasattr(obj, '__qualname__') else type(obj)
    module = getattr(named, '__module__', None) or ''
    return named.__qualname__ if module in ('', 'builtins') else f'{module}.{named.__qualname__}'


class SymInt:
    """A size that a compiler does not know yet. Sizes are ints here: nothing is an instance.

    Example:
        >>> import cnet
        >>> isinstance(cnet.ones(2).shape[0], cnet.SymInt)
        False
    """


class SymFloat:
    """A number that a compiler does not know yet: nothing is an instance."""


class SymBool:
    """A truth value that a compiler does not know yet: nothing is an instance."""
