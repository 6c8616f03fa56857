"""Reductions and normalizations under a mask: what PyTorch serves as `torch.masked`. Loaded when it is first used."""

from ._ops.masked_normalizations import log_softmax, logaddexp, normalize, softmax, softmin
from ._ops.masked_reductions import (
    amax,
    amin,
    argmax,
    argmin,
    cumprod,
    cumsum,
    logsumexp,
    mean,
    median,
    norm,
    prod,
    std,
    sum,
    var,
)

__all__ = ['amax', 'amin', 'argmax', 'argmin', 'cumprod', 'cumsum', 'log_softmax', 'logaddexp', 'logsumexp', 'mean', 'median',
           'norm', 'normalize', 'prod', 'softmax', 'softmin', 'std', 'sum', 'var']
