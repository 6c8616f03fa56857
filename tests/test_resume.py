"""A run that is stopped and resumed from a checkpoint gives the same bits as one that is not."""
from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

import cnet
from cnet import nn, optim
from cnet.utils.data import DataLoader, TensorDataset

schedulers = optim.lr_scheduler
EPOCHS, STOP = 4, 2

OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    'SGD': lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True, weight_decay=1e-3),
    'Adam': lambda p: optim.Adam(p, lr=0.01, amsgrad=True), 'AdamW': lambda p: optim.AdamW(p, lr=0.01),
    'two groups': lambda p: optim.Adam([{'params': p[:2]}, {'params': p[2:], 'lr': 0.1}], lr=0.01),
    'RMSprop': lambda p: optim.RMSprop(p, lr=0.01, momentum=0.9, centered=True), 'NAdam': lambda p: optim.NAdam(p),
    'RAdam': lambda p: optim.RAdam(p), 'Adagrad': lambda p: optim.Adagrad(p), 'Adadelta': lambda p: optim.Adadelta(p),
    'Adamax': lambda p: optim.Adamax(p), 'ASGD': lambda p: optim.ASGD(p), 'Rprop': lambda p: optim.Rprop(p),
    'Adafactor': lambda p: optim.Adafactor(p), 'LBFGS': lambda p: optim.LBFGS(p, max_iter=3, line_search_fn='strong_wolfe'),
}
SCHEDULES: dict[str, Callable[[Any], Any]] = {
    'OneCycleLR': lambda o: schedulers.OneCycleLR(o, 0.05, total_steps=EPOCHS),
    'CosineAnnealingWarmRestarts': lambda o: schedulers.CosineAnnealingWarmRestarts(o, 3),
    'SequentialLR': lambda o: schedulers.SequentialLR(o, [schedulers.LinearLR(o), schedulers.ExponentialLR(o, 0.5)], [1]),
    'ChainedScheduler': lambda o: schedulers.ChainedScheduler([schedulers.StepLR(o, 1), schedulers.ConstantLR(o)], o),
    'ReduceLROnPlateau': lambda o: schedulers.ReduceLROnPlateau(o, patience=0),
    'LambdaLR': lambda o: schedulers.LambdaLR(o, lambda epoch: 0.9 ** epoch),
}


class Run:
    """A model with dropout and running statistics, what trains it, and a loader that shuffles by a generator of its own."""

    def __init__(self, optimizer: str, schedule: str, workers: int = 0) -> None:
        cnet.manual_seed(3)
        x = cnet.randn(40, 5)
        self.model = nn.Sequential(nn.Linear(5, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 1))
        self.optimizer = OPTIMIZERS[optimizer](list(self.model.parameters()))
        self.schedule = SCHEDULES[schedule](self.optimizer)
        self.generator = cnet.Generator().manual_seed(5)
        self.loader = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), 8, shuffle=True, generator=self.generator,
                                 num_workers=workers, multiprocessing_context='fork' if workers else None)
        self.losses: list[float] = []

    def epochs(self, count: int) -> None:
        for _ in range(count):
            total = 0.0
            for x, y in self.loader:
                def closure(x: Any = x, y: Any = y) -> Any:
                    self.optimizer.zero_grad()
                    loss = nn.functional.mse_loss(self.model(x), y)
                    loss.backward()
                    return loss
                loss = closure()
                self.optimizer.step(*([closure] if isinstance(self.optimizer, optim.LBFGS) else []))
                total += loss.item()
            self.schedule.step(*([total] if isinstance(self.schedule, schedulers.ReduceLROnPlateau) else []))
            self.losses.append(total)

    def save(self, file: Any) -> None:
        cnet.save({'model': self.model.state_dict(), 'optimizer': self.optimizer.state_dict(),
                   'schedule': self.schedule.state_dict(), 'random': cnet.get_rng_state(),
                   'order': self.generator.get_state()}, file)

    def load(self, file: Any) -> None:
        state = cnet.load(file)
        self.model.load_state_dict(state['model'])
        self.optimizer.load_state_dict(state['optimizer'])
        self.schedule.load_state_dict(state['schedule'])
        cnet.set_rng_state(state['random'])
        self.generator.set_state(state['order'])

    def bits(self) -> list[Any]:
        """Everything that the run made, as bytes."""
        def flat(x: Any) -> Any:
            if isinstance(x, cnet.Tensor):
                return x.dtype, x.shape, x.detach().numpy().tobytes()
            if isinstance(x, dict):
                return {key: flat(value) for key, value in x.items()}
            return [flat(value) for value in x] if isinstance(x, (list, tuple)) else x
        return [flat(self.model.state_dict()), flat(self.optimizer.state_dict()), flat(self.schedule.state_dict())]


def check(optimizer: str, schedule: str, workers: int = 0) -> None:
    whole = Run(optimizer, schedule, workers)
    whole.epochs(EPOCHS)
    second, first, file = Run(optimizer, schedule, workers), Run(optimizer, schedule, workers), io.BytesIO()
    first.epochs(STOP)
    first.save(file)
    cnet.manual_seed(99)
    cnet.rand(7)
    file.seek(0)
    second.load(file)
    second.epochs(EPOCHS - STOP)
    assert first.losses + second.losses == whole.losses
    assert second.bits() == whole.bits()


@pytest.mark.parametrize('optimizer', OPTIMIZERS)
def test_optimizers(optimizer: str) -> None:
    check(optimizer, 'OneCycleLR' if optimizer in ('SGD', 'Adam', 'AdamW') else 'LambdaLR')


@pytest.mark.parametrize('schedule', SCHEDULES)
def test_schedules(schedule: str) -> None:
    check('SGD', schedule)


@pytest.mark.filterwarnings('ignore:This process .* is multi-threaded:DeprecationWarning')
def test_with_workers() -> None:
    check('AdamW', 'OneCycleLR', workers=2)


def test_in_another_process(tmp_path: Path, run_python: Callable[..., CompletedProcess[str]]) -> None:
    whole = Run('AdamW', 'OneCycleLR')
    whole.epochs(EPOCHS)
    first = Run('AdamW', 'OneCycleLR')
    first.epochs(STOP)
    first.save(tmp_path / 'run.pt')
    done = run_python(f"""
from test_resume import Run, EPOCHS, STOP
run = Run('AdamW', 'OneCycleLR')
run.load({str(tmp_path / 'run.pt')!r})
run.epochs(EPOCHS - STOP)
print(run.losses == {whole.losses[STOP:]!r}, hash(str(run.bits())) == hash({str(whole.bits())!r}))
""")
    assert done.stdout.split() == ['True', 'True']
