"""Orthogonal polynomials by their recurrences. They have no derivative, as in PyTorch."""


from .. import _kernels as K
from .._core.base import wrap
from .._core.elementwise import as_float, operands, refuse_shapes, with_out

CHEBYSHEV, HERMITE, HERMITE_E, LAGUERRE, LEGENDRE = range(5)  # the recurrences of the kernel

# name: (title, recurrence, slope and offset of the polynomial of degree 1, value of degree 2 at 0.5)
TABLE = {
    'chebyshev_polynomial_t': ('Chebyshev polynomial of the first kind', CHEBYSHEV, (1, 0), '-0.5000'),
    'chebyshev_polynomial_u': ('Chebyshev polynomial of the second kind', CHEBYSHEV, (2, 0), '0.'),
    'chebyshev_polynomial_v': ('Chebyshev polynomial of the third kind', CHEBYSHEV, (2, -1), '-1.'),
    'chebyshev_polynomial_w': ('Chebyshev polynomial of the fourth kind', CHEBYSHEV, (2, 1), '1.'),
    'hermite_polynomial_h': ("Hermite polynomial (physicists')", HERMITE, (2, 0), '-1.'),
    'hermite_polynomial_he': ("Hermite polynomial (probabilists')", HERMITE_E, (1, 0), '-0.7500'),
    'laguerre_polynomial_l': ('Laguerre polynomial', LAGUERRE, (-1, 1), '0.1250'),
    'legendre_polynomial_p': ('Legendre polynomial', LEGENDRE, (1, 0), '-0.1250'),
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


def _make(name, shifted=''):
    title, recurrence, (slope, offset), value = TABLE[name]
    name = shifted + name

    def function(input, n, *, out=None):
        x, degree = (as_float(a) for a in operands(input, n, name))
        refuse_shapes(x, degree)
        if shifted:
            x = 2 * x - 1
        r = wrap(K.special.polynomial(x, degree, recurrence, slope, offset))
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
