"""Instance normalization."""

import warnings

from .. import functional as F
from .batchnorm import _NormBase

__all__ = ['InstanceNorm1d', 'InstanceNorm2d', 'InstanceNorm3d']


class _InstanceNorm(_NormBase):
    """The three instance normalizations: constructor and forward. `_input_dims` is without and with a batch."""

    def __init__(self, num_features, eps=1e-5, momentum=0.1, affine=False, track_running_stats=False, device=None,
                 dtype=None, *, bias=True):
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input):
        self._check_input_dim(input)
        unbatched = self._input_dims[0]
        dim = input.dim() - unbatched
        if input.shape[dim] != self.num_features:
            if self.affine:
                raise ValueError(f"expected input's size at dim={dim} to match num_features ({self.num_features}), "
                                 f'but got: {input.shape[dim]}.')
            warnings.warn(f"input's size at dim={dim} does not match num_features. You can silence this warning by not "
                          'passing in num_features, which is not used because affine=False', stacklevel=3)
        if dim == 0:
            return self._normalize(input.unsqueeze(0)).squeeze(0)
        return self._normalize(input)

    def _normalize(self, input):
        return F.instance_norm(input, self.running_mean, self.running_var, self.weight, self.bias,
                               self.training or not self.track_running_stats,
                               0.0 if self.momentum is None else self.momentum, self.eps)

    def _load_from_state_dict(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
                              error_msgs):
        if local_metadata.get('version') is None and not self.track_running_stats:
            # States without a version are older than the default track_running_stats=False.
            found = [name for name in ('running_mean', 'running_var') if prefix + name in state_dict]
            if found:
                names, kind = ' and '.join(f'"{prefix}{name}"' for name in found), type(self).__name__
                error_msgs.append(
                    f'Unexpected running stats buffer(s) {names} for {kind} with track_running_stats=False. If '
                    'state_dict is a checkpoint saved before 0.4.0, this may be expected because '
                    f'{kind} does not track running stats by default since 0.4.0. Please remove these keys from '
                    'state_dict. If the running stats are actually needed, instead set track_running_stats=True in '
                    f'{kind} to enable them. See the documentation of {kind} for details.')
                for name in found:
                    del state_dict[prefix + name]
        super()._load_from_state_dict(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys,
                                      error_msgs)


class InstanceNorm1d(_InstanceNorm):
    """Normalize every channel of every sample over its length: (x - mean) / √(var + eps) · weight + bias.

    Args:
        num_features (int): C, the number of channels.
        eps (float): added to the variance.
        momentum (float, optional): the weight of the newest batch in the running averages.
        affine (bool): whether there are weight and bias.
        track_running_stats (bool): keep running averages, and use them in evaluation.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of parameters and statistics.
        bias (bool): whether there is a bias, if affine.

    Shape:
        input, output: (N, C, L) or (C, L). weight, bias: (C).

    Example:
        >>> import cnet
        >>> cnet.nn.InstanceNorm1d(1)(cnet.tensor([[[0., 2.]]])).round()
        tensor([[[-1.,  1.]]])
    """

    _input_dims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Normalize every channel of every sample over height and width. Arguments as for `InstanceNorm1d`.

    Shape:
        input, output: (N, C, H, W) or (C, H, W).

    Example:
        >>> import cnet
        >>> cnet.nn.InstanceNorm2d(3)(cnet.ones(2, 3, 4, 4)).shape
        cnet.Size([2, 3, 4, 4])
    """

    _input_dims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Normalize every channel of every sample over depth, height and width. Arguments as for `InstanceNorm1d`.

    Shape:
        input, output: (N, C, D, H, W) or (C, D, H, W).

    Example:
        >>> import cnet
        >>> cnet.nn.InstanceNorm3d(3)(cnet.ones(2, 3, 2, 2, 2)).shape
        cnet.Size([2, 3, 2, 2, 2])
    """

    _input_dims = (4, 5)
