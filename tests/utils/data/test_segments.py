"""Large batches through shared memory: right, bounded, and nothing is left of it however a loader ends."""
from __future__ import annotations

import errno
import gc
import multiprocessing
import multiprocessing.resource_tracker
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from loading import Batches, same

from cnet.utils.data import DataLoader, _segments

pytestmark = [
    pytest.mark.skipif(_segments._create is None, reason='needs memory without a name'),
    pytest.mark.filterwarnings('ignore:This process .* is multi-threaded:DeprecationWarning'),
]
MB = 1 << 20


def loader(dataset: Any, **options: Any) -> DataLoader:
    chosen = {'batch_size': None, 'collate_fn': same, 'num_workers': 2, 'multiprocessing_context': 'fork', **options}
    return DataLoader(dataset, **chosen)


def held() -> tuple[int, list[str]]:
    """Open descriptors of this process, and its maps of batches."""
    gc.collect()
    maps = [line for line in Path('/proc/self/maps').read_text().splitlines() if 'cnet batches' in line]
    return len(os.listdir('/proc/self/fd')), maps


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    multiprocessing.resource_tracker.ensure_running()  # spawn would start it, and leave it
    before = held()
    yield
    assert held() == before
    assert multiprocessing.active_children() == []


def check(batches: Any, sizes: list[int]) -> None:
    for i, (x, rest) in enumerate(batches):
        assert x.shape == (sizes[i],)
        assert bool((x == i).all())
        assert (rest['more'] == i).all()
        assert rest['text'] == str(i)
        x.add_(1)


@pytest.mark.parametrize('method', ['fork', 'spawn'])
def test_sizes_that_grow_and_shrink(method: str) -> None:
    sizes = [10, MB, 3 * MB, 10, 2 * MB, _segments.SHARED, 1, 4 * MB, 0, MB] * 2
    check(loader(Batches(sizes), multiprocessing_context=method, prefetch_factor=3), sizes)


def test_segments_are_few() -> None:
    sizes = [MB] * 40
    iterator = iter(loader(Batches(sizes), prefetch_factor=3))
    most = 0
    for i in range(40):
        x, _ = next(iterator)
        assert bool((x == i).all())
        most = max(most, len(held()[1]))
    assert 2 <= most <= 2 * (3 + 1)


def test_batches_outlive_the_loader() -> None:
    sizes = [MB] * 8
    kept = list(loader(Batches(sizes), persistent_workers=True))
    check(kept, sizes)


@pytest.mark.parametrize('persistent', [False, True])
def test_pass_that_is_broken_off(persistent: bool) -> None:
    batches = loader(Batches([MB] * 30), persistent_workers=persistent)
    for _ in range(3):
        for x, _rest in batches:
            assert not x.any()
            break
    check(batches, [MB] * 30)


@pytest.mark.parametrize('harm', ['kill', 'raise'])
@pytest.mark.parametrize('bad', [0, 7])
def test_worker_that_dies_or_raises(harm: str, bad: int) -> None:
    with pytest.raises((RuntimeError, ValueError), match='SIGKILL' if harm == 'kill' else 'bad batch'):
        check(loader(Batches([MB] * 12, bad, harm)), [MB] * 12)


@pytest.mark.parametrize('what', ['no such call', 'refused', 'no memory'])
def test_without_shared_memory_batches_take_the_pipe(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any) -> Any:
        raise OSError(errno.ENOSPC, 'none left')
    if what == 'no such call':
        monkeypatch.setattr(_segments, '_create', None)
    elif what == 'refused':
        monkeypatch.setattr(_segments, '_create', refuse)
    else:
        monkeypatch.setattr(os, 'posix_fallocate', refuse)
    iterator = iter(loader(Batches([MB] * 6)))
    x, _ = next(iterator)
    assert not x.any()
    assert held()[1] == []
    del iterator
