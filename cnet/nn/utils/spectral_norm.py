"""Spectral normalization by hooks: a weight divided by its largest singular value."""

from ..._core.mode import no_grad
from .. import functional as F
from ..modules.conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from ..parameter import Parameter, is_lazy

__all__ = ['SpectralNorm', 'SpectralNormLoadStateDictPreHook', 'SpectralNormStateDictHook', 'remove_spectral_norm',
           'spectral_norm']


def output_dim(module):
    """The dimension of the outputs in a layer's weight."""
    return 1 if isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)) else 0


def as_matrix(weight, dim):
    """A weight as a matrix with one row per output."""
    if dim:
        weight = weight.permute(dim, *(d for d in range(weight.dim()) if d != dim))
    return weight.reshape(weight.shape[0], -1)


class SpectralNorm:
    """The hook that computes the weight before every call.

    Args:
        name (str): of the weight.
        n_power_iterations (int): how often, per call in training, the estimate of the singular vectors is improved.
        dim (int): the dimension of the outputs.
        eps (float): the least length that vectors are divided by.
    """

    _version = 1

    def __init__(self, name='weight', n_power_iterations=1, dim=0, eps=1e-12):
        if n_power_iterations <= 0:
            raise ValueError(f'Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}')
        self.name = name
        self.dim = dim
        self.n_power_iterations = n_power_iterations
        self.eps = eps

    def reshape_weight_to_matrix(self, weight):
        """The weight as a matrix with one row per output."""
        return as_matrix(weight, self.dim)

    def compute_weight(self, module, do_power_iteration):
        """The weight, divided by its largest singular value; the vectors in `module` are improved first if asked."""
        weight, u, v = (getattr(module, self.name + suffix) for suffix in ('_orig', '_u', '_v'))
        matrix = self.reshape_weight_to_matrix(weight)
        if do_power_iteration:
            with no_grad():
                for _ in range(self.n_power_iterations):
                    v.copy_(F.normalize(matrix.t() @ u, dim=0, eps=self.eps))
                    u.copy_(F.normalize(matrix @ v, dim=0, eps=self.eps))
            # The next call writes into the buffers; this call's graph must keep what it used.
            u, v = u.clone(), v.clone()
        return weight / u.dot(matrix @ v)

    def remove(self, module):
        """Make the weight an ordinary parameter again."""
        with no_grad():
            weight = self.compute_weight(module, False)
        for suffix in ('', '_u', '_v', '_orig'):
            delattr(module, self.name + suffix)
        module.register_parameter(self.name, Parameter(weight.detach()))

    def __call__(self, module, inputs):
        setattr(module, self.name, self.compute_weight(module, module.training))

    def _solve_v_and_rescale(self, matrix, u, sigma):
        v = (matrix.t().mm(matrix).pinverse() @ matrix.t() @ u.unsqueeze(1)).squeeze(1)
        return v.mul_(sigma / u.dot(matrix @ v))

    @staticmethod
    def apply(module, name, n_power_iterations, dim, eps):
        """Hang a SpectralNorm on `module`."""
        for hook in module._forward_pre_hooks.values():
            if isinstance(hook, SpectralNorm) and hook.name == name:
                raise RuntimeError(f'Cannot register two spectral_norm hooks on the same parameter {name}')
        fn = SpectralNorm(name, n_power_iterations, dim, eps)
        weight = module._parameters[name]
        if weight is None:
            raise ValueError(f'`SpectralNorm` cannot be applied as parameter `{name}` is None')
        if is_lazy(weight):
            raise ValueError("The module passed to `SpectralNorm` can't have uninitialized parameters. Make sure to run the "
                             'dummy forward before applying spectral normalization')
        with no_grad():
            rows, columns = fn.reshape_weight_to_matrix(weight).shape
            u, v = (F.normalize(weight.new_empty(n).normal_(0, 1), dim=0, eps=eps) for n in (rows, columns))
        delattr(module, name)
        module.register_parameter(name + '_orig', weight)
        # A plain attribute until the first call: a buffer would be part of the state.
        setattr(module, name, weight.data)
        module.register_buffer(name + '_u', u)
        module.register_buffer(name + '_v', v)
        module.register_forward_pre_hook(fn)
        module._register_state_dict_hook(SpectralNormStateDictHook(fn))
        module._register_load_state_dict_pre_hook(SpectralNormLoadStateDictPreHook(fn))
        return fn


class SpectralNormLoadStateDictPreHook:
    """Reads states of older versions, which have the weight and not the right singular vector."""

    def __init__(self, fn):
        self.fn = fn

    def __call__(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs):
        fn = self.fn
        version = local_metadata.get('spectral_norm', {}).get(fn.name + '.version')
        if version is not None and version >= 1:
            return
        key = prefix + fn.name
        if version is None and key not in state_dict and all(key + s in state_dict for s in ('_orig', '_u', '_v')):
            return
        absent = [key + s for s in ('_orig', '', '_u') if key + s not in state_dict]
        if absent:
            if strict:
                missing_keys += absent
            return
        with no_grad():
            original, weight = state_dict[key + '_orig'], state_dict.pop(key)
            sigma = (original / weight).mean()
            state_dict[key + '_v'] = fn._solve_v_and_rescale(fn.reshape_weight_to_matrix(original), state_dict[key + '_u'], sigma)


class SpectralNormStateDictHook:
    """Notes the version in the state."""

    def __init__(self, fn):
        self.fn = fn

    def __call__(self, module, state_dict, prefix, local_metadata):
        versions = local_metadata.setdefault('spectral_norm', {})
        key = self.fn.name + '.version'
        if key in versions:
            raise RuntimeError(f"Unexpected key in metadata['spectral_norm']: {key}")
        versions[key] = self.fn._version


def spectral_norm(module, name='weight', n_power_iterations=1, eps=1e-12, dim=None):
    """Divide a weight by an estimate of its largest singular value, which every call in training improves.

    Args:
        module (Module): whose weight it is; it gets the parameter name_orig and the buffers name_u and name_v.
        name (str): of the weight.
        n_power_iterations (int): how often the estimate is improved per call.
        eps (float): the least length that vectors are divided by.
        dim (int, optional): the dimension of the outputs; 0, but 1 for transposed convolutions.

    Returns:
        Module: `module`.

    Example:
        >>> import cnet
        >>> layer = cnet.nn.utils.spectral_norm(cnet.nn.Linear(20, 40))
        >>> layer.weight_u.shape
        cnet.Size([40])
    """
    SpectralNorm.apply(module, name, n_power_iterations, output_dim(module) if dim is None else dim, eps)
    return module


def remove_spectral_norm(module, name='weight'):
    """Undo `spectral_norm`.

    Args:
        module (Module): whose weight it is.
        name (str): of the weight.

    Returns:
        Module: `module`.
    """
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            break
    else:
        raise ValueError(f"spectral_norm of '{name}' not found in {module}")
    for hooks in (module._state_dict_hooks, module._load_state_dict_pre_hooks):
        for key, hook in list(hooks.items()):
            if isinstance(hook, (SpectralNormStateDictHook, SpectralNormLoadStateDictPreHook)) and hook.fn.name == name:
                del hooks[key]
    return module
