"""The rules of the house: layers, sizes, and that every public function is documented and tested."""
from __future__ import annotations

import importlib.util
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from calling import resolve
from exempt import WITHOUT_SPEC
from specs import load

import cnet

ROOT = Path(__file__).parent.parent
NAMESPACES = ('', 'nn.functional.', 'linalg.', 'special.', 'fft.', 'masked.', 'signal.windows.')


def tool(name: str) -> ModuleType:
    path = ROOT / 'tools' / f'{name}.py'
    spec = importlib.util.spec_from_file_location(f'tools_{name}', path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def public() -> Iterator[tuple[str, Callable]]:
    """Functions of the public namespaces, by dotted name, each once."""
    seen = set()
    for prefix in NAMESPACES:
        if prefix and not hasattr(cnet, prefix.split('.')[0]):
            continue
        space = resolve(cnet, prefix[:-1]) if prefix else cnet
        for name in dir(space):
            value = None if name.startswith('_') else getattr(space, name)
            if inspect.isroutine(value) and id(value) not in seen:
                seen.add(id(value))
                yield prefix + name, value


PUBLIC = list(public())


def test_layers() -> None:
    assert tool('import_graph').check()[1] == []


def test_no_file_is_too_long() -> None:
    budget = tool('file_budget')
    assert {path: n for path, n in budget.sizes().items() if n > budget.LIMIT} == {}


def test_kernels_keep_their_rules() -> None:
    assert tool('kernel_lint').problems() == []


@pytest.mark.parametrize(('name', 'function'), [pytest.param(n, f, id=n) for n, f in PUBLIC])
def test_public_functions_are_documented(name: str, function: Callable) -> None:
    text = inspect.getdoc(function)
    assert text, 'no docstring'
    assert '>>>' in text or name.endswith('_'), 'no example'


def test_public_functions_have_specs() -> None:
    specified = {id(resolve(cnet, spec.name)) for spec in load()[0]}
    functions = dict(PUBLIC)
    # `relu_` is tested in place by the spec of `relu`.
    missing = [name for name, function in PUBLIC if name not in WITHOUT_SPEC
               and not {id(function), id(functions.get(name.rstrip('_'), function))} & specified]
    assert missing == [], 'add a spec in tests/specs, or a reason in tests/exempt.py'


def test_exemptions_are_needed() -> None:
    specified = {id(resolve(cnet, spec.name)) for spec in load()[0]}
    names = dict(PUBLIC)
    stale = [name for name in WITHOUT_SPEC if name not in names or id(names[name]) in specified]
    assert stale == []
