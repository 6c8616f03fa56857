"""Weight normalization by hooks: a weight as its length times its direction."""

import warnings

from ..parameter import Parameter, is_lazy

__all__ = ['WeightNorm', 'remove_weight_norm', 'weight_norm']


def norm_except_dim(v, pow=2, dim=0):
    """The p-norms of the slices of `v` along a dimension, of everything if it is -1.

    Args:
        v (Tensor): the tensor.
        pow (float): p.
        dim (int): the dimension that is kept.

    Returns:
        Tensor: of length 1 in all other dimensions.
    """
    if dim == -1:
        return v.norm(pow)
    return v.norm(pow, [d for d in range(v.dim()) if d != dim % v.dim()], keepdim=True) if v.dim() > 1 else v.abs()


def scaled(v, g, dim):
    """g times the direction of `v`."""
    return v * (g / norm_except_dim(v, 2, dim))


class WeightNorm:
    """The hook that computes the weight before every call.

    Args:
        name (str): of the weight.
        dim (int, optional): the dimension along which every slice has its own length; None: there is one length.
    """

    def __init__(self, name, dim):
        self.name = name
        self.dim = -1 if dim is None else dim

    def compute_weight(self, module):
        """The weight, from its length and direction in `module`."""
        return scaled(getattr(module, self.name + '_v'), getattr(module, self.name + '_g'), self.dim)

    @staticmethod
    def apply(module, name, dim):
        """Hang a WeightNorm on `module`."""
        warnings.warn('`nn.utils.weight_norm` is deprecated in favor of `nn.utils.parametrizations.weight_norm`.', FutureWarning,
                      stacklevel=3)
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, WeightNorm) and hook.name == name:
                raise RuntimeError(f'Cannot register two weight_norm hooks on the same parameter {name}')
        fn = WeightNorm(name, dim)
        weight = getattr(module, name)
        if is_lazy(weight):
            raise ValueError("The module passed to `WeightNorm` can't have uninitialized parameters. Make sure to run the dummy "
                             'forward before applying weight normalization')
        del module._parameters[name]
        module.register_parameter(name + '_g', Parameter(norm_except_dim(weight.detach(), 2, fn.dim)))
        module.register_parameter(name + '_v', Parameter(weight.data))
        setattr(module, name, fn.compute_weight(module))
        module.register_forward_pre_hook(fn)
        return fn

    def remove(self, module):
        """Make the weight an ordinary parameter again."""
        weight = self.compute_weight(module)
        delattr(module, self.name)
        del module._parameters[self.name + '_g'], module._parameters[self.name + '_v']
        setattr(module, self.name, Parameter(weight.data))

    def __call__(self, module, inputs):
        setattr(module, self.name, self.compute_weight(module))


def weight_norm(module, name='weight', dim=0):
    """Train the length and the direction of a weight instead of the weight.

    Args:
        module (Module): whose weight it is; it gets the parameters name_g and name_v.
        name (str): of the weight.
        dim (int, optional): the dimension along which every slice has its own length; None: there is one length.

    Returns:
        Module: `module`.

    Example:
        >>> import cnet, warnings
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter('ignore')
        ...     layer = cnet.nn.utils.weight_norm(cnet.nn.Linear(20, 40))
        >>> layer.weight_g.shape
        cnet.Size([40, 1])
    """
    WeightNorm.apply(module, name, dim)
    return module


def remove_weight_norm(module, name='weight'):
    """Undo `weight_norm`.

    Args:
        module (Module): whose weight it is.
        name (str): of the weight.

    Returns:
        Module: `module`.
    """
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, WeightNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"weight_norm of '{name}' not found in {module}")
