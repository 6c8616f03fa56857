"""Devices, layouts and memory formats: names that ported code asks for. Every tensor lives on the CPU, strided."""

import re
import threading

__all__ = [
    'device', 'layout', 'memory_format', 'strided', 'sparse_coo', 'sparse_csr', 'sparse_csc', 'sparse_bsr', 'sparse_bsc',
    'jagged', 'contiguous_format', 'preserve_format', 'channels_last', 'channels_last_3d', 'get_default_device',
    'set_default_device',
]

_TYPES = ('cpu', 'cuda', 'ipu', 'xpu', 'mkldnn', 'opengl', 'opencl', 'ideep', 'hip', 've', 'fpga', 'maia', 'xla', 'lazy',
          'vulkan', 'mps', 'meta', 'hpu', 'mtia', 'privateuseone')
_FORM = re.compile(r'([a-z_]+)(?::(0|[1-9][0-9]*))?')


class _State(threading.local):
    device = None  # the default of this thread; None stands for the CPU

    def __init__(self):
        self.outer = []  # what `with device:` blocks will restore


_state = _State()


class device:
    """A place where tensors could live. Only ``cpu`` holds any; the others can be named, compared and refused.

    Usable as a context manager, which makes it the default device of the thread inside the block.

    Args:
        type (str or device): the kind, with an optional index as in ``'cuda:1'``.
        index (int, optional): which one of several.

    Example:
        >>> import cnet
        >>> cnet.device('cuda', 1) == cnet.device('cuda:1'), cnet.device('cpu')
        (True, device(type='cpu'))
    """

    __slots__ = ('index', 'type')
    __module__ = 'cnet'

    def __init__(self, type, index=None):
        if isinstance(type, device):
            type, index = type.type, type.index if index is None else index
        elif isinstance(type, int) and not isinstance(type, bool):
            raise RuntimeError('Cannot access accelerator device when none is available.')
        elif not isinstance(type, str):
            raise TypeError(f"device(): argument 'type' (position 1) must be str or cnet.device, "
                            f'not {type.__class__.__name__}')
        else:
            type, index = _parse(type, index)
        object.__setattr__(self, 'type', type)
        object.__setattr__(self, 'index', index)

    def __setattr__(self, name, value):
        raise AttributeError(f"attribute '{name}' of 'cnet.device' objects is not writable")

    def __repr__(self):
        return f"device(type='{self.type}'" + ('' if self.index is None else f', index={self.index}') + ')'

    def __str__(self):
        return self.type if self.index is None else f'{self.type}:{self.index}'

    def __eq__(self, other):
        return isinstance(other, device) and self.type == other.type and self.index == other.index

    def __hash__(self):
        return hash((self.type, self.index))

    def __reduce__(self):
        return device, (self.type,) if self.index is None else (self.type, self.index)

    def __enter__(self):
        _state.outer.append(_state.device)
        _state.device = self
        return self

    def __exit__(self, *exception):
        _state.device = _state.outer.pop()


def _parse(text, index):
    if not text:
        raise RuntimeError('Device string must not be empty')
    form = _FORM.fullmatch(text)
    if form is None:
        raise RuntimeError(f"Invalid device string: '{text}'")
    kind, number = form.groups()
    if kind not in _TYPES:
        raise RuntimeError(f'Expected one of {", ".join(_TYPES)} device type at start of device string: {kind}')
    if index is None:
        return kind, None if number is None else int(number)
    if number is not None:
        raise RuntimeError(f'type (string) must not include an index because index was passed explicitly: {text}')
    if isinstance(index, bool) or not isinstance(index, int):
        raise TypeError(f"device(): argument 'index' (position 2) must be int, not {type(index).__name__}")
    if index < 0:
        raise RuntimeError('Device index must not be negative')
    return kind, index


cpu = device('cpu')
_device = device  # for functions with an argument of that name


def check_device(d, op):
    """Refuse a device other than the CPU. `d` is what the user gave as ``device=``; None stands for the default."""
    if d is None:
        d = _state.device
        if d is None:
            return
    if not isinstance(d, device):
        if isinstance(d, (str, int)) and not isinstance(d, bool):
            d = device(d)
        else:
            raise TypeError(f"{op}(): argument 'device' must be cnet.device, not {type(d).__name__}")
    if d.type != 'cpu':
        refuse(d.type)


def refuse(kind):
    """Raise the error for a device of this kind."""
    if kind in ('cuda', 'xpu'):  # an AssertionError, because programs that fall back to the CPU catch just that
        raise AssertionError(f'cnet not compiled with {kind.upper()} enabled')
    raise NotImplementedError(f"cnet computes on the CPU only; there is no device of type '{kind}'")


def get_default_device():
    """Return the device of tensors created without ``device=``.

    Returns:
        device: the CPU, unless a default was set.

    Example:
        >>> import cnet
        >>> cnet.get_default_device()
        device(type='cpu')
    """
    return _state.device or cpu


def set_default_device(device):
    """Set the device of tensors created without ``device=``; creating one fails unless it is the CPU.

    Args:
        device (device, str or None): the device; None for the CPU.

    Example:
        >>> import cnet
        >>> cnet.set_default_device('cpu')
    """
    _state.device = None if device is None else _device(device)


class _Named:
    __slots__ = ('name',)

    def __init_subclass__(cls):
        cls.__module__ = 'cnet'

    def __repr__(self):
        return 'cnet.' + self.name

    def __reduce__(self):
        return self.name


class layout(_Named):
    """How a tensor keeps its elements. Only ``cnet.strided`` holds any.

    Example:
        >>> import cnet
        >>> cnet.zeros(2).layout
        cnet.strided
    """

    __slots__ = ()


class memory_format(_Named):
    """An order of strides that an operation is asked to produce.

    Example:
        >>> import cnet
        >>> cnet.zeros(1, 2, 3, 4).to(memory_format=cnet.channels_last).stride()
        (24, 1, 8, 2)
    """

    __slots__ = ()


def _named(cls, name):
    self = object.__new__(cls)
    self.name = name
    return self


strided = _named(layout, 'strided')
sparse_coo = _named(layout, 'sparse_coo')
sparse_csr = _named(layout, 'sparse_csr')
sparse_csc = _named(layout, 'sparse_csc')
sparse_bsr = _named(layout, 'sparse_bsr')
sparse_bsc = _named(layout, 'sparse_bsc')
jagged = _named(layout, 'jagged')
contiguous_format = _named(memory_format, 'contiguous_format')
preserve_format = _named(memory_format, 'preserve_format')
channels_last = _named(memory_format, 'channels_last')
channels_last_3d = _named(memory_format, 'channels_last_3d')


def check_layout(x, op):
    """Refuse a layout other than strided."""
    if x is None or x is strided:
        return
    if not isinstance(x, layout):
        raise TypeError(f"{op}(): argument 'layout' must be cnet.layout, not {type(x).__name__}")
    raise NotImplementedError(f'{op}(): tensors with layout {x!r} do not exist here; use {strided!r}')
