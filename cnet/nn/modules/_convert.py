"""Changes to all tensors of a module at once: dtype, device, memory."""

import warnings

from ..._core.device import check_device
from ..._core.dtype import bfloat16, float16, float32, float64
from ..._core.dtype import dtype as dtype_type
from ..._core.mode import no_grad
from ..._tensor import Tensor


def _parse_to(device=None, dtype=None, non_blocking=False, copy=False, *, memory_format=None, tensor=None):
    """The dtype and the memory format that `Module.to` was asked for, in any of its call forms; None for what was not given."""
    if isinstance(device, dtype_type):  # to(dtype, non_blocking)
        device, dtype = None, device
    elif isinstance(device, Tensor):
        tensor = device
    if tensor is not None:  # to(tensor, non_blocking)
        return tensor.dtype, memory_format
    if device is not None:
        check_device(device, 'to')
    return dtype, memory_format


class Convertible:
    """The part of `Module` that converts its parameters and buffers."""

    def _apply(self, fn, recurse=True):
        """Replace the value of every parameter, gradient and buffer by `fn` of it. Parameters keep their identity."""
        if recurse:
            for child in self.children():
                child._apply(fn)
        with no_grad():
            for parameter in self._parameters.values():
                if parameter is None:
                    continue
                grad = parameter.grad
                parameter.data = fn(parameter)
                if grad is not None:
                    grad.data = fn(grad)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def apply(self, fn):
        """Call `fn(module)` on every module below this one and then on itself, as for initialisation.

        Args:
            fn (callable): takes a Module; its result is ignored.

        Returns:
            Module: self
        """
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def to(self, *args, **kwargs):
        """Convert floating-point and complex parameters and buffers, in place.

        Args:
            device (device, optional): 'cpu', the only one.
            dtype (dtype, optional): a floating-point or complex type; integer members keep theirs.
            tensor (Tensor, optional): convert to this tensor's dtype instead.
            memory_format (memory_format, optional): the order in memory of members with 4 or 5 dimensions.

        Returns:
            Module: self

        Example:
            >>> import cnet
            >>> cnet.nn.Linear(2, 2).to(cnet.float64).weight.dtype
            cnet.float64
        """
        dtype, memory_format = _parse_to(*args, **kwargs)
        if memory_format is not None:
            self._apply(lambda t: t.to(memory_format=memory_format) if t.dim() in (4, 5) else t)
        if dtype is None:
            return self
        if not (dtype.is_floating_point or dtype.is_complex):
            raise TypeError('nn.Module.to only accepts floating point or complex dtypes, but got desired '
                            f'dtype={dtype}')
        if dtype.is_complex:
            warnings.warn('Complex modules are a new feature under active development whose design may change, and '
                          'some modules might not work as expected when using complex tensors as parameters or '
                          'buffers.', stacklevel=2)
        return self._apply(lambda t: t.to(dtype) if t.is_floating_point() or t.is_complex() else t)

    def _to_floating(self, dtype):
        return self._apply(lambda t: t.to(dtype) if t.is_floating_point() else t)

    def float(self):
        """Convert floating-point members to float32; returns self."""
        return self._to_floating(float32)

    def double(self):
        """Convert floating-point members to float64; returns self."""
        return self._to_floating(float64)

    def half(self):
        """Convert floating-point members to float16; returns self."""
        return self._to_floating(float16)

    def bfloat16(self):
        """Refuse, unless there is nothing to convert: bfloat16 is only a name."""
        return self._to_floating(bfloat16)

    def share_memory(self):
        """Put parameters and buffers where other processes see them; see `Tensor.share_memory_`. Returns self."""
        return self._apply(lambda t: t.share_memory_())

    def type(self, dst_type):
        """Convert all members, integers too, to the type `dst_type`; returns self."""
        return self._apply(lambda t: t.type(dst_type))

    def cpu(self):
        """Return self: every tensor is on the CPU."""
        return self

    def cuda(self, device=None):
        """Refuse: there is no such device."""
        check_device('cuda', 'cuda')

    def to_empty(self, *, device, recurse=True):
        """Replace all members by uninitialised ones of the same shape.

        Args:
            device (device): 'cpu', the only one; None means the same.
            recurse (bool): include submodules.

        Returns:
            Module: self
        """
        if device is not None:
            check_device(device, 'to_empty')
        return self._apply(lambda t: t.new_empty(t.shape), recurse=recurse)
