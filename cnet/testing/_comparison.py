"""`assert_close`: are two tensors, numbers or containers of them equal within the tolerance of their type?"""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np

from .._core import dtype as dtypes
from .._core.base import TensorBase, wrap
from ._tolerance import tolerance

__all__ = ['assert_allclose', 'assert_close']

_OF_NUMBER = {bool: dtypes.bool, int: dtypes.int64, float: dtypes.float64, complex: dtypes.complex128}


class _Check:
    """The options of one call, and where in the containers it is."""

    def __init__(self, rtol, atol, equal_nan, check_dtype, check_stride, allow_subclasses):
        if (rtol is None) != (atol is None):
            missing = 'atol' if atol is None else 'rtol'
            raise ValueError(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {missing}.")
        self.given = None if rtol is None else (rtol, atol)
        self.equal_nan, self.check_dtype, self.check_stride = equal_nan, check_dtype, check_stride
        self.allow_subclasses = allow_subclasses
        self.path = []

    def tolerances(self, *kinds):
        if self.given is not None:
            return self.given
        return tolerance(*kinds)

    def fail(self, sentence, kind=AssertionError):
        where = ''.join(f'[{key!r}]' for key in self.path)
        raise kind(sentence + (f'\n\nThe failure occurred for item {where}' if where else ''))

    def compare(self, actual, expected):
        if isinstance(actual, (str, bytes)) or isinstance(expected, (str, bytes)):
            self._refuse(actual, expected)
        elif isinstance(actual, Sequence) and isinstance(expected, Sequence):
            if len(actual) != len(expected):
                self.fail(f'The length of the sequences mismatch: {len(actual)} != {len(expected)}')
            self._each(range(len(actual)), actual, expected)
        elif isinstance(actual, Mapping) and isinstance(expected, Mapping):
            self._keys(actual, expected)
            self._each(actual, actual, expected)
        elif actual is None or expected is None:
            if actual is not expected:
                self.fail(f'None mismatch: {actual} is not {expected}')
        elif all(isinstance(x, (bool, np.bool_)) for x in (actual, expected)):
            if bool(actual) is not bool(expected):
                self.fail(f'Booleans mismatch: {bool(actual)} is not {bool(expected)}')
        elif all(_is_number(x) for x in (actual, expected)):
            self._numbers(actual, expected)
        elif all(isinstance(x, TensorBase) for x in (actual, expected)) and self._related(actual, expected):
            self._tensors(actual, expected)
        elif all(isinstance(x, np.ndarray) for x in (actual, expected)):
            self._tensors(wrap(actual), wrap(expected))
        else:
            self._refuse(actual, expected)

    def _related(self, actual, expected):
        a, b = type(actual), type(expected)
        return a is b or (self.allow_subclasses and (issubclass(a, b) or issubclass(b, a)))

    def _refuse(self, actual, expected):
        self.fail(f'No comparison pair was able to handle inputs of type {type(actual)} and {type(expected)}.', TypeError)

    def _each(self, keys, actual, expected):
        for key in keys:
            self.path.append(key)
            self.compare(actual[key], expected[key])
            self.path.pop()

    def _keys(self, actual, expected):
        missing, additional = expected.keys() - actual.keys(), actual.keys() - expected.keys()
        if missing or additional:
            self.fail('The keys of the mappings do not match:\n'
                      f'Missing keys in the actual mapping: {sorted(missing, key=str)}\n'
                      f'Additional keys in the actual mapping: {sorted(additional, key=str)}')

    def _numbers(self, actual, expected):
        a, b = (x.item() if isinstance(x, np.generic) else x for x in (actual, expected))
        if self.check_dtype and type(a) is not type(b):
            self.fail(f'The (d)types do not match: {type(a)} != {type(b)}.')
        rtol, atol = self.tolerances(_OF_NUMBER[type(a)], _OF_NUMBER[type(b)])
        if not self._close(np.array(a), np.array(b), rtol, atol):
            self._fail_scalars(a, b, rtol, atol)

    def _close(self, a, b, rtol, atol):
        with np.errstate(all='ignore'):
            close = (a == b) | (np.isfinite(b) & (np.abs(a - b) <= atol + rtol * np.abs(b)))
        return close | (np.isnan(a) & np.isnan(b)) if self.equal_nan else close

    def _tensors(self, actual, expected):
        for name, a, b, wanted in (
                ('shape', actual.shape, expected.shape, True),
                ('dtype', actual.dtype, expected.dtype, self.check_dtype),
                ('stride()', actual.stride(), expected.stride(), self.check_stride)):
            if wanted and a != b:
                self.fail(f"The values for attribute '{name}' do not match: {a} != {b}.")
        rtol, atol = self.tolerances(actual.dtype, expected.dtype)
        common = dtypes.promote_types(actual.dtype, expected.dtype)
        if common.category <= dtypes.INT:
            common = dtypes.int64  # the difference of two uint8 need not fit uint8
        a, b = actual._a.astype(common.np), expected._a.astype(common.np)
        close = self._close(a, b, rtol, atol)
        if close.all():
            return
        if not a.ndim:
            self._fail_scalars(a.item(), b.item(), rtol, atol)
        self._fail_arrays(a, b, close, rtol, atol)

    def _fail_scalars(self, a, b, rtol, atol):
        exact = rtol == atol == 0
        absolute = abs(a - b)
        relative = float('inf') if b == 0 else absolute / abs(b)
        limits = ('', '') if exact else (f' (up to {atol} allowed)', f' (up to {rtol} allowed)')
        self.fail(f'Scalars are not {"equal" if exact else "close"}!\n\nExpected {b} but got {a}.\n'
                  f'Absolute difference: {absolute}{limits[0]}\nRelative difference: {relative}{limits[1]}')

    def _fail_arrays(self, a, b, close, rtol, atol):
        exact = rtol == atol == 0
        limits = ('', '') if exact else (f' (up to {atol} allowed)', f' (up to {rtol} allowed)')
        wrong = close.size - int(close.sum())
        text = (f'Tensor-likes are not {"equal" if exact else "close"}!\n\n'
                f'Mismatched elements: {wrong} / {close.size} ({wrong / close.size:.1%})')
        with np.errstate(all='ignore'):
            absolute = np.where(close, 0, np.abs(a - b))
            size = np.abs(b)
            if size.dtype.kind in 'iu':
                size = size.astype(np.float32)
            relative = np.where(close, 0, absolute.astype(size.dtype) / size)
        for name, difference, limit in (('absolute', absolute, limits[0]), ('relative', relative, limits[1])):
            where = np.unravel_index(np.argmax(difference), difference.shape)
            text += (f'\nGreatest {name} difference: {difference[where].item()} at index '
                     f'{tuple(map(int, where))}{limit}')
        self.fail(text)


def _is_number(x):
    return isinstance(x, (int, float, complex, np.number)) and not isinstance(x, (bool, np.bool_))


def assert_close(actual, expected, *, allow_subclasses=True, rtol=None, atol=None, equal_nan=False, check_device=True,
                 check_dtype=True, check_layout=True, check_stride=False, msg=None):
    """Raise AssertionError unless ``|actual - expected| <= atol + rtol * |expected|`` for every element.

    Args:
        actual (Tensor, ndarray, number, None, or sequence or mapping of such): what the test got.
        expected (same kind): what it should be.
        allow_subclasses (bool): whether a subclass of Tensor may be compared with Tensor. Default: True.
        rtol (float, optional): relative tolerance; given together with `atol`. Default: that of the types, see `tolerance`.
        atol (float, optional): absolute tolerance.
        equal_nan (bool): whether two NaN are equal. Default: False.
        check_device (bool): accepted; there is one device.
        check_dtype (bool): whether the types must agree. Default: True.
        check_layout (bool): accepted; there is one layout.
        check_stride (bool): whether the strides must agree. Default: False.
        msg (str or callable, optional): the message instead of, or made from, the usual one.

    Example:
        >>> import cnet
        >>> cnet.testing.assert_close(cnet.tensor([1.0]), cnet.tensor([1.0 + 1e-7]))
    """
    check = _Check(rtol, atol, equal_nan, check_dtype, check_stride, allow_subclasses)
    try:
        check.compare(actual, expected)
    except AssertionError as error:
        if msg is None:
            raise
        raise AssertionError(msg(str(error)) if callable(msg) else msg) from None


def assert_allclose(actual, expected, rtol=None, atol=None, equal_nan=True, msg=''):
    """Compare as `assert_close` does, but without regard to types, and NaN equal to NaN. Deprecated.

    Args:
        actual (Tensor, ndarray or number): what the test got.
        expected (Tensor, ndarray or number): what it should be.
        rtol (float, optional): relative tolerance.
        atol (float, optional): absolute tolerance.
        equal_nan (bool): whether two NaN are equal. Default: True.
        msg (str): the message instead of the usual one.

    Example:
        >>> import cnet, warnings
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter('ignore')
        ...     cnet.testing.assert_allclose(cnet.ones(2), cnet.ones(2))
    """
    warnings.warn('`cnet.testing.assert_allclose()` is deprecated; use `cnet.testing.assert_close()`.',
                  FutureWarning, stacklevel=2)
    a, b = (x if isinstance(x, TensorBase) else wrap(np.asarray(x)) for x in (actual, expected))
    assert_close(a, b, rtol=rtol, atol=atol, equal_nan=equal_nan, check_dtype=False, msg=msg or None)
