"""Schedules that go up and down."""

from math import cos, floor, log, pi

from ._lr_base import LRScheduler, check_optimizer, per_group, set_value, state_of_callable


class _MomentumLR(LRScheduler):
    """A schedule that may move the momentum the opposite way."""

    def _start_momentum(self, base, largest, last_epoch):
        """Note the range of the momentum and set its largest value."""
        defaults = self.optimizer.defaults
        if 'momentum' not in defaults and 'betas' not in defaults:
            raise ValueError('optimizer must support momentum or beta1 with `cycle_momentum` option enabled')
        self.use_beta1 = 'betas' in defaults
        base = per_group('base_momentum', self.optimizer, base)
        largest = per_group('max_momentum', self.optimizer, largest)
        if last_epoch == -1:
            for low, high, group in zip(base, largest, self.optimizer.param_groups, strict=True):
                self._set_momentum(group, high)
                group['max_momentum'] = high
                group['base_momentum'] = low
        return base, largest

    def _set_momentum(self, group, value):
        if self.use_beta1:
            group['betas'] = (value, *group['betas'][1:])
        else:
            group['momentum'] = value


class CyclicLR(_MomentumLR):
    """The learning rate up from `base_lr` to `max_lr` and down again, over and over (Smith, 2017).

    Args:
        optimizer (Optimizer): whose learning rates are set.
        base_lr (float or list): lowest learning rate, of all groups or of each.
        max_lr (float or list): highest learning rate of the first cycle.
        step_size_up (int): steps of the way up. Default: 2000.
        step_size_down (int, optional): steps of the way down. Default: as many as up.
        mode (str): ``'triangular'``; ``'triangular2'`` halves the height with each cycle, ``'exp_range'`` multiplies it by
            `gamma` with each step. Default: ``'triangular'``.
        gamma (float): see `mode`. Default: 1.0.
        scale_fn (callable, optional): factor of the height by cycle or step; it replaces `mode`.
        scale_mode (str): whether `scale_fn` is given the ``'cycle'`` or the step, ``'iterations'``. Default: ``'cycle'``.
        cycle_momentum (bool): move the momentum the opposite way. Default: True.
        base_momentum, max_momentum (float or list): its range. Default: 0.8 and 0.9.
        last_epoch (int): how many steps were made before; -1 starts anew. Default: -1.

    Example:
        >>> import cnet
        >>> optimizer = cnet.optim.SGD([cnet.ones(1)], lr=1.0, momentum=0.9)
        >>> schedule = cnet.optim.lr_scheduler.CyclicLR(optimizer, 0.0, 1.0, step_size_up=2)
        >>> rates = []
        >>> for _ in range(5):
        ...     rates += schedule.get_last_lr()
        ...     optimizer.step(); schedule.step()
        >>> rates
        [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    def __init__(self, optimizer, base_lr, max_lr, step_size_up=2000, step_size_down=None, mode='triangular', gamma=1.0,
                 scale_fn=None, scale_mode='cycle', cycle_momentum=True, base_momentum=0.8, max_momentum=0.9, last_epoch=-1):
        check_optimizer(optimizer)
        self.optimizer = optimizer
        base_lrs = per_group('base_lr', optimizer, base_lr)
        if last_epoch == -1:
            for lr, group in zip(base_lrs, optimizer.param_groups, strict=True):
                set_value(group, 'lr', lr)
        self.max_lrs = per_group('max_lr', optimizer, max_lr)
        up = float(step_size_up)
        self.total_size = up + (up if step_size_down is None else float(step_size_down))
        self.step_ratio = up / self.total_size
        if mode not in ('triangular', 'triangular2', 'exp_range') and scale_fn is None:
            raise ValueError('mode is invalid and scale_fn is None')
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode
        if scale_fn is None:
            self.scale_mode = 'iterations' if mode == 'exp_range' else 'cycle'
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums, self.max_momentums = self._start_momentum(base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x):
        """The factor of the height for a number of cycles or steps."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == 'triangular2':
            return 1 / (2.0 ** (x - 1))
        return self.gamma ** x if self.mode == 'exp_range' else 1.0

    def get_lr(self):
        """Return the next learning rates and set the momenta. Called by `step`."""
        self._warn_if_asked()
        cycle = floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        height = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == 'cycle' else self.last_epoch)
        if self.cycle_momentum:
            for group, low, high in zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True):
                self._set_momentum(group, high - (high - low) * height * scale)
        return [low + (high - low) * height * scale for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self):
        """Return everything but the optimizer and a plain function; of an object, the attributes."""
        state = super().state_dict()
        function = self._scale_fn_custom
        state['_scale_fn_custom'] = None if function is None else state_of_callable(function)
        return state

    def load_state_dict(self, state_dict):
        """Continue from what `state_dict` returned. A function is not part of it: give it to the constructor."""
        function, saved = self._scale_fn_custom, state_dict['_scale_fn_custom']
        self.__dict__.update(state_dict)
        self._scale_fn_custom = function
        if saved is not None:
            function.__dict__.update(saved)


class CosineAnnealingWarmRestarts(LRScheduler):
    """The learning rate down along half a cosine, then up at once, over and over (Loshchilov & Hutter, 2017).

    Args:
        optimizer (Optimizer): whose learning rates are set.
        T_0 (int): steps until the first restart.
        T_mult (int): by what the number of steps grows with each restart. Default: 1.
        eta_min (float): lowest learning rate. Default: 0.0.
        last_epoch (int): how many steps were made before; -1 starts anew. Default: -1.

    Example:
        >>> import cnet
        >>> optimizer = cnet.optim.SGD([cnet.ones(1)], lr=1.0)
        >>> schedule = cnet.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
        >>> rates = []
        >>> for _ in range(3):
        ...     rates += schedule.get_last_lr()
        ...     optimizer.step(); schedule.step()
        >>> rates
        [1.0, 0.5, 1.0]
    """

    def __init__(self, optimizer, T_0, T_mult=1, eta_min=0.0, last_epoch=-1):
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(f'Expected positive integer T_0, but got {T_0}')
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ValueError(f'Expected integer T_mult >= 1, but got {T_mult}')
        if not isinstance(eta_min, (float, int)):
            raise ValueError(f'Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}')
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        """Return the next learning rates. Called by `step`."""
        self._warn_if_asked()
        height = (1 + cos(pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (lr - self.eta_min) * height for lr in self.base_lrs]

    def step(self, epoch=None):
        """Set the next learning rate.

        Args:
            epoch (float, optional): the number of this step, which may have a fraction, if it is not the next.
        """
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        elif epoch < 0:
            raise ValueError(f'Expected non-negative epoch, but got {epoch}')
        elif epoch < self.T_0:
            self.T_i = self.T_0
            self.T_cur = epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            restarts = int(log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult ** restarts - 1) / (self.T_mult - 1)
            self.T_i = self.T_0 * self.T_mult ** restarts
        self.last_epoch = floor(epoch)
        self._set(self.get_lr)


class OneCycleLR(_MomentumLR):
    """One cycle: the learning rate up to `max_lr`, then far down (Smith & Topin, 2018). Step it after each batch.

    Args:
        optimizer (Optimizer): whose learning rates are set.
        max_lr (float or list): highest learning rate, of all groups or of each.
        total_steps (int, optional): steps of the cycle; or give `epochs` and `steps_per_epoch`.
        epochs, steps_per_epoch (int, optional): their product is `total_steps`.
        pct_start (float): which part of the cycle goes up. Default: 0.3.
        anneal_strategy (str): ``'cos'`` or ``'linear'``. Default: ``'cos'``.
        cycle_momentum (bool): move the momentum the opposite way. Default: True.
        base_momentum, max_momentum (float or list): its range. Default: 0.85 and 0.95.
        div_factor (float): the first learning rate is ``max_lr / div_factor``. Default: 25.0.
        final_div_factor (float): the last one is the first over this. Default: 1e4.
        three_phase (bool): go down to the first learning rate as slowly as up, then to the last. Default: False.
        last_epoch (int): how many steps were made before; -1 starts anew. Default: -1.

    Example:
        >>> import cnet
        >>> optimizer = cnet.optim.SGD([cnet.ones(1)], lr=1.0, momentum=0.9)
        >>> schedule = cnet.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=10)
        >>> rates = []
        >>> for _ in range(9):
        ...     rates += schedule.get_last_lr()
        ...     optimizer.step(); schedule.step()
        >>> [round(lr, 2) for lr in rates]
        [0.04, 0.52, 1.0, 0.95, 0.81, 0.61, 0.39, 0.19, 0.05]
    """

    def __init__(self, optimizer, max_lr, total_steps=None, epochs=None, steps_per_epoch=None, pct_start=0.3,
                 anneal_strategy='cos', cycle_momentum=True, base_momentum=0.85, max_momentum=0.95, div_factor=25.0,
                 final_div_factor=1e4, three_phase=False, last_epoch=-1):
        check_optimizer(optimizer)
        self.optimizer = optimizer
        if total_steps is None and (epochs is None or steps_per_epoch is None):
            raise ValueError('You must define either total_steps OR (epochs AND steps_per_epoch)')
        counts = {'epochs': epochs, 'steps_per_epoch': steps_per_epoch} if total_steps is None else {'total_steps': total_steps}
        self.total_steps = 1
        for name, count in counts.items():
            if count <= 0 or not isinstance(count, int):
                raise ValueError(f'Expected positive integer {name}, but got {count}')
            self.total_steps *= count
        up = float(pct_start * self.total_steps) - 1
        phases = [(up, 'initial_lr', 'max_lr', 'max_momentum', 'base_momentum')]
        if three_phase:
            phases += [(2 * up, 'max_lr', 'initial_lr', 'base_momentum', 'max_momentum'),
                       (self.total_steps - 1, 'initial_lr', 'min_lr', 'max_momentum', 'max_momentum')]
        else:
            phases += [(self.total_steps - 1, 'max_lr', 'min_lr', 'base_momentum', 'max_momentum')]
        self._schedule_phases = [dict(zip(('end_step', 'start_lr', 'end_lr', 'start_momentum', 'end_momentum'), phase))
                                 for phase in phases]
        if pct_start < 0 or pct_start > 1 or not isinstance(pct_start, float):
            raise ValueError(f'Expected float between 0 and 1 pct_start, but got {pct_start}')
        if anneal_strategy not in ('cos', 'linear'):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._anneal_func_type = anneal_strategy
        highest = per_group('max_lr', optimizer, max_lr)
        if last_epoch == -1:
            for lr, group in zip(highest, optimizer.param_groups, strict=True):
                group['initial_lr'] = lr / div_factor
                group['max_lr'] = lr
                group['min_lr'] = group['initial_lr'] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._start_momentum(base_momentum, max_momentum, last_epoch)
        super().__init__(optimizer, last_epoch)

    def _anneal_func(self, start, end, part):
        if self._anneal_func_type == 'cos':
            return end + (start - end) / 2.0 * (cos(pi * part) + 1)
        return (end - start) * part + start

    def get_lr(self):
        """Return the next learning rates and set the momenta. Called by `step`."""
        self._warn_if_asked()
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(f'Tried to step {step} times. The specified number of total steps is {self.total_steps}')
        start = 0.0
        for phase in self._schedule_phases:
            end = phase['end_step']
            if step <= end or phase is self._schedule_phases[-1]:
                break
            start = end
        part = (step - start) / (end - start)
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                self._set_momentum(group, self._anneal_func(group[phase['start_momentum']], group[phase['end_momentum']], part))
        return [self._anneal_func(group[phase['start_lr']], group[phase['end_lr']], part)
                for group in self.optimizer.param_groups]
