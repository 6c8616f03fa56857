"""Module: the base of all layers and models.

Its four duties are kept in four files: what it owns (`_registry`), what it saves (`_state`), the hooks around its call
(`_hooks`) and conversions of all its tensors (`_convert`). This file joins them and adds the call itself.
"""

from ..._kernels._state import call_forward, register_hooks
from ._convert import Convertible
from ._hooks import (
    GLOBAL,
    Hooked,
    register_module_backward_hook,
    register_module_buffer_registration_hook,
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
    register_module_full_backward_pre_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)
from ._registry import Registry
from ._state import Stateful, _IncompatibleKeys

__all__ = [
    'Module', 'register_module_backward_hook', 'register_module_buffer_registration_hook',
    'register_module_forward_hook', 'register_module_forward_pre_hook', 'register_module_full_backward_hook',
    'register_module_full_backward_pre_hook', 'register_module_module_registration_hook',
    'register_module_parameter_registration_hook', '_IncompatibleKeys',
]


def _indented(text):
    return text.replace('\n', '\n  ')


class Module(Registry, Stateful, Hooked, Convertible):
    """The base class of layers and models. A subclass assigns its parts in `__init__` and computes in `forward`.

    Parameters, buffers and modules that are assigned as attributes become part of `parameters()`, `state_dict()`
    and of all that is done to the whole module. Calling the module calls `forward`, and the hooks around it.

    Attributes:
        training (bool): set by `train()` and `eval()`; layers such as Dropout ask for it.

    Example:
        >>> import cnet
        >>> class Double(cnet.nn.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.scale = cnet.nn.Parameter(cnet.tensor(2.0))
        ...     def forward(self, x):
        ...         return x * self.scale
        >>> Double()(cnet.ones(2))
        tensor([2., 2.], grad_fn=<MulBackward0>)
    """

    dump_patches = False
    call_super_init = False  # True: Module.__init__ passes its arguments on, for multiple inheritance
    _version = 1             # saved with the state, so that a class can read states of its older versions
    _is_full_backward_hook = None  # which kind of backward hooks the module has; it cannot have both

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if cls.__call__ is Module.__call__:
            call_forward(cls)

    def __init__(self, *args, **kwargs):
        if not self.call_super_init:
            if kwargs:
                raise TypeError(f'{type(self).__name__}.__init__() got an unexpected keyword argument '
                                f"'{next(iter(kwargs))}'")
            if args:
                raise TypeError(f'{type(self).__name__}.__init__() takes 1 positional argument but {len(args) + 1} '
                                'were given')
        own = self.__dict__  # directly: __setattr__ asks for these very members
        own['training'] = True
        own['_parameters'] = {}
        own['_buffers'] = {}
        own['_non_persistent_buffers_set'] = set()
        own['_modules'] = {}
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    def forward(self, *input):
        """What the module computes; every subclass defines it."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args, **kwargs):  # subclasses do the same in C, see __init_subclass__
        if '_hooked' in self.__dict__ or GLOBAL:
            return self._call_with_hooks(args, kwargs)
        return self.forward(*args, **kwargs)

    def __setstate__(self, state):
        self.__dict__.update(state)

    # ---- modes

    def train(self, mode=True):
        """Switch the module and all below it to training mode, or with False to evaluation mode.

        Args:
            mode (bool): True to train.

        Returns:
            Module: self

        Example:
            >>> import cnet
            >>> cnet.nn.Dropout().train(False).training
            False
        """
        if not isinstance(mode, bool):
            raise ValueError('training mode is expected to be boolean')
        self.training = mode
        for child in self.children():
            child.train(mode)
        return self

    def eval(self):
        """Switch to evaluation mode, `train(False)`; returns self."""
        return self.train(False)

    def requires_grad_(self, requires_grad=True):
        """Set whether the parameters accumulate gradients; returns self.

        Args:
            requires_grad (bool): False freezes them.
        """
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none=True):
        """Forget the gradients of all parameters.

        Args:
            set_to_none (bool): drop them; False keeps the tensors and fills them with zeros.
        """
        for parameter in self.parameters():
            grad = parameter.grad
            if grad is None:
                continue
            if set_to_none:
                parameter.grad = None
            else:
                if grad.grad_fn is not None:
                    grad.detach_()
                else:
                    grad.requires_grad_(False)
                grad.zero_()

    def compile(self, *args, **kwargs):
        """Accepted, as by `cnet.compile`: the module runs as it is."""

    # ---- printing

    def _get_name(self):
        return type(self).__name__

    def extra_repr(self):
        """What `repr` shows of the module itself, usually its constructor's arguments."""
        return ''

    def __repr__(self):
        extra = self.extra_repr()
        lines = extra.split('\n') if extra else []
        children = [f'({name}): {_indented(repr(module))}' for name, module in self._modules.items()]
        if len(lines) == 1 and not children:
            return f'{self._get_name()}({lines[0]})'
        body = ''.join(f'\n  {line}' for line in (*lines, *children))
        return f'{self._get_name()}({body}\n)' if body else f'{self._get_name()}()'


register_hooks('_hooked', GLOBAL, Module._call_with_hooks)
