"""Models as data: the state of several models in one, and batch normalization without memory."""

from .._ops.join import stack
from ..nn.modules.batchnorm import _BatchNorm

__all__ = ['replace_all_batch_norm_modules_', 'stack_module_state']


def _stacked(tensors, name):
    requires = {x.requires_grad for x in tensors}
    if len(requires) > 1:
        raise RuntimeError(f'Expected {name} from each model to have the same .requires_grad')
    result = stack(tensors)
    return result.detach().requires_grad_() if requires.pop() else result


def stack_module_state(models):
    """The parameters and the buffers of equal models, stacked, for `functional_call` under `vmap`.

    Args:
        models (sequence of Modules): of one class and mode.

    Returns:
        (dict, dict): parameters and buffers by dotted name, with a first dimension that counts the models.

    Example:
        >>> import cnet
        >>> models = [cnet.nn.Linear(2, 1, bias=False) for _ in range(3)]
        >>> params, buffers = cnet.func.stack_module_state(models)
        >>> cnet.func.vmap(lambda p: cnet.func.functional_call(models[0], p, cnet.ones(2)))(params).shape
        cnet.Size([3, 1])
    """
    if len(models) == 0:
        raise RuntimeError('stack_module_state: Expected at least one model, got 0.')
    if len({m.training for m in models}) > 1:
        raise RuntimeError('stack_module_state: Expected all models to have the same training/eval mode.')
    if len({type(m) for m in models}) > 1:
        raise RuntimeError('stack_module_state: Expected all models to be of the same class.')
    state = []
    for members in ([dict(m.named_parameters()) for m in models], [dict(m.named_buffers()) for m in models]):
        state.append({name: _stacked([one[name] for one in members], name) for name in members[0]})
    return tuple(state)


def replace_all_batch_norm_modules_(root):
    """Have all batch normalizations of a model use the statistics of the batch alone, in place.

    Args:
        root (Module): the model.

    Returns:
        Module: `root`.

    Example:
        >>> import cnet
        >>> model = cnet.func.replace_all_batch_norm_modules_(cnet.nn.Sequential(cnet.nn.BatchNorm1d(2)))
        >>> model[0].running_mean is None
        True
    """
    for module in root.modules():
        if isinstance(module, _BatchNorm):
            module.running_mean = module.running_var = module.num_batches_tracked = None
            module.track_running_stats = False
    return root
