"""Parameter and Buffer: the tensors that a module registers when they are assigned to it."""

from collections import OrderedDict

import numpy as np

from .._core.base import alias, set_requires_grad, wrap
from .._core.dtype import get_default_dtype
from .._ops.create import empty
from .._tensor import Tensor

__all__ = ['Buffer', 'Parameter', 'UninitializedBuffer', 'UninitializedParameter', 'is_lazy']


def _empty():
    return wrap(np.empty(0, get_default_dtype().np))


class Parameter(Tensor):
    """A tensor that a module trains: assigned to a module, it joins the module's `parameters()`.

    Args:
        data (Tensor): its value, shared, not copied. None makes an empty one.
        requires_grad (bool): whether gradients are accumulated.

    Example:
        >>> import cnet
        >>> cnet.nn.Parameter(cnet.zeros(2))
        Parameter containing:
        tensor([0., 0.], requires_grad=True)
    """

    def __new__(cls, data=None, requires_grad=True):
        if data is None:
            data = _empty()
        elif not isinstance(data, Tensor):
            raise TypeError(f'Parameter(): argument \'data\' must be Tensor, not {type(data).__name__}')
        self = alias(data, cls)
        if requires_grad:
            set_requires_grad(self, True)
        return self

    def __repr__(self):
        return 'Parameter containing:\n' + super().__repr__()

    def __deepcopy__(self, memo):
        if id(self) in memo:
            return memo[id(self)]
        copy = memo[id(self)] = type(self)(self.data.clone(), self._req)
        return copy

    def __reduce_ex__(self, protocol):
        state = dict(self.__dict__)
        args = (self.data, self._req, OrderedDict())
        return (rebuild_parameter_with_state, (*args, state)) if state else (rebuild_parameter, args)


def rebuild_parameter(data, requires_grad, backward_hooks):
    """The Parameter that was pickled as these values (hooks are not restored)."""
    return Parameter(data, requires_grad)


def rebuild_parameter_with_state(data, requires_grad, backward_hooks, state):
    """Like `rebuild_parameter`, with the attributes that had been set on the Parameter."""
    parameter = Parameter(data, requires_grad)
    parameter.__dict__.update(state)
    return parameter


class _BufferMeta(type):
    # A Buffer is any plain tensor that is marked as one: the class is only the way to mark it.
    def __instancecheck__(cls, instance):
        if cls is not Buffer:
            return super().__instancecheck__(instance)
        return isinstance(instance, Tensor) and getattr(instance, '_is_buffer', False)


class Buffer(Tensor, metaclass=_BufferMeta):
    """A tensor that becomes a buffer of the module it is assigned to: part of its state, not trained.

    Args:
        data (Tensor): its value, shared, not copied. None makes an empty one.
        persistent (bool): whether `state_dict()` contains it.

    Example:
        >>> import cnet
        >>> m = cnet.nn.Module()
        >>> m.mean = cnet.nn.Buffer(cnet.zeros(2))
        >>> list(m.state_dict())
        ['mean']
    """

    def __new__(cls, data=None, *, persistent=True):
        data = _empty() if data is None else data
        self = alias(data)
        set_requires_grad(self, data.requires_grad)
        self._is_buffer = True
        self.persistent = persistent
        return self


class UninitializedTensorMixin:
    """What parameters and buffers of unknown shape share: they hold a type and wait for `materialize`."""

    def materialize(self, shape, device=None, dtype=None):
        """Get a shape, and become an ordinary parameter or buffer with values still to be drawn.

        Args:
            shape (tuple of int): the shape.
            device (device, optional): 'cpu', the only one.
            dtype (dtype, optional): another type than the one given before.
        """
        self.data = empty(shape, device=device, dtype=self.dtype if dtype is None else dtype)
        self.__class__ = self.cls_to_become

    @property
    def shape(self):
        """Refused: there is none yet."""
        raise RuntimeError("Can't access the shape of an uninitialized parameter or buffer. This error usually happens in "
                           '`load_state_dict` when trying to load an uninitialized parameter into an initialized one. Call '
                           '`forward` to initialize the parameters before accessing their attributes.')

    def __repr__(self):
        return f'<{type(self).__name__}>'

    def __deepcopy__(self, memo):
        if id(self) not in memo:
            memo[id(self)] = type(self)(self.requires_grad, dtype=self.dtype)
        return memo[id(self)]

    def __reduce_ex__(self, protocol):
        return type(self), (self.requires_grad,)


class UninitializedParameter(UninitializedTensorMixin, Parameter):
    """A parameter whose shape the first input will tell; see `LazyLinear`.

    Args:
        requires_grad (bool): whether gradients are accumulated.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of the parameter.

    Example:
        >>> import cnet
        >>> p = cnet.nn.UninitializedParameter()
        >>> p.materialize((2, 3))
        >>> p.shape
        cnet.Size([2, 3])
    """

    cls_to_become = Parameter

    def __new__(cls, requires_grad=True, device=None, dtype=None):
        return super().__new__(cls, empty(0, device=device, dtype=dtype), requires_grad)


class UninitializedBuffer(UninitializedTensorMixin, Tensor):
    """A buffer whose shape the first input will tell; see `LazyBatchNorm1d`.

    Args:
        requires_grad (bool): whether gradients are accumulated.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of the buffer.
        persistent (bool): whether `state_dict()` contains it.

    Example:
        >>> import cnet
        >>> cnet.nn.UninitializedBuffer()
        <UninitializedBuffer>
    """

    cls_to_become = Tensor

    def __new__(cls, requires_grad=False, device=None, dtype=None, persistent=True):
        self = alias(empty(0, device=device, dtype=dtype), cls)
        set_requires_grad(self, requires_grad)
        self._is_buffer, self.persistent = True, persistent
        return self


def is_lazy(param):
    """Whether a parameter or buffer still waits for its shape.

    Args:
        param (Tensor): the parameter or buffer.

    Returns:
        bool

    Example:
        >>> import cnet
        >>> cnet.nn.parameter.is_lazy(cnet.nn.LazyLinear(2).weight)
        True
    """
    return isinstance(param, UninitializedTensorMixin)
