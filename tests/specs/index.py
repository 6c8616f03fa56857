"""Specs of indexing: cnet/_ops/getitem.py, gather.py, rows.py, scatter_reduce.py, masked.py, search.py, embedding.py."""

from . import FLOATS, INTS, Error, OpSpec, Sample

SOME = (*FLOATS, 'int64', 'int32', 'complex128', 'bool')
SUMS = (*FLOATS, 'int64', 'complex64', 'complex128')
NF = 'nn.functional.'


def spec(name, samples, errors=None, **kw):
    return OpSpec(name, samples, dtypes=kw.pop('dtypes', SOME), errors=errors, **kw)


def places(make, values):
    return make.array(values, 'int64')


def _keys(make, dtype):
    long = lambda values: places(make, values)  # noqa: E731
    mask = make.array([True, False, True], 'bool')
    for key in (0, -1, (1, 2), slice(1, None), (slice(None), slice(None, None, 2)), None, ..., (..., 0), (1, None, slice(0, 2)),
                True, False, long([0, 2, 0]), long([[1, -1], [0, 0]]), long(1), [0, 2], ([0, 1], [1, 3]), mask,
                (slice(None), long([3, 3])), (long([0, 1]), long([[1], [2]])), (long([1, 2]), None, long([0, 0])),
                (mask, 1), ()):
        yield Sample(make(3, 4), key)
    yield Sample(make(2, 3, 4), (long([0, 1]), slice(None), long([1, 1])))
    yield Sample(make(2, 3, 4), (slice(None), long([0, 2]), long([1, 1])))
    yield Sample(make(2, 3), make.array([[True, False, True], [False, True, True]], 'bool'))
    yield Sample(make(), ...)
    yield Sample(make(0, 3), slice(None))


def _key_errors(make):
    x = make(4, 6)
    yield Error(IndexError, Sample(x, 4), match='index 4 is out of bounds for dimension 0 with size 4')
    yield Error(IndexError, Sample(x, (0, 6)), match='index 6 is out of bounds for dimension 1 with size 6')
    yield Error(IndexError, Sample(x, (0, 0, 0)), match='too many indices')
    yield Error(IndexError, Sample(make(), 0), match='invalid index of a 0-dim tensor')
    yield Error(ValueError, Sample(x, slice(None, None, -1)), match='step must be greater than zero')
    yield Error(IndexError, Sample(x, 1.0), match='only integers, slices')
    yield Error(IndexError, Sample(x, places(make, [5])), match='index 5 is out of bounds for dimension 0 with size 4')
    yield Error(IndexError, Sample(x, make.array([True] * 3, 'bool')), match=r'shape of the mask \[3\] at index 0')
    yield Error(IndexError, Sample(x, (places(make, [0, 1]), places(make, [0, 1, 2]))), match='could not be broadcast')
    yield Error(IndexError, Sample(x, make.array([1.], 'float32')), match='must be long, int, byte or bool')


def _puts(make, dtype):
    yield Sample(make(3, 4), (places(make, [0, 2]),), make(2, 4))
    yield Sample(make(3, 4), (places(make, [0, 2]), places(make, [1, -1])), make(2))
    yield Sample(make(3, 4), (make.array([True, False, True], 'bool'),), make())
    yield Sample(make(3, 4), (places(make, [0, 0, 1]),), make(4), accumulate=True)
    yield Sample(make(3, 4), (places(make, [[0, 0]]), places(make, [[1, 1]])), make(1, 2), True)


def _put_errors(make):
    yield Error(IndexError, Sample(make(3), (places(make, [5]),), make(1)), match='out of bounds')
    yield Error(RuntimeError, Sample(make(3), (places(make, [1]),), make(4)), match='shape mismatch')
    yield Error(RuntimeError, Sample(make(3), (places(make, [1]),), make(1, dtype='float64')), match='dtypes match')


def _gathers(make, dtype):
    yield Sample(make(3, 4), 1, places(make, [[0, 3], [1, 1], [2, 0]]))
    yield Sample(make(3, 4), 0, places(make, [[0, 2]]))
    yield Sample(make(5), -1, places(make, [4, 4, 0]))
    yield Sample(make(), 0, places(make, 0))
    yield Sample(make(2, 3, 2), 1, places(make, [[[0, 1]], [[2, 2]]]))
    yield Sample(make(3, 4), 1, places(make, [[], [], []]))


def _gather_errors(make):
    yield Error(RuntimeError, Sample(make(3), 0, places(make, [3])), match='index 3 is out of bounds for dimension 0')
    yield Error(RuntimeError, Sample(make(3), 0, places(make, [-1])), match='index -1 is out of bounds')
    yield Error(RuntimeError, Sample(make(3, 2), 0, places(make, [0])), match='same number of dimensions')
    yield Error(RuntimeError, Sample(make(3, 2), 0, places(make, [[0, 1, 1]])), match='Size does not match')
    yield Error(RuntimeError, Sample(make(3), 0, make.array([0], 'int16')), match='int32/int64')


def _along(make, dtype):
    yield Sample(make(2, 3), places(make, [[0], [2]]), 1)
    yield Sample(make(2, 3), places(make, [[1, 0, 0]]), 0)
    yield Sample(make(2, 3), places(make, [5, 0]))


def _scatters(*extra, sources=True, unique=True):
    def samples(make, dtype):
        last = [] if unique else [[[0, 0], [1, 1], [2, 0]]]
        for index in [[[0, 3], [1, 2], [2, 0]], *last]:
            yield Sample(make(3, 4), 1, places(make, index), make(3, 2), *extra)
        yield Sample(make(3, 4), 0, places(make, [[0, 2]]), make(2, 3, grad=False), *extra)
        yield Sample(make(5), -1, places(make, [4, 0]), make(2), *extra)
        yield Sample(make(), 0, places(make, 0), make(), *extra)
        if sources and dtype != 'bool':
            yield Sample(make(3, 4), 1, places(make, [[0, 3]]), 2)
    return samples


def _scatter_errors(make):
    yield Error(RuntimeError, Sample(make(3), 0, places(make, [3]), make(1)), match='out of bounds')
    yield Error(RuntimeError, Sample(make(3), 0, places(make, [0]), make(1, dtype='float64')), match='src.dtype')
    yield Error(RuntimeError, Sample(make(3), 0, places(make, [0, 1]), make(1)), match='no larger size than src')


def _reductions(make, dtype):
    for reduce in ('sum', 'prod', 'mean', 'amax', 'amin'):
        for include_self in (True, False):
            yield Sample(make(3, 4, distinct=True), 1, places(make, [[0, 0, 1], [1, 1, 1], [2, 3, 2]]),
                         make(3, 3, distinct=True), reduce, include_self=include_self)
        yield Sample(make(4, distinct=True), 0, places(make, [1, 1]), make(2, distinct=True), reduce)


def _reduction_errors(make):
    yield Error(RuntimeError, Sample(make(3), 0, places(make, [0]), make(1), 'foo'), match='either sum, prod, mean')


def _row_reductions(make, dtype):
    for reduce in ('prod', 'mean', 'amax', 'amin'):
        yield Sample(make(3, 4, distinct=True), 0, places(make, [0, 2, 0]), make(3, 4, distinct=True), reduce)
        yield Sample(make(3, 4, distinct=True), 1, places(make, [1, 1]), make(3, 2, distinct=True), reduce, include_self=False)


def _rows(make, dtype):
    yield Sample(make(3, 4), 0, places(make, [0, 2, 0]))
    yield Sample(make(3, 4), -1, make.array([3, 1], 'int32'))
    yield Sample(make(3, 4), 1, places(make, 2))
    yield Sample(make(), 0, places(make, [0]))
    yield Sample(make(3, 4), 0, places(make, []))


def _row_errors(make):
    yield Error(IndexError, Sample(make(3), 0, places(make, [3])), match='index out of range in self')
    yield Error(IndexError, Sample(make(3), 0, places(make, [[0]])), match='supposed to be a vector')
    yield Error(RuntimeError, Sample(make(3), 0, make.array([1.], 'float32')), match='int32 or int64')


def _row_sources(index, **kw):
    def samples(make, dtype):
        yield Sample(make(3, 4), 0, places(make, index), make(2, 4))
        yield Sample(make(3, 4), 1, places(make, index), make(3, 2))
        yield Sample(make(4), -1, places(make, [1]), make(1))
        for name, value in kw.items() if dtype not in ('bool',) else ():
            yield Sample(make(3, 4), 0, places(make, index), make(2, 4), **{name: value})
    return samples


def _add_errors(make):
    yield Error(RuntimeError, Sample(make(3), 0, places(make, [0, 1]), make(3)), match='Number of indices')
    yield Error(IndexError, Sample(make(3), 0, places(make, [5]), make(1)), match='index 5 is out of bounds')
    yield Error(RuntimeError, Sample(make(3, 1), 0, places(make, [5]), make(1, 1)), match='index 5 is out of bounds')
    yield Error(RuntimeError, Sample(make(3), 0, places(make, [0]), make(1, dtype='float64')), match='same scalar type')


def _copy_errors(make):
    yield Error(IndexError, Sample(make(3), 0, places(make, [0, 1]), make(3)), match='Number of indices')
    yield Error(IndexError, Sample(make(3), 0, places(make, [5]), make(1)), match='index 5 is out of bounds')


def _fills(make, dtype):
    value = True if dtype == 'bool' else 2
    yield Sample(make(3, 4), 0, places(make, [0, 2]), value)
    yield Sample(make(3, 4), 1, places(make, [-1]), value)
    yield Sample(make(3, 4), 1, places(make, [1, 0]), make())


def _fill_errors(make):
    yield Error(IndexError, Sample(make(3), 0, places(make, [3]), 1.), match='index 3 is out of bounds')
    yield Error(RuntimeError, Sample(make(3), 0, places(make, [0]), make(1)), match='0-dimensional value tensor')
    yield Error(IndexError, Sample(make(3), 0, make.array([0], 'int32'), 1.), match='int64')


def _takes(make, dtype):
    yield Sample(make(2, 3), places(make, [0, -1, 4]))
    yield Sample(make(2, 3), places(make, [[0, 0]]))
    yield Sample(make(), places(make, 0))


def _take_errors(make):
    yield Error(IndexError, Sample(make(3), places(make, [3])), match='tried to access index 3')
    yield Error(RuntimeError, Sample(make(3), make.array([0], 'int32')), match='long tensor')


def _flat_puts(make, dtype):
    yield Sample(make(2, 3), places(make, [0, -1]), make(2))
    yield Sample(make(2, 3), places(make, [[1, 1]]), make(1, 2), accumulate=True)


def _masks(make, dtype):
    value = True if dtype == 'bool' else 2
    yield Sample(make(2, 3), make(2, 3, dtype='bool'), value)
    yield Sample(make(2, 3), make(3, dtype='bool'), make())
    yield Sample(make(2, 3), make(2, 1, dtype='bool'), value)


def _mask_errors(make):
    yield Error(RuntimeError, Sample(make(3), places(make, [0, 1, 1]), 1.), match='only supports boolean masks')
    yield Error(RuntimeError, Sample(make(3), make(2, dtype='bool'), 1.), match='must match the size')
    yield Error(RuntimeError, Sample(make(3), make(3, dtype='bool'), make(1)), match='0-dimensional value tensor')
    yield Error(RuntimeError, Sample(make(3), make(3, dtype='bool'), 1j), match='without overflow')


def _selections(make, dtype):
    yield Sample(make(2, 3), make(2, 3, dtype='bool'))
    yield Sample(make(2, 3), make(3, dtype='bool'))
    yield Sample(make(3), make(2, 3, dtype='bool'))
    yield Sample(make(), make(dtype='bool'))


def _mask_sources(make, dtype):
    yield Sample(make(2, 3), make.array([[True, False, True], [False, True, False]], 'bool'), make(3))
    yield Sample(make(2, 3), make.array([True, False, False], 'bool'), make(2, 2))


def _mask_source_errors(make):
    yield Error(RuntimeError, Sample(make(3), make.array([True] * 3, 'bool'), make(2)), match='Number of elements of source')
    yield Error(RuntimeError, Sample(make(3), places(make, [1, 1, 1]), make(3)), match='boolean masks')


def _choices(make, dtype):
    yield Sample(make(2, 3, dtype='bool'), make(2, 3), make(2, 3))
    yield Sample(make(3, dtype='bool'), make(2, 1), make())
    if dtype != 'bool':
        yield Sample(make(2, 3, dtype='bool'), make(2, 3), 2)
        yield Sample(make(2, 3, dtype='bool'), 1.5, make(3))
    if dtype.startswith('float'):
        yield Sample(make(2, 3, dtype='bool'), make(2, 3), make(3, dtype='float64'))
    yield Sample(make(2, 3, dtype='bool'))


def _choice_errors(make):
    yield Error(RuntimeError, Sample(make(2, dtype='bool'), make(3), make(3)), match='must match the size')
    yield Error(RuntimeError, Sample(places(make, [0, 1]), make(2), make(2)), match='boolean tensor')
    yield Error(TypeError, Sample(make(2, dtype='bool'), make(2)), match='invalid combination')


def _sparse(make, dtype):
    yield Sample(make.array([[0, 1, 2], [3, 0, 0]]))
    yield Sample(make.array([0, 0]))
    yield Sample(make.array(1))


def _sparse_tuples(make, dtype):
    yield from _sparse(make, dtype)
    yield Sample(make.array([[0, 1, 2], [3, 0, 0]]), as_tuple=True)


def _counted(make, dtype):
    yield Sample(make.array([0, 2, 2, 5]))
    yield Sample(make.array([0, 2, 2]), minlength=6)
    yield Sample(make.array([0, 2, 2]), make(3, dtype='float32', grad=False))
    yield Sample(make.array([]))


def _counted_errors(make):
    yield Error(RuntimeError, Sample(places(make, [-1])), match='1-d non-negative')
    yield Error(RuntimeError, Sample(places(make, [1]), minlength=-1), match='minlength')
    yield Error(NotImplementedError, Sample(make(2, dtype='float32')), match='bincount_cpu')


def _sorted(make, dtype):
    for options in ({}, {'right': True}, {'side': 'right', 'out_int32': True}):
        yield Sample(make.array([1, 3, 5]), make.array([[0, 1], [5, 9]]), **options)
    yield Sample(make.array([[1, 3], [2, 2]]), make.array([[2], [2]]))
    yield Sample(make.array([5, 1, 3]), make.array([2]), sorter=places(make, [1, 2, 0]))
    yield Sample(make.array([1, 3, 5]), 4)


def _sorted_errors(make):
    yield Error(RuntimeError, Sample(make(2, 3), make(3, 3)), match='first N-1 dimensions')
    yield Error(RuntimeError, Sample(make(3), make(3), side='foo'), match="'left' or 'right'")
    yield Error(RuntimeError, Sample(make(3), make(3), side='left', right=True), match='opposites')


def _buckets(make, dtype):
    yield Sample(make.array([0, 3, 9]), make.array([1, 3, 5]))
    yield Sample(make.array([[0, 3]]), make.array([1, 3, 5]), right=True)


def _lookups(make, dtype):
    yield Sample(places(make, [[0, 2], [2, 1]]), make(4, 3))
    for options in ({'padding_idx': 1}, {'scale_grad_by_freq': True}):  # their gradient is no derivative
        yield Sample(places(make, [1, 1, 3]), make(4, 3, grad=False), **options)
    yield Sample(make.array(2, 'int32'), make(4, 3))


def _lookup_errors(make):
    yield Error(IndexError, Sample(places(make, [4]), make(4, 3)), match='index out of range in self')
    yield Error(RuntimeError, Sample(make.array([1.], 'float32'), make(4, 3)), match='Long, Int')
    yield Error(RuntimeError, Sample(places(make, [1]), make(4)), match='2-D')
    yield Error(AssertionError, Sample(places(make, [1]), make(4, 3), 7), match='Padding_idx')


def _bags(make, dtype):
    for mode in ('sum', 'mean', 'max'):
        yield Sample(places(make, [[0, 2], [2, 1]]), make(4, 3), mode=mode)
        yield Sample(places(make, [1, 1, 3, 0]), make(4, 3), places(make, [0, 2, 2]), mode=mode)
        yield Sample(places(make, [1, 1, 3, 0]), make(4, 3), places(make, [0, 3]), mode=mode, padding_idx=1)
    yield Sample(places(make, [[0, 2], [2, 1]]), make(4, 3), mode='sum', per_sample_weights=make(2, 2))
    yield Sample(places(make, [1, 1, 3]), make(4, 3), places(make, [0, 2, 3]), include_last_offset=True)


def _bag_errors(make):
    yield Error(ValueError, Sample(places(make, [1]), make(4, 3)), match='offsets has to be a 1D')
    yield Error(ValueError, Sample(places(make, [[1]]), make(4, 3), mode='foo'), match='one of sum, mean or max')
    yield Error(RuntimeError, Sample(places(make, [1]), make(4, 3), places(make, [1])), match='has to be 0')


def _classes(make, dtype):
    yield Sample(make.array([[0, 2], [1, 1]]))
    yield Sample(make.array([1]), 4)
    yield Sample(make.array(2))


def _class_errors(make):
    yield Error(RuntimeError, Sample(places(make, [1, 2]), 2), match='smaller than num_classes')
    yield Error(RuntimeError, Sample(places(make, [-1])), match='non-negative')
    yield Error(RuntimeError, Sample(make(2, dtype='float32')), match='LongTensor')


NOTHING = {'grad': False, 'dtypes': (*FLOATS, 'int64')}
SPECS = [
    spec('Tensor.__getitem__', _keys, _key_errors), spec('index_put', _puts, _put_errors, dtypes=SUMS, inplace='index_put_'),
    spec('gather', _gathers, _gather_errors), spec('take_along_dim', _along),
    spec('scatter', _scatters(), _scatter_errors, inplace='scatter_'),
    spec('scatter_add', _scatters(sources=False, unique=False), _scatter_errors, dtypes=SUMS, inplace='scatter_add_'),
    spec('scatter_reduce', _reductions, _reduction_errors, dtypes=FLOATS, inplace='scatter_reduce_'),
    spec('index_reduce', _row_reductions, dtypes=FLOATS),
    spec('index_select', _rows, _row_errors),
    spec('index_add', _row_sources([2, 2], alpha=3), _add_errors, dtypes=SUMS, inplace='index_add_'),
    spec('index_copy', _row_sources([2, 0]), _copy_errors, inplace='index_copy_'),
    spec('index_fill', _fills, _fill_errors, inplace='index_fill_'),
    spec('take', _takes, _take_errors), spec('put', _flat_puts, dtypes=SUMS, inplace='put_'),
    spec('masked_fill', _masks, _mask_errors, inplace='masked_fill_'), spec('masked_select', _selections),
    spec('masked_scatter', _mask_sources, _mask_source_errors, inplace='masked_scatter_'),
    spec('where', _choices, _choice_errors),
    spec('nonzero', _sparse_tuples, **NOTHING, strides=False), spec('argwhere', _sparse, **NOTHING, strides=False),
    spec('nonzero_static', lambda make, dtype: [Sample(make.array([0, 1, 1]), size=4), Sample(make.array([1, 1]), size=1)],
         lambda make: [Error(RuntimeError, Sample(make(2), size=-1), match='non-negative')], **NOTHING, strides=False),
    spec('bincount', _counted, _counted_errors, dtypes=INTS, grad=False),
    spec('searchsorted', _sorted, _sorted_errors, **NOTHING), spec('bucketize', _buckets, **NOTHING),
    spec('isin', lambda make, dtype: [Sample(make.array([1, 2, 3]), make.array([3, 1])), Sample(make.array([1, 2]), 2),
                                      Sample(make.array([1, 2]), make.array([2]), invert=True)], **NOTHING),
    spec('unravel_index', lambda make, dtype: [Sample(make.array([0, 4]), (2, 3)), Sample(make.array([[1]]), 5)],
         lambda make: [Error(TypeError, Sample(make(2, dtype='float32'), (2, 3)), match='integer dtype')],
         dtypes=INTS, grad=False, strides=False),
    spec(NF + 'embedding', _lookups, _lookup_errors, dtypes=FLOATS),
    spec(NF + 'embedding_bag', _bags, _bag_errors, dtypes=FLOATS, gradgrad=False),
    spec(NF + 'one_hot', _classes, _class_errors, dtypes=('int64',), grad=False),
]
