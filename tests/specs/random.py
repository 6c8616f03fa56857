"""Random tensors. Both libraries are seeded before each call, so the values must be equal to the bit.

Samples that take a tensor have one dimension: tensors are filled in the order of memory, so equal seeds give other values
in another layout of more dimensions.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator

import cnet
from specs import ALL, BOOLS, FLOATS, INTS, Error, Maker, OpSpec, Sample

REAL = (*FLOATS, 'float16', 'complex64', 'complex128')
EXACT = dict.fromkeys(REAL, (0, 0, 'the generator is defined to the bit'))
NO_GRAD = {'grad': False, 'tol': EXACT}


def shapes(make: Maker, dtype: str) -> Iterator[Sample]:
    for n in (1, 7, 16, 37):
        yield Sample(n, dtype=dtype)
    yield Sample((2, 3), dtype=dtype)
    yield Sample([3, 11], dtype=dtype)
    yield Sample((), dtype=dtype)
    yield Sample(2, 0, 3, dtype=dtype)
    yield Sample(size=(1, 2), dtype=dtype)
    yield Sample(3)


def shape_errors(make: Maker) -> Iterator[Error]:
    yield Error(TypeError, Sample(), match='size')
    yield Error(TypeError, Sample(2.0), match="argument 'size' .* must be tuple of ints, not float")
    yield Error(RuntimeError, Sample(2, -1), match='negative dimension -1')
    yield Error(TypeError, Sample(2, generator=3))
    yield Error(NotImplementedError, Sample(2, dtype=cnet.int64), match="not implemented for 'Long'")
    yield Error(NotImplementedError, Sample(2, dtype=cnet.bool), match="not implemented for 'Bool'")
    yield Error(AssertionError, Sample(2, device='cuda'), match='not compiled with CUDA')


def models(make: Maker, dtype: str) -> Iterator[Sample]:
    for n in (0, 5, 37):
        yield Sample(make(n, grad=False))
    yield Sample(make(grad=False), dtype='float32')


def model_errors(make: Maker) -> Iterator[Error]:
    yield Error(TypeError, Sample([1]), match="argument 'input' .* must be Tensor, not list")
    yield Error(NotImplementedError, Sample(make(2), dtype=cnet.int64), match="not implemented for 'Long'")


def ranges(make: Maker, dtype: str) -> Iterator[Sample]:
    for n in (1, 7, 37):
        yield Sample(10, (n,), dtype=dtype)
        yield Sample(3, 9, (n,), dtype=dtype)
    yield Sample(low=1, high=5, size=(2, 3))
    yield Sample(high=5, size=[2])
    yield Sample(-2 ** 40, 2 ** 40, (9,))
    yield Sample(5, (0, 2))


def range_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(5, 5, (2,)), match="'from' to be less than 'to', but got from=5 >= to=5")
    yield Error(RuntimeError, Sample(0, 300, (2,), dtype=cnet.uint8), match='to - 1 is out of bounds for unsigned char')
    yield Error(RuntimeError, Sample(-1, 3, (2,), dtype=cnet.uint8), match='from is out of bounds for unsigned char')
    yield Error(TypeError, Sample(2.5, (2,)), match='must be int, not float')
    yield Error(TypeError, Sample(3, 5), match='must be tuple of ints, not int')
    yield Error(TypeError, Sample(3))
    yield Error(RuntimeError, Sample(3, (-1,)), match='negative dimension')


def range_models(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(9, grad=False), 7)
    yield Sample(make(9, grad=False), 2, 7)
    yield Sample(make(9, grad=False), low=2, high=7)


def orders(make: Maker, dtype: str) -> Iterator[Sample]:
    for n in (0, 1, 2, 10, 100):
        yield Sample(n)
        yield Sample(n, dtype=dtype)


def order_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(-1), match='negative dimension -1')
    yield Error(TypeError, Sample(2.5), match='must be int, not float')
    yield Error(RuntimeError, Sample(300, dtype=cnet.uint8), match='without overflow')
    yield Error(RuntimeError, Sample(3000, dtype=cnet.float16), match='n cannot be greater than 2049 for Half type')


def probabilities(make: Maker, dtype: str) -> Iterator[Sample]:
    for n in (0, 5, 37):
        yield Sample(make(n, low=0, high=1, grad=False))
        yield Sample(make(n, low=0, high=1, grad=False), 0.3)
    yield Sample(make(low=0, high=1, grad=False))


def probability_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make.array([0.5, 2.0])), match='Expected p_in >= 0')
    yield Error(RuntimeError, Sample(make.array([float('nan')])), match='Expected p_in >= 0')
    yield Error(RuntimeError, Sample(make(2, low=0, high=1), 2.0), match=r'expects p to be in \[0, 1\], but got p=2')
    yield Error(NotImplementedError, Sample(make(2, dtype='int64')), match="not implemented for 'Long'")


def rates(make: Maker, dtype: str) -> Iterator[Sample]:
    yield Sample(make(37, low=0, high=40, grad=False))
    yield Sample(make.array([0.0, 0.1, 9.99, 10.0, 1000.0], grad=False))


def rate_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make.array([-1.0])), match='invalid Poisson rate')
    yield Error(RuntimeError, Sample(make.array([float('nan')])), match='invalid Poisson rate')
    yield Error(NotImplementedError, Sample(make(2, dtype='int64')), match="not implemented for 'Long'")


def trials(make: Maker, dtype: str) -> Iterator[Sample]:
    count = make.array([0, 1, 5, 30, 100, 1000], grad=False)
    for p in (0.0, 0.1, 0.5, 0.9, 1.0):
        yield Sample(count, make.array([p] * 6, grad=False))
    yield Sample(count, make.array(0.3, grad=False))


def trial_errors(make: Maker) -> Iterator[Error]:
    yield Error(ValueError, Sample(make(2, dtype='int64'), make(2)), match='for count, got: Long')
    yield Error(RuntimeError, Sample(make(2, low=1), make(2, dtype='float64', low=0, high=1)), match='Found dtype')


def weights(make: Maker, dtype: str) -> Iterator[Sample]:
    for replacement in (False, True):
        yield Sample(make(9, low=0, high=1, grad=False), 1, replacement)
        yield Sample(make(9, low=0, high=1, grad=False), 9, replacement=replacement)
    yield Sample(make(9, low=0, high=1, grad=False), 40, True)
    yield Sample(make.array([0, 1, 0, 2], grad=False), 2)


def weight_errors(make: Maker) -> Iterator[Error]:
    good = make(3, low=0.1, high=1)
    yield Error(RuntimeError, Sample(good, 4), match='without replacement')
    yield Error(RuntimeError, Sample(good, 0), match='n_sample <= 0')
    yield Error(RuntimeError, Sample(make.array([0.0, 0.0]), 1), match='sum of probabilities <= 0')
    for bad in (-1.0, float('inf'), float('nan')):
        yield Error(RuntimeError, Sample(make.array([1.0, bad]), 1), match='inf')
        yield Error(RuntimeError, Sample(make.array([1.0, bad]), 1, True), match='inf')
    yield Error(RuntimeError, Sample(make(2, 2, 2), 1), match='1 or 2 dim')
    yield Error(RuntimeError, Sample(make(3, dtype='int64'), 1), match='floating-point dtypes for input, got: Long')


def normals(make: Maker, dtype: str) -> Iterator[Sample]:
    mean, std = make(37, grad=False), make(37, low=0, high=2, grad=False)
    yield Sample(mean, std)
    yield Sample(mean, 2.0)
    yield Sample(1.5, std)
    yield Sample(mean)
    yield Sample(1.0, 2.0, (2, 9), dtype=dtype)
    yield Sample(make(5, 1, grad=False), make(4, low=0, high=2, grad=False))


def normal_errors(make: Maker) -> Iterator[Error]:
    yield Error(RuntimeError, Sample(make(2), -1.0), match='expects std >= 0.0, but found std -1')
    yield Error(RuntimeError, Sample(make(2), make.array([1.0, -1.0])), match='all elements of std >= 0.0')
    yield Error(RuntimeError, Sample(make(2), make(3, low=0)), match=r'size of tensor a \(2\) must match')
    yield Error(TypeError, Sample(0.0, 1.0))
    yield Error(NotImplementedError, Sample(make(2, dtype='int64'), 1.0), match="not implemented for 'Long'")


def fills(*calls: tuple, keywords: tuple[dict, ...] = (),
          sizes: tuple[int, ...] = (0, 1, 5, 16, 37)) -> Callable[[Maker, str], Iterator[Sample]]:
    def samples(make: Maker, dtype: str) -> Iterator[Sample]:
        for n in sizes:
            for args in calls:
                yield Sample(make(n, grad=False), *args)
        for named in keywords:
            yield Sample(make(3, grad=False), **named)
        yield Sample(make(grad=False), *calls[-1])
    return samples


def refusals(*calls: tuple[type[Exception], tuple, str]) -> Callable[[Maker], Iterator[Error]]:
    def errors(make: Maker) -> Iterator[Error]:
        for error, args, match in calls:
            yield Error(error, Sample(make(3), *args), match=match)
    return errors


SPECS = [
    OpSpec('rand', shapes, dtypes=REAL, errors=shape_errors, **NO_GRAD),
    OpSpec('randn', shapes, dtypes=REAL, errors=shape_errors, **NO_GRAD),
    OpSpec('rand_like', models, dtypes=REAL, errors=model_errors, **NO_GRAD),
    OpSpec('randn_like', models, dtypes=REAL, errors=model_errors, **NO_GRAD),
    OpSpec('randint', ranges, dtypes=(*INTS, *FLOATS), errors=range_errors, **NO_GRAD),
    OpSpec('randint_like', range_models, dtypes=(*INTS, *FLOATS), **NO_GRAD),
    OpSpec('randperm', orders, dtypes=(*INTS, *FLOATS), errors=order_errors, **NO_GRAD),
    OpSpec('bernoulli', probabilities, errors=probability_errors, **NO_GRAD),
    OpSpec('poisson', rates, errors=rate_errors, **NO_GRAD),
    OpSpec('binomial', trials, errors=trial_errors, **NO_GRAD),
    OpSpec('multinomial', weights, errors=weight_errors, **NO_GRAD),
    OpSpec('normal', normals, errors=normal_errors, **NO_GRAD),
    OpSpec('Tensor.uniform_', fills((), (-1.5, 2), keywords=({'to': 3.0}, {'from': -2})), dtypes=REAL,
           errors=refusals((RuntimeError, (2, 1), 'but found from=2 > to=1'),
                           (RuntimeError, (0, 1e39), 'to is out of bounds for float'),
                           (RuntimeError, (-3e38, 3e38), 'exceed the limit')), **NO_GRAD),
    # From 16 real numbers on, contiguous memory is filled in another way than other memory.
    OpSpec('Tensor.normal_', fills((), (1, 2.5), keywords=({'std': 3.0}, {'mean': -2}), sizes=(0, 1, 7)), dtypes=REAL,
           errors=refusals((RuntimeError, (0, -1), 'found std -1')), **NO_GRAD),
    OpSpec('Tensor.exponential_', fills((), (2.5,), keywords=({'lambd': 3.0},)), dtypes=(*FLOATS, 'float16'),
           errors=refusals((RuntimeError, (0,), 'expects lambda > 0.0, but found lambda=0')), **NO_GRAD),
    OpSpec('Tensor.cauchy_', fills((), (2.5, 0.1), keywords=({'sigma': 3.0},)), dtypes=(*FLOATS, 'float16'),
           errors=refusals((RuntimeError, (0, 0), 'expects sigma > 0.0, but found sigma=0')), **NO_GRAD),
    OpSpec('Tensor.log_normal_', fills((), (0, 0.5), keywords=({'std': 3.0},)), dtypes=(*FLOATS, 'float16'),
           errors=refusals((RuntimeError, (0, 0), 'expects std > 0.0, but found std=0')), **NO_GRAD),
    OpSpec('Tensor.geometric_', fills((0.3,), (0.9,)), dtypes=(*FLOATS, *INTS),
           errors=refusals((RuntimeError, (0,), 'but got p=0'), (RuntimeError, (1,), 'but got p=1')), **NO_GRAD),
    OpSpec('Tensor.bernoulli_', fills((), (0.3,), (1,)), dtypes=ALL[:-3] + BOOLS,
           errors=refusals((RuntimeError, (1.5,), 'but got p=1.5'), (RuntimeError, (float('nan'),), 'but got p=nan')), **NO_GRAD),
    OpSpec('Tensor.random_', fills((), (7,), (2, 9), (3, None), keywords=({'to': 3}, {'from': 2, 'to': 5})),
           dtypes=(*FLOATS, *INTS),
           errors=refusals((RuntimeError, (5, 5), 'got from=5 >= to=5'), (RuntimeError, (0,), 'got from=0 >= to=0'),
                           (TypeError, (1.5,), 'must be int, not float')), **NO_GRAD),
]
