"""Layers that learn the number of their input's features from the first input."""

from ..._core.dtype import int64
from ..._ops.create import zeros
from ..parameter import UninitializedBuffer, UninitializedParameter, is_lazy
from .batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d, _BatchNorm
from .conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from .instancenorm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d, _InstanceNorm
from .linear import Linear

__all__ = [
    'LazyBatchNorm1d', 'LazyBatchNorm2d', 'LazyBatchNorm3d', 'LazyConv1d', 'LazyConv2d', 'LazyConv3d', 'LazyConvTranspose1d',
    'LazyConvTranspose2d', 'LazyConvTranspose3d', 'LazyInstanceNorm1d', 'LazyInstanceNorm2d', 'LazyInstanceNorm3d', 'LazyLinear',
    'LazyModuleMixin',
]


class LazyModuleMixin:
    """A module with uninitialized members. Before its first call, or when a state is loaded, they get their shapes.

    A subclass defines `initialize_parameters(*args)`, which is given what `forward` will be given. Afterwards the module
    changes its class to `cls_to_become`, so that nothing of the waiting remains.
    """

    cls_to_become: type | None = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._load_hook = self._register_load_state_dict_pre_hook(self._lazy_load_hook)
        self._initialize_hook = self.register_forward_pre_hook(self._infer_parameters, with_kwargs=True)

    def _waiting(self):
        return {name: x for members in (self._parameters, self._buffers) for name, x in members.items() if is_lazy(x)}

    def _save_to_state_dict(self, destination, prefix, keep_vars):
        super()._save_to_state_dict(destination, prefix, keep_vars)
        for name, value in self._waiting().items():
            if name not in self._non_persistent_buffers_set:
                destination[prefix + name] = value

    def _lazy_load_hook(self, state_dict, prefix, *rest):
        for name, own in self._waiting().items():
            value = state_dict.get(prefix + name)
            if value is not None and not is_lazy(value):
                own.materialize(value.shape)

    def initialize_parameters(self, *args, **kwargs):
        """Give all uninitialized members their shapes and values; every subclass defines it."""
        raise NotImplementedError(f'initialize_parameters is not implemented for {type(self).__name__}')

    def has_uninitialized_params(self):
        """Whether a member still waits for its shape.

        Returns:
            bool
        """
        return bool(self._waiting())

    def _infer_parameters(self, module, args, kwargs=None):
        module.initialize_parameters(*args, **(kwargs or {}))
        if module.has_uninitialized_params():
            raise RuntimeError(f'module {module._get_name()} has not been fully initialized')
        module._initialize_hook.remove()
        module._load_hook.remove()
        del module._initialize_hook, module._load_hook
        if module.cls_to_become is not None:
            module.__class__ = module.cls_to_become


class LazyLinear(LazyModuleMixin, Linear):
    """`Linear` whose in_features is the length of the first input's rows.

    Args:
        out_features (int): O, the length of an output row.
        bias (bool): whether to add b.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of the parameters.

    Shape:
        input: (*, I). output: (*, O).

    Example:
        >>> import cnet
        >>> layer = cnet.nn.LazyLinear(2)
        >>> layer(cnet.zeros(5, 3)).shape, layer
        (cnet.Size([5, 2]), Linear(in_features=3, out_features=2, bias=True))
    """

    cls_to_become = Linear

    def __init__(self, out_features, bias=True, device=None, dtype=None):
        super().__init__(0, 0, False, device, dtype)
        self.out_features = out_features
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self):
        """Draw the initial weights again, once they have a shape."""
        if not self.has_uninitialized_params() and self.in_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input):
        """Take in_features from the input."""
        if self.has_uninitialized_params():
            self.in_features = input.shape[-1]
            self.weight.materialize((self.out_features, self.in_features))
            if self.bias is not None:
                self.bias.materialize((self.out_features,))
            self.reset_parameters()
        elif self.in_features == 0:  # the weight came from a state dict
            self.in_features = self.weight.shape[-1]


class _LazyConv(LazyModuleMixin):
    """What the six lazy convolutions share."""

    def _wait(self, out_channels, bias, device, dtype):
        self.out_channels = out_channels
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self):
        """Draw the initial weights again, once they have a shape."""
        if not self.has_uninitialized_params() and self.in_channels != 0:
            super().reset_parameters()

    def initialize_parameters(self, input, *args, **kwargs):
        """Take in_channels from the input."""
        if not self.has_uninitialized_params() and self.in_channels != 0:
            return
        n = self._dims
        if input.dim() not in (n + 1, n + 2):
            raise RuntimeError(f'Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {self._get_name()}, but got input '
                               f'of size: {input.shape}')
        self.in_channels = input.shape[-n - 1]
        if self.in_channels % self.groups:
            raise ValueError('in_channels must be divisible by groups')
        if not self.has_uninitialized_params():
            return
        if self.transposed:
            shape = (self.in_channels, self.out_channels // self.groups)
        else:
            shape = (self.out_channels, self.in_channels // self.groups)
        self.weight.materialize((*shape, *self.kernel_size))
        if self.bias is not None:
            self.bias.materialize((self.out_channels,))
        self.reset_parameters()


class _LazyConvolution(_LazyConv):
    def __init__(self, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode='zeros',
                 device=None, dtype=None):
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode, device, dtype)
        self._wait(out_channels, bias, device, dtype)


class _LazyTransposed(_LazyConv):
    def __init__(self, out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, dilation=1,
                 padding_mode='zeros', device=None, dtype=None):
        super().__init__(0, 0, kernel_size, stride, padding, output_padding, groups, False, dilation, padding_mode, device, dtype)
        self._wait(out_channels, bias, device, dtype)


class LazyConv1d(_LazyConvolution, Conv1d):
    """`Conv1d` whose in_channels is that of the first input; the other arguments are the same."""

    cls_to_become = Conv1d


class LazyConv2d(_LazyConvolution, Conv2d):
    """`Conv2d` whose in_channels is that of the first input; the other arguments are the same.

    Example:
        >>> import cnet
        >>> layer = cnet.nn.LazyConv2d(6, 5)
        >>> layer(cnet.zeros(1, 3, 8, 8)).shape, layer
        (cnet.Size([1, 6, 4, 4]), Conv2d(3, 6, kernel_size=(5, 5), stride=(1, 1)))
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyConvolution, Conv3d):
    """`Conv3d` whose in_channels is that of the first input; the other arguments are the same."""

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyTransposed, ConvTranspose1d):
    """`ConvTranspose1d` whose in_channels is that of the first input; the other arguments are the same."""

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyTransposed, ConvTranspose2d):
    """`ConvTranspose2d` whose in_channels is that of the first input; the other arguments are the same."""

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyTransposed, ConvTranspose3d):
    """`ConvTranspose3d` whose in_channels is that of the first input; the other arguments are the same."""

    cls_to_become = ConvTranspose3d


class _LazyNorm(LazyModuleMixin):
    """What the lazy normalizations share. `num_features` is the second length of the first input."""

    def _wait(self, affine, track_running_stats, bias, device, dtype):
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self.weight = UninitializedParameter(device=device, dtype=dtype)
            if bias:
                self.bias = UninitializedParameter(device=device, dtype=dtype)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(device=device, dtype=dtype)
            self.running_var = UninitializedBuffer(device=device, dtype=dtype)
            self.num_batches_tracked = zeros((), dtype=int64)

    def reset_parameters(self):
        """Set scale to one, shift to zero, and forget the running statistics, once they have a shape."""
        if not self.has_uninitialized_params() and self.num_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input):
        """Take num_features from the input."""
        if self.num_features == 0:
            self.num_features = input.shape[1]
        if not self.has_uninitialized_params():
            return  # the members came from a state dict
        for value in self._waiting().values():
            value.materialize((self.num_features,))
        self.reset_parameters()


class _LazyBatchNorm(_LazyNorm, _BatchNorm):
    def __init__(self, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, device=None, dtype=None, *, bias=True):
        super().__init__(0, eps, momentum, False, False, device, dtype, bias=False)
        self._wait(affine, track_running_stats, bias, device, dtype)


class _LazyInstanceNorm(_LazyNorm, _InstanceNorm):
    def __init__(self, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, device=None, dtype=None, *, bias=True):
        super().__init__(0, eps, momentum, False, False, device, dtype, bias=False)
        self._wait(affine, track_running_stats, bias, device, dtype)


class LazyBatchNorm1d(_LazyBatchNorm):
    """`BatchNorm1d` whose num_features is that of the first input; the other arguments are the same.

    Example:
        >>> import cnet
        >>> layer = cnet.nn.LazyBatchNorm1d(affine=False)
        >>> layer(cnet.zeros(5, 3)).shape, layer.num_features
        (cnet.Size([5, 3]), 3)
    """

    cls_to_become = BatchNorm1d
    _input_dims = (2, 3)


class LazyBatchNorm2d(_LazyBatchNorm):
    """`BatchNorm2d` whose num_features is that of the first input; the other arguments are the same."""

    cls_to_become = BatchNorm2d
    _input_dims = (4,)


class LazyBatchNorm3d(_LazyBatchNorm):
    """`BatchNorm3d` whose num_features is that of the first input; the other arguments are the same."""

    cls_to_become = BatchNorm3d
    _input_dims = (5,)


class LazyInstanceNorm1d(_LazyInstanceNorm):
    """`InstanceNorm1d` whose num_features is that of the first input; affine and tracking by default."""

    cls_to_become = InstanceNorm1d
    _input_dims = (2, 3)


class LazyInstanceNorm2d(_LazyInstanceNorm):
    """`InstanceNorm2d` whose num_features is that of the first input; affine and tracking by default."""

    cls_to_become = InstanceNorm2d
    _input_dims = (3, 4)


class LazyInstanceNorm3d(_LazyInstanceNorm):
    """`InstanceNorm3d` whose num_features is that of the first input; affine and tracking by default."""

    cls_to_become = InstanceNorm3d
    _input_dims = (4, 5)
