"""The committed stubs are those of the live signatures; by them a type checker accepts a program and refuses wrong calls."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_house import tool

import cnet

PROGRAMS = Path(__file__).parent / 'typing'


def test_stubs_are_current() -> None:
    for path, text in tool('stubs').files().items():
        assert path.read_text() == text, f'{path.name} is not current: run python tools/stubs.py'


def check(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What mypy says about a program."""
    api = pytest.importorskip('mypy.api')
    home = Path(cnet.__file__).parent.parent
    if home.name != 'site-packages':  # where mypy looks of itself, and refuses to be told
        monkeypatch.setenv('MYPYPATH', str(home))
    return api.run(['--config-file=', '--cache-dir', str(folder), '--follow-imports=silent', str(PROGRAMS / name)])[0]


def test_checker_accepts_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert 'Success' in check('good.py', tmp_path, monkeypatch)


def test_checker_refuses_wrong_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = check('bad.py', tmp_path, monkeypatch)
    wrong = [i for i, line in enumerate((PROGRAMS / 'bad.py').read_text().splitlines(), 1) if line.endswith('# wrong')]
    assert sorted({int(number) for number in re.findall(r'bad\.py:(\d+): error', said)}) == wrong


def test_the_program_runs() -> None:
    exec(compile((PROGRAMS / 'good.py').read_text(), 'good.py', 'exec'), {'__name__': 'program'})
