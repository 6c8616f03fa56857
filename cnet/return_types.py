"""The named tuples that functions with several results return: `cnet.max(x, 0).values`.

The module imports nothing, so that every layer may use it.
"""


class _Results(tuple):
    """A tuple whose items also have names; made from one sequence, as PyTorch's are."""

    __slots__ = ()
    __match_args__ = ()

    def __new__(cls, items=()):
        self = tuple.__new__(cls, items)
        if len(self) != len(cls.__match_args__):
            raise TypeError(f'{cls.__module__}.{cls.__name__}() takes a {len(cls.__match_args__)}-sequence '
                            f'({len(self)}-sequence given)')
        return self

    def __repr__(self):
        fields = ',\n'.join(f'{name}={value!r}' for name, value in zip(self.__match_args__, self))
        return f'{self.__module__}.{type(self).__name__}(\n{fields})'

    def __reduce__(self):
        return type(self), (tuple(self),)


def _item(i, name):
    return property(lambda self: self[i], doc=f'Item {i}, the {name}.')


def _named(name, *fields):
    body = {field: _item(i, field) for i, field in enumerate(fields)}
    body |= {'__slots__': (), '__match_args__': fields, '__module__': __name__, '__doc__': f'Results of `cnet.{name}`.',
             'n_fields': len(fields), 'n_sequence_fields': len(fields), 'n_unnamed_fields': 0}
    return type(name, (_Results,), body)


aminmax = _named('aminmax', 'min', 'max')
cummax = _named('cummax', 'values', 'indices')
cummin = _named('cummin', 'values', 'indices')
frexp = _named('frexp', 'mantissa', 'exponent')
geqrf = _named('geqrf', 'a', 'tau')
histogram = _named('histogram', 'hist', 'bin_edges')
histogramdd = _named('histogramdd', 'hist', 'bin_edges')
kthvalue = _named('kthvalue', 'values', 'indices')
linalg_cholesky_ex = _named('linalg_cholesky_ex', 'L', 'info')
linalg_eig = _named('linalg_eig', 'eigenvalues', 'eigenvectors')
linalg_eigh = _named('linalg_eigh', 'eigenvalues', 'eigenvectors')
linalg_inv_ex = _named('linalg_inv_ex', 'inverse', 'info')
linalg_ldl_factor = _named('linalg_ldl_factor', 'LD', 'pivots')
linalg_ldl_factor_ex = _named('linalg_ldl_factor_ex', 'LD', 'pivots', 'info')
linalg_lstsq = _named('linalg_lstsq', 'solution', 'residuals', 'rank', 'singular_values')
linalg_lu = _named('linalg_lu', 'P', 'L', 'U')
linalg_lu_factor = _named('linalg_lu_factor', 'LU', 'pivots')
linalg_lu_factor_ex = _named('linalg_lu_factor_ex', 'LU', 'pivots', 'info')
linalg_qr = _named('linalg_qr', 'Q', 'R')
linalg_slogdet = _named('linalg_slogdet', 'sign', 'logabsdet')
linalg_solve_ex = _named('linalg_solve_ex', 'result', 'info')
linalg_svd = _named('linalg_svd', 'U', 'S', 'Vh')
lu_unpack = _named('lu_unpack', 'P', 'L', 'U')
max = _named('max', 'values', 'indices')
median = _named('median', 'values', 'indices')
min = _named('min', 'values', 'indices')
mode = _named('mode', 'values', 'indices')
nanmedian = _named('nanmedian', 'values', 'indices')
qr = _named('qr', 'Q', 'R')
slogdet = _named('slogdet', 'sign', 'logabsdet')
sort = _named('sort', 'values', 'indices')
svd = _named('svd', 'U', 'S', 'V')
topk = _named('topk', 'values', 'indices')
triangular_solve = _named('triangular_solve', 'solution', 'cloned_coefficient')
