"""Trees of values: what is a node, rebuilding, mapping several trees, refusals."""
from __future__ import annotations

from collections import OrderedDict, defaultdict, namedtuple
from typing import Any

import pytest

import cnet
from cnet.utils import _pytree as tree

Pair = namedtuple('Pair', 'a b')


@pytest.mark.parametrize('value', [
    1, None, [], [1, (2, {'a': 3})], Pair(1, [2]), OrderedDict(b=1, a=2), defaultdict(list, a=1)], ids=repr)
def test_round_trip(value: Any) -> None:
    leaves, spec = tree.tree_flatten(value)
    again = tree.tree_unflatten(leaves, spec)
    assert again == value and type(again) is type(value)
    assert spec == tree.tree_structure(value) and hash(spec) == hash(tree.tree_structure(value))
    assert spec.num_leaves == len(leaves)


def test_named_results_are_nodes() -> None:
    result = cnet.ones(2, 2).max(0)
    doubled = tree.tree_map(lambda x: x * 2, result)
    assert type(doubled) is type(result) and doubled.values.tolist() == [2, 2]


def test_maps() -> None:
    assert tree.tree_map(lambda a, b: a + b, {'a': 1, 'b': (2,)}, {'b': (20,), 'a': 10}) == {'a': 11, 'b': (22,)}
    assert tree.tree_map(lambda x: len(x), [(1, 2), 'abc'], is_leaf=lambda x: isinstance(x, tuple)) == [2, 3]
    seen: list[int] = []
    assert tree.tree_map_(seen.append, [1, [2]]) == [1, [2]] and seen == [1, 2]
    assert tree.tree_all(lambda x: x > 0, (1, 2)) and not tree.tree_any(lambda x: x > 2, (1, 2))
    assert list(tree.tree_iter([1, (2,)])) == tree.tree_leaves([1, (2,)]) == [1, 2]


def test_refusals() -> None:
    spec = tree.tree_structure([1, 2])
    with pytest.raises(ValueError, match='length 1'):
        tree.tree_unflatten([1], spec)
    with pytest.raises(TypeError):
        tree.tree_unflatten([1], 3)
    with pytest.raises(ValueError, match='arity mismatch'):
        tree.tree_map(max, [1], [1, 2])
    with pytest.raises(ValueError, match='already registered'):
        tree.register_pytree_node(list, list, list)
    assert spec != tree.tree_structure((1, 2))


def test_prefixes() -> None:
    spec = tree.tree_structure((1, {'a': (2, 3)}))
    assert tree.broadcast_to_leaves(0, spec) == [0, 0, 0]
    assert tree.broadcast_to_leaves((1, {'a': None}), spec) == [1, None, None]
    assert tree.broadcast_to_leaves((1, 2, 3), spec) is None
