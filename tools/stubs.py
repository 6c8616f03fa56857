"""Write the stubs of what is made at run time: cnet/_tensor.pyi (class Tensor) and cnet/__init__.pyi (the namespace).

    python tools/stubs.py            write both
    python tools/stubs.py --check    say whether the committed ones are current

Most functions carry no annotations: their types are read from their docstrings, as `name (int or tuple of ints): ...` and
`Returns:` are uniform. What these do not tell is Any.
"""
from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
if __name__ == '__main__':
    sys.path.insert(0, str(ROOT))

import cnet  # noqa: E402  # it is the tree's own, not an installed one
from cnet._ops import late  # noqa: E402

HEAD = '"""{what} Written by tools/stubs.py from the live signatures."""\n'
# Aliases, because Tensor.int, cnet.float and others hide the names of types.
ALIASES = '''
_bool = builtins.bool
_int = builtins.int
_float = builtins.float
_str = builtins.str
_dtype = dtype
_device = device
_Number = builtins.bool | builtins.int | builtins.float | builtins.complex
'''
WORDS = {
    'Tensor': 'Tensor', 'Number': '_Number', 'number': '_Number', 'int': '_int', 'bool': '_bool', 'float': '_float',
    'str': '_str', 'dtype': '_dtype', 'Generator': 'Generator | None', 'None': 'None', 'device': '_device | _str', 'ints': '_int',
    'Tensors': 'Tensor', 'floats': '_float', 'tuple': 'Sequence[_int]',
}
PROPERTIES = {
    'shape': 'Size', 'dtype': '_dtype', 'device': '_device', 'ndim': '_int', 'requires_grad': '_bool', 'is_leaf': '_bool',
    'grad': 'Tensor | None', 'output_nr': '_int', 'itemsize': '_int', 'nbytes': '_int', 'retains_grad': '_bool',
    **dict.fromkeys(('data', 'T', 'mT', 'H', 'mH', 'real', 'imag'), 'Tensor'),
    **dict.fromkeys(('is_cuda', 'is_sparse', 'is_quantized', 'is_meta', 'is_mps', 'is_xpu', 'is_cpu'), '_bool'),
}
WRITABLE = {'requires_grad', 'grad', 'data', 'real', 'imag'}
# Methods whose types depend on their arguments, or that Python itself calls.
SPECIAL = {
    'size': ('@overload\n    def size(self) -> Size: ...', '@overload\n    def size(self, dim: _int) -> _int: ...'),
    'item': ('def item(self) -> _int | _float: ...',), 'numpy': ('def numpy(self, *, force: _bool = ...) -> np.ndarray: ...',),
    'backward': ('def backward(self, gradient: Tensor | None = ..., retain_graph: _bool | None = ..., create_graph: _bool = ..., '
                 'inputs: Any = ...) -> None: ...',),
    'view': ('def view(self, *shape: Any, size: Any = ..., dtype: _dtype | None = ...) -> Tensor: ...',),
    '__getitem__': ('def __getitem__(self, key: Any) -> Tensor: ...',),
    '__setitem__': ('def __setitem__(self, key: Any, value: Any) -> None: ...',),
    '__len__': ('def __len__(self) -> _int: ...',), '__iter__': ('def __iter__(self) -> Iterator[Tensor]: ...',),
    '__bool__': ('def __bool__(self) -> _bool: ...',), '__int__': ('def __int__(self) -> _int: ...',),
    '__float__': ('def __float__(self) -> _float: ...',), '__index__': ('def __index__(self) -> _int: ...',),
    '__complex__': ('def __complex__(self) -> builtins.complex: ...',),
    '__contains__': ('def __contains__(self, item: Any) -> _bool: ...',),
    '__invert__': ('def __invert__(self) -> Tensor: ...',), '__neg__': ('def __neg__(self) -> Tensor: ...',),
    '__pos__': ('def __pos__(self) -> Tensor: ...',), '__abs__': ('def __abs__(self) -> Tensor: ...',),
    '__hash__': ('def __hash__(self) -> _int: ...',), '__array__': ('def __array__(self, dtype: Any = ...) -> np.ndarray: ...',),
}
OPERATORS = re.compile(r'__[ir]?(add|sub|mul|truediv|floordiv|mod|pow|matmul|and|or|xor|lshift|rshift)__|__(lt|le|gt|ge)__')


def typed(text: str) -> str:
    """The annotation for a type in the words of a docstring."""
    found = []
    for part in re.split(r' or (?:an? )?|, ', text.removesuffix(', optional')):
        many = re.fullmatch(r'(?:tuple|sequence|list) of (?:two )?(\w+)', part)
        word = WORDS.get(many[1] if many else part, 'Any')
        found.append(f'Sequence[{word}]' if many else word)
    return 'Any' if any('Any' in word for word in found) else ' | '.join(dict.fromkeys(found))


def arguments(function: Callable) -> dict[str, str]:
    """Annotations by argument, from the docstring."""
    found = {}
    for names, text in re.findall(r'^ +([\w*, ]+) \(([^()]+)\):', inspect.getdoc(function) or '', re.M):
        for name in names.split(','):
            found[name.strip(' *')] = typed(text)
    return found


def result(function: Callable, name: str) -> str:
    """The annotation of what a function returns."""
    match = re.search(r'Returns:\n +([^:.\n]+)', inspect.getdoc(function) or '')
    text = match[1].strip() if match else ''
    if re.fullmatch(r'Tensor( of \w+)?', text) or (not text and name.endswith('_') and not name.startswith('_')):
        return 'Tensor'
    if re.fullmatch(r'tuple of (two )?Tensors?', text):
        return 'tuple[Tensor, ...]'
    return {'bool': '_bool', 'int': '_int', 'str': '_str', 'dtype': '_dtype', 'Size': 'Size'}.get(text, 'Any')


def signature(name: str, function: Callable, method: bool, like: Callable | None = None) -> str:
    """`def name(...) -> ...: ...`; `like` is the function that tells the arguments of its in-place form."""
    try:
        parameters = list(inspect.signature(like or function).parameters.values())
    except (TypeError, ValueError):
        return f'def {name}({"self, " if method else ""}*args: Any, **kwargs: Any) -> Any: ...'
    types = arguments(like or function)
    words, marker = [], False
    if method:
        words, parameters = ['self'], parameters[1:]
    if like is not None:
        parameters = [p for p in parameters if p.name != 'out']
    last = max((i for i, p in enumerate(parameters) if p.kind is p.POSITIONAL_ONLY), default=-1)
    for i, p in enumerate(parameters):
        if p.kind is p.KEYWORD_ONLY and not marker:
            words.append('*')
        marker |= p.kind in (p.KEYWORD_ONLY, p.VAR_POSITIONAL)
        stars = {p.VAR_POSITIONAL: '*', p.VAR_KEYWORD: '**'}.get(p.kind, '')
        kind = 'Any' if stars else types.get(p.name, '_bool' if isinstance(p.default, bool) else 'Any')
        if p.default is None and kind != 'Any' and 'None' not in kind:
            kind += ' | None'
        words.append(f'{stars}{p.name}: {kind}' + (' = ...' if p.default is not p.empty else ''))
        if i == last:
            words.append('/')
    return f'def {name}({", ".join(words)}) -> {result(function, name)}: ...'


def tensor_lines() -> Iterator[str]:
    """The body of class Tensor."""
    cls = cnet.Tensor
    yield 'def __new__(cls, *args: Any, device: Any = ...) -> Tensor: ...'
    yield 'def __eq__(self, other: Any) -> Tensor: ...  # type: ignore[override]'
    yield 'def __ne__(self, other: Any) -> Tensor: ...  # type: ignore[override]'
    for name in sorted(dir(cls)):
        value = inspect.getattr_static(cls, name)
        if name in SPECIAL:
            yield from SPECIAL[name]
        elif OPERATORS.fullmatch(name):
            yield f'def {name}(self, other: Any) -> Tensor: ...'
        elif name.startswith('_'):
            continue
        elif not callable(getattr(cls, name)):
            yield f'@property\n    def {name}(self) -> {PROPERTIES.get(name, "Any")}: ...'
            if name in WRITABLE:
                yield f'@{name}.setter\n    def {name}(self, value: {PROPERTIES[name]}) -> None: ...'
        elif callable(value):
            plain = getattr(cls, name[:-1], None) if name.endswith('_') else None
            derived = plain is not None and 'kwargs' in getattr(getattr(value, '__code__', None), 'co_varnames', ())
            yield signature(name, value, True, plain if derived else None)


def home(name: str, value: type) -> str | None:
    """The module of cnet whose source defines a class."""
    for path in sorted((ROOT / 'cnet').glob('**/*.py')):
        module = '.'.join(path.relative_to(ROOT).with_suffix('').parts)
        if re.search(rf'^class {value.__name__}\b', path.read_text(), re.M) and path.name != '__init__.py' \
                and getattr(sys.modules.get(module), name, None) is value:
            return module.removeprefix('cnet')
    return None


def namespace_lines() -> Iterator[str]:
    """The lines of the namespace, imports first."""
    later = []
    for name in sorted(dir(cnet)):
        value: Any = getattr(cnet, name)
        if name.startswith('_') and name != '__version__':
            continue
        module = home(name, value) if isinstance(value, type) else None
        if isinstance(value, ModuleType):
            if value.__name__ == f'cnet.{name}':
                yield f'from . import {name} as {name}'
        elif module == '._tensor':
            yield 'from ._tensor import Tensor as Tensor'
        elif module is not None:
            yield f'from {module} import {value.__name__} as {name}'
        elif inspect.isroutine(value):
            later.append(signature(name, value, False))
        elif isinstance(value, cnet.dtype):
            later.append(f'{name}: _dtype')
        else:
            kind = type(value).__name__ if isinstance(value, (bool, int, float, str)) else ''
            later.append(f'{name}: {"_" + kind if kind else "Any"}')
    yield ALIASES
    yield from later


def files() -> dict[Path, str]:
    """The stubs by path."""
    for name in late.METHODS:  # those of files that are imported on first use
        getattr(cnet.Tensor, name)
    imports = ('import builtins', 'from collections.abc import Iterator, Sequence', 'from typing import Any, overload', '',
               'import numpy as np', '', 'from ._core.base import TensorBase', 'from ._core.device import device',
               'from ._core.dtype import dtype', 'from ._core.generator import Generator', 'from ._core.size import Size')
    tensor = (HEAD.format(what='Types of class Tensor.') + '\n' + '\n'.join(imports) + '\n' + ALIASES
              + '\nclass Tensor(TensorBase):\n' + ''.join(f'    {line}\n' for line in tensor_lines()))
    space = (HEAD.format(what='Types of the namespace `cnet`.')
             + '\nimport builtins\nfrom collections.abc import Sequence\nfrom typing import Any\n\n'
             + ''.join(f'{line}\n' for line in namespace_lines()))
    return {ROOT / 'cnet' / '_tensor.pyi': tensor, ROOT / 'cnet' / '__init__.pyi': space}


def main() -> int:
    stale = [path for path, text in files().items() if not path.exists() or path.read_text() != text]
    for path in stale:
        if '--check' in sys.argv:
            print(f'{path.relative_to(ROOT)} is not current: run python tools/stubs.py')
        else:
            path.write_text(files()[path])
    return bool(stale) and '--check' in sys.argv


if __name__ == '__main__':
    sys.exit(main())
