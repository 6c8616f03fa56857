"""Mixed precision, as far as it exists on this CPU: gradient scaling works, autocast is always off."""

import functools
import warnings

from ._core.device import device as parse_device
from ._core.dtype import float16
from ._core.mode import no_grad

__all__ = ['GradScaler', 'autocast', 'custom_bwd', 'custom_fwd', 'is_autocast_available']


def is_autocast_available(device_type):
    """Whether autocast can be on for a kind of device.

    Args:
        device_type (str): 'cpu', 'cuda', ...

    Returns:
        bool: False. NumPy has no bfloat16, and float16 is slower than float32 on CPUs.

    Example:
        >>> import cnet
        >>> cnet.amp.is_autocast_available('cpu')
        False
    """
    parse_device(device_type)
    return False


class autocast:
    """A context or decorator in which PyTorch would compute in a smaller type. Here it warns, if enabled, and is off.

    Args:
        device_type (str): 'cpu', 'cuda', ...
        dtype (dtype, optional): the smaller type.
        enabled (bool): False makes it silent.
        cache_enabled (bool, optional): accepted.

    Example:
        >>> import cnet
        >>> with cnet.amp.autocast('cpu', enabled=False):
        ...     cnet.ones(1).dtype
        cnet.float32
    """

    def __init__(self, device_type, dtype=None, enabled=True, cache_enabled=None):
        if not isinstance(device_type, str):
            raise ValueError(f'Expected `device_type` of type `str`, got: `{type(device_type)}`')
        parse_device(device_type)
        if enabled:
            if device_type == 'cpu':
                warnings.warn('In CPU autocast, but the target dtype is not supported. Disabling autocast.', stacklevel=2)
            else:
                warnings.warn(f'{device_type} is not available. Disabling autocast.', stacklevel=2)
        self.device = device_type
        self.fast_dtype = float16 if dtype is None else dtype
        self._enabled = False

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        return False

    def __call__(self, function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)
        return wrapper


def custom_fwd(fwd=None, *, device_type, cast_inputs=None):
    """Mark the `forward` of an autograd Function; without autocast nothing changes.

    Args:
        fwd (callable, optional): the method.
        device_type (str): 'cpu', 'cuda', ...
        cast_inputs (dtype, optional): accepted; it counts under autocast only.

    Returns:
        callable: the method, or a decorator.
    """
    parse_device(device_type)
    return (lambda f: f) if fwd is None else fwd


def custom_bwd(bwd=None, *, device_type):
    """Mark the `backward` of an autograd Function; without autocast nothing changes.

    Args:
        bwd (callable, optional): the method.
        device_type (str): 'cpu', 'cuda', ...

    Returns:
        callable: the method, or a decorator.
    """
    return custom_fwd(bwd, device_type=device_type)


class GradScaler:
    """Multiplies losses by a factor, so that small gradients do not vanish in float16, and takes it out before the step.

    Args:
        device (str): 'cpu'; 'cuda' is off, with a warning.
        init_scale (float): the first factor.
        growth_factor (float): what it is multiplied by after `growth_interval` steps in a row without infinite gradients.
        backoff_factor (float): what it is multiplied by after a step with them; such a step is left out.
        growth_interval (int): see `growth_factor`.
        enabled (bool): False makes every method do what a program without it would do.

    Example:
        >>> import cnet
        >>> scaler = cnet.amp.GradScaler('cpu', init_scale=8.0)
        >>> scaler.scale(cnet.tensor(2.0))
        tensor(16.)
    """

    def __init__(self, device='cuda', init_scale=65536.0, growth_factor=2.0, backoff_factor=0.5, growth_interval=2000,
                 enabled=True):
        if parse_device(device).type != 'cpu' and enabled:
            warnings.warn(f'GradScaler is enabled, but {device} is not available. Disabling.', stacklevel=2)
            enabled = False
        self._enabled = enabled
        if enabled:
            if growth_factor <= 1.0:
                raise AssertionError('The growth factor must be > 1.0.')
            if backoff_factor >= 1.0:
                raise AssertionError('The backoff factor must be < 1.0.')
        self._scale = float(init_scale)
        self._growth_factor, self._backoff_factor, self._growth_interval = growth_factor, backoff_factor, growth_interval
        self._growth_tracker = 0
        self._found = {}        # id of an optimizer whose gradients were unscaled -> whether one was infinite or NaN
        self._stepped = set()   # ids of the optimizers that made their step since the last update

    def scale(self, outputs):
        """A loss, or a tuple or list of losses, times the factor."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, (list, tuple)):
            return type(outputs)(self.scale(x) for x in outputs)
        return outputs * self._scale

    def unscale_(self, optimizer):
        """Take the factor out of the gradients, in order to clip them, for example; `step` does it otherwise."""
        if not self._enabled:
            return
        if id(optimizer) in self._stepped:
            raise RuntimeError('unscale_() is being called after step().')
        if id(optimizer) in self._found:
            raise RuntimeError('unscale_() has already been called on this optimizer since the last update().')
        found = False
        with no_grad():
            for group in optimizer.param_groups:
                for parameter in group['params']:
                    if parameter.grad is not None:
                        if parameter.grad.dtype == float16:
                            raise ValueError('Attempting to unscale FP16 gradients.')
                        found |= not parameter.grad.isfinite().all().item()
                        parameter.grad.mul_(1 / self._scale)
        self._found[id(optimizer)] = found

    def step(self, optimizer, *args, **kwargs):
        """The optimizer's step, unless a gradient is infinite or NaN; returns what the step returns."""
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if 'closure' in kwargs:
            raise RuntimeError('Closure use is not currently supported if GradScaler is enabled.')
        if id(optimizer) in self._stepped:
            raise RuntimeError('step() has already been called since the last update().')
        if id(optimizer) not in self._found:
            self.unscale_(optimizer)
        self._stepped.add(id(optimizer))
        return None if self._found[id(optimizer)] else optimizer.step(*args, **kwargs)

    def update(self, new_scale=None):
        """Adapt the factor to what the steps found, or set it.

        Args:
            new_scale (float or Tensor, optional): the new factor.
        """
        if not self._enabled:
            return
        if new_scale is not None:
            self._scale = float(new_scale)
        elif not self._found:
            raise AssertionError('No inf checks were recorded prior to update.')
        elif any(self._found.values()):
            self._scale *= self._backoff_factor
            self._growth_tracker = 0
        else:
            self._growth_tracker += 1
            if self._growth_tracker == self._growth_interval:
                self._scale *= self._growth_factor
                self._growth_tracker = 0
        self._found.clear()
        self._stepped.clear()

    def get_scale(self):
        """The factor: 1.0 if the scaler is off."""
        return self._scale if self._enabled else 1.0

    def get_growth_factor(self):
        """See the constructor."""
        return self._growth_factor

    def set_growth_factor(self, new_factor):
        """See the constructor."""
        self._growth_factor = new_factor

    def get_backoff_factor(self):
        """See the constructor."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor):
        """See the constructor."""
        self._backoff_factor = new_factor

    def get_growth_interval(self):
        """See the constructor."""
        return self._growth_interval

    def set_growth_interval(self, new_interval):
        """See the constructor."""
        self._growth_interval = new_interval

    def is_enabled(self):
        """Whether the scaler is on."""
        return self._enabled

    def state_dict(self):
        """The factor and what decides about its next change; empty if the scaler is off."""
        if not self._enabled:
            return {}
        return {'scale': self.get_scale(), 'growth_factor': self._growth_factor, 'backoff_factor': self._backoff_factor,
                'growth_interval': self._growth_interval, '_growth_tracker': self._growth_tracker}

    def load_state_dict(self, state_dict):
        """Take back what `state_dict` returned.

        Args:
            state_dict (dict): not that of a scaler that was off.
        """
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError('The source state dict is empty, possibly because it was saved from a disabled instance of '
                               'GradScaler.')
        self._scale = state_dict['scale']
        self._growth_factor = state_dict['growth_factor']
        self._backoff_factor = state_dict['backoff_factor']
        self._growth_interval = state_dict['growth_interval']
        self._growth_tracker = state_dict['_growth_tracker']
