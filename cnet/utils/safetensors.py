"""Safetensors files, read and written by their own library: `pip install 'cnet[safetensors]'`.

The functions are those of `safetensors.torch`, for the tensors of cnet.
"""

try:
    from safetensors import SafetensorError, deserialize, safe_open
    from safetensors import numpy as _library
except ImportError as error:
    raise ImportError("cnet.utils.safetensors needs the library safetensors: pip install 'cnet[safetensors]'",
                      name='safetensors') from error

from itertools import combinations

import numpy as np

from .._core.base import wrap
from .._core.device import check_device
from .._files import replacing
from .._tensor import Tensor

__all__ = ['SafetensorError', 'load', 'load_file', 'load_model', 'save', 'save_file', 'save_model']

# What the format calls the types that cnet has. BF16 has no counterpart; its numbers are float32 numbers cut short.
_TYPES = {'BOOL': 'bool', 'U8': 'uint8', 'I8': 'int8', 'I16': 'int16', 'I32': 'int32', 'I64': 'int64', 'F16': 'float16',
          'F32': 'float32', 'F64': 'float64', 'C64': 'complex64'}


# ---- writing


def _arrays(tensors):
    """The arrays of a dict of tensors, checked: the library would write wrong numbers for strided ones."""
    if not isinstance(tensors, dict):
        raise ValueError(f'Expected a dict of [str, torch.Tensor] but received {type(tensors)}')
    for name, t in tensors.items():
        if not isinstance(name, str):
            raise ValueError(f'Key {name!r} is invalid, expected a str but received {type(name)}')
        if not isinstance(t, Tensor):
            raise ValueError(f'Key `{name}` is invalid, expected torch.Tensor but received {type(t)}')
        if t._a.dtype.name not in _TYPES.values():
            raise ValueError(f'Key `{name}` has the type {t.dtype}, which safetensors files have not')
    shared = _sharing(tensors)
    if shared:
        raise RuntimeError(f'Some tensors share memory, this will lead to duplicate memory on disk and potential differences '
                           f'when loading them again: {shared}. A potential way to correctly save your model is to use '
                           '`save_model`.')
    for name, t in tensors.items():
        if not t.is_contiguous():
            raise ValueError(f'You are trying to save a non contiguous tensor: `{name}` which is not allowed. It either means '
                             'you are trying to save tensors which are reference of each other in which case it\'s recommended '
                             'to save only the full tensors, and reslice at load time, or simply call `.contiguous()` on your '
                             'tensor to pack it before saving.')
    return {name: t._a for name, t in tensors.items()}


def _sharing(tensors):
    """Sets of names whose tensors have memory in common."""
    groups = {}
    for name, t in tensors.items():
        if t._a.size:
            groups.setdefault(id(_root(t._a)), []).append(name)
    return [set(names) for names in groups.values() if len(names) > 1 and any(
        np.may_share_memory(tensors[a]._a, tensors[b]._a) for a, b in combinations(names, 2))]


def _root(a):
    """The array that owns the memory of `a`."""
    while isinstance(a.base, np.ndarray):
        a = a.base
    return a


def save(tensors, metadata=None):
    """Return the content of a safetensors file.

    Args:
        tensors (dict): name to tensor; contiguous, none sharing memory with another.
        metadata (dict, optional): texts by name, to be kept in the file.

    Returns:
        bytes: the file.

    Example:
        >>> import cnet
        >>> from cnet.utils import safetensors
        >>> safetensors.load(safetensors.save({'w': cnet.ones(2)}))
        {'w': tensor([1., 1.])}
    """
    return _library.save(_arrays(tensors), metadata)


def save_file(tensors, filename, metadata=None):
    """Write a safetensors file, which takes the place of an old one when it is complete.

    Args:
        tensors (dict): name to tensor; contiguous, none sharing memory with another.
        filename (str or PathLike): where.
        metadata (dict, optional): texts by name, to be kept in the file.

    Example:
        >>> import cnet, os, tempfile
        >>> from cnet.utils import safetensors
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, 'model.safetensors')
        ...     safetensors.save_file(cnet.nn.Linear(2, 1).state_dict(), path)
        ...     list(safetensors.load_file(path))
        ['bias', 'weight']
    """
    content = save(tensors, metadata)
    with replacing(filename) as file:
        file.write(content)


def save_model(model, filename, metadata=None, force_contiguous=True):
    """Write the state of a model. Of tensors that share memory one is written, and the others' names are kept with its own.

    Args:
        model (Module): the model.
        filename (str or PathLike): where.
        metadata (dict, optional): texts by name, to be kept in the file.
        force_contiguous (bool): write strided tensors as contiguous ones instead of refusing them. Default: True.
    """
    state = dict(model.state_dict())
    notes = dict(metadata or {})
    for kept, names in _duplicates(state).items():
        for name in names:
            notes.setdefault(name, kept)
            del state[name]
    if force_contiguous:
        state = {name: t.contiguous() for name, t in state.items()}
    save_file(state, filename, notes or metadata)


def _duplicates(state, preferred=()):
    """Which names to leave out for each that is kept: the first, by the alphabet, that has the whole memory."""
    found = {}
    for names in _sharing(state):
        whole = sorted(name for name in names if state[name]._a.nbytes == _root(state[name]._a).nbytes)
        if not whole:
            raise RuntimeError('Error while trying to find names to remove to save state dict, but found no suitable name to '
                               f'keep for saving amongst: {names}. None is covering the entire storage.')
        kept = next((name for name in whole if name in preferred), whole[0])
        found[kept] = sorted(names - {kept})
    return found


# ---- reading


def _tensor(name, entry):
    kind, shape, data = entry['dtype'], entry['shape'], entry['data']
    if kind == 'BF16':
        words = np.frombuffer(data, '<u2').astype(np.uint32)
        return wrap((words << 16).view(np.float32).reshape(shape))
    if kind not in _TYPES:
        raise RuntimeError(f'the tensor {name!r} has the type {kind}, which cnet has not')
    dtype = np.dtype(_TYPES[kind])
    return wrap(np.frombuffer(data, dtype.newbyteorder('<')).astype(dtype).reshape(shape))


def load(data):
    """Read the content of a safetensors file.

    Args:
        data (bytes): the content.

    Returns:
        dict: name to tensor. bfloat16, which cnet has not, becomes float32 with the same values.

    Example:
        >>> import cnet
        >>> from cnet.utils import safetensors
        >>> safetensors.load(safetensors.save({'n': cnet.tensor(3)}))['n']
        tensor(3)
    """
    return {name: _tensor(name, entry) for name, entry in deserialize(data)}


def load_file(filename, device='cpu'):
    """Read a safetensors file.

    Args:
        filename (str or PathLike): the file.
        device (str): must be the CPU.

    Returns:
        dict: name to tensor. bfloat16, which cnet has not, becomes float32 with the same values.

    Raises:
        SafetensorError: the file is damaged.
    """
    check_device(device, 'load_file')
    with safe_open(filename, 'np') as file:
        names = list(file.keys())
        if all(file.get_slice(name).get_dtype() in _TYPES for name in names):
            return {name: wrap(np.asarray(file.get_tensor(name))) for name in names}
    with open(filename, 'rb') as file:
        return load(file.read())


def load_model(model, filename, strict=True, device='cpu'):
    """Load the state of a model that `save_model` wrote.

    Args:
        model (Module): the model, with memory shared as in the one that was saved.
        filename (str or PathLike): the file.
        strict (bool): raise RuntimeError if names are missing or unexpected. Default: True.
        device (str): must be the CPU.

    Returns:
        tuple: names that the file lacks, and names that the model lacks.

    Example:
        >>> import cnet, os, tempfile
        >>> from cnet.utils import safetensors
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = os.path.join(folder, 'model.safetensors')
        ...     safetensors.save_model(cnet.nn.Linear(2, 1), path)
        ...     safetensors.load_model(cnet.nn.Linear(2, 1), path)
        (set(), [])
    """
    state = load_file(filename, device)
    missing, unexpected = model.load_state_dict(state, strict=False)
    missing = set(missing)
    for names in _duplicates(dict(model.state_dict()), preferred=state.keys()).values():
        for name in names:
            if name in missing:
                missing.remove(name)
            else:
                unexpected.append(name)
    if strict and (missing or unexpected):
        text = f'Error(s) in loading state_dict for {type(model).__name__}:'
        text += f'\n    Missing key(s) in state_dict: {", ".join(map(repr, sorted(missing)))}' if missing else ''
        text += f'\n    Unexpected key(s) in state_dict: {", ".join(map(repr, sorted(unexpected)))}' if unexpected else ''
        raise RuntimeError(text)
    return missing, unexpected
