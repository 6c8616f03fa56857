"""The thread count: its default, its setting, forked children, two Python threads at once."""
from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest

import cnet
from cnet import _kernels as K

forks = pytest.mark.skipif(not hasattr(os, 'fork'), reason='needs fork')
COUNT = 'import cnet; print(cnet.get_num_threads())'


@pytest.mark.skipif(sys.platform != 'linux', reason='affinity masks are read on Linux')
def test_the_default_is_at_most_the_affinity_mask(run_python: Callable) -> None:
    env = {'OMP_NUM_THREADS': ''}
    everywhere = int(run_python(COUNT, **env).stdout)
    assert 1 <= everywhere <= len(os.sched_getaffinity(0))
    pin = f'import os; os.sched_setaffinity(0, {{{min(os.sched_getaffinity(0))}}})\n'
    assert int(run_python(pin + COUNT, **env).stdout) == 1


@pytest.mark.parametrize(('value', 'expected'), [('3', '3'), ('5,2', '5'), (' 2 ', '2')])
def test_omp_num_threads_is_respected(value: str, expected: str, run_python: Callable) -> None:
    assert run_python(COUNT, OMP_NUM_THREADS=value).stdout.strip() == expected


@pytest.mark.parametrize('value', ['0', '-1', 'many', ''])
def test_a_bad_omp_num_threads_is_ignored(value: str, run_python: Callable) -> None:
    assert int(run_python(COUNT, OMP_NUM_THREADS=value).stdout) >= 1


def test_setting_takes_effect_at_once() -> None:
    for count in (3, 1, 2):
        cnet.set_num_threads(count)
        assert cnet.get_num_threads() == count
        assert K._threads.threads_wanted(1e9) == count


@pytest.mark.parametrize(('count', 'error'), [(0, RuntimeError), (-2, RuntimeError), ('2', TypeError)])
def test_bad_counts(count: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        cnet.set_num_threads(count)


def test_small_work_stays_on_one_thread() -> None:
    cnet.set_num_threads(8)
    wanted = [K._threads.threads_wanted(work) for work in (0, 131071, 131072, 4 * 65536, 1e12)]
    assert wanted == [1, 1, 2, 4, 8]
    assert K._threads.threads_wanted(float('nan')) == 1


@forks
@pytest.mark.parametrize('request_more', ['', 'cnet.set_num_threads(4)'])
def test_a_forked_child_computes(request_more: str, run_python: Callable) -> None:
    """The parent has used its threads; the child has none of them and must not wait for them."""
    run_python(f'''
import os, signal, cnet
from cnet import _kernels as K
cnet.set_num_threads(3)
K._threads.set_grain(1)
x = cnet.arange(100_000, dtype=cnet.float32).reshape(100, 1000)
expected = cnet.softmax(x, 1).sum().item()
pid = os.fork()
if pid == 0:
    signal.alarm(30)
    {request_more}
    assert cnet.get_num_threads() == 1
    os._exit(0 if cnet.softmax(x, 1).sum().item() == expected else 1)
assert os.waitpid(pid, 0)[1] == 0
assert cnet.get_num_threads() == 3
''')


@forks
def test_a_child_of_a_parent_that_used_no_threads_may_have_some(run_python: Callable) -> None:
    run_python('''
import os, cnet
pid = os.fork()
if pid == 0:
    assert cnet.get_num_threads() == 1
    cnet.set_num_threads(2)
    os._exit(0 if cnet.get_num_threads() == 2 else 1)
assert os.waitpid(pid, 0)[1] == 0
''')


def test_two_python_threads_compute_at_once(fine_grain: None) -> None:
    cnet.set_num_threads(2)
    x = cnet.from_numpy(np.random.default_rng(0).standard_normal((64, 257)))
    expected = cnet.softmax(x, 1).numpy().tobytes()
    wrong: list[int] = []

    def work() -> None:
        wrong.extend(i for i in range(50) if cnet.softmax(x, 1).numpy().tobytes() != expected)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


@pytest.fixture
def flushing() -> Iterator[None]:
    if not cnet.set_flush_denormal(True):
        pytest.skip('this processor has no such mode')
    yield
    cnet.set_flush_denormal(False)


def denormals_survive(threads: int) -> np.ndarray:
    """For each element, one denormal number: whether the kernel that multiplied it left anything."""
    cnet.set_num_threads(threads)
    return (cnet.full((1 << 18,), 1e-39) * 2)._a != 0


@pytest.mark.usefixtures('flushing')
def test_denormals_are_flushed_on_all_threads() -> None:
    assert not any(denormals_survive(threads).any() for threads in (1, 2, 4, 3))
    cnet.set_flush_denormal(False)
    assert all(denormals_survive(threads).all() for threads in (1, 2, 4))
    cnet.set_flush_denormal(True)
    assert not any(denormals_survive(threads).any() for threads in (4, 2))


@pytest.mark.usefixtures('flushing')
def test_other_python_threads_keep_their_denormals() -> None:
    answers: list[bool] = []
    go = threading.Event()

    def work() -> None:
        go.wait()
        answers.append(bool((cnet.full((8,), 1e-39) * 2 != 0).all()))
    cnet.set_flush_denormal(False)
    thread = threading.Thread(target=work)
    thread.start()
    cnet.set_flush_denormal(True)
    go.set()
    thread.join()
    assert answers == [True]


@pytest.mark.parametrize('mode', [1, None, 'on'])
def test_flushing_wants_a_bool(mode: object) -> None:
    with pytest.raises(RuntimeError, match='flush_denormal expects a bool'):
        cnet.set_flush_denormal(mode)
