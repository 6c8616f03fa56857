"""Neighbours in a `Sequential` that run as one operation: a layer and the activation behind it.

What is between them is then seen by nobody, so both must do what their class says and have no hooks. Files of layers
enter here what can be joined: a class that is not in use costs nothing.
"""

from ..._core.base import ANOMALY, PACK
from ..._kernels._state import calls, flags
from .module import Module

# Classes of layers: their forward; join(layer, x, activation, fresh), which returns the activation of what the layer makes of
# x, or None if it cannot; whether it is asked without an activation too, as normalizations are; and for those that may have a
# normalization behind them join(layer, norm, x, relu) alike, else None. activation is a name or None; fresh: nobody else knows x.
JOINS = {}
# Classes of activations: their forward, and the name of the activation.
ACTIVATIONS = {}

_CALL = Module.__call__


def name_of(module, activations):
    """The name of the activation that a module is, or None."""
    activation = activations.get(type(module))
    if activation is None or not calls(module, activation[0]) or (activation[1] == 'gelu' and module.approximate != 'none'):
        return None
    return activation[1]


def run(modules, x):
    """What the modules make of x, one after the other."""
    steps = list(modules)
    joins, activations = JOINS, ACTIVATIONS
    # Hooks that pack what is kept for backward, and anomaly mode, are to see every operation.
    if flags() & (PACK | ANOMALY) or Module.__call__ is not _CALL:
        joins = {}
    fresh = False
    n = len(steps)
    i = 0
    while i < n:
        step = steps[i]
        i += 1
        entry = joins.get(type(step))
        if entry is None or not calls(step, entry[0]):
            x = step(x)
            fresh = False
            continue
        if entry[3] is not None and i < n:
            norm = joins.get(type(steps[i]))
            if norm is not None and norm[2] and calls(steps[i], norm[0]):
                relu = i + 1 < n and name_of(steps[i + 1], activations) == 'relu'
                y = entry[3](step, steps[i], x, relu)
                if y is not None:
                    x = y
                    i += 2 if relu else 1
                    fresh = True
                    continue
        name = name_of(steps[i], activations) if i < n else None
        y = entry[1](step, x, name, fresh) if name is not None or entry[2] else None
        if y is None:
            x = step(x)
        else:
            x = y
            if name is not None:
                i += 1
        fresh = True
    return x
