"""Specs of cnet/_ops/join.py, arrange.py, pad.py and fold.py: new memory made of old elements."""

from . import FLOATS, Error, Sample
from .shape import both, calls, lists, refusals, spec


def groups(*rows):
    """Samples with a list of tensors: (shapes, further arguments)."""
    def samples(make, dtype):
        for shapes, *args in rows:
            yield Sample([make(*s) for s in shapes], *args)
    return samples


def _cat_errors(make):
    yield Error(ValueError, Sample([]), match='non-empty list')
    yield Error(RuntimeError, Sample([make(2, 3), make(3)]), match='same number of dimensions: got 2 and 1')
    yield Error(RuntimeError, Sample([make(2, 3), make(1, 2)]), match='Sizes of tensors must match except in dimension 0')
    yield Error(RuntimeError, Sample([make(), make()]), match='zero-dimensional tensor')
    yield Error(IndexError, Sample([make(2), make(2)], 1), match='Dimension out of range')
    yield Error(TypeError, Sample(make(2)), match='must be tuple of Tensors')


def _stack_errors(make):
    yield Error(RuntimeError, Sample([]), match='non-empty TensorList')
    yield Error(RuntimeError, Sample([make(2, 3), make(3)]), match='equal size')


def _mixed(make, dtype):
    yield Sample([make(2), make(3, dtype='int64'), make(1, dtype='float64')])


def _counts(make, dtype):
    yield Sample(make(3), make.array([1, 0, 2], 'int64'))
    yield Sample(make(2, 3), make.array([1, 0, 2], 'int64'), 1)
    yield Sample(make(2, 3), make.array([2], 'int64'), dim=0)
    yield Sample(make(2, 3), 2)
    yield Sample(make(2, 3), 3, dim=1)


def _count_errors(make):
    yield Error(RuntimeError, Sample(make(3), -1), match='non-negative')
    yield Error(RuntimeError, Sample(make(3), make.array([1, 2], 'int64')), match='same size as input')
    yield Error(RuntimeError, Sample(make(2), make.array([1, -2], 'int64')), match='can not be negative')


MODES = ('reflect', 'replicate')


def _pads(make, dtype):
    yield Sample(make(2, 3), (1, 2))
    yield Sample(make(2, 3), (1, 2, 0, 1), value=5)
    yield Sample(make(2, 3), (-1, 2))
    yield Sample(make(2, 3), ())
    for mode in MODES:
        yield Sample(make(2, 4), (1, 2), mode)
        yield Sample(make(2, 3, 4), (1, 2, 2, 0), mode)
        yield Sample(make(1, 2, 3, 4), (-1, 2, 1, 1), mode)
        yield Sample(make(1, 1, 2, 3, 4), (1, 1, 2, 2, 1, 1), mode)


def _wrapped(make, dtype):
    yield Sample(make(2, 4), (1, 2), 'circular')
    yield Sample(make(2, 3, 4), (1, 2, 2, 0), 'circular')
    yield Sample(make(1, 2, 3, 4), (-1, 2, 1, 1), 'circular')


def _pads_small(make, dtype):
    for sample in _pads(make, dtype):
        if sample.args[1:] != ((1, 1, 2, 2, 1, 1), 'reflect'):  # 2 elements cannot be mirrored over 1, nor 3 over 3
            yield sample


def _pad_errors(make):
    yield Error(RuntimeError, Sample(make(3), (1,)), match='divisible by 2')
    yield Error(RuntimeError, Sample(make(3), (1, 1, 1, 1)), match='two times the input dimension')
    yield Error(RuntimeError, Sample(make(3), (-4, 0)), match='non-negative')
    yield Error(RuntimeError, Sample(make(2, 3), (3, 0), 'reflect'), match='less than the corresponding input dimension')
    yield Error(RuntimeError, Sample(make(2, 3), (4, 0), 'circular'), match='wrapping around more than once')
    yield Error(NotImplementedError, Sample(make(3), (1, 1), 'reflect'), match='is not supported for 1D')
    yield Error(NotImplementedError, Sample(make(2, 3), (1, 1), 'foo'), match='Unrecognised padding mode')
    yield Error(RuntimeError, Sample(make(2, 3), (1, 1), 'reflect', 1), match="doesn't take in value")


def _columns(make, dtype):
    yield Sample(make(2, 8, 9), (4, 4), 2)
    yield Sample(make(8, 4), (5, 5), 2, stride=2, padding=0, dilation=2)
    yield Sample(make(1, 6, 25), (4, 5), (2, 3), padding=1)


NF = 'nn.functional.'
SPECS = [
    spec('cat', both(groups(([(2, 3), (1, 3)],), ([(2, 3), (2, 1)], 1), ([(0,), (2, 3)], -1), ([(3,)],)), _mixed), _cat_errors),
    spec('concat', groups(([(2, 3), (1, 3)],))), spec('concatenate', groups(([(2, 3), (1, 3)],))),
    spec('stack', groups(([(2, 3)] * 2,), ([(2, 3)] * 3, 1), ([(2,)] * 2, -1), ([()] * 2,)), _stack_errors),
    spec('hstack', groups(([(2,), (3,)],), ([(2, 1), (2, 3)],), ([(), ()],))),
    spec('vstack', groups(([(3,), (3,)],), ([(2, 3), (3,)],), ([(), ()],))),
    spec('row_stack', groups(([(3,), (2, 3)],))),
    spec('dstack', groups(([(3,), (3,)],), ([(2, 3), (2, 3)],))),
    spec('column_stack', groups(([(3,), (3, 2)],), ([(), ()],))),
    spec('block_diag', lists([(2, 3), (1, 1)], [(2,), ()], [(0, 2), (2, 2)]),
         lambda make: [Error(RuntimeError, Sample(make(1, 2, 3)), match='2 or fewer dimensions')]),
    spec('Tensor.repeat', both(calls((2, 3), (2, 1), ((1, 2, 2),), (0, 2)), calls((), (2,), ((),))),
         refusals((RuntimeError, (2, 3), (2,), 'can not be smaller'), (RuntimeError, (2,), (-1,), 'negative dimension'))),
    spec('tile', calls((2, 3), ((2,),), ((2, 1, 2),), ((),))),
    spec('repeat_interleave', _counts, _count_errors),
    spec('combinations', calls((4,), (), (3,), (2, True), (0,)), refusals((RuntimeError, (2, 2), (), '1D vector'))),
    spec('flip', both(calls((2, 3), ((0,),), ((0, 1),), ((-1,),), ((),)), calls((0, 2), ((0,),))),
         refusals((IndexError, (2, 3), ((2,),), 'Dimension out of range'), (RuntimeError, (2, 3), ((0, 0),), 'multiple times'))),
    spec('fliplr', calls((2, 3), ()), refusals((RuntimeError, (3,), (), '>= 2-d'))),
    spec('flipud', calls((2, 3), ()), refusals((RuntimeError, (), (), '>= 1-d'))),
    spec('roll', both(calls((2, 3), (1,), (1, 0), ((1, -1), (0, 1)), (7, 1)), calls((), (3,)), calls((0, 2), (1, 0))),
         refusals((RuntimeError, (2, 3), ((1, 2), 0), 'must align'), (RuntimeError, (2,), ((),), 'required'))),
    spec('rot90', both(calls((2, 3), (), (2,), (3,), (-1,), (4,), (1, (1, 0))), calls((2, 3, 4), (1, (0, 2)))),
         refusals((RuntimeError, (2, 3), (1, (0, 0)), 'to be different'), (RuntimeError, (3,), (), 'total dims >= 2'))),
    spec(NF + 'pad', _pads_small, _pad_errors, dtypes=('float32', 'float64', 'int64', 'complex64'), strides=False),
    spec(NF + 'pad', _wrapped, dtypes=FLOATS, parity=False, note='a node of PyTorch has a name in C++ here'),
    spec(NF + 'unfold', calls((2, 3, 5, 6), (2,), ((2, 3), {'stride': 2, 'padding': 1}), (2, {'dilation': 2})),
         refusals((RuntimeError, (1, 1, 4, 4), (5,), 'at least one'), (RuntimeError, (1, 1, 4, 4), (0,), 'greater than zero')),
         dtypes=FLOATS),
    spec(NF + 'fold', _columns, refusals((RuntimeError, (1, 16, 8), ((4, 4), 2), 'sliding blocks'),
                                         (RuntimeError, (1, 15, 9), ((4, 4), 2), 'divisible by the product')), dtypes=FLOATS),
    spec('pixel_shuffle', calls((1, 8, 2, 3), (2,)), refusals((RuntimeError, (1, 4, 4, 4), (3,), 'not divisible by 9'))),
    spec('pixel_unshuffle', calls((1, 2, 4, 6), (2,)), refusals((RuntimeError, (1, 4, 4), (3,), 'not divisible by 3'))),
    spec('channel_shuffle', calls((2, 6, 2), (3,), (2,)), refusals((RuntimeError, (1, 4, 2), (3,), 'divisible by groups'))),
]
