"""The world of one process: identities, refusals, and the model wrappers on it."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import cnet
import cnet.distributed as dist
from cnet.nn.parallel import DistributedDataParallel


@pytest.fixture
def world() -> Iterator[None]:
    dist.init_process_group('gloo', init_method='tcp://127.0.0.1:29500', rank=0, world_size=1)
    yield
    if dist.is_initialized():
        dist.destroy_process_group()


def test_before_the_world() -> None:
    assert dist.is_available() and not dist.is_initialized() and dist.group.WORLD is None
    for f in (dist.get_rank, dist.get_world_size, dist.get_backend, dist.barrier, lambda: dist.all_reduce(cnet.ones(1)),
              lambda: DistributedDataParallel(cnet.nn.Linear(1, 1))):
        with pytest.raises(ValueError, match='has not been initialized'):
            f()
    with pytest.raises(AssertionError):
        dist.destroy_process_group()


def test_world_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RuntimeError, match='world of 2 processes'):
        dist.init_process_group('gloo', rank=0, world_size=2)
    with pytest.raises(RuntimeError, match='nccl'):
        dist.init_process_group('nccl', rank=0, world_size=1)
    with pytest.raises(ValueError, match='rank 1'):
        dist.init_process_group('gloo', rank=1, world_size=1)
    monkeypatch.delenv('RANK', raising=False)
    with pytest.raises(ValueError, match='variable RANK expected'):
        dist.init_process_group()
    monkeypatch.setenv('RANK', '0')
    monkeypatch.setenv('WORLD_SIZE', '1')
    dist.init_process_group()
    with pytest.raises(ValueError, match='twice'):
        dist.init_process_group('gloo')
    dist.destroy_process_group()
    assert not dist.is_initialized()


def test_identities(world: None) -> None:
    assert (dist.get_rank(), dist.get_world_size(), dist.get_backend(), dist.get_process_group_ranks()) == (0, 1, 'gloo', [0])
    x, y = cnet.tensor([1., 2.]), cnet.zeros(2)
    for call in (lambda: dist.all_reduce(x), lambda: dist.all_reduce(x, dist.ReduceOp.MAX), lambda: dist.reduce(x, 0),
                 lambda: dist.broadcast(x, 0), dist.barrier, dist.monitored_barrier):
        assert call() is None
    assert x.tolist() == [1, 2]
    assert dist.all_reduce(x, async_op=True).wait() and dist.barrier(async_op=True).is_completed()
    pairs: list[Any] = [
        lambda: dist.all_gather([y], x), lambda: dist.gather(x, [y]), lambda: dist.scatter(y, [x]), lambda: dist.all_to_all([y],
                                                                                                                            [x]),
        lambda: dist.reduce_scatter(y, [x]), lambda: dist.all_gather_into_tensor(y, x), lambda: dist.reduce_scatter_tensor(y, x),
        lambda: dist.all_to_all_single(y, x)]
    for call in pairs:
        y.zero_()
        call()
        assert y.tolist() == [1, 2]
    found: list[Any] = [None]
    dist.all_gather_object(found, 'a')
    assert found == ['a']
    dist.scatter_object_list(found, ['b'])
    assert found == ['b']
    dist.gather_object('c', found)
    dist.broadcast_object_list(found)
    assert found == ['c']
    assert dist.get_world_size(dist.new_group([0])) == 1


def test_refusals(world: None) -> None:
    x = cnet.ones(2)
    for call in (lambda: dist.broadcast(x, 1), lambda: dist.new_group([0, 1]), lambda: dist.send(x, 1), lambda: dist.recv(x, 0),
                 lambda: dist.all_gather([x, x], x), lambda: dist.all_gather([cnet.ones(3)], x), lambda: dist.gather(x)):
        with pytest.raises(ValueError):
            call()
    with pytest.raises(TypeError, match='tensor'):
        dist.all_reduce(3)


def test_distributed_data_parallel(world: None) -> None:
    inner = cnet.nn.Linear(2, 1)
    model = DistributedDataParallel(inner)
    x = cnet.ones(3, 2)
    with model.no_sync():
        assert not model.require_backward_grad_sync
        model(x).sum().backward()
    assert cnet.equal(model(x), inner(x)) and inner.weight.grad.tolist() == [[3, 3]]
    assert list(model.state_dict()) == ['module.weight', 'module.bias'] and model.require_backward_grad_sync
    with pytest.raises(RuntimeError, match='not needed'):
        DistributedDataParallel(cnet.nn.ReLU())
    with pytest.raises(ValueError, match='device_ids'):
        DistributedDataParallel(inner, device_ids=[0])


def test_questions() -> None:
    assert dist.is_gloo_available() and not dist.is_nccl_available() and not dist.is_mpi_available()
    assert dist.get_default_backend_for_device('cpu') == 'gloo'
    with pytest.raises(ValueError):
        dist.get_default_backend_for_device('cuda')
    assert dist.get_node_local_rank(2) in range(64)
