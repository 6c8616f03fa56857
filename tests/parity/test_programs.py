"""The record that tests/autograd/test_programs.py compares with is what this PyTorch does; names and arguments are its too."""
from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path
from typing import Any

import pytest

import cnet

torch = pytest.importorskip('torch')
sys.path.insert(0, str(Path(__file__).parents[1] / 'autograd'))
import programs_func  # noqa: F401  (each file adds its programs)
import programs_functional  # noqa: F401
import programs_graph  # noqa: F401
from programs import PROGRAMS

ANSWERS = json.loads((Path(__file__).parents[1] / 'golden' / 'autograd.json').read_text())


@pytest.mark.parametrize('name', [n for n in PROGRAMS if n.startswith(('func', 'graph'))])
@pytest.mark.filterwarnings('ignore')
def test_record(name: str) -> None:
    assert json.loads(json.dumps(PROGRAMS[name](torch))) == ANSWERS[name]


# What PyTorch has and this library has not; the reasons are in docs/differences.md.
ABSENT = {
    'func': {'debug_unwrap', 'functionalize', 'rearrange'},
    'autograd.functional': set(),
    'autograd.graph': {'allow_mutation_on_saved_tensors', 'region_activation_memory_budget', 'set_override_stale_capture_stream',
                       'set_warn_on_accumulate_grad_stream_mismatch'},
    'autograd': {'NestedIOFunction', 'enforce_grad_layout_policy', 'set_multithreading_enabled'},
    'futures': set(),
}


def space(lib: Any, dotted: str) -> Any:
    for part in dotted.split('.'):
        lib = getattr(lib, part)
    return lib


@pytest.mark.parametrize('name', ABSENT)
def test_names(name: str) -> None:
    theirs, ours = space(torch, name), space(cnet, name)
    assert {n for n in theirs.__all__ if not hasattr(ours, n)} == ABSENT[name]


@pytest.mark.parametrize('name', ['func', 'autograd.functional'])
def test_arguments(name: str) -> None:
    def arguments(f: Any) -> list:
        return [(p.name, p.default, p.kind) for p in inspect.signature(f).parameters.values()]
    theirs, ours = space(torch, name), space(cnet, name)
    for n in ours.__all__:
        assert arguments(getattr(ours, n)) == arguments(getattr(theirs, n)), n


def test_schedule() -> None:
    for options in ({'wait': 1, 'warmup': 1, 'active': 2}, {'wait': 0, 'warmup': 2, 'active': 1, 'repeat': 2, 'skip_first': 3},
                    {'wait': 2, 'warmup': 1, 'active': 1, 'skip_first_wait': 1}):
        theirs, ours = torch.profiler.schedule(**options), cnet.profiler.schedule(**options)
        assert [ours(i).name for i in range(20)] == [theirs(i).name for i in range(20)]


def test_trees() -> None:
    from collections import OrderedDict, deque, namedtuple
    Pair = namedtuple('Pair', 'a b')
    mine, their = cnet.utils._pytree, torch.utils._pytree
    for tree in (1, [1, (2, {'a': 3})], Pair(1, [2]), OrderedDict(a=1), None, deque([1, 2], maxlen=3), [], (),
                 {'b': 1, 'a': {'z': (1, 2)}}):
        (leaves, spec), (expected, other) = mine.tree_flatten(tree), their.tree_flatten(tree)
        assert leaves == expected and repr(spec) == repr(other)
        assert (spec.num_leaves, spec.num_nodes, spec.num_children) == (other.num_leaves, other.num_nodes, other.num_children)
        assert mine.tree_unflatten(leaves, spec) == tree
    for first, second in (([1], [1, 2]), ({'a': 1}, {'b': 2}), ({'a': 1}, [2])):
        with pytest.raises(ValueError) as ours:
            mine.tree_map(max, first, second)
        with pytest.raises(ValueError) as theirs:
            their.tree_map(max, first, second)
        assert str(ours.value) == str(theirs.value)
