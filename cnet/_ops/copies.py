"""The `*_copy` twins of views: the same elements in memory of their own.

A twin makes the view, which checks the arguments, and then runs the view's Op again with the result copied.
"""

from .._core.inplace import copy_out
from .broadcast import broadcast_to
from .complex_parts import view_as_complex, view_as_real
from .permute import permute, t, transpose
from .shape import Alias, squeeze, unsqueeze, view
from .slices import as_strided, select, unfold
from .split import split, split_with_sizes, unbind


def _alias(input):
    return Alias.apply(input)


def _slice(input, dim=0, start=None, end=None, step=1):
    return input[(*(slice(None),) * (dim % max(input._a.ndim, 1)), slice(start, end, step))]


# name: (the view, arguments of the example, its result)
_TWINS = {
    'alias_copy': (_alias, '', [[1, 2], [3, 4]]),
    'as_strided_copy': (as_strided, '(2,), (1,)', [1, 2]),
    'expand_copy': (broadcast_to, '(2, 2)', [[1, 2], [3, 4]]),
    'permute_copy': (permute, '(1, 0)', [[1, 3], [2, 4]]),
    'select_copy': (select, '0, 1', [3, 4]),
    'slice_copy': (_slice, '0, 1', [[3, 4]]),
    'squeeze_copy': (squeeze, '0', [[1, 2], [3, 4]]),
    't_copy': (t, '', [[1, 3], [2, 4]]),
    'transpose_copy': (transpose, '0, 1', [[1, 3], [2, 4]]),
    'unfold_copy': (unfold, '0, 2, 1', [[[1, 3], [2, 4]]]),
    'unsqueeze_copy': (unsqueeze, '0', [[[1, 2], [3, 4]]]),
    'view_copy': (view, '(4,)', [1, 2, 3, 4]),
    'view_as_complex_copy': (view_as_complex, '', [(1 + 2j), (3 + 4j)]),
    'view_as_real_copy': (view_as_real, '', [[[1.0, 0.0], [2.0, 0.0]], [[3.0, 0.0], [4.0, 0.0]]]),
}
_MULTIPLE = {
    'split_copy': (split, '1', [[[1, 2]], [[3, 4]]]),
    'split_with_sizes_copy': (split_with_sizes, '(1, 1)', [[[1, 2]], [[3, 4]]]),
    'unbind_copy': (unbind, '', [[1, 2], [3, 4]]),
}
__all__ = list(_TWINS) + list(_MULTIPLE)

_copying = {}


def _copy_of(made, input):
    """Run the operation of the view `made` of `input` again, as one that copies."""
    op, kw = made._view.op, made._view.kw
    twin = _copying.get(op)
    if twin is None:
        def forward(x, **kw):
            y = op.forward(x, **kw)
            return tuple([a.copy() for a in y]) if type(y) is tuple else y.copy()
        name = f'{op.__name__}_copy'
        twin = _copying[op] = type(name, (op,), {'forward': staticmethod(forward), 'view': False}, name=name)
    return twin.apply(input, **kw)


_DOC = """`{original}`, copied.

    Args:
        input (Tensor): the tensor to see.
        args: the further arguments of `{original}`.
        out (Tensor{many}, optional): where to store the result.

    Returns:
        {result}: new memory.

    Example:
        >>> import cnet
        >>> x = cnet.tensor({tensor})
        >>> {call}
        {value}
    """


def _document(twin, name, arguments, value, many):
    source = '[[1., 2.], [3., 4.]]' if 'complex' in name else '[[1 + 0j, 2], [3, 4]]' if 'real' in name else \
        '[[1, 2], [3, 4]]'
    call = f'cnet.{name}(x{", " if arguments else ""}{arguments})'
    twin.__name__ = twin.__qualname__ = name
    twin.__doc__ = _DOC.format(
        original=name.removesuffix('_copy'), many=' or sequence of Tensor' if many else '', tensor=source,
        result='tuple of Tensor' if many else 'Tensor', value=value,
        call=f'[y.tolist() for y in {call}]' if many else f'{call}.tolist()')
    return twin


def _one(name, make, arguments, value):
    def twin(input, *args, out=None, **kwargs):
        y = _copy_of(make(input, *args, **kwargs), input)
        return y if out is None else copy_out(y, out)
    return _document(twin, name, arguments, value, False)


def _several(name, make, arguments, value):
    def twin(input, *args, out=None, **kwargs):
        pieces = make(input, *args, **kwargs)
        copies = _copy_of(pieces[0], input) if pieces else ()
        return copies if out is None else tuple([copy_out(y, o) for y, o in zip(copies, out, strict=True)])
    return _document(twin, name, arguments, value, True)


for _name, _row in _TWINS.items():
    globals()[_name] = _one(_name, *_row)
for _name, _row in _MULTIPLE.items():
    globals()[_name] = _several(_name, *_row)

METHODS = {}
