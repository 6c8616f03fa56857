"""Gamma and Dirichlet random numbers, and their derivatives by the parameters at fixed probability."""

import numpy as np

from .. import _kernels as K
from .._core import checks, errors
from .._core.generator import engine_of
from .._core.inplace import broadcastable, scalar_name
from .._core.op import Op
from .._kernels import implicit

__all__ = []

F64 = np.float64
quiet = K._quiet.quiet


def _gamma(shapes, engine):
    """Gamma numbers in float64, of shapes in float32 or float64."""
    y = np.empty(shapes.shape)
    engine.gamma(np.ascontiguousarray(shapes, F64), y, shapes.dtype == np.float32)
    return y


def _flat(*xs):
    """Contiguous float64 of one shape, without dimensions."""
    return [np.ascontiguousarray(x, F64).ravel() for x in np.broadcast_arrays(*xs)]


class StandardGamma(Op, name='StandardGammaBackward0'):
    """Gamma numbers of rate 1."""

    keep_in = (0,)
    keep_out = (0,)

    @staticmethod
    def forward(a, engine):
        return np.fmax(_gamma(a, engine), np.finfo(a.dtype).tiny).astype(a.dtype, copy=False)

    def backward(self, g):
        return g * StandardGammaGrad.apply(self.saved(0), self.out(0))


class StandardGammaGrad(Op, name='StandardGammaGradBackward0'):
    """The derivative of gamma numbers by their shape."""

    @staticmethod
    def forward(a, x):
        shape = np.broadcast_shapes(a.shape, x.shape)
        y = np.empty(shape)
        a64, x64 = _flat(a, x)
        implicit.gamma_grad(a64, x64, quiet(K.special.digamma, a64), y.ravel())
        return y.astype(a.dtype, copy=False)

    def backward(self, g):
        raise NotImplementedError("the derivative for '_standard_gamma_grad' is not implemented.")


class SampleDirichlet(Op, name='DirichletBackward'):
    """Rows of gamma numbers, each divided by its sum."""

    keep_in = (0,)
    keep_out = (0,)

    @staticmethod
    def forward(a, engine):
        y = _gamma(a.astype(F64), engine)
        y = quiet(np.divide, y, y.sum(-1, keepdims=True)).astype(a.dtype, copy=False)
        return np.fmin(np.fmax(y, np.finfo(a.dtype).tiny), np.nextafter(a.dtype.type(1), a.dtype.type(0)))

    def backward(self, g):
        a, x = self.saved(0), self.out(0)
        slope = DirichletGrad.apply(x, a, a.sum(-1, keepdim=True).expand(a.shape))
        return slope * (g - (x * g).sum(-1, keepdim=True))


class DirichletGrad(Op, name='DirichletGradBackward0'):
    """The derivative of beta numbers x by their first parameter, divided by 1 - x."""

    @staticmethod
    def forward(x, a, total):
        y = np.empty(np.broadcast_shapes(x.shape, a.shape, total.shape))
        x64, a64, t64 = _flat(x, a, total)
        d = quiet(np.subtract, quiet(K.special.digamma, a64), quiet(K.special.digamma, t64))
        implicit.beta_grad(x64, a64, t64, d, y.ravel())
        return y.astype(x.dtype, copy=False)

    def backward(self, g):
        raise NotImplementedError("the derivative for '_dirichlet_grad' is not implemented.")


def _check(op, what, **inputs):
    """Refuse what are no tensors of one floating type and of shapes that broadcast."""
    for i, (name, x) in enumerate(inputs.items(), 1):
        checks.tensor(x, op, name, i)
    first, *rest = [x._a for x in inputs.values()]
    if first.dtype not in (np.float32, F64):
        raise errors.not_implemented(what, first.dtype)
    for x in rest:
        if x.dtype != first.dtype:
            raise RuntimeError(f'Found dtype {scalar_name(x.dtype)} but expected {scalar_name(first.dtype)}')
        if not broadcastable(first.shape, x.shape):
            raise errors.broadcast(first.shape, x.shape)


def _standard_gamma(input, generator=None):
    """Gamma distributed numbers of rate 1.

    Args:
        input (Tensor): their shapes (concentrations), positive.
        generator (Generator, optional): where the numbers come from. Default: the global generator.

    Shape:
        - Input: (*), any shape.
        - Output: (*), the same.

    Returns:
        Tensor: the numbers; their gradient moves them at fixed probability.

    Example:
        >>> import cnet
        >>> bool((cnet._standard_gamma(cnet.ones(3)) > 0).all())
        True
    """
    _check('_standard_gamma', 'gamma_cpu', input=input)
    return StandardGamma.apply(input, engine=engine_of(generator, '_standard_gamma'))


def _standard_gamma_grad(input, output):
    """The derivative of gamma numbers by their shape, at fixed probability.

    Args:
        input (Tensor): the shapes.
        output (Tensor): the numbers; broadcasts with `input`.

    Shape:
        - Output: the shape of both broadcast together.

    Returns:
        Tensor: the derivatives.

    Example:
        >>> import cnet
        >>> cnet._standard_gamma_grad(cnet.tensor(1.), cnet.tensor(1.))
        tensor(1.1736)
    """
    _check('_standard_gamma_grad', '_standard_gamma_grad_cpu', input=input, output=output)
    return StandardGammaGrad.apply(input, output)


def _sample_dirichlet(input, generator=None):
    """Dirichlet distributed vectors.

    Args:
        input (Tensor): their concentrations, positive, along the last dimension.
        generator (Generator, optional): where the numbers come from. Default: the global generator.

    Shape:
        - Input: (*, k).
        - Output: (*, k).

    Returns:
        Tensor: positive numbers whose sum along the last dimension is 1.

    Example:
        >>> import cnet
        >>> cnet.allclose(cnet._sample_dirichlet(cnet.ones(3)).sum(), cnet.tensor(1.))
        True
    """
    _check('_sample_dirichlet', 'dirichlet', input=input)
    return SampleDirichlet.apply(input, engine=engine_of(generator, '_sample_dirichlet'))


def _dirichlet_grad(x, alpha, total):
    """The derivative of Dirichlet numbers by their own concentration, divided by 1 - x.

    Args:
        x (Tensor): the numbers.
        alpha (Tensor): their concentrations.
        total (Tensor): the sums of all concentrations.

    Shape:
        - Output: the shape of all broadcast together.

    Returns:
        Tensor: the derivatives.

    Example:
        >>> import cnet
        >>> cnet._dirichlet_grad(cnet.tensor(0.5), cnet.tensor(1.), cnet.tensor(2.))
        tensor(0.6931)
    """
    _check('_dirichlet_grad', '_dirichlet_grad_cpu', x=x, alpha=alpha, total=total)
    return DirichletGrad.apply(x, alpha, total)


PUBLIC = {f.__name__: f for f in (_standard_gamma, _standard_gamma_grad, _sample_dirichlet, _dirichlet_grad)}
