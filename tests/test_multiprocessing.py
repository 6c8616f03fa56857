"""Processes: shared tensors are written together, others are copies, errors arrive where the processes were started."""
from __future__ import annotations

import multiprocessing
import os

import pytest
from jobs import answer, fail, leave, train, write

import cnet
from cnet import multiprocessing as mp

METHODS = [m for m in ('fork', 'spawn') if m in multiprocessing.get_all_start_methods()]


@pytest.mark.parametrize('method', METHODS)
def test_shared_memory(method: str) -> None:
    shared, plain = cnet.zeros(2, 2).share_memory_(), cnet.zeros(2)
    mp.spawn(write, (shared[:, 1], plain), 2, start_method=method)
    assert shared.tolist() == [[0, 1], [0, 2]]
    assert plain.tolist() == [0, 0]
    assert shared.is_shared() and shared[1].is_shared() and not plain.is_shared()


@pytest.mark.parametrize('method', METHODS)
def test_shared_module(method: str) -> None:
    model = cnet.nn.Linear(2, 1)
    assert model.share_memory() is model
    assert model.weight.is_shared() and model.weight.requires_grad
    mp.spawn(train, (model,), 1, start_method=method)
    assert model.weight.tolist() == [[7, 7]]
    assert model.weight.grad is None


def test_share_memory_keeps_values_and_refuses_views() -> None:
    x = cnet.arange(6).reshape(2, 3)
    y = x.clone().t().contiguous()
    assert y.share_memory_() is y and y.tolist() == x.t().tolist()
    assert y.share_memory_().is_shared()
    assert cnet.zeros(0).share_memory_().shape == (0,)
    with pytest.raises(RuntimeError, match='view'):
        x.share_memory_()


@pytest.mark.parametrize('method', METHODS)
def test_queue(method: str) -> None:
    context = mp.get_context(method)
    queue = context.SimpleQueue()
    process = context.Process(target=answer, args=(queue, cnet.ones(2)))
    process.start()
    process.join(60)
    assert process.exitcode == 0
    assert queue.get().tolist() == [2, 2]


def test_errors_arrive() -> None:
    with pytest.raises(mp.ProcessRaisedException, match='no such luck') as info:
        mp.spawn(fail, nprocs=2, start_method=METHODS[0])
    assert info.value.error_index == 1
    with pytest.raises(mp.ProcessExitedException, match='exit code 3') as left:
        mp.spawn(leave, ('code',), start_method=METHODS[0])
    assert left.value.exit_code == 3
    if os.name == 'posix':
        with pytest.raises(mp.ProcessExitedException, match='SIGKILL'):
            mp.spawn(leave, ('signal',), start_method=METHODS[0])


def test_join_returns_when_told_not_to_wait() -> None:
    context = mp.spawn(fail, join=False, start_method=METHODS[0])
    while not context.join(timeout=5):
        pass
    assert len(context.pids()) == 1 and context.join()


def test_refuses_what_has_a_history() -> None:
    from multiprocessing.reduction import ForkingPickler
    with pytest.raises(RuntimeError, match='non-leaf'):
        ForkingPickler.dumps(cnet.ones(1, requires_grad=True) * 2)


def test_strategies() -> None:
    mp.set_sharing_strategy(mp.get_sharing_strategy())
    with pytest.raises(AssertionError):
        mp.set_sharing_strategy('hope')
