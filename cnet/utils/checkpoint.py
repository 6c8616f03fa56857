"""Checkpointing: memory for time, by computing a part of the model again during backward instead of keeping its tensors."""

import warnings
from contextlib import contextmanager, nullcontext

from .._core.engine import running
from .._core.generator import default_generator
from .._core.hooks import saved_tensors_hooks
from .._core.mode import enable_grad, is_grad_enabled, no_grad
from .._tensor import Tensor
from ..nn.modules.container import Sequential

__all__ = ['CheckpointError', 'checkpoint', 'checkpoint_sequential', 'noop_context_fn', 'set_checkpoint_early_stop']

_early_stop = [True]


class CheckpointError(RuntimeError):
    """The second computation did not make the tensors that the first one made."""


class _Enough(BaseException):
    """Ends the second computation when everything that is needed is there. No `except Exception` may catch it."""


def noop_context_fn():
    """Two contexts that do nothing.

    Example:
        >>> import cnet
        >>> forward, recompute = cnet.utils.checkpoint.noop_context_fn()
    """
    return nullcontext(), nullcontext()


@contextmanager
def set_checkpoint_early_stop(enable):
    """A context that sets whether the second computation ends as soon as everything needed is there.

    Args:
        enable (bool): False runs it to its end.

    Example:
        >>> import cnet
        >>> with cnet.utils.checkpoint.set_checkpoint_early_stop(False):
        ...     y = cnet.utils.checkpoint.checkpoint(cnet.sin, cnet.ones(1), use_reentrant=False)
    """
    old, _early_stop[0] = _early_stop[0], enable
    try:
        yield
    finally:
        _early_stop[0] = old


class _Segment:
    """One checkpointed call: how to repeat it, and what it kept for backward, by number."""

    def __init__(self, function, args, kwargs, preserve_rng_state, context, check, early_stop):
        self.call = function, args, kwargs
        self.rng = default_generator.get_state() if preserve_rng_state else None
        self.context, self.check, self.early_stop = context, check, early_stop
        self.kept = []  # (shape, type) of what the first computation kept
        self.values = []  # the same tensors of the second computation
        self.sweep = None  # number of the backward that made `values`

    def pack(self, x):
        """What the graph keeps in place of a tensor: its number."""
        self.kept.append((x.shape, x.dtype))
        return len(self.kept) - 1

    def unpack(self, i):
        """The tensor of a number."""
        sweep = running.sweep and running.sweep[0]
        if not self.values or sweep != self.sweep:
            self._compute()
            self.sweep = sweep
        return self.values[i]

    def _store(self, x):
        self.values.append(x.detach())
        if self.early_stop and len(self.values) == len(self.kept):
            raise _Enough
        return len(self.values) - 1

    def _compute(self):
        function, args, kwargs = self.call
        self.values = []
        now = default_generator.get_state()
        if self.rng is not None:
            default_generator.set_state(self.rng)
        try:
            with self.context, enable_grad(), saved_tensors_hooks(self._store, self.values.__getitem__):
                function(*args, **kwargs)
        except _Enough:
            pass
        finally:
            if self.rng is not None:
                default_generator.set_state(now)
        made = [(x.shape, x.dtype) for x in self.values]
        if len(made) != len(self.kept):
            raise CheckpointError('torch.utils.checkpoint: A different number of tensors was saved during the original forward '
                                  f'and recomputation.\nNumber of tensors saved during forward: {len(self.kept)}\nNumber of '
                                  f'tensors saved during recomputation: {len(made)}.')
        if self.check and made != self.kept:
            i = next(i for i, pair in enumerate(zip(made, self.kept)) if pair[0] != pair[1])
            raise CheckpointError('torch.utils.checkpoint: Recomputed values for the following tensors have different metadata '
                                  f'than during the forward pass.\ntensor at position {i}:\nsaved metadata: '
                                  f'{self.kept[i]}\nrecomputed metadata: {made[i]}')


_NOT_SAID = ('torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. use_reentrant=False is '
             'recommended; use_reentrant=True is what is taken now.')


def checkpoint(function, *args, use_reentrant=None, context_fn=noop_context_fn, determinism_check='default', debug=False,
               early_stop=True, **kwargs):
    """Call a function without keeping for backward what its operations would keep; backward calls it again.

    What a few operations keep beside tensors (masks of dropout, places of maxima) stays; the arguments are kept.

    Args:
        function (callable): a part of a model.
        args: its arguments.
        use_reentrant (bool): False is recommended. True does the same, but for a function none of whose arguments requires
            a gradient the result requires none. Default: True, with a warning.
        context_fn (callable): returns two contexts, for the first and the second computation.
        determinism_check (str): 'default' compares shapes and types of both computations, 'none' does not.
        debug (bool): accepted.
        early_stop (bool): end the second computation when everything needed is there. Default: True.
        preserve_rng_state (bool): draw the same random numbers again. Default: True.
        kwargs: keyword arguments of the function.

    Returns:
        what the function returns.

    Example:
        >>> import cnet
        >>> x = cnet.ones(2, requires_grad=True)
        >>> y = cnet.utils.checkpoint.checkpoint(lambda x: (x * x).exp(), x, use_reentrant=False)
        >>> y.sum().backward()
        >>> x.grad
        tensor([5.4366, 5.4366])
    """
    if use_reentrant is None:
        warnings.warn(_NOT_SAID, stacklevel=2)
        use_reentrant = True
    preserve = kwargs.pop('preserve_rng_state', True)
    if determinism_check not in ('default', 'none'):
        raise ValueError(f"determinism_check should be one of ['default', 'none'], but got {determinism_check}")
    if use_reentrant:
        if kwargs:
            raise ValueError('Unexpected keyword arguments: ' + ','.join(kwargs))
        if context_fn is not noop_context_fn or debug:
            raise ValueError('Passing `context_fn` or `debug` is only supported when use_reentrant=False.')
        if not any(isinstance(x, Tensor) and x.requires_grad for x in args):
            warnings.warn('None of the inputs have requires_grad=True. Gradients will be None', stacklevel=2)
            with no_grad():
                return function(*args)
    first, second = context_fn()
    if not is_grad_enabled():
        with first:
            return function(*args, **kwargs)
    segment = _Segment(function, args, kwargs, preserve, second, determinism_check == 'default', early_stop and _early_stop[0])
    with first, saved_tensors_hooks(segment.pack, segment.unpack):
        return function(*args, **kwargs)


def checkpoint_sequential(functions, segments, input, use_reentrant=None, **kwargs):
    """Call functions one after the other, in parts that are checkpointed; the last part is not.

    Args:
        functions (Sequential or list of callable): each takes what the one before returned.
        segments (int): the number of parts.
        input: what the first one takes.
        use_reentrant (bool): as for `checkpoint`.
        preserve_rng_state (bool): draw the same random numbers again. Default: True.

    Returns:
        what the last function returns.

    Example:
        >>> import cnet
        >>> layers = cnet.nn.Sequential(cnet.nn.Linear(2, 2), cnet.nn.ReLU(), cnet.nn.Linear(2, 1))
        >>> cnet.utils.checkpoint.checkpoint_sequential(layers, 2, cnet.ones(1, 2), use_reentrant=False).shape
        cnet.Size([1, 1])
    """
    if use_reentrant is None:
        warnings.warn(_NOT_SAID, stacklevel=2)
        use_reentrant = True
    preserve = kwargs.pop('preserve_rng_state', True)
    if kwargs:
        raise ValueError('Unexpected keyword arguments: ' + ','.join(kwargs))
    functions = list(functions.children()) if isinstance(functions, Sequential) else functions
    size = len(functions) // segments

    def part(start, end):
        def run(x):
            for f in functions[start:end]:
                x = f(x)
            return x
        return run
    last = size * (segments - 1)
    for start in range(0, last, size or 1):
        input = checkpoint(part(start, start + size), input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return part(last, len(functions))(input)
