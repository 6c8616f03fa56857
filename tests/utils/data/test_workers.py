"""Worker processes of DataLoader: order, errors, deaths, and that nothing is left behind."""
from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnet
from cnet.utils import data
from cnet.utils.data import DataLoader

pytestmark = [
    pytest.mark.skipif('fork' not in multiprocessing.get_all_start_methods(), reason='needs fork'),
    # Python counts OpenMP's threads; a forked worker computes on one thread.
    pytest.mark.filterwarnings('ignore:This process .* is multi-threaded:DeprecationWarning'),
]


@pytest.fixture(autouse=True)
def _no_process_is_left() -> Iterator[None]:
    yield
    gc.collect()
    assert multiprocessing.active_children() == []


class Numbers(data.Dataset):
    def __init__(self, n: int = 20) -> None:
        self.n = n

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, i: int) -> Any:
        return self.get(i)

    def get(self, i: int) -> Any:
        return i


class Bad(Numbers):
    """Does something bad at sample 5."""

    def __init__(self, bad: Any) -> None:
        super().__init__()
        self.bad = bad

    def get(self, i: int) -> Any:
        return self.bad() if i == 5 else i


class Stream(data.IterableDataset):
    """Numbers up to n, every worker its share."""

    def __init__(self, n: int) -> None:
        self.n = n

    def __iter__(self) -> Iterator[int]:
        info = data.get_worker_info()
        return iter(range(self.n) if info is None else range(info.id, self.n, info.num_workers))


class Two(Exception):
    def __init__(self, a: Any, b: Any) -> None:
        super().__init__(a, b)


def fork(dataset: Any, **options: Any) -> DataLoader:
    return DataLoader(dataset, **{'num_workers': 2, 'batch_size': 3, 'multiprocessing_context': 'fork', **options})


def fail(error: Exception) -> Any:
    raise error


def flat(batches: Any) -> list[int]:
    return [i for batch in batches for i in batch.tolist()]


@pytest.mark.parametrize('options', [{}, {'num_workers': 1}, {'prefetch_factor': 5}, {'drop_last': True}, {'shuffle': True},
                                     {'persistent_workers': True}, {'batch_size': None}, {'batch_size': 50}], ids=str)
def test_same_batches_as_one_process(options: dict[str, Any]) -> None:
    single = {k: v for k, v in options.items() if k not in ('num_workers', 'prefetch_factor', 'persistent_workers')}
    cnet.manual_seed(1)
    loader = DataLoader(Numbers(), **{'batch_size': 3, **single})
    expected = [[np.asarray(b).tolist() for b in loader] for _ in range(2)]
    cnet.manual_seed(1)
    loader = fork(Numbers(), **options)
    assert [[np.asarray(b).tolist() for b in loader] for _ in range(2)] == expected


def test_tensors_travel_whole() -> None:
    """Large, empty, non-contiguous and small tensors, parameters and requires_grad."""
    items = [cnet.randn(700, 700), cnet.randn(300, 400).t(), cnet.zeros(0, 3), cnet.tensor(True),
             cnet.randn(2, dtype=cnet.complex64), cnet.randn(3, requires_grad=True), cnet.nn.Parameter(cnet.ones(600)),
             {'a': np.arange(3000), 'b': None}]
    got = list(fork(items, batch_size=None, collate_fn=lambda x: x))
    for a, b in zip(items[:7], got[:7]):
        assert cnet.equal(a, b)
        assert (type(a), a.dtype, a.shape, a.requires_grad) == (type(b), b.dtype, b.shape, b.requires_grad)
        b.detach().zero_()
    assert got[7]['a'].tolist() == list(range(3000))


def test_out_of_order() -> None:
    class Slow(Numbers):
        def get(self, i: int) -> int:
            if i < 3:
                time.sleep(0.5)
            return i

    got = flat(fork(Slow(), in_order=False))
    assert got != sorted(got) == list(range(20))
    assert sorted(flat(fork(Stream(20), in_order=False))) == list(range(20))
    assert flat(fork(Slow(6))) == list(range(6))


def test_iterable() -> None:
    assert sorted(flat(fork(Stream(20)))) == list(range(20))
    loader = fork(Stream(7), persistent_workers=True, batch_size=2)
    assert [sorted(flat(loader)) for _ in range(3)] == [list(range(7))] * 3
    assert flat(fork(Stream(7), num_workers=1)) == list(range(7))


def test_persistent_workers_stay_and_others_do_not() -> None:
    class Pid(Numbers):
        def get(self, i: int) -> int:
            return os.getpid()

    stay, go = fork(Pid(), persistent_workers=True), fork(Pid())
    assert set(flat(stay)) == set(flat(stay))
    assert not set(flat(go)) & set(flat(go))
    assert len(set(flat(stay))) == 2


def test_a_pass_may_be_broken_off() -> None:
    loader = fork(Numbers(100), persistent_workers=True)
    for _ in range(3):
        for batch in loader:
            assert batch.tolist() == [0, 1, 2]
            break
    assert flat(loader) == list(range(100))
    plain = iter(fork(Numbers(100)))
    next(plain)
    del plain


def test_worker_info_and_init() -> None:
    class Info(Numbers):
        def get(self, i: int) -> tuple[int, ...]:
            info = data.get_worker_info()
            assert info is not None
            assert info.dataset is self
            seeded = info.seed - cnet.initial_seed()
            return info.id, info.num_workers, seeded, int(os.environ['CNET_TEST']), cnet.get_num_threads()

    def init(number: int) -> None:
        os.environ['CNET_TEST'] = str(number * 10)

    rows = [tuple(t.tolist() for t in row) for row in fork(Info(4), batch_size=None, worker_init_fn=init, collate_fn=lambda x: [
        cnet.tensor(v) for v in x])]
    assert rows == [(0, 2, 0, 0, 1), (1, 2, 0, 10, 1)] * 2
    assert data.get_worker_info() is None


def test_random_numbers_repeat_and_differ_between_workers() -> None:
    class Noise(Numbers):
        def get(self, i: int) -> float:
            return cnet.rand(1).item()

    runs = []
    for _ in range(2):
        cnet.manual_seed(5)
        runs.append(flat(fork(Noise())))
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 20


@pytest.mark.parametrize(('error', 'kind', 'text'), [
    (ValueError('what is wrong'), ValueError, 'what is wrong'), (KeyError('key'), KeyError, "KeyError: 'key'"),
    (Two(1, 2), RuntimeError, 'Caught Two in'), (StopIteration(), StopIteration, 'Caught StopIteration'),
    (type('Local', (Exception,), {})('x'), RuntimeError, 'Caught Local in'),
])
def test_exceptions_come_with_the_traceback(error: Exception, kind: type[Exception], text: str) -> None:
    iterator = iter(fork(Bad(lambda: fail(error))))
    assert next(iterator).tolist() == [0, 1, 2]
    if kind is StopIteration:
        with pytest.raises(StopIteration, match=text):
            next(iterator)
    else:
        with pytest.raises(kind, match='in DataLoader worker process 1') as caught:
            next(iterator)
        assert text in str(caught.value)
        assert 'in fail' in str(caught.value)
        assert '\\n' not in str(caught.value)
    assert next(iterator).tolist() == [6, 7, 8], 'the loader goes on'


def test_other_failures_in_workers() -> None:
    with pytest.raises(ValueError, match='not today'):
        list(fork(Numbers(), worker_init_fn=lambda number: fail(ValueError('not today'))))
    with pytest.raises(RuntimeError, match='Cowardly refusing to serialize non-leaf tensor'):
        list(fork([cnet.ones(1, requires_grad=True) * 2]))
    with pytest.raises((TypeError, AttributeError), match='pickle'):
        list(fork([1], collate_fn=lambda batch: lambda: 3))


@pytest.mark.parametrize(('bad', 'text'), [
    (lambda: os.kill(os.getpid(), signal.SIGKILL), 'killed by signal: SIGKILL'), (lambda: os._exit(3), 'with exit code 3'),
    (lambda: os.kill(os.getpid(), signal.SIGTERM), 'killed by signal: SIGTERM')])
@pytest.mark.parametrize('options', [{}, {'persistent_workers': True, 'in_order': False}], ids=str)
def test_killed_worker(bad: Any, text: str, options: dict[str, Any]) -> None:
    loader = fork(Bad(bad), **options)
    with pytest.raises(RuntimeError, match=r'DataLoader worker \(pid\(s\) \d+ ' + text + r'\) exited unexpectedly'):
        list(loader)
    with pytest.raises(RuntimeError, match='exited unexpectedly'):
        list(loader)


def test_timeout() -> None:
    begun = time.monotonic()
    with pytest.raises(RuntimeError, match='DataLoader timed out after 0.5 seconds'):
        list(fork(Bad(lambda: time.sleep(60)), timeout=0.5))
    assert time.monotonic() - begun < 30


SCRIPT = '''
import multiprocessing, os, sys, time
import cnet
from cnet.utils.data import DataLoader, Dataset

class Slow(Dataset):
    def __len__(self):
        return 100
    def __getitem__(self, i):
        time.sleep(0.05 if i else 0)
        return cnet.ones(int(sys.argv[2]))

if __name__ == '__main__':
    loader = DataLoader(Slow(), num_workers=2, multiprocessing_context=sys.argv[1])
    for i, batch in enumerate(loader):
        if i == 0:
            print(os.getpid(), *[p.pid for p in multiprocessing.active_children()], flush=True)
'''


def shared_memory() -> set[str]:
    """Names of shared memory, but for semaphores and PyTorch's, which belong to tests that run beside this one."""
    return {name for name in os.listdir('/dev/shm') if not name.startswith(('sem.', 'torch_'))}


def alive(pid: int) -> bool:
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False


@pytest.mark.skipif(not Path('/proc/self/stat').exists(), reason='reads /proc')
@pytest.mark.parametrize('size', [1000, 300_000])  # through the pipe, and through shared memory
@pytest.mark.parametrize(('method', 'how'), [('fork', signal.SIGINT), ('fork', signal.SIGKILL), ('spawn', signal.SIGTERM),
                                             ('spawn', signal.SIGINT)])
def test_nothing_is_left_when_the_program_dies(method: str, how: signal.Signals, size: int, tmp_path: Path) -> None:
    segments = shared_memory()
    script = tmp_path / 'program.py'
    script.write_text(SCRIPT)
    path = os.pathsep.join([str(Path(cnet.__file__).parent.parent), *sys.path])
    program = subprocess.Popen([sys.executable, str(script), method, str(size)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True, env=os.environ | {'PYTHONPATH': path}, start_new_session=True)
    assert program.stdout is not None
    assert program.stderr is not None
    pids = [int(pid) for pid in program.stdout.readline().split()]
    assert len(pids) == 3
    if how is signal.SIGINT:
        os.killpg(program.pid, how)  # as Ctrl-C does
    else:
        os.kill(program.pid, how)
    program.wait(20)
    limit = time.monotonic() + 15
    while any(alive(pid) for pid in pids) and time.monotonic() < limit:
        time.sleep(0.05)
    assert [pid for pid in pids if alive(pid)] == []
    assert not shared_memory() - segments
    errors = program.stderr.read()
    tracebacks = errors.count('Traceback')
    if method == 'spawn' and how is signal.SIGINT:
        assert tracebacks >= 1  # a worker that is still importing when Ctrl-C comes shows where it was
    else:
        assert tracebacks == (how is signal.SIGINT), errors
    program.stdout.close()
    program.stderr.close()


def test_spawn() -> None:
    loader = DataLoader(data.TensorDataset(cnet.arange(10)), batch_size=4, num_workers=1, multiprocessing_context='spawn')
    assert [batch[0].tolist() for batch in loader] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    with pytest.raises((AttributeError, TypeError), match='pickle'):
        iter(DataLoader(Bad(lambda: 3), num_workers=1, multiprocessing_context='spawn'))
