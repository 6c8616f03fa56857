"""Schedules to try, made from the module of either library."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

METRICS = [1.0, 0.9, 0.95, 0.94, 0.8, 0.81, 0.82, 0.83, 0.7, 0.7, 0.7, 0.7, 0.7, 0.69, 0.71, 0.72, 0.6, 0.61, 0.62, 0.63, 0.64]


def optimizer(lib: Any) -> Any:
    """SGD with two groups."""
    return lib.optim.SGD([{'params': [lib.ones(2)], 'lr': 0.5}, {'params': [lib.ones(3)]}], lr=0.05, momentum=0.9)


def _sequential(lib: Any, o: Any) -> Any:
    s = lib.optim.lr_scheduler
    return s.SequentialLR(o, [s.LinearLR(o, 0.1, total_iters=3), s.ExponentialLR(o, 0.9), s.StepLR(o, 2)], [4, 8])


def _chained(lib: Any, o: Any) -> Any:
    s = lib.optim.lr_scheduler
    return s.ChainedScheduler([s.ConstantLR(o, 0.1, 3), s.CosineAnnealingLR(o, 7), s.ExponentialLR(o, 0.9)], optimizer=o)


def _plain(name: str, *args: Any, **options: Any) -> Callable[[Any, Any], Any]:
    return lambda lib, o: getattr(lib.optim.swa_utils if name == 'SWALR' else lib.optim.lr_scheduler, name)(o, *args, **options)


SCHEDULES: dict[str, Callable[[Any, Any], Any]] = {
    'lambda': _plain('LambdaLR', lambda t: 0.9 ** t),
    'lambdas': _plain('LambdaLR', [lambda t: 0.9 ** t, lambda t: 1 / (t + 1)]),
    'multiplicative': _plain('MultiplicativeLR', lambda t: 0.9 + 0.01 * t),
    'step': _plain('StepLR', 3, gamma=0.5),
    'multistep': _plain('MultiStepLR', [3, 3, 9], gamma=0.3),
    'constant': _plain('ConstantLR', 0.25, 7),
    'linear': _plain('LinearLR', 0.2, 0.8, 6),
    'exponential': _plain('ExponentialLR', 0.9),
    'polynomial': _plain('PolynomialLR', 9, 2.0),
    'cosine': _plain('CosineAnnealingLR', 5, 0.01),
    'restarts': _plain('CosineAnnealingWarmRestarts', 3, 2, 0.001),
    'cyclic': _plain('CyclicLR', [0.01, 0.02], [0.1, 0.2], 3, 5, mode='triangular2'),
    'cyclic by range': _plain('CyclicLR', 0.01, 0.1, 3, mode='exp_range', gamma=0.95, cycle_momentum=False),
    'cyclic by function': _plain('CyclicLR', 0.01, 0.1, 3, scale_fn=lambda x: 1 / (1 + x), scale_mode='iterations'),
    'one cycle': _plain('OneCycleLR', 0.1, total_steps=30),
    'one cycle in three': _plain('OneCycleLR', [0.1, 0.3], epochs=3, steps_per_epoch=8, anneal_strategy='linear',
                                 three_phase=True),
    'swa': _plain('SWALR', [0.05, 0.1], anneal_epochs=5, anneal_strategy='linear'),
    'swa at once': _plain('SWALR', 0.05, anneal_epochs=0),
    'plateau': _plain('ReduceLROnPlateau', factor=0.5, patience=1, cooldown=2, min_lr=[0.01, 0.001]),
    'plateau of most': _plain('ReduceLROnPlateau', 'max', patience=2, threshold=0.05, threshold_mode='abs'),
    'sequential': _sequential,
    'chained': _chained,
}


def follow(lib: Any, make: Any, steps: int, made: Any = None, first: int = 0) -> tuple[list[Any], Any, Any]:
    """Rates, momenta and last rates of some steps; the optimizer and the schedule."""
    if made is None:
        o = optimizer(lib)
        made = o, make(lib, o)
    o, schedule = made
    seen = []
    for metric in METRICS[first:first + steps]:
        o.step()
        schedule.step(*([metric] if type(schedule).__name__ == 'ReduceLROnPlateau' else []))
        values = [group[key] for key in ('lr', 'momentum') for group in o.param_groups] + schedule.get_last_lr()
        seen.append([float(value) for value in values])
    return seen, o, schedule
