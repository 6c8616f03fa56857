"""Specs of the views: cnet/_ops/shape.py, broadcast.py, permute.py, slices.py, split.py, diag.py, complex_parts.py."""

from . import ALL, COMPLEXES, FLOATS, Error, OpSpec, Sample

SOME = (*FLOATS, 'int64', 'bool', 'complex128')


def calls(shape, *rows):
    """Samples of one shape with the given arguments; a dict at the end of a row holds keywords."""
    def samples(make, dtype):
        for row in rows:
            kwargs = row[-1] if row and isinstance(row[-1], dict) else {}
            yield Sample(make(*shape), *(row[:-1] if kwargs else row), **kwargs)
    return samples


def both(*parts):
    def samples(make, dtype):
        for part in parts:
            yield from part(make, dtype)
    return samples


def refusals(*rows):
    """Errors from (type, shape, arguments, pattern)."""
    def errors(make):
        for kind, shape, args, match in rows:
            yield Error(kind, Sample(make(*shape), *args), match=match)
    return errors


def others(*pairs):
    """Samples with a tensor as the second argument."""
    def samples(make, dtype):
        for shape, other in pairs:
            yield Sample(make(*shape), make(*other, grad=False))
    return samples


def lists(*groups):
    """Samples whose arguments are tensors of the given shapes."""
    def samples(make, dtype):
        for shapes in groups:
            yield Sample(*[make(*s) for s in shapes])
    return samples


def spec(name, samples, errors=None, **kw):
    return OpSpec(name, samples, dtypes=kw.pop('dtypes', SOME), errors=errors, **kw)


def with_sources(*rows):
    """Samples with a second tensor: (shape, shape of the source, further arguments)."""
    def samples(make, dtype):
        for shape, source, *args in rows:
            yield Sample(make(*shape), make(*source), *args)
    return samples


RANGE = 'Dimension out of range'
REAL = (*FLOATS, 'int64', 'bool')  # where PyTorch does not differentiate complex numbers
OUT = (IndexError, (2, 3), (2,), RANGE)
SIZES = refusals((RuntimeError, (2, 3), ((5,),), r"shape '\[5\]' is invalid for input of size 6"),
                 (RuntimeError, (2, 3), ((-1, -1),), 'only one dimension can be inferred'),
                 (RuntimeError, (2, 3), ((-2, 3),), 'invalid shape dimension -2'),
                 (RuntimeError, (0, 3), ((-1, 0),), 'ambiguous'))

SHAPES = [
    spec('Tensor.view', both(calls((2, 6), (12,), (3, -1), ((2, 2, 3),), (2, 1, 6)), calls((), (1,), ((),)),
                             calls((0, 3), (3, 0))), SIZES, dtypes=ALL, layouts=False),
    spec('reshape', both(calls((2, 6), ((12,),), ((3, -1),), ((2, 1, 6),)), calls((), ((1,),), ((),))), SIZES),
    spec('Tensor.view_as', others(((2, 6), (3, 4)), ((), (1,))), layouts=False),
    spec('Tensor.reshape_as', others(((2, 6), (3, 4)), ((), (1,)))),
    spec('flatten', both(calls((2, 3, 4), (), (1,), (0, 1), (1, 1), (-2, -1)), calls((), ())),
         refusals((RuntimeError, (2, 3), (1, 0), 'start_dim cannot come after end_dim'), OUT)),
    spec('unflatten', calls((2, 6), (1, (2, 3)), (-1, (-1, 2)), (0, (1, 2))),
         refusals((RuntimeError, (2, 6), (1, (4, 2)), "don't multiply up"),
                  (RuntimeError, (2, 6), (1, ()), 'must be non-empty'))),
    spec('ravel', both(calls((2, 3), ()), calls((), ()), calls((0, 2), ()))),
    spec('squeeze', both(calls((1, 2, 1), (), (0,), (1,), (-1,), ((0, 2),), ((),)), calls((), (), (0,))),
         refusals(OUT, (RuntimeError, (2, 3), ((0, 0),), 'appears multiple times'))),
    spec('unsqueeze', both(calls((2, 3), (0,), (1,), (2,), (-1,), (-3,)), calls((), (0,))),
         refusals((IndexError, (2, 3), (3,), RANGE))),
    spec('atleast_1d', both(calls((), ()), calls((2, 3), ()), lists([(), (2,)]))),
    spec('atleast_2d', both(calls((), ()), calls((3,), ()), calls((2, 3), ()), lists([(), (2,)]))),
    spec('atleast_3d', both(calls((), ()), calls((3,), ()), calls((2, 3), ()), calls((1, 2, 3), ()))),
]
BROADCAST = [
    spec('Tensor.expand', both(calls((3, 1), (3, 4), (-1, 4), ((2, 3, 4),), (3, 1)), calls((), (2, 3)), calls((1,), (0,))),
         refusals((RuntimeError, (2, 3), (4, 3), 'must match the existing size'),
                  (RuntimeError, (2, 3), (3,), 'number of sizes provided'),
                  (RuntimeError, (2, 3), (-1, 2, 3), 'leading, non-existing'))),
    spec('Tensor.expand_as', others(((3, 1), (3, 4)), ((), (2,)))),
    spec('broadcast_to', calls((3, 1), ((3, 4),), ((2, 3, 4),)),
         refusals((RuntimeError, (2, 3), ((4, 3),), 'must match the existing size'))),
    spec('broadcast_tensors', lists([(2, 1), (3,)], [(2, 3), (2, 3)], [(), (2,), (3, 1)]),
         lambda make: [Error(RuntimeError, Sample(make(2, 3), make(4)), match='must match the size')]),
    spec('broadcast_shapes', lambda make, dtype: [Sample((2, 1), (3,)), Sample(3, (2, 1)), Sample((0,), (1,))],
         lambda make: [Error(RuntimeError, Sample((2, 3), (3, 3)), match='Attempting to broadcast'),
                       Error(ValueError, Sample((2, -3), (3, 3)), match='negative')], dtypes=('float32',), grad=False),
    spec('Tensor.sum_to_size', calls((2, 3, 4), (3, 4), (1, 3, 1), (2, 3, 4), (4,)),
         refusals((RuntimeError, (2, 3), (3, 3), 'not expandable')), dtypes=FLOATS),
]
PERMUTED = [
    spec('permute', both(calls((2, 3, 4), ((2, 0, 1),), ((0, -1, 1),)), calls((), ((),))),
         refusals((RuntimeError, (2, 3), ((0,),), 'number of dimensions'),
                  (RuntimeError, (2, 3), ((0, 0),), 'duplicate dims'), (IndexError, (2, 3), ((0, 2),), RANGE))),
    spec('transpose', both(calls((2, 3, 4), (0, 1), (0, -1), (1, 1)), calls((), (0, -1))),
         refusals((IndexError, (2, 3), (0, 2), RANGE)), inplace='transpose_'),
    spec('swapaxes', calls((2, 3, 4), (0, 2))), spec('swapdims', calls((2, 3, 4), (0, 2))),
    spec('t', both(calls((2, 3), ()), calls((3,), ()), calls((), ())),
         refusals((RuntimeError, (1, 2, 3), (), '<= 2 dimensions')), inplace='t_'),
    spec('movedim', both(calls((2, 3, 4), (0, 2), (0, -1), ((0, 1), (2, 0))), calls((), (0, 0))),
         refusals((IndexError, (2, 3), (0, 2), RANGE), (RuntimeError, (2, 3), ((0, 0), (0, 1)), 'repeated dim'),
                  (RuntimeError, (2, 3), ((0, 1), (0,)), 'same number of dims'))),
    spec('moveaxis', calls((2, 3, 4), (0, 2))),
    spec('adjoint', both(calls((2, 3), ()), calls((2, 1, 3), ())), refusals((RuntimeError, (3,), (), 'only supported'))),
]
SLICES = [
    spec('select', calls((3, 4), (0, 1), (-1, -1), (1, 3)),
         refusals((IndexError, (3, 4), (0, 3), 'index 3 out of range'), (IndexError, (), (0, 0), '0-dim tensor'))),
    spec('narrow', calls((5, 4), (0, 1, 3), (1, -2, 2), (0, 5, 0)),
         refusals((RuntimeError, (4, 6), (0, 3, 2), 'exceeds dimension size'), (RuntimeError, (4,), (0, 0, -1), 'non-neg'),
                  (IndexError, (4,), (0, 5, 0), 'start out of range'), (RuntimeError, (), (0, 0, 1), '0-dim'))),
    spec('narrow_copy', calls((5, 4), (0, 1, 3), (1, 2, 2)),
         refusals((RuntimeError, (4, 6), (0, 3, 2), 'exceeds dimension size')), dtypes=REAL, gradgrad=False),
    spec('as_strided', both(calls((3, 4), ((2, 2), (1, 2)), ((3,), (4,), 1), ((2, 3), (1, 1))), calls((), ((2,), (0,)))),
         refusals((RuntimeError, (4, 6), ((2, 2), (100, 1)), 'out of bounds for storage'),
                  (RuntimeError, (4, 6), ((2, 2), (1,)), 'mismatch'),
                  (RuntimeError, (4, 6), ((2, 2), (-1, 1)), 'Negative strides')), inplace='as_strided_',
         layouts=False),
    spec('Tensor.unfold', both(calls((5, 3), (0, 2, 1), (0, 3, 2), (1, 1, 5), (0, 4, 1)), calls((), (0, 1, 1))),
         refusals((RuntimeError, (4, 6), (1, 7, 1), 'maximum size'), (RuntimeError, (4, 6), (1, 2, 0), 'step is 0'),
                  (RuntimeError, (4, 6), (1, -1, 1), 'must be >= 0'))),
    spec('select_scatter', with_sources(((3, 4), (4,), 0, 1), ((3, 4), (3,), 1, -1)),
         lambda make: [Error(RuntimeError, Sample(make(3, 4), make(3), 0, 0), match='src size')], dtypes=REAL),
    spec('slice_scatter', with_sources(((4, 3), (2, 3), 0, 1, 3), ((4, 3), (4, 2), 1, None, None, 2)),
         lambda make: [Error(RuntimeError, Sample(make(4), make(3), 0, 0, 2), match='src size')], dtypes=REAL),
    spec('as_strided_scatter', with_sources(((3, 4), (2, 2), (2, 2), (4, 1)), ((3, 4), (2,), (2,), (5,), 1)),
         lambda make: [Error(RuntimeError, Sample(make(4), make(3), (2,), (1,)), match='src size')], parity=False,
         note="PyTorch's gradient by the input is that of the replaced elements, which gradcheck refutes"),
]
SPLITS = [
    spec('split', calls((5, 3), (2,), ([1, 4],), (2, {'dim': 1}), (7,)),
         refusals((RuntimeError, (4,), (0,), 'can only be 0'), (RuntimeError, (4,), (-1,), 'non-negative'),
                  (RuntimeError, (4,), ([1, 1],), 'sum exactly'), (RuntimeError, (), (1,), '1-dimensional'))),
    spec('split_with_sizes', calls((5, 3), ((1, 4),), ((1, 2), 1), ((0, 5),)),
         refusals((RuntimeError, (4,), ((5, -1),), 'non-negative entries'))),
    spec('chunk', both(calls((5, 3), (2,), (3, 1), (9,)), calls((0, 2), (3,))),
         refusals((RuntimeError, (4,), (0,), 'greater than 0'), (RuntimeError, (), (1,), '1-dimensional'))),
    spec('tensor_split', calls((5, 3), (2,), ((1, 3),), (2, 1), (9,), ((2, 1),)),
         refusals((RuntimeError, (4,), (0,), 'larger than 0'), (RuntimeError, (), (2,), '1-dimensional'))),
    spec('unsafe_split', calls((5, 3), (2,), (2, 1))), spec('unsafe_chunk', calls((5, 3), (2,), (2, 1))),
    spec('unsafe_split_with_sizes', calls((5, 3), ((1, 4),))),
    spec('unbind', calls((3, 2), (), (1,), (-1,)), refusals((IndexError, (), (), 'no dimensions'))),
    spec('hsplit', both(calls((2, 4), (2,), ((1,),)), calls((4,), (2,))),
         refusals((RuntimeError, (4, 6), (4,), 'not divisible'), (RuntimeError, (), (1,), 'at least 1'))),
    spec('vsplit', calls((4, 2), (2,), ((1, 2),)), refusals((RuntimeError, (4,), (2,), 'at least 2'))),
    spec('dsplit', calls((1, 2, 4), (2,), ((1,),)), refusals((RuntimeError, (4, 6), (3,), 'at least 3'))),
]
DIAGONALS = [
    spec('diagonal', both(calls((3, 4), (), (1,), (-2,), (9,)), calls((2, 3, 4), (0, 1, 2), (1, -1, 0))),
         refusals((RuntimeError, (2, 3), (0, 0, 0), 'identical'), (IndexError, (3,), (), RANGE))),
    spec('diagonal_copy', calls((3, 4), (), (1,))),
    spec('diagonal_scatter', with_sources(((3, 4), (3,)), ((3, 4), (2,), -1)),
         lambda make: [Error(RuntimeError, Sample(make(3, 3), make(2)), match='src size')]),
    spec('diag_embed', both(calls((2, 3), (), (1,), (-1,), (0, 0, 2)), calls((0,), ())),
         refusals((RuntimeError, (3,), (0, 0, 0), 'identical'), (IndexError, (), (), RANGE))),
    spec('diag', both(calls((3,), (), (1,)), calls((3, 4), (), (-1,))), refusals((RuntimeError, (1, 2, 3), (), '1D or 2D'))),
    spec('diagflat', both(calls((2, 2), (), (-1,)), calls((), ()))),
    spec('tril', both(calls((3, 4), (), (1,), (-1,)), calls((2, 3, 3), ()), calls((0, 3), ())),
         refusals((RuntimeError, (3,), (), 'at least 2 dimensions')), inplace='tril_', strides=False),
    spec('triu', both(calls((3, 4), (), (1,), (-1,)), calls((2, 3, 3), ())),
         refusals((RuntimeError, (3,), (), 'at least 2 dimensions')), inplace='triu_', strides=False),
]
PARTS = [
    spec('view_as_real', both(calls((2, 3), ()), calls((), ())),
         lambda make: [Error(RuntimeError, Sample(make(2, dtype='float32')), match='complex tensors')], dtypes=COMPLEXES),
    spec('view_as_complex', both(calls((3, 2), ()), calls((2,), ())),
         refusals((RuntimeError, (3,), (), 'dimension of size 2'), (RuntimeError, (), (), 'one or more')),
         dtypes=FLOATS, layouts=False),
    spec('real', calls((2, 3), ()), dtypes=(*COMPLEXES, *FLOATS)),
    spec('imag', calls((2, 3), ()), lambda make: [Error(RuntimeError, Sample(make(2, dtype='float32')), match='non-complex')],
         dtypes=COMPLEXES),
]
COPIES = [spec(f'{name}_copy', calls((2, 2), row), layouts=False, dtypes=REAL if name in ('select', 'slice') else SOME)
          for name, row in {
    'alias': (), 'as_strided': ((2,), (1,)), 'expand': ((3, 2, 2),), 'permute': ((1, 0),), 'select': (0, 1), 'slice': (0, 1),
    'split': (1,), 'split_with_sizes': ((1, 1),), 'squeeze': (), 't': (), 'transpose': (0, 1), 'unbind': (),
    'unfold': (0, 2, 1), 'unsqueeze': (0,), 'view': ((4,),)}.items()]
COPIES += [spec('view_as_real_copy', calls((2,), ()), dtypes=COMPLEXES),
           spec('view_as_complex_copy', calls((3, 2), ()), dtypes=FLOATS, parity=False, layouts=False,
                note='PyTorch refuses to differentiate it')]

SPECS = [*SHAPES, *BROADCAST, *PERMUTED, *SLICES, *SPLITS, *DIAGONALS, *PARTS, *COPIES,
         spec('resize_as_', others(((3,), (2,)), ((2, 2), (3,))), dtypes=('int64',), grad=False, layouts=False)]
