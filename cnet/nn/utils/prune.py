"""Pruning: parts of a parameter are held at zero by a mask."""

import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterable

from ..._ops.random import rand, rand_like
from ..modules._registry import hooks_of
from .convert_parameters import parameters_to_vector

__all__ = [
    'BasePruningMethod', 'CustomFromMask', 'Identity', 'L1Unstructured', 'LnStructured', 'PruningContainer', 'RandomStructured',
    'RandomUnstructured', 'custom_from_mask', 'global_unstructured', 'identity', 'is_pruned', 'l1_unstructured',
    'ln_structured', 'random_structured', 'random_unstructured', 'remove',
]


def _check_scores(scores, tensor, what):
    if scores.shape != tensor.shape:
        raise AssertionError(f'importance_scores should have the same shape as {what}, got {scores.shape} vs {tensor.shape}')


class BasePruningMethod(ABC):
    """A hook that multiplies a parameter by its mask before every call.

    A subclass has a `PRUNING_TYPE`, 'unstructured', 'structured' or 'global', and defines `compute_mask`. Pruned, the module
    has the parameter name_orig and the buffer name_mask, and name is the product.
    """

    def __call__(self, module, inputs):
        setattr(module, self._tensor_name, self.apply_mask(module))

    @abstractmethod
    def compute_mask(self, t, default_mask):
        """The mask for the scores `t`; what is zero in `default_mask` stays so."""

    def apply_mask(self, module):
        """The product of the parameter and its mask.

        Args:
            module (Module): whose parameter it is.

        Returns:
            Tensor
        """
        original = getattr(module, self._tensor_name + '_orig')
        return getattr(module, self._tensor_name + '_mask').to(original.dtype) * original

    @classmethod
    def apply(cls, module, name, *args, importance_scores=None, **kwargs):
        """Prune a parameter; if it is pruned already, what is left of it.

        Args:
            module (Module): whose parameter it is.
            name (str): of the parameter.
            *args, **kwargs: the arguments of the constructor.
            importance_scores (Tensor, optional): prune the least of these instead of the least weights.

        Returns:
            BasePruningMethod: the hook.
        """
        old = [(key, hook) for key, hook in module._forward_pre_hooks.items()
               if isinstance(hook, BasePruningMethod) and hook._tensor_name == name]
        if len(old) > 1:
            raise AssertionError(f'Avoid adding multiple pruning hooks to the same tensor {name} of module {module}. Use a '
                                 'PruningContainer.')
        method = cls(*args, **kwargs)
        method._tensor_name = name
        original = getattr(module, name)
        if importance_scores is not None:
            _check_scores(importance_scores, original, f'parameter {name} of {module}')
        scores = original if importance_scores is None else importance_scores
        scores = scores.detach()
        if old:
            before = old[0][1]
            container = before if isinstance(before, PruningContainer) else PruningContainer(before)
            container.add_pruning_method(method)
            method = container
            mask = method.compute_mask(scores, getattr(module, name + '_mask').detach().clone())
            del module._forward_pre_hooks[old[0][0]]
        else:
            mask = method.compute_mask(scores, original.detach().new_ones(original.shape))
            module.register_parameter(name + '_orig', original)
            del module._parameters[name]
        module.register_buffer(name + '_mask', mask)
        setattr(module, name, method.apply_mask(module))
        module.register_forward_pre_hook(method)
        return method

    def prune(self, t, default_mask=None, importance_scores=None):
        """A tensor multiplied by the mask that the method computes for it.

        Args:
            t (Tensor): the tensor.
            default_mask (Tensor, optional): what is zero there stays so.
            importance_scores (Tensor, optional): prune the least of these instead of the least elements.

        Returns:
            Tensor
        """
        if importance_scores is not None:
            _check_scores(importance_scores, t, 'tensor t')
        scores = t if importance_scores is None else importance_scores
        return t * self.compute_mask(scores, t.new_ones(t.shape) if default_mask is None else default_mask)

    def remove(self, module):
        """Make the pruned value the parameter's, for good.

        Args:
            module (Module): whose parameter it is.
        """
        name = self._tensor_name
        weight = self.apply_mask(module)
        if hasattr(module, name):
            delattr(module, name)
        original = module._parameters.pop(name + '_orig')
        original.data = weight.data
        del module._buffers[name + '_mask']
        setattr(module, name, original)


class PruningContainer(BasePruningMethod):
    """Several methods, each of which prunes what the ones before it left.

    Args:
        *args (BasePruningMethod): the methods.
    """

    def __init__(self, *args):
        self._pruning_methods = ()
        if len(args) == 1:
            self._tensor_name = args[0]._tensor_name
        for method in args:
            self.add_pruning_method(method)

    def add_pruning_method(self, method):
        """Add one at the end.

        Args:
            method (BasePruningMethod): for the same tensor as the others.
        """
        if not isinstance(method, BasePruningMethod):
            raise TypeError(f'{type(method)} is not a BasePruningMethod subclass')
        if self._tensor_name != method._tensor_name:
            raise ValueError(f"Can only add pruning methods acting on the parameter named '{self._tensor_name}' to "
                             f"PruningContainer {self}. Found '{method._tensor_name}'")
        self._pruning_methods += (method,)

    def __len__(self):
        return len(self._pruning_methods)

    def __iter__(self):
        return iter(self._pruning_methods)

    def __getitem__(self, idx):
        return self._pruning_methods[idx]

    def compute_mask(self, t, default_mask):
        """The mask in which the newest method has pruned what `default_mask` left."""
        method = self._pruning_methods[-1]
        if method.PRUNING_TYPE == 'unstructured':
            part = default_mask == 1
        elif method.PRUNING_TYPE == 'structured':
            if not hasattr(method, 'dim'):
                raise AttributeError('Pruning methods of PRUNING_TYPE "structured" need to have the attribute `dim` defined.')
            if method.dim < -t.dim():
                raise IndexError(f'Index is out of bounds for tensor with dimensions {t.dim()}')
            dim = method.dim % t.dim()
            part = [slice(None)] * t.dim()
            part[dim] = default_mask.sum([d for d in range(t.dim()) if d != dim]) != 0
            part = tuple(part)
        elif method.PRUNING_TYPE == 'global':
            part = (slice(None),) * t.dim()
        else:
            raise ValueError(f'Unrecognized PRUNING_TYPE {method.PRUNING_TYPE}')
        mask = default_mask.to(t.dtype, copy=True)
        mask[part] = method.compute_mask(t[part], default_mask[part]).to(mask.dtype)
        return mask


class Identity(BasePruningMethod):
    """Prunes nothing, but gives the parameter its mask."""

    PRUNING_TYPE = 'unstructured'

    def compute_mask(self, t, default_mask):
        """`default_mask`."""
        return default_mask


class _WithAmount(BasePruningMethod):
    """A method that prunes a number of elements or slices, or a share of them."""

    def __init__(self, amount):
        if not isinstance(amount, numbers.Real):
            raise TypeError(f'Invalid type for amount: {amount}. Must be int or float.')
        if amount < 0 or (not isinstance(amount, numbers.Integral) and amount > 1):
            raise ValueError(f'amount={amount} should either be a float in the range [0, 1] or a non-negative integer')
        self.amount = amount

    def _count(self, size):
        n = self.amount if isinstance(self.amount, numbers.Integral) else round(self.amount * size)
        if n > size:
            raise ValueError(f'amount={n} should be smaller than the number of parameters to prune={size}')
        return n


class RandomUnstructured(_WithAmount):
    """Prunes elements at random.

    Args:
        amount (int or float): how many, or which share.
    """

    PRUNING_TYPE = 'unstructured'

    def compute_mask(self, t, default_mask):
        """`default_mask` with zeros at random places."""
        mask, n = default_mask.clone(), self._count(t.numel())
        if n:
            mask.view(-1)[rand_like(t).view(-1).topk(n).indices] = 0
        return mask


class L1Unstructured(_WithAmount):
    """Prunes the elements with the least absolute values.

    Args:
        amount (int or float): how many, or which share.
    """

    PRUNING_TYPE = 'unstructured'

    def compute_mask(self, t, default_mask):
        """`default_mask` with zeros at the least elements."""
        mask, n = default_mask.clone(), self._count(t.numel())
        if n:
            mask.view(-1)[t.abs().reshape(-1).topk(n, largest=False).indices] = 0
        return mask


class _Structured(_WithAmount):
    """A method that prunes whole slices along a dimension."""

    PRUNING_TYPE = 'structured'

    def _slices(self, t):
        """How many slices there are, and how many of them to prune."""
        if t.dim() <= 1:
            raise ValueError(f'Structured pruning can only be applied to multidimensional tensors. Found tensor of shape '
                             f'{t.shape} with {t.dim()} dims')
        if self.dim >= t.dim():
            raise IndexError(f'Invalid index {self.dim} for tensor of size {t.shape}')
        return t.shape[self.dim], self._count(t.shape[self.dim])

    def _mask(self, t, kept, default_mask):
        mask = t.new_zeros(t.shape)
        part = [slice(None)] * t.dim()
        part[self.dim] = kept
        mask[tuple(part)] = 1
        return mask.mul_(default_mask.to(mask.dtype))


class RandomStructured(_Structured):
    """Prunes slices at random.

    Args:
        amount (int or float): how many, or which share.
        dim (int): the dimension along which slices are taken.
    """

    def __init__(self, amount, dim=-1):
        super().__init__(amount)
        self.dim = dim

    def compute_mask(self, t, default_mask):
        """`default_mask` with zeros in random slices."""
        slices, n = self._slices(t)
        if not n:
            return default_mask
        p = rand(slices)
        return self._mask(t, p > p.kthvalue(n).values, default_mask)


class LnStructured(_Structured):
    """Prunes the slices with the least norms.

    Args:
        amount (int or float): how many, or which share.
        n (int, float or str): which norm, as for `norm`.
        dim (int): the dimension along which slices are taken.
    """

    def __init__(self, amount, n, dim=-1):
        super().__init__(amount)
        self.n = n
        self.dim = dim

    def compute_mask(self, t, default_mask):
        """`default_mask` with zeros in the least slices."""
        slices, n = self._slices(t)
        dim = self.dim % t.dim()
        kept = t.norm(self.n, [d for d in range(t.dim()) if d != dim]).topk(slices - n).indices
        return self._mask(t, kept, default_mask) if n else default_mask


class CustomFromMask(BasePruningMethod):
    """Prunes by a given mask.

    Args:
        mask (Tensor): of the parameter's shape.
    """

    PRUNING_TYPE = 'global'

    def __init__(self, mask):
        self.mask = mask

    def compute_mask(self, t, default_mask):
        """The product of both masks."""
        if default_mask.shape != self.mask.shape:
            raise AssertionError(f'default_mask shape {default_mask.shape} must match self.mask shape {self.mask.shape}')
        return default_mask * self.mask.to(default_mask.dtype)


def identity(module, name):
    """Give a parameter a mask of ones.

    Args:
        module (Module): whose parameter it is.
        name (str): of the parameter.

    Returns:
        Module: `module`.
    """
    Identity.apply(module, name)
    return module


def random_unstructured(module, name, amount):
    """Prune elements of a parameter at random.

    Args:
        module (Module): whose parameter it is.
        name (str): of the parameter.
        amount (int or float): how many, or which share.

    Returns:
        Module: `module`.

    Example:
        >>> import cnet
        >>> layer = cnet.nn.utils.prune.random_unstructured(cnet.nn.Linear(2, 3), 'weight', amount=1)
        >>> layer.weight_mask.sum()
        tensor(5.)
    """
    RandomUnstructured.apply(module, name, amount)
    return module


def l1_unstructured(module, name, amount, importance_scores=None):
    """Prune the elements of a parameter with the least absolute values.

    Args:
        module (Module): whose parameter it is.
        name (str): of the parameter.
        amount (int or float): how many, or which share.
        importance_scores (Tensor, optional): prune by these instead.

    Returns:
        Module: `module`.
    """
    L1Unstructured.apply(module, name, amount, importance_scores=importance_scores)
    return module


def random_structured(module, name, amount, dim):
    """Prune slices of a parameter at random.

    Args:
        module (Module): whose parameter it is.
        name (str): of the parameter.
        amount (int or float): how many, or which share.
        dim (int): the dimension along which slices are taken.

    Returns:
        Module: `module`.
    """
    RandomStructured.apply(module, name, amount, dim)
    return module


def ln_structured(module, name, amount, n, dim, importance_scores=None):
    """Prune the slices of a parameter with the least norms.

    Args:
        module (Module): whose parameter it is.
        name (str): of the parameter.
        amount (int or float): how many, or which share.
        n (int, float or str): which norm.
        dim (int): the dimension along which slices are taken.
        importance_scores (Tensor, optional): take the norms of these instead.

    Returns:
        Module: `module`.
    """
    LnStructured.apply(module, name, amount, n, dim, importance_scores=importance_scores)
    return module


def custom_from_mask(module, name, mask):
    """Prune a parameter by a given mask.

    Args:
        module (Module): whose parameter it is.
        name (str): of the parameter.
        mask (Tensor): of the parameter's shape.

    Returns:
        Module: `module`.
    """
    CustomFromMask.apply(module, name, mask)
    return module


def global_unstructured(parameters, pruning_method, importance_scores=None, **kwargs):
    """Prune several parameters as if they were one.

    Args:
        parameters (iterable of (Module, str)): the parameters.
        pruning_method (type): an unstructured method, such as `L1Unstructured`.
        importance_scores (dict, optional): from (module, name) to the scores that are used instead of the values.
        **kwargs: the arguments of the method.
    """
    if not isinstance(parameters, Iterable):
        raise TypeError('global_unstructured(): parameters is not an Iterable')
    importance_scores = {} if importance_scores is None else importance_scores
    if not isinstance(importance_scores, dict):
        raise TypeError('global_unstructured(): importance_scores must be of type dict')
    parameters = list(parameters)
    values = [getattr(module, name) for module, name in parameters]
    scores = parameters_to_vector([importance_scores.get(p, x).detach() for p, x in zip(parameters, values)])
    masks = parameters_to_vector([getattr(module, name + '_mask', x.detach().new_ones(x.shape))
                                  for (module, name), x in zip(parameters, values)])
    method = pruning_method(**kwargs)
    method._tensor_name = 'temp'
    if method.PRUNING_TYPE != 'unstructured':
        raise TypeError(f'Only "unstructured" PRUNING_TYPE supported for the `pruning_method`. Found method {pruning_method} of '
                        f'type {method.PRUNING_TYPE}')
    mask = PruningContainer(method).compute_mask(scores, masks)
    at = 0
    for (module, name), x in zip(parameters, values):
        custom_from_mask(module, name, mask[at:at + x.numel()].view(x.shape))
        at += x.numel()


def remove(module, name):
    """Make the pruned value of a parameter its own, for good.

    Args:
        module (Module): whose parameter it is.
        name (str): of the parameter.

    Returns:
        Module: `module`.
    """
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, BasePruningMethod) and hook._tensor_name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"Parameter '{name}' of module {module} has to be pruned before pruning can be removed")


def is_pruned(module):
    """Whether a parameter of the module, or of one below it, is pruned.

    Args:
        module (Module): the module.

    Returns:
        bool
    """
    return any(isinstance(hook, BasePruningMethod) for sub in module.modules()
               for hook in hooks_of(sub, '_forward_pre_hooks').values())
