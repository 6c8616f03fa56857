"""The mechanics of a tensor, without any operation.

A tensor is a NumPy array plus what autograd must know about it: whether it requires a gradient, which node made it,
which version its memory has, and of what it is a view. `TensorBase` carries these fields; the public `Tensor` is a
Python subclass that binds the operations and is registered here once (`set_tensor_class`), so nothing in this layer
imports upward.

This file runs interpreted, and compiled with the types in `base.pxd`; both must behave alike.
"""

import numpy as np
from numpy import ndarray

from .._kernels._state import dtype_of, flags, inexact, instance, sizes_as, swap_flags
from .device import cpu
from .dtype import from_np
from .size import Size

GRAD, INFERENCE, ANOMALY, PACK = 1, 2, 4, 8  # mode bits, see mode.py

# How a view came about, which decides whether it may be written in place.
NORMAL, NO_GRAD, MULTI = 0, 1, 2

_tensor_class = None


class Version:
    """How often a piece of memory has been written; shared by all views of it."""

    __slots__ = ('n',)


class View:
    """How to make a view again from its base: the operation, its constants and the view it was applied to."""

    __slots__ = ('base', 'before', 'op', 'kw', 'output', 'seen', 'kind')

    def replay(self, base):
        """The same view of another tensor of the base's shape, recorded by autograd."""
        x = base if self.before is None else self.before.replay(base)
        y = self.op.apply(x, **self.kw)
        return y if self.output < 0 else y[self.output]


class TensorBase:
    """Array, version, gradient and history of a tensor. See the module's docstring."""

    # No __dict__ here: Python makes that of a subclass when it is first used, but a compiled class makes its own at once.
    __slots__ = ('_a', '_v', '_fn', '_nr', '_req', '_inf', '_grad', '_view', '_hooks')

    @property
    def dtype(self):
        """The element type, a `cnet.dtype`."""
        return from_np(dtype_of(self._a))

    @property
    def shape(self):
        """The sizes of the dimensions, a `cnet.Size`."""
        return sizes_as(Size, self._a)

    @property
    def ndim(self):
        """The number of dimensions."""
        return self._a.ndim

    @property
    def device(self):
        """Always `device(type='cpu')`."""
        return cpu

    @property
    def requires_grad(self):
        """Whether operations on this tensor are recorded."""
        if self._view is not None:
            refresh(self)
        return self._req

    @requires_grad.setter
    def requires_grad(self, value):
        set_requires_grad(self, value)

    @property
    def grad_fn(self):
        """The node of the graph that made this tensor; None for a leaf."""
        if self._view is not None:
            refresh(self)
        return self._fn

    @property
    def output_nr(self):
        """Which output of `grad_fn` this tensor is."""
        return self._nr

    @property
    def is_leaf(self):
        """True if no recorded operation made this tensor."""
        if self._view is not None:
            refresh(self)
        return self._fn is None

    @property
    def grad(self):
        """The gradient that `backward` accumulated; None before that."""
        return self._grad

    @grad.setter
    def grad(self, value):
        if value is not None:
            if not isinstance(value, TensorBase):
                raise TypeError(f'assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}')
            if value is self:
                raise RuntimeError("can't assign Variable as its own grad")
            if value._a.dtype != self._a.dtype:
                raise RuntimeError(f'attempting to assign a gradient with dtype \'{value.dtype}\' to a tensor with dtype '
                                   f'\'{self.dtype}\'. Please ensure that the gradient and the tensor have the same dtype')
            if value._a.shape != self._a.shape:
                raise RuntimeError(f'attempting to assign a gradient of size \'{list(value._a.shape)}\' to a tensor of size '
                                   f'\'{list(self._a.shape)}\'. Please ensure that the gradient and the tensor are the same size')
        self._grad = value

    @grad.deleter
    def grad(self):
        self._grad = None

    @property
    def data(self):
        """The same memory without history and with a version count of its own."""
        return wrap(self._a)

    @data.setter
    def data(self, value):
        if not isinstance(value, TensorBase):
            raise TypeError(f'Variable data has to be a tensor, but got {type(value).__name__}')
        if self._req and not inexact(value._a):
            raise RuntimeError('data set to a tensor that requires gradients must be floating point or complex dtype')
        self._a = value._a
        self._view = None

    @property
    def _version(self):
        if self._inf:
            raise RuntimeError('Inference tensors do not track version counter.')
        return self._v.n

    @property
    def _base(self):
        view = self._view
        return None if view is None else view.base

    def _is_view(self):
        return self._view is not None

    def is_inference(self):
        """Whether the tensor was made in inference mode."""
        return self._inf


def set_tensor_class(cls):
    """Register the public class whose instances `wrap` makes."""
    global _tensor_class
    _tensor_class = cls


def tensor_class():
    """The registered class."""
    return _tensor_class


def blank(cls, array, version):
    """An instance of `cls` over `array`, without history. `version` is the memory's counter."""
    t = instance(TensorBase, cls)
    t._a = array
    t._v = version
    t._fn = None
    t._nr = 0
    t._req = False
    t._inf = False
    t._grad = None
    t._view = None
    t._hooks = None
    return t


def fresh_version():
    """A counter for memory that nobody has written yet."""
    v = Version.__new__(Version)  # compiled, no call of a type
    v.n = 0
    return v


def wrap(a):
    """A tensor over the array `a` (never copied), without history."""
    if type(a) is not ndarray:
        a = np.asarray(a)
    t = blank(_tensor_class, a, fresh_version())
    if flags() & INFERENCE:
        t._inf = True
    return t


def alias(x, cls=None):
    """A tensor over the same memory and version count as `x`, without its history: what `detach` returns."""
    t = blank(_tensor_class if cls is None else cls, x._a, x._v)
    t._inf = x._inf
    return t


def refresh(x):
    """Give the view `x` its history again if its base was written since the history was recorded."""
    view = x._view
    if view.seen == x._v.n or view.kind != NORMAL:
        return
    view.seen = x._v.n
    if not view.base._req:
        return
    old = swap_flags(GRAD)
    try:
        y = view.replay(view.base)
    finally:
        swap_flags(old)
    x._fn = y._fn
    x._nr = y._nr
    x._req = y._req


def mark_view(y, x, op, kw, output):
    """Note that `y` is the view `op(x, **kw)` (its output number `output`, or -1 if it has but one)."""
    before = x._view
    view = View.__new__(View)
    view.before = before
    view.base = x if before is None else before.base
    view.op = op
    view.kw = kw
    view.output = output
    view.seen = x._v.n
    kind = NORMAL if flags() & GRAD else NO_GRAD
    if output >= 0 and kind == NORMAL:
        kind = MULTI
    elif before is not None and before.kind != NORMAL:
        kind = before.kind
    view.kind = kind
    y._view = view
    y._v = x._v


def set_requires_grad(x, value):
    """Set the flag of a leaf; refuse what cannot have a gradient."""
    if not isinstance(value, bool):
        raise RuntimeError('requires_grad must be a bool')
    if x._view is not None:
        refresh(x)
    if x._fn is not None:
        if value:
            return
        raise RuntimeError('you can only change requires_grad flags of leaf variables. If you want to use a computed '
                           'variable in a subgraph that doesn\'t require differentiation use var_no_grad = var.detach().')
    if value and not inexact(x._a):
        raise RuntimeError('only Tensors of floating point dtype can require gradients')
    if value and x._inf and not flags() & INFERENCE:
        raise RuntimeError('Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.')
    x._req = value
