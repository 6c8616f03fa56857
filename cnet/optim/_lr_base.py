"""The base of all schedules of the learning rate."""

import functools
import types
import warnings
import weakref

from .._tensor import Tensor
from .optimizer import Optimizer, number

EPOCH_WARNING = (
    'The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. Please use '
    '`scheduler.step()` to step the scheduler. During the deprecation, if epoch is different from None, the closed form is '
    'used instead of the new chainable form, where available.')


def values_of(optimizer, key):
    """One option of all groups; tensors are copied."""
    return [x.clone() if isinstance(x, Tensor) else x for x in (group[key] for group in optimizer.param_groups)]


def set_value(group, key, value):
    """Set an option of a group; an option that is a tensor stays that tensor."""
    if isinstance(group[key], Tensor):
        group[key].fill_(number(value))
    else:
        group[key] = value


def per_group(name, optimizer, value):
    """A list with one value per group, from such a list or from one value for all."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        value = [value] * groups
    elif len(value) != groups:
        raise ValueError(f'{name} must have the same length as optimizer.param_groups. {name} has {len(value)} values, '
                         f'param_groups has {groups}.')
    return [x.clone() if isinstance(x, Tensor) else x for x in value]


def check_optimizer(optimizer):
    """Refuse anything else in the place of an optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f'{type(optimizer).__name__} is not an Optimizer')


def state_of_callable(f):
    """What is saved of a user's function: the attributes of an object, nothing (None) of a plain function."""
    return None if isinstance(f, types.FunctionType) else f.__dict__.copy()


class LRScheduler:
    """Base of schedules. A subclass defines `get_lr`, which returns the next learning rate of each group.

    Args:
        optimizer (Optimizer): whose learning rates are set.
        last_epoch (int): how many steps were made before; -1 starts anew. Default: -1.

    Example:
        >>> import cnet
        >>> class Halving(cnet.optim.lr_scheduler.LRScheduler):
        ...     def get_lr(self):
        ...         return [lr * 0.5 ** self.last_epoch for lr in self.base_lrs]
        >>> optimizer = cnet.optim.SGD([cnet.ones(1)], lr=1.0)
        >>> schedule = Halving(optimizer)
        >>> optimizer.step(); schedule.step()
        >>> schedule.get_last_lr()
        [0.5]
    """

    _get_lr_called_within_step = False
    _is_initial = False

    def __init__(self, optimizer, last_epoch=-1):
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                lr = group['lr']
                group.setdefault('initial_lr', lr.clone() if isinstance(lr, Tensor) else lr)
            elif 'initial_lr' not in group:
                raise KeyError(f"param 'initial_lr' is not specified in param_groups[{i}] when resuming scheduler with "
                               'last_epoch >= 0: load the state of the optimizer first, or start with last_epoch=-1')
        self.base_lrs = values_of(optimizer, 'initial_lr')
        self.last_epoch = last_epoch
        _note_steps(optimizer)
        self._initial_step()

    def _initial_step(self):
        """Set the first learning rate."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def state_dict(self):
        """Return everything but the optimizer.

        Returns:
            dict: the attributes of the schedule.

        Example:
            >>> import cnet
            >>> optimizer = cnet.optim.SGD([cnet.ones(1)])
            >>> cnet.optim.lr_scheduler.StepLR(optimizer, 3).state_dict()['step_size']
            3
        """
        return {key: value for key, value in self.__dict__.items() if key != 'optimizer'}

    def load_state_dict(self, state_dict):
        """Continue from what `state_dict` returned. The state of the optimizer is loaded separately."""
        self.__dict__.update(state_dict)

    def get_last_lr(self):
        """Return the learning rates that were set last.

        Returns:
            list: one per group.
        """
        return self._last_lr

    def get_lr(self):
        """Return the next learning rates. Called by `step`."""
        raise NotImplementedError

    def step(self, epoch=None):
        """Set the next learning rate. Called after `optimizer.step()`.

        Args:
            epoch (int, optional): the number of this step, if it is not the next. Deprecated.

        Example:
            >>> import cnet
            >>> optimizer = cnet.optim.SGD([cnet.ones(1)], lr=1.0)
            >>> schedule = cnet.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
            >>> optimizer.step(); schedule.step()
            >>> optimizer.param_groups[0]['lr']
            0.5
        """
        if self._step_count == 1:
            self._check_order()
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_WARNING, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _check_order(self):
        if not hasattr(self.optimizer.step, '_wrapped_by_lr_sched'):
            warnings.warn('Seems like `optimizer.step()` has been overridden after learning rate scheduler initialization. '
                          'Please, make sure to call `optimizer.step()` before `lr_scheduler.step()`.', UserWarning, stacklevel=3)
        elif not getattr(self.optimizer, '_opt_called', False):
            warnings.warn('Detected call of `lr_scheduler.step()` before `optimizer.step()`. You should call them in the '
                          'opposite order: `optimizer.step()` before `lr_scheduler.step()`. Failure to do this will result in '
                          'skipping the first value of the learning rate schedule.', UserWarning, stacklevel=3)

    def _update_lr(self, epoch=None):
        compute = self.get_lr
        if epoch is None:
            self.last_epoch += 1
        else:
            self.last_epoch = epoch
            compute = getattr(self, '_get_closed_form_lr', compute)
        self._set(compute)

    def _set(self, compute):
        """Give the groups the learning rates that `compute()` returns."""
        self._get_lr_called_within_step = True
        try:
            rates = compute()
        finally:
            self._get_lr_called_within_step = False
        for group, lr in zip(self.optimizer.param_groups, rates, strict=True):
            set_value(group, 'lr', lr)
        self._last_lr = values_of(self.optimizer, 'lr')

    def _warn_if_asked(self):
        """Warn a user who calls `get_lr`, which is not what was set last."""
        if not self._get_lr_called_within_step:
            warnings.warn('To get the last learning rate computed by the scheduler, please use `get_last_lr()`.', UserWarning,
                          stacklevel=3)


class _LRScheduler(LRScheduler):
    """The old name of `LRScheduler`."""


class FactorLR(LRScheduler):
    """A schedule that multiplies the learning rate of all groups by the same factor at each step."""

    def _factor(self):
        """What the learning rates are multiplied by at this step; None leaves them."""
        raise NotImplementedError

    def _whole_factor(self):
        """What the first learning rates are multiplied by after all steps so far."""
        raise NotImplementedError

    def get_lr(self):
        """Return the next learning rates. Called by `step`."""
        self._warn_if_asked()
        factor = self._factor()
        if factor is None:
            return values_of(self.optimizer, 'lr')
        return [group['lr'] * factor for group in self.optimizer.param_groups]

    def _get_closed_form_lr(self):
        factor = self._whole_factor()
        return [lr * factor for lr in self.base_lrs]


def _note_steps(optimizer):
    """Let the optimizer remember that it made a step, so that a wrong order of calls is noticed."""
    if hasattr(optimizer.step, '_wrapped_by_lr_sched'):
        return
    step = optimizer.step.__func__
    owner = weakref.ref(optimizer)  # the wrapper is an attribute of the optimizer: no cycle, so that memory is freed at once

    @functools.wraps(step)
    def noted(*args, **kwargs):
        optimizer = owner()
        optimizer._opt_called = True
        return step(optimizer, *args, **kwargs)

    noted._wrapped_by_lr_sched = True
    optimizer.step = noted
