"""Operations whose files are imported on first use."""
from __future__ import annotations

from collections.abc import Callable

import pytest

import cnet
from cnet._ops import late


@pytest.mark.parametrize('file', sorted(late._FILES))
def test_the_table_lists_what_the_file_offers(file: str) -> None:
    names, methods = late._FILES[file]
    assert set(names.split()) == set(getattr(late.family(file), 'PUBLIC', ()))
    assert set(methods.split()) == set(getattr(late.family(file), 'METHODS', ()))


def test_nothing_is_imported_before_it_is_used(run_python: Callable) -> None:
    program = ('import sys, cnet\n'
               'early = [m for m in sys.modules if m.startswith(("cnet._ops.linalg_", "cnet._ops.special"))]\n'
               'x = cnet.eye(2)\n'
               'assert early == [], early\n'
               'assert x.det() == 1 and cnet.det(x) == 1 and cnet.linalg.det(x) == 1\n'
               'assert "cnet._ops.linalg_functions" in sys.modules\n'
               'assert type(cnet.Tensor.__dict__["det"]).__name__ == "function"\n')
    run_python(program)


def test_listed_before_they_are_imported() -> None:
    assert {'det', 'erf', 'fft', 'linalg', 'special'} <= set(dir(cnet))


def test_methods_of_subclasses() -> None:
    assert cnet.nn.Parameter(cnet.eye(2)).logdet().item() == 0
