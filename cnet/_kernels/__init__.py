"""The compiled kernels, for the best instruction set that this CPU has and this build contains.

Each family exists once per instruction set, in the folders `base/`, `v3/` and `v4/`, which hold build products only. The
chosen folder, then the lesser ones, join this package's path: `cnet._kernels.conv` is the chosen one. The environment
variable CNET_ISA forces a level.
"""
from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from ._cpu import features
from .targets import FAMILIES, ISAS, SINGLE

_HERE = os.path.dirname(__file__)
_BUILT = [isa.name for isa in ISAS if os.path.isdir(os.path.join(_HERE, isa.name))]
_SUPPORTED = [isa.name for isa in ISAS if isa.needs <= features()]
LEVELS = tuple(name for name in _SUPPORTED if name in _BUILT)       # usable here, the best one last


def _choose(forced: str | None) -> str:
    if not LEVELS:
        raise ImportError(f'cnet: the compiled kernels are missing from {_HERE}; install the package, or build it in '
                          f'place with `python setup.py build_ext --inplace`')
    if not forced:
        return LEVELS[-1]
    if forced in LEVELS:
        return forced
    names = [isa.name for isa in ISAS]
    if forced not in names:
        reason = f'is not an instruction set; the names are {", ".join(names)}'
    elif forced not in _SUPPORTED:
        missing = sorted(next(isa.needs for isa in ISAS if isa.name == forced) - features())
        reason = f'needs CPU features that this machine lacks: {", ".join(missing)}'
    else:
        reason = 'is not in this build'
    raise ImportError(f'cnet: CNET_ISA={forced} {reason}. Usable here: {", ".join(LEVELS)}')


ISA = _choose(os.environ.get('CNET_ISA'))
__path__ += [os.path.join(_HERE, name) for name in reversed(_BUILT[:_BUILT.index(ISA) + 1])]



def __getattr__(name: str) -> Any:
    """A module of kernels, imported when it is first asked for."""
    if name in FAMILIES or name in SINGLE:
        return import_module(f'.{name}', __name__)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def capability() -> str:
    """Name the instruction set in use.

    Returns:
        'base', 'v3' (AVX2 and FMA) or 'v4' (AVX-512).

    Example:
        >>> from cnet import _kernels
        >>> _kernels.capability() in ('base', 'v3', 'v4')
        True
    """
    return ISA
