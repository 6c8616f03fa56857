"""Batch normalization, and the base that it shares with instance normalization."""

from ..._core.dtype import int64
from ..._ops.create import ones, zeros
from ..._ops.norm import batch_norm_into
from .. import functional as F
from .. import init
from ._runs import JOINS
from .module import Module
from .utils import new_parameter

__all__ = ['BatchNorm1d', 'BatchNorm2d', 'BatchNorm3d', 'SyncBatchNorm']


def _affine_parameters(module, shape, weight, bias, dtype, device):
    """Register `weight` and `bias` of this shape, or None where a flag is off."""
    module.register_parameter('weight', new_parameter(shape, dtype, device) if weight else None)
    module.register_parameter('bias', new_parameter(shape, dtype, device) if weight and bias else None)


class _NormBase(Module):
    """Scale, shift and running statistics of C channels."""

    _version = 2  # 2: states have num_batches_tracked

    def __init__(self, num_features, eps, momentum, affine, track_running_stats, device, dtype, *, bias):
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        _affine_parameters(self, (num_features,), affine, bias, dtype, device)
        if track_running_stats:
            self.register_buffer('running_mean', zeros(num_features, dtype=dtype, device=device))
            self.register_buffer('running_var', ones(num_features, dtype=dtype, device=device))
            self.register_buffer('num_batches_tracked', zeros((), dtype=int64))
        else:
            for name in ('running_mean', 'running_var', 'num_batches_tracked'):
                self.register_buffer(name, None)
        self.reset_parameters()

    def reset_running_stats(self):
        """Forget the running statistics."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self):
        """Set scale to one, shift to zero, and forget the running statistics."""
        self.reset_running_stats()
        if self.affine:
            init.ones_(self.weight)
            if self.bias is not None:
                init.zeros_(self.bias)

    def _check_input_dim(self, input):
        dims = self._input_dims
        if input.dim() not in dims:
            expected = ' or '.join(f'{d}D' for d in dims)
            raise ValueError(f'expected {expected} input (got {input.dim()}D input)')

    def extra_repr(self):
        return (f'{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, '
                f'bias={self.bias is not None}, track_running_stats={self.track_running_stats}')

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, *rest):
        version = local_metadata.get('version')
        key = prefix + 'num_batches_tracked'
        if (version is None or version < 2) and self.track_running_stats and key not in state_dict:
            tracked = self.num_batches_tracked
            state_dict[key] = zeros((), dtype=int64) if tracked is None else tracked
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


class _BatchNorm(_NormBase):
    """The three batch normalizations: constructor and forward."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, device=None,
                 dtype=None, *, bias=True):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input):
        return F.batch_norm(*self._arguments(input))

    def _arguments(self, input):
        """What `F.batch_norm` is called with; the batch is counted."""
        self._check_input_dim(input)
        factor = 0.0 if self.momentum is None else self.momentum
        training, tracked = self.training, self.track_running_stats
        mean, var = self.running_mean, self.running_var
        if training:
            if not tracked:
                mean = var = None
            elif self.num_batches_tracked is not None:
                self.num_batches_tracked.add_(1)
                if self.momentum is None:  # the plain average over all batches so far
                    factor = 1.0 / float(self.num_batches_tracked)
        training = training or (mean is None and var is None)
        return input, mean, var, self.weight, self.bias, training, factor, self.eps


def _with_relu(norm, x, activation, fresh):
    """relu of a batch normalization, or what that is alone if it may be written over x."""
    relu = activation == 'relu'
    if relu or (fresh and activation is None and not norm.training):
        return batch_norm_into(*norm._arguments(x), relu, fresh)
    return None


class BatchNorm1d(_BatchNorm):
    """Normalize every channel over the batch (and length): (x - mean) / √(var + eps) · weight + bias.

    In training the statistics are the batch's, and running averages of them are kept (var with N - 1), which are
    used in evaluation.

    Args:
        num_features (int): C, the number of channels.
        eps (float): added to the variance.
        momentum (float, optional): the weight of the newest batch in the running averages; None: all weigh the same.
        affine (bool): whether there are weight and bias.
        track_running_stats (bool): whether to keep running averages; if not, the batch's are always used.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of parameters and statistics.
        bias (bool): whether there is a bias, if affine.

    Shape:
        input, output: (N, C) or (N, C, L). weight, bias, running_mean, running_var: (C).

    Example:
        >>> import cnet
        >>> cnet.nn.BatchNorm1d(2, affine=False)(cnet.tensor([[0., 1.], [2., 5.]])).round()
        tensor([[-1., -1.],
                [ 1.,  1.]])
    """

    _input_dims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Normalize every channel over batch, height and width. Arguments as for `BatchNorm1d`.

    Shape:
        input, output: (N, C, H, W).

    Example:
        >>> import cnet
        >>> cnet.nn.BatchNorm2d(3)(cnet.ones(2, 3, 4, 4)).shape
        cnet.Size([2, 3, 4, 4])
    """

    _input_dims = (4,)


class BatchNorm3d(_BatchNorm):
    """Normalize every channel over batch, depth, height and width. Arguments as for `BatchNorm1d`.

    Shape:
        input, output: (N, C, D, H, W).

    Example:
        >>> import cnet
        >>> cnet.nn.BatchNorm3d(3)(cnet.ones(2, 3, 2, 2, 2)).shape
        cnet.Size([2, 3, 2, 2, 2])
    """

    _input_dims = (5,)


class SyncBatchNorm(_BatchNorm):
    """Batch normalization with the statistics of all processes; in the one process there is, with its own.

    Args:
        num_features, eps, momentum, affine, track_running_stats, device, dtype, bias: as for `BatchNorm1d`.
        process_group (object, optional): kept; which processes take part.

    Shape:
        input, output: (N, C, *).

    Example:
        >>> import cnet
        >>> cnet.nn.SyncBatchNorm(3)(cnet.zeros(2, 3, 4)).shape
        cnet.Size([2, 3, 4])
    """

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=True, track_running_stats=True, process_group=None,
                 device=None, dtype=None, *, bias=True):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_input_dim(self, input):
        if input.dim() < 2:
            raise ValueError(f'expected at least 2D input (got {input.dim()}D input)')
        if input.shape[1] == 0:
            raise ValueError('SyncBatchNorm number of input channels should be non-zero')

    @classmethod
    def convert_sync_batchnorm(cls, module, process_group=None):
        """A model in which SyncBatchNorm stands for every batch normalization, with the same parameters and statistics.

        Args:
            module (Module): the model; it is changed unless it is itself a batch normalization.
            process_group (object, optional): for the new layers.

        Returns:
            Module

        Example:
            >>> import cnet
            >>> cnet.nn.SyncBatchNorm.convert_sync_batchnorm(cnet.nn.Sequential(cnet.nn.BatchNorm1d(3)))[0].num_features
            3
        """
        result = module
        if isinstance(module, _BatchNorm):
            result = SyncBatchNorm(module.num_features, module.eps, module.momentum, module.affine,
                                   module.track_running_stats, process_group, bias=module.bias is not None)
            if module.affine:
                result.weight, result.bias = module.weight, module.bias
            for name in ('running_mean', 'running_var', 'num_batches_tracked'):
                setattr(result, name, getattr(module, name))
            result.training = module.training
        for name, child in module.named_children():
            result.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return result


JOINS.update({norm: (norm.forward, _with_relu, True, None) for norm in (BatchNorm1d, BatchNorm2d, BatchNorm3d)})
