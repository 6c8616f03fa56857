"""The choice of the instruction set, and what importing leaves alone."""
from __future__ import annotations

import importlib.machinery
from collections.abc import Callable
from pathlib import Path

import pytest

from cnet import _kernels as K
from cnet._kernels.targets import FAMILIES, ISAS, SINGLE

NAMES = [isa.name for isa in ISAS]
SUFFIXES = tuple(importlib.machinery.EXTENSION_SUFFIXES)


def test_the_best_level_is_chosen(run_python: Callable) -> None:
    out = run_python('from cnet import _kernels as K; print(K.capability(), *K.LEVELS)').stdout.split()
    assert out[0] == out[-1]
    assert out[1] == 'base'
    assert out[1:] == [name for name in NAMES if name in out]


@pytest.mark.parametrize('level', K.LEVELS)
def test_forcing_a_level_loads_every_family_from_it(level: str, run_python: Callable) -> None:
    out = run_python('from cnet import _kernels as K\n'
                     'for name in K.FAMILIES: print(name, getattr(K, name).__file__)', CNET_ISA=level).stdout
    lesser = NAMES[:NAMES.index(level) + 1]
    for line in out.splitlines():
        name, file = line.split(' ', 1)
        assert Path(file).parent.name == [isa for isa in lesser if isa in FAMILIES[name]][-1]


@pytest.mark.parametrize('level', ['v9', 'AVX2'])
def test_an_unknown_level_is_refused(level: str, run_python: Callable) -> None:
    done = run_python('import cnet', check=False, CNET_ISA=level)
    assert done.returncode != 0
    assert f'ImportError: cnet: CNET_ISA={level} is not an instruction set; the names are base, v3, v4. Usable here: ' \
        in done.stderr


@pytest.mark.parametrize('level', [name for name in NAMES if name not in K.LEVELS] or ['none'])
def test_an_unsupported_level_names_what_is_missing(level: str, run_python: Callable) -> None:
    if level == 'none':
        pytest.skip('this machine supports every level')
    done = run_python('import cnet', check=False, CNET_ISA=level)
    assert 'needs CPU features that this machine lacks' in done.stderr or 'is not in this build' in done.stderr


def test_lacking_features_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(K, '_SUPPORTED', ['base'])
    monkeypatch.setattr(K, 'LEVELS', ('base',))
    monkeypatch.setattr(K, 'features', lambda: frozenset({'avx', 'fma'}))
    with pytest.raises(ImportError, match=r'lacks: avx2, bmi1, .*\. Usable here: base$'):
        K._choose('v3')


def test_an_empty_build_says_how_to_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(K, 'LEVELS', ())
    with pytest.raises(ImportError, match='build_ext --inplace'):
        K._choose(None)


def test_the_table_and_the_folders_agree() -> None:
    for name in (*SINGLE, *FAMILIES):
        assert getattr(K, name).__name__ == f'cnet._kernels.{name}'
    folder = Path(K.__file__).parent
    for level in K.LEVELS:
        built = {path.name.split('.')[0] for path in (folder / level).iterdir() if path.name.endswith(SUFFIXES)}
        assert built == {name for name, levels in FAMILIES.items() if level in levels}


def test_import_starts_no_thread_and_changes_nothing(run_python: Callable) -> None:
    run_python('''
import os, sys, threading
import numpy as np
def state():
    tasks = len(os.listdir('/proc/self/task')) if sys.platform == 'linux' else threading.active_count()
    subnormal = float(np.float32(1e-38) * np.float32(0.01))
    inexact = [float(np.float64(1) / 3), float(np.float64(2) ** 0.5)]
    return tasks, dict(os.environ), subnormal, inexact, np.geterr(), threading.active_count()
before = state()
import cnet
assert state() == before, (before, state())
''')


def test_import_loads_no_optional_package(run_python: Callable) -> None:
    run_python('''
import sys, cnet
heavy = {'torch', 'scipy', 'matplotlib', 'pandas', 'hypothesis', 'pytest', 'Cython'} & set(sys.modules)
assert not heavy, heavy
''')
