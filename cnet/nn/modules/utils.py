"""Small helpers that several layers share."""

from ..._ops.create import empty
from ..parameter import Parameter

__all__ = ['consume_prefix_in_state_dict_if_present']


def repeated(value, n):
    """`value` as a tuple: n times a number, or the members of an iterable."""
    if isinstance(value, (tuple, list)):
        return tuple(value)
    return (value,) * n


def new_parameter(shape, dtype, device, requires_grad=True):
    """A Parameter whose values are still to be drawn by `reset_parameters`."""
    return Parameter(empty(shape, dtype=dtype, device=device), requires_grad)


def consume_prefix_in_state_dict_if_present(state_dict, prefix):
    """Take `prefix` off the keys of a state dict, in place.

    Args:
        state_dict (OrderedDict): what `state_dict()` returned, perhaps of a wrapped model.
        prefix (str): such as 'module.'.

    Example:
        >>> from cnet.nn.modules.utils import consume_prefix_in_state_dict_if_present
        >>> state = {'module.bias': 1}
        >>> consume_prefix_in_state_dict_if_present(state, 'module.')
        >>> state
        {'bias': 1}
    """
    wrapper = prefix.rstrip('.')  # the wrapper's own entry in the metadata has no dot
    for mapping in (state_dict, getattr(state_dict, '_metadata', {})):
        for key in list(mapping):
            value = mapping.pop(key)
            mapping[key[len(prefix):] if key.startswith(prefix) or key == wrapper else key] = value
