"""The old names of `cnet.amp` for GPUs."""

import warnings

from .. import amp

__all__ = ['GradScaler', 'autocast']


class autocast(amp.autocast):
    """`cnet.amp.autocast('cuda')`, which is off, as there is no GPU.

    Args:
        enabled, dtype, cache_enabled: as there.
    """

    def __init__(self, enabled=True, dtype=None, cache_enabled=True):
        warnings.warn("`cuda.amp.autocast(args...)` is deprecated. Please use `amp.autocast('cuda', args...)` instead.",
                      FutureWarning, stacklevel=2)
        super().__init__('cuda', dtype, enabled, cache_enabled)


class GradScaler(amp.GradScaler):
    """`cnet.amp.GradScaler('cuda')`, which is off, as there is no GPU.

    Args:
        init_scale, growth_factor, backoff_factor, growth_interval, enabled: as there.
    """

    def __init__(self, init_scale=65536.0, growth_factor=2.0, backoff_factor=0.5, growth_interval=2000, enabled=True):
        warnings.warn("`cuda.amp.GradScaler(args...)` is deprecated. Please use `amp.GradScaler('cuda', args...)` instead.",
                      FutureWarning, stacklevel=2)
        super().__init__('cuda', init_scale, growth_factor, backoff_factor, growth_interval, enabled)
