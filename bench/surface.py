"""Nearly every function on tensors, at 8 elements and at 1024x1024: nothing may be slower than both NumPy and PyTorch.

    python -m bench surface --against torch,numpy

The cases are the lines of surface.txt: `name | call | the same with NumPy or SciPy`. A call sees the library as `t`, its
`nn.functional` as F, and arrays by the names of `operands`. A name that begins with ~ has results that may differ: random
ones, or ones that are only unique up to a sign. Functions of n^3 work have smaller operands than 1024x1024: matrix products
and solvers 512, decompositions 128; `operands` says which. For cases that are slower than a peer the bench prints the reason
in REASONS.
"""

import re
from functools import cache
from pathlib import Path

import numpy as np

from .cases import Cases

SIZES = {'8 elements': False, '1024x1024': True}

# Why a case is slower than a peer, by the first pattern that matches its name.
VIEW = 'a view is a NumPy view and a tensor object around it, made by Python calls; their sum is the cost'
INDEX = "NumPy's indexing by arrays, which takes microseconds to set up"
ONE_BY_ONE = 'NumPy has no such pass: ufunc.at, or a loop over one dimension'
LAPACK = "NumPy's LAPACK: OpenBLAS, and a copy into its column order; PyTorch brings MKL"
DRAWS = "the numbers are PyTorch's, from one Mersenne Twister in its order; NumPy's stream is another"
SEVERAL = 'several operations in turn, each with its own call from Python'
SORTED = "NumPy's sort, partition or search along a dimension, which returns no places: they are a second pass"
HALVES = 'halves and matrix products in Python around a kernel for blocks of 32; the rest is copies into one stack of matrices'
REASONS = (
    (r'(rand|randn|randint|randperm|rand_like|bernoulli|normal_?|multinomial|poisson|uniform_|exponential_|dropout|F\.rrelu)\b',
     DRAWS),
    (r'(lu_|cholesky_solve|solve_triangular)', HALVES),
    (r'(cholesky|qr|svd|eig|lstsq|pinv|inv|det|slogdet|solve|matrix_(exp|rank|power)|cond\b)', LAPACK),
    (r'(scatter|index_(reduce|add|copy|put|fill)|cummax|cummin|logcumsumexp|mode|F\.fold|F\.unfold|masked_scatter|put\b)',
     ONE_BY_ONE),
    (r'(topk|kthvalue|sort|argsort|msort|unique|median|nanmedian|quantile|nanquantile|isin|searchsorted|bucketize)', SORTED),
    (r'(x\[(mask|index)|gather|take|index_select|masked_select|nonzero|argwhere|F\.(embedding|one_hot)|repeat_interleave|bincount)',
     INDEX),
    (r'(x\[|select|narrow|view|reshape|flatten|squeeze|unsqueeze|t,|T,|transpose|permute|movedim|expand|broadcast_to|diagonal|'
     r'unfold|chunk|split|tensor_split|unbind|numel|len|dim,|item|float\(|detach|numpy|from_numpy|as_tensor|tensor )', VIEW),
    (r'(log2|log10|pow|exp2|asinh|acosh|atanh)\b.*1024',
     "NumPy's loops for AVX-512 are Intel's; ours are one text for all instruction sets"),
    (r'.*, 8 elements', 'checks of the arguments and the wrapping of the result, in Python, beside next to no work'),
    (r'.*', SEVERAL),
)

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
            _why = next(why for pattern, why in REASONS if re.match(pattern, _case))
            cases(_case, why=_why)(builder(_call, _large, _name[0] != '~'))
            if _twin:
                cases.twin(_case, 'numpy')(builder(_twin[0], _large, _name[0] != '~'))
