"""How tensors print, and the options for it."""

import contextlib
import math

import numpy as np

from ._core.dtype import bool as bool_
from ._core.dtype import complex64, complex128, float64, get_default_dtype, int64

__all__ = ['set_printoptions']

_PROFILES = {
    'default': {'precision': 4, 'threshold': 1000, 'edgeitems': 3, 'linewidth': 80},
    'short': {'precision': 2, 'threshold': 1000, 'edgeitems': 2, 'linewidth': 80},
    'full': {'precision': 4, 'threshold': math.inf, 'edgeitems': 3, 'linewidth': 80},
}


class _Options:
    def __init__(self):
        self.__dict__.update(_PROFILES['default'], sci_mode=None)


_options = _Options()


def set_printoptions(precision=None, threshold=None, edgeitems=None, linewidth=None, profile=None, sci_mode=None):
    """Set how tensors print.

    Args:
        precision (int, optional): digits after the decimal point. Default: 4.
        threshold (int, optional): number of elements above which the middle is left out. Default: 1000.
        edgeitems (int, optional): how many are shown at each end of a dimension then. Default: 3.
        linewidth (int, optional): characters per line. Default: 80.
        profile (str, optional): ``'default'``, ``'short'`` or ``'full'``: sets the four above before they are applied.
        sci_mode (bool, optional): whether to use scientific notation; None to decide by the values. Default: None.

    Example:
        >>> import cnet
        >>> cnet.set_printoptions(precision=2)
        >>> cnet.tensor([1.12345])
        tensor([1.12])
        >>> cnet.set_printoptions(profile='default')
    """
    changes = dict(_PROFILES.get(profile, ()))
    given = {'precision': precision, 'threshold': threshold, 'edgeitems': edgeitems, 'linewidth': linewidth}
    changes.update((name, value) for name, value in given.items() if value is not None)
    _options.__dict__.update(changes, sci_mode=sci_mode)


def get_printoptions():
    """Return the options as a dict that `set_printoptions` takes.

    Returns:
        dict: precision, threshold, edgeitems, linewidth and sci_mode.

    Example:
        >>> from cnet._tensor_str import get_printoptions
        >>> get_printoptions()['precision']
        4
    """
    return dict(_options.__dict__)


@contextlib.contextmanager
def printoptions(**options):
    """Set how tensors print inside a ``with`` block.

    Args:
        **options: those of `set_printoptions`.

    Example:
        >>> import cnet
        >>> from cnet._tensor_str import printoptions
        >>> with printoptions(precision=1):
        ...     print(cnet.tensor([0.25, 0.5]))
        tensor([0.2, 0.5])
    """
    before = get_printoptions()
    try:
        set_printoptions(**options)
        yield
    finally:
        set_printoptions(**before)


class _Style:
    """One way to write all numbers of a tensor, so that they line up: chosen from the values that will be shown."""

    def __init__(self, values):
        self.width = 1
        self.floating = values.dtype.kind == 'f'
        if self.floating:
            self.whole, self.scientific = True, False
            values = values[np.isfinite(values) & (values != 0)].astype(np.float64)
            if values.size:
                self._choose(values)
        else:
            self.width = max([1, *(len(str(v)) for v in values.ravel().tolist())])

    def _choose(self, values):
        size = np.abs(values)
        low, high = size.min(), size.max()
        self.whole = bool((values == np.ceil(values)).all())
        self.scientific = _options.sci_mode
        if self.scientific is None:
            with np.errstate(over='ignore'):  # a quotient that overflows is large
                self.scientific = bool(high / low > 1000 or high > 1e8 or (not self.whole and low < 1e-4))
        self.width = max(len(self._digits(v)) for v in values.tolist())

    def _digits(self, value):
        if not self.floating:
            return str(value)
        if self.scientific:
            return f'{value:.{_options.precision}e}'
        if self.whole:
            return f'{value:.0f}' + ('.' if math.isfinite(value) else '')
        return f'{value:.{_options.precision}f}'

    def text(self, value):
        """The number, padded on the left."""
        return self._digits(value).rjust(self.width)


class _ComplexStyle:
    """Real and imaginary parts, each in a style of its own."""

    def __init__(self, values):
        self.real, self.imag = _Style(values.real), _Style(values.imag)
        self.width = self.real.width + self.imag.width + 1

    def text(self, value):
        """The number, padded on the left."""
        imag = self.imag.text(value.imag).lstrip()
        return self.real.text(value.real) + ('' if imag[0] in '+-' else '+') + imag + 'j'


def _style(values):
    return _ComplexStyle(values) if values.dtype.kind == 'c' else _Style(values)


def _shown(a):
    """The elements of `a` that a summary shows."""
    edge = _options.edgeitems
    keep = [np.r_[:edge, n - edge:n] if n > 2 * edge else np.arange(n) for n in a.shape]
    return a[np.ix_(*keep)] if a.ndim else a


def _elided(n, summarize):
    return summarize and n > 2 * _options.edgeitems


def _row(a, indent, summarize, style):
    per_line = max(1, (_options.linewidth - indent) // (style.width + 2))
    edge = _options.edgeitems
    if summarize and not edge:
        cells = ['...']
    elif _elided(len(a), summarize):
        cells = [*map(style.text, a[:edge].tolist()), ' ...', *map(style.text, a[-edge:].tolist())]
    else:
        cells = [style.text(v) for v in a.tolist()]
    lines = [', '.join(cells[i:i + per_line]) for i in range(0, len(cells), per_line)]
    return '[' + (',\n' + ' ' * (indent + 1)).join(lines) + ']'


def _body(a, indent, summarize, style):
    if a.ndim == 0:
        return style.text(a.item())
    if a.ndim == 1:
        return _row(a, indent, summarize, style)
    n, edge = len(a), _options.edgeitems
    if _elided(n, summarize):
        rows = [_body(a[i], indent + 1, summarize, style) for i in range(edge)] + ['...']
        rows += [_body(a[i], indent + 1, summarize, style) for i in range(n - edge, n)]
    else:
        rows = [_body(x, indent + 1, summarize, style) for x in a]
    return '[' + (',' + '\n' * (a.ndim - 1) + ' ' * (indent + 1)).join(rows) + ']'


def _contents(a, indent):
    summarize = a.size > _options.threshold
    return _body(a, indent, summarize, _style(_shown(a) if summarize else a))


def _dtype_is_obvious(dtype):
    default = get_default_dtype()
    return dtype in (default, complex128 if default is float64 else complex64, int64, bool_)


def _suffixes(x, dtype):
    shape = x._a.shape
    if not x._a.size:
        if len(shape) != 1:
            yield f'size={tuple(shape)}'
        if dtype is not get_default_dtype():  # no element shows whether it is an integer or a float
            yield f'dtype={dtype}'
    else:
        if not _options.edgeitems:
            yield f'size={tuple(shape)}'
        if not _dtype_is_obvious(dtype):
            yield f'dtype={dtype}'
    node = x.grad_fn
    if node is not None:
        yield f'grad_fn=<{type(node).__name__}>'
    elif x.requires_grad:
        yield 'requires_grad=True'


def tensor_str(x, name='tensor'):
    """The text of a tensor; `name` stands before the parenthesis."""
    indent = len(name) + 1
    text = f'{name}(' + (_contents(x._a, indent) if x._a.size else '[]')
    used = len(text) - text.rfind('\n') + 1
    for suffix in _suffixes(x, x.dtype):
        if used + len(suffix) + 2 > _options.linewidth:
            text += ',\n' + ' ' * indent + suffix
            used = indent + len(suffix)
        else:
            text += ', ' + suffix
            used += len(suffix) + 2
    return text + ')'


def _repr(self, *, tensor_contents=None):
    """The text of the tensor."""
    kind = type(self).__name__
    return tensor_str(self, 'tensor' if kind in ('Tensor', 'Parameter') else kind)


METHODS = {'__repr__': _repr}
