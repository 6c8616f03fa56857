"""Ready-made parametrizations: orthogonal matrices, weight normalization, spectral normalization."""

from ..._core.dtype import finfo
from ..._core.mode import no_grad
from ..._ops.join import cat
from ..._ops.linalg_functions import matrix_exp
from ..._ops.linalg_qr import geqrf, householder_product, qr
from ..._ops.linalg_solve import solve
from ..._ops.random import randn
from ..._ops.sequences import eye
from ..._tensor import Tensor
from .. import functional as F
from ..modules.module import Module
from . import parametrize
from .spectral_norm import as_matrix, output_dim
from .weight_norm import norm_except_dim, scaled

__all__ = ['orthogonal', 'spectral_norm', 'weight_norm']

_MAPS = ('matrix_exp', 'cayley', 'householder')


def _is_orthogonal(q):
    n, k = q.shape[-2:]
    return (q.mH @ q).allclose(eye(k, dtype=q.dtype), atol=10.0 * n * finfo(q.dtype).eps)


def _made_orthogonal(a):
    """The Q of the QR decomposition whose R has a positive diagonal."""
    q, r = qr(a)
    return q * r.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


class _Orthogonal(Module):
    """A matrix with orthonormal rows or columns, from a matrix without constraints.

    With `base`, the trained matrix starts at a constant, and the result is a rotation of the base: any starting value can be
    had, and any map is well-behaved near there.
    """

    def __init__(self, weight, orthogonal_map, *, use_trivialization=True):
        super().__init__()
        if weight.is_complex() and orthogonal_map == 'householder':
            raise ValueError('The householder parametrization does not support complex tensors.')
        self.shape = weight.shape
        self.orthogonal_map = orthogonal_map
        if use_trivialization:
            self.register_buffer('base', None)

    def forward(self, x):
        wide = x.shape[-2] < x.shape[-1]
        if wide:
            x = x.mT
        n, k = x.shape[-2:]
        if self.orthogonal_map == 'householder':
            a = x.tril(-1)
            tau = 2.0 / (1.0 + (a * a).sum(-2))
            # The diagonal, +1 or -1, was set by right_inverse.
            q = householder_product(a, tau) * x.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)
        else:
            x = x.tril()
            if n != k:
                x = cat([x, x.new_zeros(n, n - k).expand(*x.shape[:-2], -1, -1)], -1)
            skew = x - x.mH
            if self.orthogonal_map == 'matrix_exp':
                q = matrix_exp(skew)
            else:
                one = eye(n, dtype=skew.dtype)
                q = solve(one - skew / 2, one + skew / 2)
            if n != k:
                q = q[..., :k]
        if 'base' in self._buffers:
            q = self.base @ q
        return q.mT if wide else q

    def right_inverse(self, q):
        if q.shape != self.shape:
            raise ValueError(f'Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {q.shape}.')
        with no_grad():
            given = q
            wide = q.shape[-2] < q.shape[-1]
            if wide:
                q = q.mT
            if 'base' not in self._buffers:
                return self._reflections(q, wide)
            n, k = q.shape[-2:]
            if n != k:
                q = _made_orthogonal(cat([q, randn(*q.shape[:-2], n, n - k, dtype=q.dtype)], -1))
            else:
                q = q.clone() if _is_orthogonal(q) else _made_orthogonal(q)
            self.base = q
            start = given.new_zeros(given.shape)  # what every map sends to the identity
            start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
            return start

    def _reflections(self, q, wide):
        if self.orthogonal_map != 'householder':
            raise NotImplementedError('It is not possible to assign to the matrix exponential or the Cayley parametrizations '
                                      'when use_trivialization=False.')
        a, tau = geqrf(q)
        diagonal = a.diagonal(dim1=-2, dim2=-1)
        diagonal.sign_()
        diagonal[tau == 0.0] *= -1
        return a.mT if wide else a


def _weight_of(module, name):
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


def orthogonal(module, name='weight', orthogonal_map=None, *, use_trivialization=True):
    """Keep a matrix orthogonal, or its rows or columns orthonormal.

    Args:
        module (Module): whose matrix it is.
        name (str): of the matrix.
        orthogonal_map (str, optional): 'matrix_exp', 'cayley' or 'householder'; by default the first for square matrices, the
            last for others.
        use_trivialization (bool): train a rotation of the starting value.

    Returns:
        Module: `module`.

    Example:
        >>> import cnet
        >>> layer = cnet.nn.utils.parametrizations.orthogonal(cnet.nn.Linear(3, 3))
        >>> (layer.weight @ layer.weight.T).allclose(cnet.eye(3), atol=1e-5)
        True
    """
    weight = _weight_of(module, name)
    if weight.ndim < 2:
        raise ValueError(f'Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.')
    if orthogonal_map is None:
        square = weight.shape[-2] == weight.shape[-1]
        orthogonal_map = 'matrix_exp' if square or weight.is_complex() else 'householder'
    if orthogonal_map not in _MAPS:
        raise ValueError(f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}')
    orth = _Orthogonal(weight, orthogonal_map, use_trivialization=use_trivialization)
    return parametrize.register_parametrization(module, name, orth, unsafe=True)


class _WeightNorm(Module):
    """A weight from its length and its direction."""

    def __init__(self, dim=0):
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g, weight_v):
        return scaled(weight_v, weight_g, self.dim)

    def right_inverse(self, weight):
        return norm_except_dim(weight, 2, self.dim), weight


def weight_norm(module, name='weight', dim=0):
    """Train the length and the direction of a weight instead of the weight.

    Args:
        module (Module): whose weight it is; parametrizations.name.original0 is the length, original1 the direction.
        name (str): of the weight.
        dim (int, optional): the dimension along which every slice has its own length; None: there is one length.

    Returns:
        Module: `module`.

    Example:
        >>> import cnet
        >>> layer = cnet.nn.utils.parametrizations.weight_norm(cnet.nn.Linear(20, 40))
        >>> layer.parametrizations.weight.original0.shape
        cnet.Size([40, 1])
    """
    parametrize.register_parametrization(module, name, _WeightNorm(dim), unsafe=True)

    def read_old_names(state_dict, prefix, *rest):
        old = f'{prefix}{name}_g', f'{prefix}{name}_v'
        if all(key in state_dict for key in old):
            for i, key in enumerate(old):
                state_dict[f'{prefix}parametrizations.{name}.original{i}'] = state_dict.pop(key)

    module._register_load_state_dict_pre_hook(read_old_names)
    return module


class _SpectralNorm(Module):
    """A weight divided by an estimate of its largest singular value."""

    def __init__(self, weight, n_power_iterations=1, dim=0, eps=1e-12):
        super().__init__()
        ndim = weight.ndim
        if not -ndim <= dim < ndim:
            raise IndexError(f'Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] but got {dim})')
        if n_power_iterations <= 0:
            raise ValueError(f'Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}')
        self.dim = dim % ndim
        self.eps = eps
        if ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = as_matrix(weight, self.dim).detach()
            rows, columns = matrix.shape
            u, v = (matrix.new_empty(n).normal_(0, 1) for n in (rows, columns))
            self.register_buffer('_u', F.normalize(u, dim=0, eps=eps))
            self.register_buffer('_v', F.normalize(v, dim=0, eps=eps))
            self._power_method(matrix, 15)

    def _power_method(self, matrix, times):
        with no_grad():
            for _ in range(times):
                self._u.copy_(F.normalize(matrix @ self._v, dim=0, eps=self.eps))
                self._v.copy_(F.normalize(matrix.mH @ self._u, dim=0, eps=self.eps))

    def forward(self, weight):
        if weight.ndim == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        # The next call writes into the buffers; this call's graph must keep what it used.
        u, v = self._u.clone(), self._v.clone()
        return weight / u.vdot(matrix @ v)

    def right_inverse(self, value):
        return value  # any value is the original of some weight of norm 1, and this one is as good as any


def spectral_norm(module, name='weight', n_power_iterations=1, eps=1e-12, dim=None):
    """Divide a weight by an estimate of its largest singular value, which every use in training improves.

    Args:
        module (Module): whose weight it is.
        name (str): of the weight.
        n_power_iterations (int): how often the estimate is improved per use.
        eps (float): the least length that vectors are divided by.
        dim (int, optional): the dimension of the outputs; 0, but 1 for transposed convolutions.

    Returns:
        Module: `module`.

    Example:
        >>> import cnet
        >>> layer = cnet.nn.utils.parametrizations.spectral_norm(cnet.nn.Linear(20, 40))
        >>> 0.8 < cnet.linalg.matrix_norm(layer.weight, 2).item() < 1.2
        True
    """
    weight = _weight_of(module, name)
    norm = _SpectralNorm(weight, n_power_iterations, output_dim(module) if dim is None else dim, eps)
    return parametrize.register_parametrization(module, name, norm)
