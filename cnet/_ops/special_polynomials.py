"""Orthogonal polynomials by their recurrences. They have no derivative, as in PyTorch."""

import numpy as np

from .._core.base import wrap
from .._core.elementwise import as_float, operands, refuse_shapes, with_out
from ._special import elementwise


def _chebyshev(k, x, p, q):
    return 2 * x * p - q


# name: (title, polynomial of degree 1, next from (degree k, x, P_k, P_(k-1)), value of degree 2 at 0.5)
TABLE = {
    'chebyshev_polynomial_t': ('Chebyshev polynomial of the first kind', lambda x: x, _chebyshev, '-0.5000'),
    'chebyshev_polynomial_u': ('Chebyshev polynomial of the second kind', lambda x: 2 * x, _chebyshev, '0.'),
    'chebyshev_polynomial_v': ('Chebyshev polynomial of the third kind', lambda x: 2 * x - 1, _chebyshev, '-1.'),
    'chebyshev_polynomial_w': ('Chebyshev polynomial of the fourth kind', lambda x: 2 * x + 1, _chebyshev, '1.'),
    'hermite_polynomial_h': ("Hermite polynomial (physicists')", lambda x: 2 * x,
                             lambda k, x, p, q: 2 * x * p - 2 * k * q, '-1.'),
    'hermite_polynomial_he': ("Hermite polynomial (probabilists')", lambda x: x, lambda k, x, p, q: x * p - k * q, '-0.7500'),
    'laguerre_polynomial_l': ('Laguerre polynomial', lambda x: 1 - x,
                              lambda k, x, p, q: ((2 * k + 1 - x) * p - k * q) / (k + 1), '0.1250'),
    'legendre_polynomial_p': ('Legendre polynomial', lambda x: x, lambda k, x, p, q: ((2 * k + 1) * x * p - k * q) / (k + 1),
                              '-0.1250'),
}

_DOC = '''{title} of degree n{of}, element by element.

    Args:
        input (Tensor or Number): x. Integers become the default floating type.
        n (Tensor or Number): the degree; below 0 the result is 0. The two broadcast.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the broadcast shape. It has no derivative, as in PyTorch.

    Example:
        >>> import cnet
        >>> cnet.special.{name}(cnet.tensor([{x}]), 2)
        tensor([{y}])
    '''


def _evaluate(x, n, first, step):
    """P_n(x) for arrays: the recurrence runs to the highest degree, and every element takes the value at its own."""
    n = np.trunc(n)
    r = np.where(n == 0, 1.0, np.where(n < 0, 0.0, np.nan))
    before, now = np.ones_like(x), first(x)
    highest = int(n.max(initial=0, where=np.isfinite(n)))
    for k in range(1, highest + 1):
        r = np.where(n == k, now, r)
        before, now = now, step(k, x, now, before)
    return r


def _make(name, shifted=''):
    title, first, step, value = TABLE[name]
    name = shifted + name

    def function(input, n, *, out=None):
        x, degree = (as_float(a) for a in operands(input, n, name))
        like = x if isinstance(x, np.ndarray) else degree
        x, degree = (a if isinstance(a, np.ndarray) else np.asarray(a, like.dtype) for a in (x, degree))
        refuse_shapes(x, degree)
        r = wrap(elementwise(lambda a, m: _evaluate(2 * a - 1 if shifted else a, m, first, step), x, degree))
        return r if out is None else with_out(r, out)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = _DOC.format(title=title, of=' at 2x - 1' if shifted else '', name=name, x='0.75' if shifted else '0.5',
                                   y=value)
    return function


chebyshev_polynomial_t = _make('chebyshev_polynomial_t')
chebyshev_polynomial_u = _make('chebyshev_polynomial_u')
chebyshev_polynomial_v = _make('chebyshev_polynomial_v')
chebyshev_polynomial_w = _make('chebyshev_polynomial_w')
hermite_polynomial_h = _make('hermite_polynomial_h')
hermite_polynomial_he = _make('hermite_polynomial_he')
laguerre_polynomial_l = _make('laguerre_polynomial_l')
legendre_polynomial_p = _make('legendre_polynomial_p')
shifted_chebyshev_polynomial_t = _make('chebyshev_polynomial_t', 'shifted_')
shifted_chebyshev_polynomial_u = _make('chebyshev_polynomial_u', 'shifted_')
shifted_chebyshev_polynomial_v = _make('chebyshev_polynomial_v', 'shifted_')
shifted_chebyshev_polynomial_w = _make('chebyshev_polynomial_w', 'shifted_')
