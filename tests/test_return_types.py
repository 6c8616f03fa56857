"""The named tuples of functions with several results."""
from __future__ import annotations

import pickle

import pytest

import cnet
from cnet import return_types


def test_fields_items_and_repr() -> None:
    r = cnet.max(cnet.tensor([[1.0, 5.0], [4.0, 2.0]]), 1)
    values, indices = r
    assert type(r) is return_types.max
    assert r.values is values is r[0]
    assert r.indices is indices is r[1]
    assert repr(r) == 'cnet.return_types.max(\nvalues=tensor([5., 4.]),\nindices=tensor([1, 0]))'
    assert isinstance(r, tuple)
    assert r.n_fields == 2


def test_made_from_one_sequence_of_the_right_length() -> None:
    assert return_types.sort([1, 2]).indices == 2
    with pytest.raises(TypeError, match='takes a 2-sequence'):
        return_types.sort([1, 2, 3])


def test_pickles() -> None:
    r = return_types.aminmax((1, 2))
    assert pickle.loads(pickle.dumps(r)) == r
    assert type(pickle.loads(pickle.dumps(r))) is return_types.aminmax


@pytest.mark.parametrize('name', [name for name in dir(return_types) if not name.startswith('_')])
def test_every_type_is_named_after_its_function(name: str) -> None:
    cls = getattr(return_types, name)
    assert cls.__name__ == name
    assert cls.__module__ == 'cnet.return_types'
