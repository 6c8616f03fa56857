"""Futures: completion, chains, errors, waiting across threads."""
from __future__ import annotations

import threading

import pytest

from cnet.futures import Future, collect_all, wait_all


def test_result() -> None:
    f = Future()
    g = f.then(lambda x: x.value() + 1)
    assert not f.done() and not g.done()
    with pytest.raises(RuntimeError):
        f.value()
    f.set_result(3)
    assert f.done() and f.value() == f.wait() == 3 and g.wait() == 4
    for again in (lambda: f.set_result(4), lambda: f.set_exception(ValueError())):
        with pytest.raises(RuntimeError, match='complete again'):
            again()
    assert f.then(lambda x: x.wait() * 2).wait() == 6


def test_exception() -> None:
    f = Future()
    g = f.then(lambda x: x.wait())
    f.set_exception(ValueError('boo'))
    for wait in (f.wait, f.value):
        with pytest.raises(ValueError, match='boo'):
            wait()
    with pytest.raises(RuntimeError, match='Got the following error when running the callback: ValueError: boo'):
        g.wait()
    with pytest.raises(AssertionError, match='not an Exception'):
        Future().set_exception('text')


def test_callbacks(capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[int] = []
    f = Future()
    f.add_done_callback(lambda x: 1 / 0)
    f.add_done_callback(lambda x: seen.append(x.value()))
    f.set_result(1)
    f.add_done_callback(lambda x: seen.append(2))
    assert seen == [1, 2]
    assert 'ZeroDivisionError' in capsys.readouterr().err


def test_threads() -> None:
    futures = [Future() for _ in range(8)]
    together = collect_all(futures)
    threads = [threading.Thread(target=f.set_result, args=(i,)) for i, f in enumerate(futures)]
    for thread in threads:
        thread.start()
    assert [f.value() for f in together.wait()] == list(range(8)) == wait_all(futures)
    for thread in threads:
        thread.join()


def test_empty_and_failing() -> None:
    assert wait_all([]) == [] == collect_all([]).wait()
    f = Future()
    f.set_exception(KeyError('k'))
    with pytest.raises(KeyError):
        wait_all([f])
