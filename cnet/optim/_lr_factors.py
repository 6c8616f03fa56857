"""Schedules with one formula for all steps."""

from bisect import bisect_right
from collections import Counter
from math import cos, pi

from ._lr_base import FactorLR, LRScheduler, state_of_callable, values_of


class _FunctionLR(LRScheduler):
    """A schedule by a user's function per group."""

    def __init__(self, optimizer, lr_lambda, last_epoch=-1):
        self.optimizer = optimizer
        groups = len(optimizer.param_groups)
        if not isinstance(lr_lambda, (list, tuple)):
            lr_lambda = [lr_lambda] * groups
        elif len(lr_lambda) != groups:
            raise ValueError(f'Expected {groups} lr_lambdas, but got {len(lr_lambda)}')
        self.lr_lambdas = list(lr_lambda)
        for function in self.lr_lambdas:
            self.check(function)
        super().__init__(optimizer, last_epoch)

    def check(self, function):
        """Refuse what is no function."""

    def state_dict(self):
        """Return everything but the optimizer and plain functions; of objects, the attributes."""
        state = super().state_dict()
        state['lr_lambdas'] = [state_of_callable(f) for f in self.lr_lambdas]
        return state

    def load_state_dict(self, state_dict):
        """Continue from what `state_dict` returned. Functions are not part of it: give them to the constructor."""
        self.__dict__.update({key: value for key, value in state_dict.items() if key != 'lr_lambdas'})
        for function, saved in zip(self.lr_lambdas, state_dict['lr_lambdas']):
            if saved is not None:
                function.__dict__.update(saved)


class LambdaLR(_FunctionLR):
    """The first learning rate times a function of the number of steps.

    Args:
        optimizer (Optimizer): whose learning rates are set.
        lr_lambda (callable or list): step number to factor; one for all groups, or one each.
        last_epoch (int): how many steps were made before; -1 starts anew. Default: -1.

    Example:
        >>> import cnet
        >>> optimizer = cnet.optim.SGD([cnet.ones(1)], lr=1.0)
        >>> schedule = cnet.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
        >>> optimizer.step(); schedule.step()
        >>> schedule.get_last_lr()
        [0.5]
    """

    def get_lr(self):
        """Return the next learning rates. Called by `step`."""
        self._warn_if_asked()
        return [lr * function(self.last_epoch) for function, lr in zip(self.lr_lambdas, self.base_lrs, strict=True)]


class MultiplicativeLR(_FunctionLR):
    """The learning rate so far times a function of the number of steps.

    Args:
        optimizer (Optimizer): whose learning rates are set.
        lr_lambda (callable or list): step number to factor; one for all groups, or one each.
        last_epoch (int): how many steps were made before; -1 starts anew. Default: -1.

    Example:
        >>> import cnet
        >>> optimizer = cnet.optim.SGD([cnet.ones(1)], lr=1.0)
        >>> schedule = cnet.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda step: 0.5)
        >>> optimizer.step(); schedule.step()
        >>> schedule.get_last_lr()
        [0.5]
    """

    def check(self, function):
        """Refuse what is no function."""
        if not callable(function):
            raise TypeError(f'lr_lambda should be a function, but got {type(function).__name__}')

    def get_lr(self):
        """Return the next learning rates. Called by `step`."""
        self._warn_if_asked()
        if self._is_initial:
            return values_of(self.optimizer, 'lr')
        return [group['lr'] * function(self.last_epoch)
                for function, group in zip(self.lr_lambdas, self.optimizer.param_groups, strict=True)]


class StepLR(FactorLR):
    """The learning rate times `gamma` every `step_size` steps.

    Args:
        optimizer (Optimizer): whose learning rates are set.
        step_size (int): how many steps a learning rate lasts.
        gamma (float): the factor. Default: 0.1.
        last_epoch (int): how many steps were made before; -1 starts anew. Default: -1.

    Example:
        >>> import cnet
        >>> optimizer = cnet.optim.SGD([cnet.ones(1)], lr=1.0)
        >>> schedule = cnet.optim.lr_scheduler.StepLR(optimizer, 2, gamma=0.5)
        >>> for _ in range(3):
        ...     optimizer.step(); schedule.step()
        >>> schedule.get_last_lr()
        [0.5]
    """

    def __init__(self, optimizer, step_size, gamma=0.1, last_epoch=-1):
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self):
        return self.gamma if self.last_epoch and self.last_epoch % self.step_size == 0 else None

    def _whole_factor(self):
        return self.gamma ** (self.last_epoch // self.step_size)


class MultiStepLR(FactorLR):
    """The learning rate times `gamma` at each milestone.

    Args:
        optimizer (Optimizer): whose learning rates are set.
        milestones (iterable of int): step numbers.
        gamma (float): the factor. Default: 0.1.
        last_epoch (int): how many steps were made before; -1 starts anew. Default: -1.

    Example:
        >>> import cnet
        >>> optimizer = cnet.optim.SGD([cnet.ones(1)], lr=1.0)
        >>> schedule = cnet.optim.lr_scheduler.MultiStepLR(optimizer, [1, 2], gamma=0.5)
        >>> for _ in range(3):
        ...     optimizer.step(); schedule.step()
        >>> schedule.get_last_lr()
        [0.25]
    """

    def __init__(self, optimizer, milestones, gamma=0.1, last_epoch=-1):
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self):
        times = self.milestones.get(self.last_epoch, 0)
        return self.gamma ** times if times else None

    def _whole_factor(self):
        return self.gamma ** bisect_right(sorted(self.milestones.elements()), self.last_epoch)


class ConstantLR(FactorLR):
    """The learning rate times `factor` for the first `total_iters` steps.

    Args:
        optimizer (Optimizer): whose learning rates are set.
        factor (float): from 0 to 1. Default: 1/3.
        total_iters (int): how many steps it lasts. Default: 5.
        last_epoch (int): how many steps were made before; -1 starts anew. Default: -1.

    Example:
        >>> import cnet
        >>> optimizer = cnet.optim.SGD([cnet.ones(1)], lr=1.0)
        >>> cnet.optim.lr_scheduler.ConstantLR(optimizer, 0.5).get_last_lr()
        [0.5]
    """

    def __init__(self, optimizer, factor=1.0 / 3, total_iters=5, last_epoch=-1):
        if factor > 1.0 or factor < 0:
            raise ValueError('Constant multiplicative factor expected to be between 0 and 1.')
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self):
        if self.last_epoch == 0:
            return self.factor
        return 1.0 / self.factor if self.last_epoch == self.total_iters else None

    def _whole_factor(self):
        return 1 if self.last_epoch >= self.total_iters else self.factor


class LinearLR(FactorLR):
    """The learning rate times a factor that goes from `start_factor` to `end_factor` in `total_iters` equal steps.

    Args:
        optimizer (Optimizer): whose learning rates are set.
        start_factor (float): above 0, at most 1. Default: 1/3.
        end_factor (float): from 0 to 1. Default: 1.0.
        total_iters (int): how many steps. Default: 5.
        last_epoch (int): how many steps were made before; -1 starts anew. Default: -1.

    Example:
        >>> import cnet
        >>> optimizer = cnet.optim.SGD([cnet.ones(1)], lr=1.0)
        >>> schedule = cnet.optim.lr_scheduler.LinearLR(optimizer, 0.5, total_iters=2)
        >>> optimizer.step(); schedule.step()
        >>> schedule.get_last_lr()
        [0.75]
    """

    def __init__(self, optimizer, start_factor=1.0 / 3, end_factor=1.0, total_iters=5, last_epoch=-1):
        if start_factor > 1.0 or start_factor <= 0:
            raise ValueError('Starting multiplicative factor expected to be greater than 0 and less or equal to 1.')
        if end_factor > 1.0 or end_factor < 0:
            raise ValueError('Ending multiplicative factor expected to be between 0 and 1.')
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self):
        if self.last_epoch == 0:
            return self.start_factor
        if self._is_initial or self.last_epoch > self.total_iters:
            return None
        rise = self.end_factor - self.start_factor
        return 1.0 + rise / (self.total_iters * self.start_factor + (self.last_epoch - 1) * rise)

    def _whole_factor(self):
        rise = self.end_factor - self.start_factor
        return self.start_factor + rise * min(self.total_iters, self.last_epoch) / self.total_iters


class ExponentialLR(FactorLR):
    """The learning rate times `gamma` at each step.

    Args:
        optimizer (Optimizer): whose learning rates are set.
        gamma (float): the factor.
        last_epoch (int): how many steps were made before; -1 starts anew. Default: -1.

    Example:
        >>> import cnet
        >>> optimizer = cnet.optim.SGD([cnet.ones(1)], lr=1.0)
        >>> schedule = cnet.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> optimizer.step(); schedule.step()
        >>> schedule.get_last_lr()
        [0.5]
    """

    def __init__(self, optimizer, gamma, last_epoch=-1):
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self):
        return None if self._is_initial else self.gamma

    def _whole_factor(self):
        return self.gamma ** self.last_epoch


class PolynomialLR(FactorLR):
    """The learning rate times ``(1 - step / total_iters)**power``, so that it is 0 after `total_iters` steps.

    Args:
        optimizer (Optimizer): whose learning rates are set.
        total_iters (int): how many steps. Default: 5.
        power (float): the power. Default: 1.0.
        last_epoch (int): how many steps were made before; -1 starts anew. Default: -1.

    Example:
        >>> import cnet
        >>> optimizer = cnet.optim.SGD([cnet.ones(1)], lr=1.0)
        >>> schedule = cnet.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=4)
        >>> optimizer.step(); schedule.step()
        >>> schedule.get_last_lr()
        [0.75]
    """

    def __init__(self, optimizer, total_iters=5, power=1.0, last_epoch=-1):
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def _factor(self):
        if self._is_initial or self.last_epoch > self.total_iters:
            return None
        return ((1.0 - self.last_epoch / self.total_iters) / (1.0 - (self.last_epoch - 1) / self.total_iters)) ** self.power

    def _whole_factor(self):
        return (1.0 - min(self.total_iters, self.last_epoch) / self.total_iters) ** self.power


class CosineAnnealingLR(LRScheduler):
    """The learning rate along half a cosine, from its first value to `eta_min` in `T_max` steps, and back.

    Args:
        optimizer (Optimizer): whose learning rates are set.
        T_max (int): steps from the highest to the lowest learning rate.
        eta_min (float): the lowest. Default: 0.0.
        last_epoch (int): how many steps were made before; -1 starts anew. Default: -1.

    Example:
        >>> import cnet
        >>> optimizer = cnet.optim.SGD([cnet.ones(1)], lr=1.0)
        >>> schedule = cnet.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=2)
        >>> optimizer.step(); schedule.step()
        >>> schedule.get_last_lr()
        [0.5]
    """

    def __init__(self, optimizer, T_max, eta_min=0.0, last_epoch=-1):
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """Return the next learning rates. Called by `step`."""
        self._warn_if_asked()
        groups, step, half = self.optimizer.param_groups, self.last_epoch, self.T_max
        if self._is_initial:
            return values_of(self.optimizer, 'lr')
        if self._step_count == 1 and step > 0:
            return self._get_closed_form_lr()
        if (step - 1 - half) % (2 * half) == 0:  # the step before was at the lowest point: no ratio to take
            return [group['lr'] + (lr - self.eta_min) * (1 - cos(pi / half)) / 2
                    for lr, group in zip(self.base_lrs, groups, strict=True)]
        ratio = (1 + cos(pi * step / half)) / (1 + cos(pi * (step - 1) / half))
        return [ratio * (group['lr'] - self.eta_min) + self.eta_min for group in groups]

    def _get_closed_form_lr(self):
        height = (1 + cos(pi * self.last_epoch / self.T_max)) / 2
        return [self.eta_min + (lr - self.eta_min) * height for lr in self.base_lrs]
