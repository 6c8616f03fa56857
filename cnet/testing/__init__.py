"""Comparing and making tensors in tests."""

from ._comparison import assert_allclose, assert_close
from ._creation import make_tensor
from ._tolerance import tolerance

__all__ = ['assert_allclose', 'assert_close', 'make_tensor', 'tolerance']
