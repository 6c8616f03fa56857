"""Writing into tensors: leaf and view rules, version counts, and the history of what was overwritten.

An in-place operation is its out-of-place twin followed by `assign_`. After a write through a view, the view's base gets
the history "the old base, with this slice replaced" (`CopySlices`), and every other view of it replays itself on the
base when its history is next asked for (`base.refresh`).
"""

import math

import numpy as np

from .._kernels._state import dtype_of, flags, same_shape
from .._kernels.strided import doubled
from . import errors
from .arrays import cast
from .base import GRAD, INFERENCE, MULTI, NORMAL, TensorBase, refresh, wrap
from .caution import warn
from .dtype import from_np
from .engine import expandable
from .op import Op, Saved, record


class CopySlices(Op, name='CopySlices'):
    """The base of a view after the view was written: inputs are the old base and the view's new value."""

    def backward(self, g):
        steps = self.kw['steps']
        g_base = None
        if self.needs[0]:
            g_base = g.clone()
            replay(steps, g_base).zero_()
        return g_base, replay(steps, g) if self.needs[1] else None

    def name(self):
        """PyTorch's name of the node, which is not that of its class."""
        return 'torch::autograd::CopySlices'


def replay(steps, x):
    """Apply the steps of a view (see `steps_of`) to another base."""
    for op, kw, output in steps:
        y = op.apply(x, **kw)
        x = y if output < 0 else y[output]
    return x


def steps_of(view):
    """How to make a view from its base, without holding the base."""
    steps = []
    while view is not None:
        steps.append((view.op, view.kw, view.output))
        view = view.before
    return steps[::-1]


class Overwritten(Op, name='ZeroBackward0'):
    """A tensor whose old value no longer matters: its gradient is zero."""

    def backward(self, g):
        return wrap(np.zeros(g._a.shape, g._a.dtype))


class Copied(Op, name='CopyBackwards'):
    """The value that was copied into a tensor: inputs are the overwritten tensor and the source."""

    @staticmethod
    def forward(x, source):
        return source

    def backward(self, g):
        return wrap(np.zeros(g._a.shape, g._a.dtype)) if self.needs[0] else None, g


def check_writable(x, other_needs_grad):
    """Refuse in-place writes that autograd cannot follow or that would not be well defined."""
    bits = flags()
    if x._inf and not bits & INFERENCE:
        raise RuntimeError('Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone '
                           'to get a normal tensor before doing inplace update.')
    if doubled(x._a):
        raise RuntimeError('unsupported operation: more than one element of the written-to tensor refers to a '
                           'single memory location. Please clone() the tensor before performing the operation.')
    if not bits & GRAD:
        return
    view = x._view
    if view is not None:
        refresh(x)
        base = view.base
        if base._req or other_needs_grad or x._req:
            if view.kind == MULTI:
                name = view.op.__name__
                raise RuntimeError(f'Output {max(view.output, 0)} of {name} is a view and is being modified inplace. This view '
                                   'is the output of a function that returns multiple views. Such functions do not allow '
                                   'the output views to be modified inplace. You should replace the inplace operation by an '
                                   'out-of-place one.')
            if view.kind != NORMAL:
                raise RuntimeError('A view was created in no_grad mode and is being modified inplace with grad mode enabled. '
                                   'Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify '
                                   'your code by moving both the view and the inplace either both inside the no_grad block '
                                   '(if you don\'t want the inplace to be tracked) or both outside (if you want the inplace '
                                   'to be tracked).')
        if base._req and base._fn is None:
            raise RuntimeError('a view of a leaf Variable that requires grad is being used in an in-place operation.')
    if x._req and x._fn is None:
        raise RuntimeError('a leaf Variable that requires grad is being used in an in-place operation.')


def check_cast(from_dtype, to_dtype):
    """Refuse a result of a higher category than the tensor it is written to."""
    if 'biufc'.index(from_dtype.kind) > 'biufc'.index(to_dtype.kind) and not (from_dtype.kind in 'iu' and to_dtype.kind in 'iu'):
        raise RuntimeError(f"result type {scalar_name(from_dtype)} can't be cast to the desired output type "
                           f'{scalar_name(to_dtype)}')


def scalar_name(np_dtype):
    """PyTorch's name of an element type in its messages, such as 'Float'."""
    return from_np(np_dtype).legacy


def protect(node, x):
    """Let a node that kept the input `x` keep a copy instead, because the memory of `x` is about to change."""
    if node.ins is None:
        return
    for entry in node.ins:
        if isinstance(entry, Saved) and entry.what is x and entry.unpack is None:
            copy = wrap(x._a.copy())
            copy._fn, copy._nr, copy._req = x._fn, x._nr, x._req
            entry.what, entry.version, entry.seen = copy, copy._v, 0


def assign_(x, r):
    """Write the value and take over the history of `r`, which an out-of-place operation made from `x`.

    Args:
        x (Tensor): what is written.
        r (Tensor): shape must be that of `x`; a type of a higher category is refused.

    Returns:
        Tensor: `x`.
    """
    if r is x:
        return x
    check_writable(x, r._req)
    a, b = x._a, r._a
    if not same_shape(a, b):
        raise RuntimeError(f"output with shape {list(a.shape)} doesn't match the broadcast shape {list(b.shape)}")
    if b.dtype != a.dtype:
        check_cast(b.dtype, a.dtype)
        if r._req:
            r = r.to(from_np(a.dtype))
    if r._fn is not None and flags() & GRAD:
        protect(r._fn, x)
    write(a, r._a)
    x._v.n += 1
    if flags() & GRAD and (r._req or x._req):
        rebase(x, r if r._req else overwritten(x))
    return x


def overwritten(x):
    """A stand-in whose history is "`x` was overwritten"."""
    t = wrap(x._a)
    t._fn, t._nr, t._req = record(Overwritten, (x,), {}, (), (x,)), 0, True
    return t


def write(a, b):
    """Copy array values, converted as C does."""
    if dtype_of(a) is dtype_of(b):
        a[...] = b  # NumPy's copyto, which can convert, takes twice as long
    else:
        np.copyto(a, cast(b, a.dtype))


def rebase(x, r):
    """Give `x`, whose memory was just written, the history of `r`."""
    view = x._view
    if view is None:
        x._fn, x._nr, x._req = r._fn, r._nr, True
        return
    base = view.base
    node = record(CopySlices, (base, r), {'steps': steps_of(view)}, (), (base,))
    base._fn, base._nr, base._req = node, 0, True


def overwrite_(x, array):
    """Write values that depend on nothing (random numbers, a constant): the gradient to the old `x` is zero.

    Args:
        x (Tensor): what is written.
        array (numpy.ndarray or number): broadcastable to the shape of `x`.

    Returns:
        Tensor: `x`.
    """
    check_writable(x, False)
    a = x._a
    if type(array) is int and array == 0:  # a third of the time
        a.fill(0)
    elif type(array) is float and (a.dtype.char == 'd' or (a.dtype.char == 'f' and not 3e38 < abs(array) < math.inf)):
        a.fill(array)
    else:
        write(a, np.asarray(array))
    x._v.n += 1
    if x._req and flags() & GRAD:
        rebase(x, overwritten(x))
    return x


def copy_from(x, source):
    """`x.copy_(source)` for a source that broadcasts to `x`: any type is converted."""
    check_writable(x, source._req)
    a, b = x._a, source._a
    if not same_shape(a, b) and not expandable(b.shape, a.shape):
        if not broadcastable(a.shape, b.shape):
            raise errors.broadcast(a.shape, b.shape)
        raise RuntimeError(f"output with shape {list(a.shape)} doesn't match the broadcast shape "
                           f'{list(np.broadcast_shapes(a.shape, b.shape))}')
    track = flags() & GRAD and (x._req or source._req)
    node = record(Copied, (x, source), {}, (), (x,)) if track else None
    write(a, b)
    x._v.n += 1
    if track:
        t = wrap(a)
        t._fn, t._nr, t._req = node, 0, True
        rebase(x, t)
    return x


def broadcastable(s, t):
    """Whether two shapes broadcast together."""
    return all(n == m or n == 1 or m == 1 for n, m in zip(s[::-1], t[::-1]))


def copy_out(r, out):
    """Store a result in the tensor given as `out=`.

    Args:
        r (Tensor): the result.
        out (Tensor): resized if its shape differs (with a warning unless it was empty); its type is kept.

    Returns:
        Tensor: `out`.
    """
    if not isinstance(out, TensorBase):
        raise TypeError(f"argument 'out' must be Tensor, not {type(out).__name__}")
    if flags() & GRAD and (r._req or out._req):
        raise RuntimeError("functions with out=... arguments don't support automatic differentiation, but one of the arguments "
                           'requires grad.')
    a, b = out._a, r._a
    check_cast(b.dtype, a.dtype)
    if a.shape == b.shape:
        check_writable(out, False)
        write(a, b)
    else:
        if a.size:
            warn(f'An output with one or more elements was resized since it had shape {list(a.shape)}, which does not '
                 f'match the required output shape {list(b.shape)}. This behavior is deprecated.')
        out._a = np.array(b, dtype=a.dtype)
    out._v.n += 1
    return out
