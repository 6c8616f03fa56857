"""Running averages of a model's parameters."""

from copy import deepcopy
from itertools import chain
from math import cos, pi

from .._core.dtype import int64
from .._core.mode import no_grad
from .._ops.from_data import tensor
from ..nn.modules.batchnorm import _BatchNorm
from ..nn.modules.module import Module
from ._lr_base import LRScheduler, per_group

__all__ = ['AveragedModel', 'SWALR', 'get_ema_avg_fn', 'get_ema_multi_avg_fn', 'get_swa_avg_fn', 'get_swa_multi_avg_fn',
           'update_bn']


def _check_decay(decay):
    if decay < 0.0 or decay > 1.0:
        raise ValueError(f'Invalid decay value {decay} provided. Please provide a value in [0,1] range.')


def get_ema_multi_avg_fn(decay=0.999):
    """Return a function that moves a list of averages towards parameters: ``decay * average + (1 - decay) * p``.

    Args:
        decay (float): from 0 to 1. Default: 0.999.

    Returns:
        callable: for `AveragedModel`'s `multi_avg_fn`.

    Example:
        >>> import cnet
        >>> average = [cnet.zeros(2)]
        >>> cnet.optim.swa_utils.get_ema_multi_avg_fn(0.75)(average, [cnet.ones(2)], 1)
        >>> average
        [tensor([0.2500, 0.2500])]
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(ema_param_list, current_param_list, _):
        for average, p in zip(ema_param_list, current_param_list, strict=True):
            if average.is_floating_point() or average.is_complex():
                average.lerp_(p, 1 - decay)
            else:
                average.copy_(average * decay + p * (1 - decay))
    return ema_update


def get_swa_multi_avg_fn():
    """Return a function that takes parameters into a list of plain averages.

    Returns:
        callable: for `AveragedModel`'s `multi_avg_fn`.

    Example:
        >>> import cnet
        >>> average = [cnet.zeros(2)]
        >>> cnet.optim.swa_utils.get_swa_multi_avg_fn()(average, [cnet.ones(2)], 1)
        >>> average
        [tensor([0.5000, 0.5000])]
    """
    @no_grad()
    def swa_update(averaged_param_list, current_param_list, num_averaged):
        for average, p in zip(averaged_param_list, current_param_list, strict=True):
            if average.is_floating_point() or average.is_complex():
                average.lerp_(p, float(1 / (num_averaged + 1)))
            else:
                average.add_((p - average).div(num_averaged + 1, rounding_mode='trunc'))
    return swa_update


def get_ema_avg_fn(decay=0.999):
    """Return a function ``decay * average + (1 - decay) * p`` of one average and one parameter.

    Args:
        decay (float): from 0 to 1. Default: 0.999.

    Returns:
        callable: for `AveragedModel`'s `avg_fn`.

    Example:
        >>> import cnet
        >>> cnet.optim.swa_utils.get_ema_avg_fn(0.75)(cnet.zeros(2), cnet.ones(2), 1)
        tensor([0.2500, 0.2500])
    """
    _check_decay(decay)

    @no_grad()
    def ema_update(ema_param, current_param, num_averaged):
        return decay * ema_param + (1 - decay) * current_param
    return ema_update


def get_swa_avg_fn():
    """Return a function that takes one parameter into its plain average.

    Returns:
        callable: for `AveragedModel`'s `avg_fn`.

    Example:
        >>> import cnet
        >>> cnet.optim.swa_utils.get_swa_avg_fn()(cnet.zeros(2), cnet.ones(2), 1)
        tensor([0.5000, 0.5000])
    """
    @no_grad()
    def swa_update(averaged_param, current_param, num_averaged):
        return averaged_param + (current_param - averaged_param) / (num_averaged + 1)
    return swa_update


class AveragedModel(Module):
    """A copy of a model whose parameters are running averages of the model's.

    Args:
        model (Module): the model.
        device (device, optional): accepted; there is one device.
        avg_fn (callable, optional): ``(average, parameter, count) -> new average``.
        multi_avg_fn (callable, optional): ``(averages, parameters, count)``, which changes the averages in place. Without
            either function the averages are plain ones.
        use_buffers (bool): average the buffers too; else they are copied. Default: False.

    Example:
        >>> import cnet
        >>> model = cnet.nn.Linear(1, 1)
        >>> average = cnet.optim.swa_utils.AveragedModel(model)
        >>> for value in (1.0, 2.0, 6.0):
        ...     _ = cnet.nn.init.constant_(model.weight, value)
        ...     average.update_parameters(model)
        >>> average.module.weight.item()
        3.0
    """

    def __init__(self, model, device=None, avg_fn=None, multi_avg_fn=None, use_buffers=False):
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError('Only one of avg_fn and multi_avg_fn should be provided')
        self.module = deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer('n_averaged', tensor(0, dtype=int64, device=device))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args, **kwargs):
        """Run the averaged model."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model):
        """Take the parameters of a model into the averages.

        Args:
            model (Module): with the parameters of the model given first.
        """
        mine, theirs = ([x.detach() for x in (chain(m.parameters(), m.buffers()) if self.use_buffers else m.parameters())]
                        for m in (self.module, model))
        if self.n_averaged == 0:
            for average, p in zip(mine, theirs):
                average.copy_(p)
        elif self.avg_fn is not None:
            for average, p in zip(mine, theirs):
                average.copy_(self.avg_fn(average, p, self.n_averaged))
        else:
            update = get_swa_multi_avg_fn() if self.multi_avg_fn is None else self.multi_avg_fn
            for dtype in dict.fromkeys(average.dtype for average in mine):  # a list for each type, as such functions expect
                alike = [(average, p) for average, p in zip(mine, theirs) if average.dtype is dtype]
                update([average for average, _ in alike], [p for _, p in alike], self.n_averaged)
        if not self.use_buffers:
            for mine, theirs in zip(self.module.buffers(), model.buffers(), strict=True):
                mine.detach().copy_(theirs.detach())
        self.n_averaged += 1


@no_grad()
def update_bn(loader, model, device=None):
    """Set the running statistics of all batch norms of a model from the data of a loader.

    Args:
        loader (iterable): batches; the first element of a tuple or list is the input.
        model (Module): the model, usually an `AveragedModel`.
        device (device, optional): where inputs are moved to.

    Example:
        >>> import cnet
        >>> model = cnet.nn.BatchNorm1d(1)
        >>> cnet.optim.swa_utils.update_bn([cnet.tensor([[1.0], [3.0]])], model)
        >>> model.running_mean
        tensor([2.])
    """
    momenta = {}
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.reset_running_stats()
            momenta[module] = module.momentum
    if not momenta:
        return
    was_training = model.training
    model.train()
    for module in momenta:
        module.momentum = None
    for batch in loader:
        if isinstance(batch, (list, tuple)):
            batch = batch[0]
        model(batch if device is None else batch.to(device))
    for module, momentum in momenta.items():
        module.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """The learning rate to a fixed value in `anneal_epochs` steps, for the time in which parameters are averaged.

    Args:
        optimizer (Optimizer): whose learning rates are set.
        swa_lr (float or list): the value, of all groups or of each.
        anneal_epochs (int): how many steps. Default: 10.
        anneal_strategy (str): ``'cos'`` or ``'linear'``. Default: ``'cos'``.
        last_epoch (int): how many steps were made before; -1 starts anew. Default: -1.

    Example:
        >>> import cnet
        >>> optimizer = cnet.optim.SGD([cnet.ones(1)], lr=1.0)
        >>> schedule = cnet.optim.swa_utils.SWALR(optimizer, swa_lr=0.5, anneal_epochs=2, anneal_strategy='linear')
        >>> optimizer.step(); schedule.step()
        >>> schedule.get_last_lr()
        [0.75]
    """

    def __init__(self, optimizer, swa_lr, anneal_epochs=10, anneal_strategy='cos', last_epoch=-1):
        for lr, group in zip(per_group('swa_lr', optimizer, swa_lr), optimizer.param_groups, strict=True):
            group['swa_lr'] = lr
        if anneal_strategy not in ('cos', 'linear'):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._anneal_strategy = anneal_strategy
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f'anneal_epochs must be equal or greater than 0, got {anneal_epochs}')
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _share(self, step):
        """How much of the final value is in the learning rate of a step."""
        t = max(0, min(1, step / max(1, self.anneal_epochs)))
        return (1 - cos(pi * t)) / 2 if self._anneal_strategy == 'cos' else t

    def get_lr(self):
        """Return the next learning rates. Called by `step`."""
        self._warn_if_asked()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._share(step - 1), self._share(step)
        rates = []
        for group in self.optimizer.param_groups:
            lr, final = group['lr'], group['swa_lr']
            first = final if before == 1 else (lr - before * final) / (1 - before)
            rates.append(final * now + first * (1 - now))
        return rates
