"""Neighbours in a `Sequential` that run as one operation: a layer and the activation behind it.

What is between them is then seen by nobody, so both must do what their class says and have no hooks. Files of layers
enter here what can be joined: a class that is not in use costs nothing.
"""

from ..._core.base import ANOMALY, PACK
from ..._kernels._state import calls, flags
from .module import Module

# Classes of layers: their forward; join(layer, x, activation, fresh), which returns the activation of what the layer makes of
# x, or None if it cannot; and whether it is asked without an activation too. activation is a name or None; fresh: nobody else
# knows x.
JOINS = {}
# Classes of activations: their forward, and the name of the activation.
ACTIVATIONS = {}

_CALL = Module.__call__


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
        name = None
        if i < n:
            after = steps[i]
            activation = activations.get(type(after))
            if activation is not None and calls(after, activation[0]):
                name = activation[1]
                if name == 'gelu' and after.approximate != 'none':
                    name = None
        y = entry[1](step, x, name, fresh) if name is not None or entry[2] else None
        if y is None:
            x = step(x)
        else:
            x = y
            if name is not None:
                i += 1
        fresh = True
    return x
