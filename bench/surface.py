"""Nearly every function on tensors, at 8 elements and at 1024x1024: nothing may be slower than both NumPy and PyTorch.

    python -m bench surface --against torch,numpy

The cases are the lines of surface.txt: `name | call | the same with NumPy or SciPy`. A call sees the library as `t`, its
`nn.functional` as F, and arrays by the names of `operands`. A name that begins with ~ has results that may differ: random
ones, or ones that are only unique up to a sign. Functions of n^3 work have smaller operands than 1024x1024: matrix products
and solvers 512, decompositions 128; `operands` says which. For a case that is slower than every peer the bench prints the
reason in REASONS, or that none is known, and at the end how many such cases there are of each size.
"""

import re
from functools import cache
from pathlib import Path

import numpy as np

from .cases import Cases

SMALL, LARGE = '8 elements', '1024x1024'
SIZES = {SMALL: False, LARGE: True}     # whether the operands are large

# Reasons that were checked against the code of the operation: (text, sizes, names of cases). What has none here and is slower
# than both peers shows as such.
REASONS = (
    ('NumPy makes the view in 0.1 us; the call, the constants that autograd would need and the tensor around it take the rest',
     (SMALL, LARGE), ('view', 'reshape', 'flatten', 'squeeze', 'unsqueeze', 'x[1]', 'x[1:]', 'x[None]', 'x[:, 1]',
                      'x[..., 1]', 'x[1, 2]', 'select', 'narrow', 't', 'T', 'transpose', 'permute', 'expand', 'diagonal',
                      'unfold', 'movedim', 'chunk', 'split', 'tensor_split', 'unbind', 'detach', 'from_numpy')),
    ('a Python method that reads one attribute, where the peers have a C slot',
     (SMALL, LARGE), ('numel', 'dim', 'float()', 'item')),
    ('keys, bounds, shapes and types are looked at in Python, 5 to 20 calls; moving the elements takes a tenth',
     (SMALL,), ('gather', 'take_along_dim', 'scatter', 'scatter_add', 'scatter_reduce', 'scatter_reduce mean', 'index_reduce',
                'index_add', 'index_copy', 'index_fill', 'index_put', 'index_select', 'index_select 1', 'take', 'x[index]',
                'x[mask]', 'x[mask] = 2', 'x[index] = y', 'masked_scatter', 'searchsorted', 'repeat_interleave')),
    ('keys, bounds, shapes and types are looked at in Python; few elements are moved',
     (SMALL, LARGE), ('x[index, index]', 'x[1] = 2', 'diag', 'diag_embed')),
    ('the bounds of the index are checked in a pass of its own, which reads 8 bytes for every 4 that are moved',
     (LARGE,), ('scatter', 'scatter_add')),
    ("NumPy's binary search, one element after the other",
     (LARGE,), ('bucketize', 'searchsorted')),
    ('a series or a continued fraction of 20 to 200 terms, one number after the other, in float64, as in SciPy',
     (LARGE,), ('gammainc', 'gammaincc')),
    ('columns are added 512 at a time, with a double for each; bench/lab/surface.md says what was not quicker',
     (LARGE,), ('sum 0',)),
    ('arguments are reduced in float64, which is exact to 1e6: bench/lab/surface.md',
     (LARGE,), ('sin', 'cos')),
    ("Intel's vectors for AVX-512, which both peers have for it, take 5 to 20 per cent less than ours",
     (LARGE,), ('atan',)),
    ('bound by 4 MB of the third-level cache: all libraries are within a tenth of each other, and change places from run to run',
     (LARGE,), ('norm', 'vector_norm', 'amax', 'amin 0', 'ones')),
    ("a product of 512x512 by a vector, which MKL has a seventh quicker at this size, and a call around it",
     (LARGE,), ('addmv',)),
    ('a difference, then its norm: two passes',
     (LARGE,), ('dist',)),
    ('norms of rows, their factors and a product: two passes',
     (LARGE,), ('renorm',)),
    ('real parts first, then imaginary ones: two passes over the result',
     (LARGE,), ('complex',)),
    ("NumPy's loop, on one thread",
     (LARGE,), ('logical_not', 'unique', 'fftshift')),
    ("NumPy's, after a pass that looks for negative numbers",
     (LARGE,), ('bincount',)),
    ('four gathers for each result: bench/lab/conv.md',
     (LARGE,), ('F.grid_sample',)),
    ('the index is expanded to the shape of the source, and each element looks up its own',
     (LARGE,), ('index_reduce',)),
    ('sums and numbers of elements are scattered one after the other, then divided',
     (LARGE,), ('scatter_reduce mean',)),
    ('shape and type of every tensor are looked at in Python; copying takes 0.4 us',
     (SMALL,), ('cat', 'cat -1', 'stack', 'hstack', 'vstack', 'dstack', 'column_stack')),
    ('shape and type of every tensor are looked at in Python; of small ones at either size',
     (SMALL, LARGE), ('block_diag',)),
    ('two results: two arrays, two tensors and a named tuple are made, in Python but for the arrays',
     (SMALL,), ('topk', 'kthvalue', 'mode', 'aminmax', 'cummax', 'cummin', 'var_mean', 'std_mean', 'median -1', 'frexp',
                'sort flat')),
    ('np.unique with inverse and counts, whether they are asked for or not',
     (SMALL,), ('unique',)),
    ('two passes: one compares neighbours, one picks by the mask',
     (LARGE,), ('unique_consecutive',)),
    ('cosines in float64, as arguments to 1e6 need, and rounded to float32 at the end',
     (LARGE,), ('hann_window',)),
    ('a copy or a sum per place of the window, each a call of its own',
     (SMALL, LARGE), ('F.unfold', 'F.fold')),
    ('integers have no remainder by 0: the divisor is searched for zeros first',
     (SMALL,), ('mod int', 'floordiv int')),
    ('triangles are solved in halves down to blocks of 32, the rest are products of matrices, all called from Python',
     (SMALL, LARGE), ('lu_solve', 'cholesky_solve', 'solve_triangular', 'lu_factor', 'det')),
    ("NumPy's LAPACK, called through NumPy, which looks at its arguments in Python as we do before; PyTorch has MKL",
     (SMALL, LARGE), ('qr', 'svd', 'svdvals', 'inv', 'pinv', 'matrix_rank', 'cond', 'cholesky', 'lstsq', 'solve', 'solve vec',
                      'eig', 'eigh', 'eigvalsh', 'slogdet', 'matrix_exp')),
    ("NumPy's transform; its wrapper, in Python, takes 8 us",
     (SMALL,), ('fft', 'ifft', 'rfft', 'irfft', 'fft2', 'rfft2')),
    ("NumPy's transform of 2046 = 2 * 3 * 11 * 31 points, or of rows and then of columns; PyTorch has MKL",
     (LARGE,), ('irfft', 'rfft2')),
    ('shapes and types are looked at in Python and a kernel is chosen; the product itself takes 0.2 us',
     (SMALL,), ('mm', 'mv', 'bmm', 'dot', 'vdot', 'inner', 'outer', 'addmm', 'addmv', 'baddbmm', 'addr', 'chain_matmul',
                'matrix_power', 'einsum i,j', 'einsum ii', 'trace', 'F.linear', 'cross')),
    ('shapes and types are looked at in Python and a kernel is chosen; 512 products take 0.1 us',
     (LARGE,), ('dot', 'vdot', 'inner', 'trace', 'einsum ii')),
    ("MKL's products of this size are 5 to 17 per cent quicker: bench/lab/matmul.md",
     (LARGE,), ('mm', 'addmm', 'baddbmm', 'F.linear')),
    ('an outer product, then a sum: two passes where PyTorch has one',
     (LARGE,), ('addr',)),
    ('composed of 4 to 12 operations, each a call of its own',
     (SMALL,), ('F.cosine_similarity', 'gradient', 'quantile', 'nanquantile', 'diff', 'cumulative_trapezoid', 'trapezoid',
                'renorm', 'F.interpolate', 'F.softmin', 'cov', 'corrcoef', 'sinc')),
    ('composed of several operations for 8 numbers, at either size',
     (SMALL, LARGE), ('vander', 'cartesian_prod', 'combinations')),
    ('two norms with passes of their own, two quotients and a product; PyTorch has the same in C',
     (LARGE,), ('F.cosine_similarity',)),
    ('options (layout, device, pin_memory, requires_grad) and the type are looked at in Python',
     (SMALL,), ('arange', 'arange float', 'linspace', 'logspace', 'full', 'full_like', 'ones', 'zeros args', 'eye',
                'new_zeros', 'tril_indices', 'complex', 'polar', 'zeros_like')),
    ('options and the nested data are looked at in Python; the same 8 numbers at either size',
     (SMALL, LARGE), ('tensor list', 'tensor number', 'tensor nested')),
    ('generator, range and memory order are looked at in Python; drawing takes 0.2 us',
     (SMALL,), ('bernoulli', 'exponential_', 'normal', 'normal_', 'uniform_', 'randn', 'randperm')),
    ('four reductions of NumPy look at the weights',
     (LARGE, SMALL), ('multinomial',)),
    ('a cast that may overflow silences NumPy first',
     (SMALL,), ('half', 'to int64', 'bool')),
    ('the degree is broadcast and its type promoted in Python',
     (SMALL,), ('hermite_h', 'legendre_p', 'chebyshev_t', 'laguerre_l')),
    ('a function of NumPy around which checks, a call and a tensor come',
     (SMALL,), ('rot90', 'flip', 'fliplr', 'flipud', 'nonzero', 'argwhere', 'all -1', 'any 0', 'sum int', 'sum bool', 'mul int',
                'round decimals', 'gcd', 'lcm', 'ldexp', 'nextafter', 'float_power')),
    ('the call: arguments checked, types promoted and a tensor made in 1 to 3 us of Python around a kernel of 0.1',
     (SMALL,), ('addcmul', 'addcdiv', 'clamp tensor', 'where', 'where number', 'rsub', 'F.glu', 'logcumsumexp', 'vector_norm',
                'vector_norm inf', 'matrix_norm', 'copy_', 'zero_', 'fill_', 'F.grid_sample', 'msort', 'isin', 'fftshift',
                'roll', 'equal', 'tril', 'triu', 'cdist', 'amax -1', 'argmin 0', 'F.hardshrink', 'gammainc', 'gammaincc',
                'tensordot')),
    ('NumPy turns the dimensions and copies, which is half of the time',
     (SMALL,), ('F.pixel_shuffle', 'F.pixel_unshuffle')),
    ("two thirds go to NumPy's method min, which is Python inside: no number may be negative",
     (SMALL,), ('bincount',)),
)
WHY = {f'{name}, {size}': text for text, sizes, names in REASONS for size in sizes for name in names}

cases = Cases()
cases.groups = tuple(SIZES)


def operands(large):
    """The arrays of a size, by the names under which the calls know them."""
    rng = np.random.default_rng(0)

    def real(low, high, shape):
        return rng.uniform(low, high, shape).astype(np.float32)

    def normal(*shape):
        return rng.standard_normal(shape).astype(np.float32)

    def whole(end, shape):
        return rng.integers(0, end, shape)

    shape, plane = ((1024, 1024),) * 2 if large else ((8,), (2, 4))
    rows, columns, few = plane[0], plane[1], 512 if large else 4
    side, small_side, edge = (512, 128, 64) if large else (3, 3, 2)
    a = {'x': real(.1, .9, shape), 'y': real(.1, .9, shape), 'p': real(1.1, 6, shape), 'n': normal(*shape),
         'k': whole(1000, shape), 'j': whole(1000, shape), 'k8': whole(8, shape), 'kk': whole(shape[-1], shape),
         'm': rng.random(shape) < .5, 'm2': rng.random(shape) < .5, 'ix': whole(shape[0], few),
         'ixall': whole(min(shape[0], rows), shape[0]), 'ix2': whole(rows, few), 'ix3': whole(columns, few),
         'w1': np.full(1, .25, np.float32), 'x1': np.full(1, 1.5, np.float32), 'x8': np.arange(8, dtype=np.float32),
         'edges': np.linspace(0, 1, 17, dtype=np.float32), 'few': np.array([1, 3, 5]),
         'sq': normal(side, side) + (25 if large else 4) * np.eye(side, dtype=np.float32), 'sq2': normal(side, side),
         'row': real(.1, 1, side), 'row2': normal(side), 'sv': normal(small_side, small_side), 'small': normal(edge, edge),
         'b3': normal(*((16, 128, 128) if large else (2, 2, 2))), 'c3': normal(*((100_000, 3) if large else (3,))),
         'img': normal(*((4, 16, 128, 128) if large else (1, 1, 10, 10))),
         'img4': normal(*((4, 16, 128, 128) if large else (1, 4, 4, 4))),
         'cols': normal(*((64, 144, 64) if large else (1, 9, 64)))}
    image = a['img'].shape
    a |= {'x2': a['x'].copy(), 'xw': a['x'].copy(), 'x2d': a['x'].reshape(plane).copy(), 'x3d': a['x'].reshape(1, *plane).copy(),
          'xs': a['x'][None].copy(), 'k8f': a['k8'].ravel().copy(), 'row8': a['x8'], 'a8': a['x8'], 'sb': a['b3'][0].copy(),
          'spd': a['sq'] @ a['sq'].T + np.eye(side, dtype=np.float32), 'ssv': a['sv'] + a['sv'].T,
          'c3b': a['c3'][..., ::-1].copy(),
          'tri': np.triu(a['sq']) + 4 * np.eye(side, dtype=np.float32), 'z': (a['x'] + 1j * a['y']).astype(np.complex64),
          'grid': real(-1, 1, (image[0], *image[2:], 2))}
    return a, {'S': shape, 'N': shape[0] * (shape[-1] if large else 1), 'R': rows if large else 8}


@cache
def drawn(large):
    """`operands`, made once in a process."""
    return operands(large)


def names(library, large, used):
    """What a call may name; arrays are copies, so that no case sees what another wrote."""
    arrays, numbers = drawn(large)
    arrays = {name: array.copy() for name, array in arrays.items() if name in {*used, 'sq', 'spd'}}
    found = {**numbers, 'np': np, 'rng': np.random.default_rng(0)}
    if library is np:
        import scipy.linalg
        import scipy.special
        from scipy.spatial.distance import cdist, pdist
        return found | arrays | {'sp': scipy.special, 'sl': scipy.linalg, 'cdist': cdist, 'pdist': pdist}
    found |= {name: library.from_numpy(array) for name, array in arrays.items()}
    found |= {'a8': np.arange(8, dtype=np.float32), 't': library, 'F': library.nn.functional}
    if 'LU' in used:
        found['LU'] = library.linalg.lu_factor(found['sq'])
    if 'CH' in used:
        found['CH'] = library.linalg.cholesky(found['spd'])
    return found


def builder(call, large, compared):
    """A build function for an expression, which becomes the body of a function."""
    code = compile(f'lambda: {call}' if compared else f'lambda: ({call}, None)[1]', call, 'eval')
    used = set(re.findall(r'\w+', call))
    return lambda library: eval(code, names(library, large, used))  # the expressions are those of surface.txt


for _line in Path(__file__).with_suffix('.txt').read_text().splitlines():
    if not _line.startswith('#'):
        _name, _call, *_twin = _line.split(' | ')
        for _size, _large in SIZES.items():
            _case = f'{_name.lstrip("~")}, {_size}'
            cases(_case, why=WHY.get(_case, ''))(builder(_call, _large, _name[0] != '~'))
            if _twin:
                cases.twin(_case, 'numpy')(builder(_twin[0], _large, _name[0] != '~'))
