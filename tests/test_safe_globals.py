"""Names that `load` may use because the user allowed them, and that everything else stays refused."""
from __future__ import annotations

import io
import os
import pickle
from collections.abc import Iterator
from typing import Any

import pytest

import cnet
from cnet.serialization import add_safe_globals, clear_safe_globals, get_safe_globals, load, safe_globals, save


class Config:
    def __init__(self, width: int) -> None:
        self.width = width


class Guarded:
    def __setstate__(self, state: Any) -> None:
        self.seen = state

    def __reduce__(self) -> Any:
        return Guarded, (), 7


def size_of(n: int) -> tuple[int, int]:
    return n, n


@pytest.fixture(autouse=True)
def _nothing_allowed() -> Iterator[None]:
    yield
    clear_safe_globals()


def saved(obj: Any) -> io.BytesIO:
    file = io.BytesIO()
    save(obj, file)
    file.seek(0)
    return file


def again(file: io.BytesIO) -> Any:
    file.seek(0)
    return load(file)


def test_class() -> None:
    file = saved({'config': Config(3), 'x': cnet.ones(2)})
    with pytest.raises(pickle.UnpicklingError, match='Config'):
        again(file)
    with safe_globals([Config]):
        assert again(file)['config'].width == 3
    with pytest.raises(pickle.UnpicklingError, match='add_safe_globals'):
        again(file)
    add_safe_globals([Config])
    assert again(file)['config'].width == 3 and get_safe_globals() == [Config]


def test_state_and_other_names() -> None:
    file = saved(Guarded())
    with safe_globals([(Guarded, f'{Guarded.__module__}.Guarded')]):
        assert again(file).seen == 7
    with pytest.raises(ValueError, match='tuple of size'):
        add_safe_globals([(Config,)])


def test_function_alone_makes_no_objects() -> None:
    class Call:
        def __reduce__(self) -> Any:
            return size_of, (2,)
    with safe_globals([size_of]):
        assert again(saved(Call())) == (2, 2)

        class Harm:
            def __reduce__(self) -> Any:
                return os.getcwd, ()
        with pytest.raises(pickle.UnpicklingError, match='getcwd'):
            again(saved(Harm()))
        with pytest.raises(pickle.UnpicklingError, match='Config'):
            again(saved(Config(1)))
