"""Schedules made of schedules, and the one that follows a measurement."""

import warnings
from bisect import bisect_right
from math import inf

from ._lr_base import EPOCH_WARNING, LRScheduler, check_optimizer, set_value, values_of


class _Composed(LRScheduler):
    """A schedule that hands its steps to others."""

    def check(self, schedulers, optimizer):
        """Refuse schedules that cannot be combined."""
        name = type(self).__name__
        for i, scheduler in enumerate(schedulers):
            if not hasattr(scheduler, 'optimizer'):
                raise TypeError(f'{name} at index {i} should have `optimizer` as its attribute.')
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(f'{name} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to be '
                                 f'specified when calling `step`, but got one at index {i} in the given schedulers sequence.')
            if optimizer is not scheduler.optimizer:
                raise ValueError(f'{name} expects all schedulers to belong to the same optimizer, but got scheduler '
                                 f'{type(scheduler).__name__} at index {i} has {scheduler.optimizer}, which is different from '
                                 f'{type(optimizer).__name__}.')

    def state_dict(self):
        """Return everything but the optimizer, with the states of the schedules."""
        state = super().state_dict()
        state['_schedulers'] = [scheduler.state_dict() for scheduler in self._schedulers]
        return state

    def load_state_dict(self, state_dict):
        """Continue from what `state_dict` returned."""
        self.__dict__.update({key: value for key, value in state_dict.items() if key != '_schedulers'})
        for scheduler, saved in zip(self._schedulers, state_dict['_schedulers']):
            scheduler.load_state_dict(saved)


class SequentialLR(_Composed):
    """Several schedules, one after the other.

    Args:
        optimizer (Optimizer): whose learning rates are set.
        schedulers (list): schedules of this optimizer.
        milestones (list of int): the step numbers at which the next schedule takes over, one fewer than schedules.
        last_epoch (int): how many steps were made before; -1 starts anew. Default: -1.

    Example:
        >>> import cnet
        >>> from cnet.optim.lr_scheduler import ConstantLR, ExponentialLR, SequentialLR
        >>> optimizer = cnet.optim.SGD([cnet.ones(1)], lr=1.0)
        >>> parts = [ConstantLR(optimizer, 0.5, 2), ExponentialLR(optimizer, 0.5)]
        >>> schedule = SequentialLR(optimizer, parts, milestones=[2])
        >>> rates = []
        >>> for _ in range(4):
        ...     rates += schedule.get_last_lr()
        ...     optimizer.step(); schedule.step()
        >>> rates
        [0.5, 0.5, 1.0, 0.5]
    """

    def __init__(self, optimizer, schedulers, milestones, last_epoch=-1):
        if len(schedulers) < 1:
            raise ValueError(f'{type(self).__name__} expects at least one scheduler, but got no scheduler.')
        self.check(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError('Sequential Schedulers expects number of schedulers provided to be one more than the number of '
                             f'milestone points, but got number of schedulers {len(schedulers)} and the number of milestones to '
                             f'be equal to {len(milestones)}')
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        # Each schedule made its first step when it was made; only the first one shall have.
        for group in optimizer.param_groups:
            set_value(group, 'lr', group['initial_lr'])
        self.recursive_undo()
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def recursive_undo(self, sched=None):
        """Take back the step that schedules, and the schedules in them, made last."""
        sched = self if sched is None else sched
        if hasattr(sched, '_schedulers'):
            for part in sched._schedulers:
                self.recursive_undo(part)
        elif hasattr(sched, 'last_epoch'):
            sched.last_epoch -= 1

    def step(self):
        """Set the next learning rate. Called after `optimizer.step()`."""
        self.last_epoch += 1
        i = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[i]
        if i > 0 and self._milestones[i - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


class ChainedScheduler(_Composed):
    """Several schedules at once: each changes what the one before it has set.

    Args:
        schedulers (sequence): schedules of one optimizer.
        optimizer (Optimizer, optional): that optimizer.

    Example:
        >>> import cnet
        >>> from cnet.optim.lr_scheduler import ChainedScheduler, ConstantLR, ExponentialLR
        >>> optimizer = cnet.optim.SGD([cnet.ones(1)], lr=1.0)
        >>> schedule = ChainedScheduler([ConstantLR(optimizer, 0.5), ExponentialLR(optimizer, 0.5)])
        >>> optimizer.step(); schedule.step()
        >>> schedule.get_last_lr()
        [0.25]
    """

    def __init__(self, schedulers, optimizer=None):
        if len(schedulers) < 1:
            raise ValueError(f'{type(self).__name__} expects at least one scheduler to be chained, but got no scheduler.')
        optimizer = optimizer or schedulers[0].optimizer
        self.check(schedulers, optimizer)
        self._schedulers = schedulers
        self.optimizer = optimizer
        self._last_lr = values_of(optimizer, 'lr')

    def step(self):
        """Set the next learning rate. Called after `optimizer.step()`."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = values_of(self.optimizer, 'lr')


class ReduceLROnPlateau(LRScheduler):
    """The learning rate times `factor` whenever a measurement has not become better for a while.

    Args:
        optimizer (Optimizer): whose learning rates are set.
        mode (str): whether less is better, ``'min'``, or more, ``'max'``. Default: ``'min'``.
        factor (float): below 1. Default: 0.1.
        patience (int): how many steps without progress are let pass. Default: 10.
        threshold (float): how much progress counts. Default: 1e-4.
        threshold_mode (str): whether that is relative to the best, ``'rel'``, or absolute, ``'abs'``. Default: ``'rel'``.
        cooldown (int): how many steps after a change are not counted. Default: 0.
        min_lr (float or list): the lowest learning rate, of all groups or of each. Default: 0.
        eps (float): smaller changes of the learning rate are not made. Default: 1e-8.

    Example:
        >>> import cnet
        >>> optimizer = cnet.optim.SGD([cnet.ones(1)], lr=1.0)
        >>> schedule = cnet.optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
        >>> for loss in (3.0, 2.0, 2.0, 2.0):
        ...     schedule.step(loss)
        >>> schedule.get_last_lr()
        [0.5]
    """

    def __init__(self, optimizer, mode='min', factor=0.1, patience=10, threshold=1e-4, threshold_mode='rel', cooldown=0,
                 min_lr=0, eps=1e-8):
        if factor >= 1.0:
            raise ValueError('Factor should be < 1.0.')
        self.factor = factor
        check_optimizer(optimizer)
        self.optimizer = optimizer
        groups = len(optimizer.param_groups)
        if isinstance(min_lr, (list, tuple)):
            if len(min_lr) != groups:
                raise ValueError(f'expected {groups} min_lrs, got {len(min_lr)}')
            self.default_min_lr = None
            self.min_lrs = list(min_lr)
        else:
            self.default_min_lr = min_lr
            self.min_lrs = [min_lr] * groups
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.last_epoch = 0
        self._last_lr = values_of(optimizer, 'lr')
        if mode not in ('min', 'max'):
            raise ValueError(f'mode {mode} is unknown!')
        if threshold_mode not in ('rel', 'abs'):
            raise ValueError(f'threshold mode {threshold_mode} is unknown!')
        self.mode_worse = inf if mode == 'min' else -inf
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    @property
    def in_cooldown(self):
        """Whether steps are not counted because the learning rate has just changed."""
        return self.cooldown_counter > 0

    def step(self, metrics, epoch=None):
        """Take note of a measurement and set the learning rate.

        Args:
            metrics (float or Tensor): the measurement.
            epoch (int, optional): the number of this step, if it is not the next. Deprecated.
        """
        current = float(metrics)
        if epoch is None:
            epoch = self.last_epoch + 1
        else:
            warnings.warn(EPOCH_WARNING, UserWarning, stacklevel=2)
        self.last_epoch = epoch
        if self._is_better(current, self.best):
            self.best = current
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce_lr()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = values_of(self.optimizer, 'lr')

    def _is_better(self, current, best):
        down = self.mode == 'min'
        margin = -self.threshold if down else self.threshold
        limit = best * (1.0 + margin) if self.threshold_mode == 'rel' else best + margin
        return current < limit if down else current > limit

    def _reduce_lr(self):
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):
            if self.default_min_lr is None:
                raise RuntimeError(f'The number of param groups in the `optimizer` ({len(groups)}) differs from when '
                                   f'`ReduceLROnPlateau` was initialized ({len(self.min_lrs)}), usually due to a new param group '
                                   'being added to the optimizer. Please modify the `min_lrs` field to match the length of the '
                                   '`optimizer` param groups.')
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, least in zip(groups, self.min_lrs):
            old = float(group['lr'])
            new = max(old * self.factor, least)
            if old - new > self.eps:
                set_value(group, 'lr', new)
