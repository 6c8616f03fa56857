"""Optimizer steps as functions of lists: parameters, gradients, and one list for each kind of state."""

from collections import defaultdict


def step_lists(cls, params, grads, state, options, grad_scale=None, found_inf=None):
    """One step of the optimizer `cls` with parameters, gradients and state given in lists.

    Args:
        cls (type): the optimizer.
        params, grads (list of Tensor): changed, and read.
        state (dict): name of the state to the list of it, which is changed. An empty list is state that the options exclude; an
            entry that is None is made by the step.
        options (dict): those of a parameter group.
        grad_scale, found_inf: what PyTorch hands to steps on accelerators; must be None.
    """
    if grad_scale is not None or found_inf is not None:
        raise AssertionError('Expected grad_scale and found_inf to be None')
    optimizer = cls.__new__(cls)
    optimizer.state = defaultdict(dict)
    before = [p._grad for p in params]
    try:
        for i, (p, g) in enumerate(zip(params, grads)):
            p._grad = g
            optimizer.state[p] = {name: values[i] for name, values in state.items() if values and values[i] is not None}
        optimizer.update_group({'params': list(params), **options})
        for i, p in enumerate(params):
            for name, values in state.items():
                if values:
                    values[i] = optimizer.state[p].get(name, values[i])
    finally:
        for p, g in zip(params, before):
            p._grad = g
