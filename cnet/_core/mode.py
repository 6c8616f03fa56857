"""Grad mode, inference mode and anomaly mode: bits of the calling thread.

The classes work as context managers and, called on a function, as decorators (generators included), as in PyTorch.
"""

import functools
import inspect

from .._kernels._state import flags, swap_flags
from .base import ANOMALY, GRAD, INFERENCE


def is_grad_enabled():
    """Whether operations are recorded in this thread.

    Example:
        >>> import cnet
        >>> cnet.is_grad_enabled()
        True
    """
    return flags() & GRAD != 0


def is_inference_mode_enabled():
    """Whether inference mode is on in this thread.

    Example:
        >>> import cnet
        >>> cnet.is_inference_mode_enabled()
        False
    """
    return flags() & INFERENCE != 0


def is_anomaly_enabled():
    """Whether anomaly detection is on in this thread.

    Example:
        >>> import cnet
        >>> cnet.is_anomaly_enabled()
        False
    """
    return flags() & ANOMALY != 0


class _Mode:
    """Sets mode bits on entry and restores the old ones on exit; one instance may be entered repeatedly."""

    def __init__(self, set_bits, clear_bits):
        self._set, self._clear, self._old = set_bits, clear_bits, []

    def __enter__(self):
        bits = flags()
        self._old.append(swap_flags(bits & ~self._clear | self._set))
        return self

    def __exit__(self, *exc):
        swap_flags(self._old.pop())

    def clone(self):
        """A new context manager with the same effect."""
        return _Mode(self._set, self._clear)

    def __call__(self, function):
        if inspect.isclass(function):
            raise TypeError(f'{type(self).__name__} decorates functions, not the class {function.__name__}')
        set_bits, clear_bits = self._set, self._clear

        if inspect.isgeneratorfunction(function):
            @functools.wraps(function)
            def generator(*args, **kwargs):
                it = function(*args, **kwargs)
                send, value = it.send, None
                while True:
                    try:
                        with _Mode(set_bits, clear_bits):
                            out = send(value)
                    except StopIteration as stop:
                        return stop.value
                    try:
                        send, value = it.send, (yield out)
                    except GeneratorExit:
                        with _Mode(set_bits, clear_bits):
                            it.close()
                        raise
                    except BaseException as error:
                        send, value = it.throw, error
            return generator

        @functools.wraps(function)
        def decorated(*args, **kwargs):
            with _Mode(set_bits, clear_bits):
                return function(*args, **kwargs)
        return decorated


def _made(cls, function):
    """A mode, or the function that it decorates when it is written without parentheses."""
    self = object.__new__(cls)
    if function is None:
        return self
    self.__init__()
    return self(function)


class no_grad(_Mode):
    """Nothing is recorded inside: results have `requires_grad=False`.

    Example:
        >>> import cnet
        >>> x = cnet.ones(2, requires_grad=True)
        >>> with cnet.no_grad():
        ...     y = x * 2
        >>> y.requires_grad
        False
    """

    def __new__(cls, orig_func=None):
        return _made(cls, orig_func)

    def __init__(self):
        super().__init__(0, GRAD)


class enable_grad(_Mode):
    """Operations are recorded inside, also within `no_grad`.

    Example:
        >>> import cnet
        >>> x = cnet.ones(2, requires_grad=True)
        >>> with cnet.no_grad(), cnet.enable_grad():
        ...     (x * 2).requires_grad
        True
    """

    def __new__(cls, orig_func=None):
        return _made(cls, orig_func)

    def __init__(self):
        super().__init__(GRAD, 0)


class set_grad_enabled(_Mode):
    """Switches recording on or off, at once as a function or for a block as a context manager.

    Args:
        mode (bool): whether to record.

    Example:
        >>> import cnet
        >>> with cnet.set_grad_enabled(False):
        ...     cnet.is_grad_enabled()
        False
    """

    def __init__(self, mode):
        mode = bool(mode)
        super().__init__(GRAD if mode else 0, 0 if mode else GRAD)
        self.mode = mode
        self._at_once = swap_flags(flags() & ~self._clear | self._set)

    def __enter__(self):
        bits = flags() if self._at_once is None else self._at_once
        self._at_once = None
        self._old.append(bits)
        swap_flags(bits & ~self._clear | self._set)
        return self

    def __call__(self, function):
        if self._at_once is not None:
            swap_flags(self._at_once)
            self._at_once = None
        return super().__call__(function)


class inference_mode(_Mode):
    """Like `no_grad`, and what is made inside can never take part in autograd.

    Args:
        mode (bool): False switches inference mode off inside the block. Default: True.

    Example:
        >>> import cnet
        >>> with cnet.inference_mode():
        ...     y = cnet.ones(2)
        >>> y.is_inference()
        True
    """

    def __new__(cls, mode=True):
        return _made(cls, None if isinstance(mode, bool) else mode)

    def __init__(self, mode=True):
        if mode:
            super().__init__(INFERENCE, GRAD)
        else:
            super().__init__(GRAD, INFERENCE)


class set_detect_anomaly(_Mode):
    """Anomaly mode: errors of backward name the forward call, and a NaN gradient is an error.

    Args:
        mode (bool): on or off.
        check_nan (bool): accepted for compatibility; NaN is always looked for when on. Default: True.

    Example:
        >>> import cnet
        >>> with cnet.autograd.set_detect_anomaly(True):
        ...     cnet.is_anomaly_enabled()
        True
    """

    def __init__(self, mode, check_nan=True):
        super().__init__(ANOMALY if mode else 0, 0 if mode else ANOMALY)
        self._old.append(swap_flags(flags() & ~self._clear | self._set))

    def __enter__(self):
        return self


class detect_anomaly(_Mode):
    """Context manager that switches anomaly mode on; see `set_detect_anomaly`.

    Example:
        >>> import cnet
        >>> with cnet.autograd.detect_anomaly():
        ...     cnet.is_anomaly_enabled()
        True
    """

    def __init__(self, check_nan=True):
        super().__init__(ANOMALY, 0)
