"""Sums of products by an equation."""
from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from . import COMPLEXES, FLOATS, INTS, Error, Maker, OpSpec, Sample

EQUATIONS: dict[str, tuple[tuple[int, ...], ...]] = {
    'ij,jk->ik': ((2, 3), (3, 4)), 'ij,jk': ((2, 3), (3, 4)), 'bij,bjk->bik': ((2, 2, 3), (2, 3, 4)), 'ii->i': ((3, 3),),
    'ii': ((3, 3),), 'ji': ((2, 3),), 'ij->': ((2, 3),), 'i,j->ij': ((2,), (3,)), 'i,i': ((2,), (2,)),
    '...ij,...jk->...ik': ((5, 2, 3), (3, 4)), 'bhid,bhjd->bhij': ((2, 2, 3, 4), (2, 2, 5, 4)), 'aab,b->a': ((2, 2, 3), (3,)),
    'ij,kj,lk->il': ((2, 3), (4, 3), (5, 4)), 'ij,ij->ij': ((2, 3), (2, 3)), 'i j -> j': ((2, 3),), 'ij,j': ((2, 1), (3,)),
    '...a,...a->...': ((2, 1, 3), (4, 3)), 'ab,cd->': ((2, 3), (4, 5)), ',ij': ((), (2, 3)), 'i,ij,j->': ((2,), (2, 3), (3,)),
    'ij,jk->ki': ((2, 0), (0, 3)),
}


def equations(make: Maker, dtype: str) -> Iterator[Sample]:
    for equation, shapes in EQUATIONS.items():
        yield Sample(equation, *(make(*shape) for shape in shapes))
    yield Sample(make(2, 3), [0, 1], make(3, 4), [1, 2], [2, 0])


def errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample('ij,jk->ik', make(2, 3), make(4, 4)), match='subscript j has size 4 for operand 1')
    yield Error(RuntimeError, Sample('ij,jk->il', make(2, 3), make(3, 4)), match='output subscript l does not appear')
    yield Error(RuntimeError, Sample('ijk', make(2, 3)), match='the number of subscripts')
    yield Error(RuntimeError, Sample('ij,k', make(2, 3)), match='fewer operands')
    yield Error(RuntimeError, Sample('i', make(2), make(3)), match='more operands')
    yield Error(RuntimeError, Sample('i$', make(2)), match='invalid subscript given at index 1')
    yield Error(RuntimeError, Sample('i->ii', make(2)), match='appears more than once')
    yield Error(RuntimeError, Sample('i..j', make(2, 3)), match="found '.' for operand 0")
    yield Error(RuntimeError, Sample('ii', make(2, 3)), match="sizes don't match, 3 != 2")
    yield Error(ValueError, Sample('ij'), match='at least one operand')


SPECS = [OpSpec('einsum', equations, dtypes=FLOATS + COMPLEXES + INTS, ref=np.einsum, errors=errors, strides=False)]
