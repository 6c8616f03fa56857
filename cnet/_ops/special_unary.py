"""Special functions of one number: a table with a line per function."""

import math
from collections.abc import Callable

from .. import _kernels as K
from .._core import errors
from .._core.base import TensorBase, wrap
from .._core.dtype import get_default_dtype
from .._core.elementwise import unary_float, with_out
from .._core.inplace import assign_
from .._core.op import Op

S = K.special
_SLOPE = 2 / math.sqrt(math.pi)  # of erf at 0
_ROOT_HALF = math.sqrt(0.5)


class Polygamma(Op, name='PolygammaBackward0'):
    """Derivative number n of digamma."""

    keep_in = (0,)

    @staticmethod
    def forward(x, n):
        return S.polygamma(x, n) if n > 1 else S.trigamma(x) if n else S.digamma(x)

    def backward(self, g):
        return g * Polygamma.apply(self.saved(0), n=self.kw['n'] + 1)


def _near_zero(slope, x):
    """Half at 0, where the formula of a slope divides by 0."""
    return slope.masked_fill(x == 0, 0.5)


F: dict[str, Callable] = {}  # the functions by name, for the derivatives of each other

# name: (class of the node or None, forward, derivative from (g, x, y), summary, x, value at x)
TABLE = {
    'erf': ('Erf', K.pointwise.erf, lambda g, x, y: g * (-x * x).exp() * _SLOPE, 'error function', '0.5', '0.5205'),
    'erfc': ('Erfc', S.erfc, lambda g, x, y: -g * (-x * x).exp() * _SLOPE, '1 - erf(x), exact for large x', '0.5', '0.4795'),
    'erfinv': ('Erfinv', S.erfinv, lambda g, x, y: g * (y * y).exp() / _SLOPE, 'inverse of the error function', '0.5', '0.4769'),
    'erfcx': ('SpecialErfcx', S.erfcx, lambda g, x, y: g * (2 * x * y - _SLOPE), 'exp(x^2) erfc(x)', '0.5', '0.6157'),
    'lgamma': ('Lgamma', S.lgamma, lambda g, x, y: g * F['digamma'](x),
               'logarithm of the absolute value of the gamma function', '5.', '3.1781'),
    'digamma': ('Digamma', S.digamma, lambda g, x, y: g * Polygamma.apply(x, n=1), 'derivative of lgamma', '1.', '-0.5772'),
    'i0': ('I0', S.i0, lambda g, x, y: g * F['i1'](x), 'modified Bessel function of the first kind of order 0', '1.', '1.2661'),
    'i0e': ('SpecialI0E', S.i0e, lambda g, x, y: g * (F['i1e'](x) - x.sgn() * y), 'exp(-|x|) i0(x)', '1.', '0.4658'),
    'i1': ('SpecialI1', S.i1, lambda g, x, y: g * _near_zero(F['i0'](x) - y / x, x),
           'modified Bessel function of the first kind of order 1', '1.', '0.5652'),
    'i1e': ('SpecialI1E', S.i1e, lambda g, x, y: g * _near_zero(F['i0e'](x) - y * (x.sgn() + 1 / x), x),
            'exp(-|x|) i1(x)', '1.', '0.2079'),
    'ndtri': ('SpecialNdtri', S.ndtri, lambda g, x, y: g * (y * y / 2).exp() * math.sqrt(2 * math.pi),
              'inverse of the normal distribution function', '0.9', '1.2816'),
    'log_ndtr': ('SpecialLogNdtr', S.log_ndtr, lambda g, x, y: g * math.sqrt(2 / math.pi) / F['erfcx'](x * -math.sqrt(0.5)),
                 'logarithm of the normal distribution function', '0.', '-0.6931'),
    'entr': ('SpecialEntr', S.entr, lambda g, x, y: g * (-x.log() - 1), 'entropy term -x log(x)', '0.5', '0.3466'),
    'airy_ai': (None, S.airy_ai, None, "Airy's function Ai", '1.', '0.1353'),
    'bessel_j0': (None, S.j0, None, 'bessel function of the first kind of order 0', '1.', '0.7652'),
    'bessel_j1': (None, S.j1, None, 'bessel function of the first kind of order 1', '1.', '0.4401'),
    'bessel_y0': (None, S.y0, None, 'bessel function of the second kind of order 0', '1.', '0.0883'),
    'bessel_y1': (None, S.y1, None, 'bessel function of the second kind of order 1', '1.', '-0.7812'),
    'modified_bessel_i0': (None, S.i0, None, '`i0` without a derivative', '1.', '1.2661'),
    'modified_bessel_i1': (None, S.i1, None, '`i1` without a derivative', '1.', '0.5652'),
    'modified_bessel_k0': (None, S.k0, None, 'modified Bessel function of the second kind of order 0', '1.', '0.4210'),
    'modified_bessel_k1': (None, S.k1, None, 'modified Bessel function of the second kind of order 1', '1.', '0.6019'),
    'scaled_modified_bessel_k0': (None, S.k0e, None, 'exp(x) modified_bessel_k0(x)', '1.', '1.1445'),
    'scaled_modified_bessel_k1': (None, S.k1e, None, 'exp(x) modified_bessel_k1(x)', '1.', '1.6362'),
    'spherical_bessel_j0': (None, S.spherical_j0, None, 'sin(x) / x, and 1 at 0', '1.', '0.8415'),
}
_PUBLIC = ('erf', 'erfc', 'erfinv', 'lgamma', 'digamma', 'i0')  # those that also live in the namespace `cnet`

_DOC = '''{summary}, element by element.

    Args:
        input (Tensor): any shape. Integers become the default floating type.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the shape of `input`{note}.

    Example:
        >>> import cnet
        >>> cnet.{path}(cnet.tensor([{x}]))
        tensor([{y}])
    '''


def _make_op(node, forward, formula):
    def backward(self, g):
        return formula(g, self.saved(0), self.out(0))

    body = {'forward': staticmethod(forward), 'backward': backward, '__slots__': (),
            'keep_in': (0,), 'keep_out': (0,)}
    return type(Op)(node, (Op,), body, name=node + 'Backward0')


def _make_function(name, row):
    node, forward, formula, summary, x, y = row
    op = _make_op(node, forward, formula) if node else None

    def function(input, *, out=None):
        if isinstance(input, TensorBase) and input._a.dtype.kind == 'c':
            raise errors.not_implemented(f'{name}_cpu', input._a.dtype)
        if op is None:
            r = wrap(forward(_floats(input, name)))
        else:
            r = unary_float(op, input, f'special_{name}')
        return r if out is None else with_out(r, out)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = _DOC.format(summary=summary[0].upper() + summary[1:], x=x, y=y,
                                   path=name if name in _PUBLIC else f'special.{name}',
                                   note='' if node else '. It has no derivative, as in PyTorch')
    return function


def _floats(input, name):
    if not isinstance(input, TensorBase):
        raise errors.argument_type(f'special_{name}', 'input', 'Tensor', input, 1)
    a = input._a
    return a if a.dtype.kind == 'f' else input.to(get_default_dtype())._a


def in_place(function):
    """The method that writes the function's result into the tensor."""
    def method(self, *args):
        return assign_(self, function(self, *args))
    method.__name__ = method.__qualname__ = function.__name__ + '_'
    method.__doc__ = f'In-place version of `{function.__name__}`.'
    return method


F.update({name: _make_function(name, row) for name, row in TABLE.items()})
erf = F['erf']
erfc = F['erfc']
erfinv = F['erfinv']
erfcx = F['erfcx']
lgamma = F['lgamma']
digamma = F['digamma']
i0 = F['i0']
i0e = F['i0e']
i1 = F['i1']
i1e = F['i1e']
ndtri = F['ndtri']
log_ndtr = F['log_ndtr']
entr = F['entr']
airy_ai = F['airy_ai']
bessel_j0 = F['bessel_j0']
bessel_j1 = F['bessel_j1']
bessel_y0 = F['bessel_y0']
bessel_y1 = F['bessel_y1']
modified_bessel_i0 = F['modified_bessel_i0']
modified_bessel_i1 = F['modified_bessel_i1']
modified_bessel_k0 = F['modified_bessel_k0']
modified_bessel_k1 = F['modified_bessel_k1']
scaled_modified_bessel_k0 = F['scaled_modified_bessel_k0']
scaled_modified_bessel_k1 = F['scaled_modified_bessel_k1']
spherical_bessel_j0 = F['spherical_bessel_j0']
gammaln, psi = lgamma, digamma


def ndtr(input, *, out=None):
    """The normal distribution function: the share of the area below the bell curve that is left of x.

    Args:
        input (Tensor): any shape. Integers become the default floating type.
        out (Tensor, optional): receives the result.

    Returns:
        Tensor: the shape of `input`.

    Example:
        >>> import cnet
        >>> cnet.special.ndtr(cnet.tensor([0., 1.]))
        tensor([0.5000, 0.8413])
    """
    if not isinstance(input, TensorBase):
        raise errors.argument_type('special_ndtr', 'input', 'Tensor', input, 1)
    r = (erf(input * _ROOT_HALF) + 1) * 0.5
    return r if out is None else with_out(r, out)


METHODS = {name: F[name] for name in _PUBLIC}
METHODS |= {name + '_': in_place(F[name]) for name in _PUBLIC}
PUBLIC = {name: F[name] for name in _PUBLIC} | {name: METHODS[name] for name in ('erf_', 'erfc_', 'i0_')}
