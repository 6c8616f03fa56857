"""Operations that few programs use: a file of them is imported when one of its names is first used.

Together these files would double the time that `import cnet` takes. `cnet.det` comes through the module's `__getattr__`,
`x.det` through a descriptor that puts the function in its own place.
"""

from importlib import import_module

from .._core.base import tensor_class

# file: (names in the namespace `cnet`, names of Tensor methods)
_FILES = {
    'finite_differences': ('gradient', ''),
    'frexp': ('frexp',) * 2,
    'gamma': ('_dirichlet_grad _sample_dirichlet _standard_gamma _standard_gamma_grad', ''),
    'histogramdd': ('histogramdd', ''),
    'linalg_lowrank': ('pca_lowrank svd_lowrank', ''),
    'pairwise': ('cdist pdist', ''),
    'renorm': ('renorm', 'renorm renorm_'),
    'sharing': ('', 'share_memory_'),
    'segments': ('_segment_reduce segment_reduce', ''),
    'callables': ('', 'apply_ map2_ map_'),
    'quantile': ('median mode nanmedian nanquantile quantile',) * 2,
    'windows': ('bartlett_window blackman_window hamming_window hann_window kaiser_window', ''),
    'scatter_reduce': ('index_reduce scatter_reduce', 'index_reduce index_reduce_ scatter_reduce scatter_reduce_'),
    'ctc': ('ctc_loss', ''),
    'gridsample': ('affine_grid_generator grid_sampler grid_sampler_2d grid_sampler_3d', ''),
    'linalg_cholesky': ('cholesky cholesky_inverse cholesky_solve',) * 2,
    'linalg_functions': ('det logdet matrix_exp matrix_power slogdet trace',) * 2,
    'linalg_least_squares': ('pinverse',) * 2,
    'linalg_lu': ('lu lu_solve lu_unpack', 'lu lu_solve'),
    'linalg_products': ('cross',) * 2,
    'linalg_qr': ('geqrf orgqr ormqr qr',) * 2,
    'linalg_solve': ('inverse',) * 2,
    'linalg_spectral': ('svd',) * 2,
    'linalg_triangular': ('triangular_solve',) * 2,
    'spectrogram': ('istft stft',) * 2,
    'special_binary': ('igamma igammac mvlgamma polygamma',
                       'igamma igamma_ igammac igammac_ mvlgamma mvlgamma_ polygamma polygamma_'),
    'special_unary': ('digamma erf erf_ erfc erfc_ erfinv i0 i0_ lgamma',
                      'digamma digamma_ erf erf_ erfc erfc_ erfinv erfinv_ i0 i0_ lgamma lgamma_'),
    'rnn': ('gru lstm rnn_relu rnn_tanh', ''),
    'rnn_cell': ('gru_cell lstm_cell rnn_relu_cell rnn_tanh_cell', ''),
}
FILE_OF = {name: file for file, (names, _) in _FILES.items() for name in names.split()}
__all__ = []


def family(file):
    """The imported module of a file in this folder."""
    return import_module(f'.{file}', __package__)


def public(name):
    """The function behind a public name of `FILE_OF`."""
    return family(FILE_OF[name]).PUBLIC[name]


class Late:
    """Stands for a Tensor method until it is first looked up."""

    __slots__ = ('file', 'name')

    def __init__(self, file, name):
        self.file, self.name = file, name

    def __get__(self, instance, owner):
        function = family(self.file).METHODS[self.name]
        setattr(tensor_class(), self.name, function)
        return function.__get__(instance, owner)


METHODS = {name: Late(file, name) for file, (_, names) in _FILES.items() for name in names.split()}
