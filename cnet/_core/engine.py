"""The reverse sweep: gradients from roots to leaves.

Nodes carry increasing sequence numbers and every input of a node is older than the node, so taking the newest pending
node from a heap visits each node once, after all gradients for it have arrived, without a counting pass and without
recursion. Leaves are finished last, when the sum of all their gradients is known.

This file runs interpreted, and compiled with the types in `engine.pxd`; both must behave alike.
"""

import threading
from heapq import heappop, heappush
from sys import getrefcount

import numpy as np

from .._kernels._state import dtype_of, flags, has_shape, next_sequence, shape_of, swap_flags
from .arrays import copy_like
from .base import ANOMALY, GRAD, TensorBase, alias, wrap
from .dtype import from_np
from .hooks import run_chain
from .op import Node, refuse_spent


class Running(threading.local):
    """What the innermost sweep of the calling thread is about: (a number of its own, its start nodes,
    `useful`, `targets`)."""

    sweep = None


running = Running()


class Pending:
    """The gradients that have arrived so far for one node (by output) or one leaf (a single one)."""

    __slots__ = ('target', 'grads', 'owned')


def pending_for(target, outputs):
    """An empty entry."""
    p = Pending.__new__(Pending)
    p.target = target
    p.grads = [None] * outputs
    p.owned = 0  # bit i: the engine made grads[i] by adding, so it may add to it in place
    return p


def add_gradient(p, i, g, create):
    """Add one more gradient for output i."""
    old = p.grads[i]
    if old is None:
        p.grads[i] = g
    elif p.owned >> i & 1 and not create:
        np.add(old._a, g._a, out=old._a)
    else:
        p.grads[i] = old + g
        p.owned |= 1 << i


def fitted(g, shape, np_dtype, node, i):
    """The gradient in the shape and type of what it is a gradient of."""
    if not isinstance(g, TensorBase):
        raise TypeError(f'{node.name()} returned a gradient of type {type(g).__name__} at index {i}; expected a Tensor or None')
    t = g
    if not has_shape(t._a, shape):
        if not expandable(shape, t._a.shape):
            raise RuntimeError(f'Function {node.name()} returned an invalid gradient at index {i} - got {list(t._a.shape)} '
                               f'but expected shape compatible with {list(shape)}')
        t = t.sum_to_size(shape)
    if dtype_of(t._a) is not np_dtype and t._a.dtype != np_dtype:
        if t._a.dtype.kind == 'c' and np_dtype.kind != 'c':
            t = t.real
        if t._a.dtype != np_dtype:
            t = t.to(from_np(np_dtype))
    return t


def expandable(shape, wider):
    """Whether `shape` broadcasts to `wider`."""
    lead = len(wider) - len(shape)
    if lead < 0:
        return False
    for n, m in zip(shape, wider[lead:]):
        if n != m and n != 1:
            return False
    return True


def useful_nodes(roots, targets):
    """The ids of the nodes through which a gradient can reach one of the targets."""
    nodes, stack = {}, [r for r in roots if isinstance(r, Node)]
    while stack:
        node = stack.pop()
        if id(node) in nodes:
            continue
        nodes[id(node)] = node
        stack.extend(t for t in node.edges[::2] if isinstance(t, Node))
    useful = set()
    for node in sorted(nodes.values(), key=lambda n: n.seq):
        edges = node.edges
        for i in range(0, len(edges), 2):
            t = edges[i]
            if t is not None and ((id(t), edges[i + 1]) in targets or id(t) in useful):
                useful.add(id(node))
                break
    return useful


def will_run(sweep, node):
    """Whether a sweep (see `Running`) computes the gradient of a node's outputs, or of a leaf."""
    _, starts, useful, targets = sweep
    if useful is not None:
        return id(node) in useful or any(key == id(node) for key, _ in targets)
    stack, seen = list(starts), set()
    while stack:
        t = stack.pop()
        if t is node:
            return True
        if isinstance(t, Node) and id(t) not in seen:
            seen.add(id(t))
            stack.extend(t.edges[::2])
    return False


def sweep(roots, grads, retain, create, targets, accumulate):
    """Send `grads` (tensors) from `roots` (tensors) through the graph.

    Args:
        targets (dict or None): keys (id(node or leaf), output number) whose gradients are wanted, all leaves if None.
        accumulate (bool): add the gradients of leaves to their `grad`; otherwise return those of the targets.

    Returns:
        dict: key of a target to its gradient.
    """
    heap = []
    waiting = {}
    leaves = {}
    found = {}
    bits = flags()
    starts = [r if r._fn is None else r._fn for r in roots]
    useful = None if targets is None else useful_nodes(starts, targets)
    old = swap_flags(bits | GRAD if create else bits & ~GRAD)
    outer = running.sweep
    running.sweep = (next_sequence(), starts, useful, targets)
    try:
        for r, start, g in zip(roots, starts, grads):
            deliver(start, r._nr, g, heap, waiting, leaves, create)
        start = g = None
        while heap:
            p = waiting.pop(-heappop(heap))
            node = p.target
            arrived = p.grads
            if node._hooks is not None:
                arrived = node._hooks.before(arrived)
            if targets is not None:
                for i in range(len(arrived)):
                    if (id(node), i) in targets and arrived[i] is not None:
                        found[(id(node), i)] = arrived[i]
                if id(node) not in useful:
                    continue
            if node.spent:
                refuse_spent(node)
            step(node, arrived, heap, waiting, leaves, create, bits)
            if not retain:
                node.release()
        p = arrived = None
        for p in leaves.values():
            finish_leaf(p, create, targets, accumulate, found)
    finally:
        running.sweep = outer
        swap_flags(old)
    return found


def step(node, arrived, heap, waiting, leaves, create, bits):
    """Run one node's backward and pass the results on."""
    if len(arrived) == 1:
        if arrived[0] is None:
            return
        if bits & ANOMALY:
            answer = watched(node, arrived)
        else:
            answer = node.backward(arrived[0])
    else:
        if node.materialize:
            for i in range(len(arrived)):
                if arrived[i] is None:
                    shape, np_dtype = node.meta[i]
                    arrived[i] = wrap(np.zeros(shape, np_dtype))
        answer = watched(node, arrived) if bits & ANOMALY else node.backward(*arrived)
    if type(answer) is not tuple:
        answer = (answer,)
    if node._hooks is not None:
        answer = node._hooks.after(answer, arrived)
    results = answer
    edges = node.edges
    if 2 * len(results) != len(edges):
        raise RuntimeError(f'function {node.name()} returned an incorrect number of gradients '
                           f'(expected {len(edges) // 2}, got {len(results)})')
    i = 0
    for g in results:
        target = edges[2 * i]
        if g is not None and target is not None:
            nr = edges[2 * i + 1]
            if isinstance(target, TensorBase):
                leaf = target
                deliver(leaf, nr, fitted(g, shape_of(leaf._a), dtype_of(leaf._a), node, i), heap, waiting, leaves, create)
            else:
                inner = target
                shape, np_dtype = inner.meta[nr]
                deliver(inner, nr, fitted(g, shape, np_dtype, node, i), heap, waiting, leaves, create)
        i += 1


def watched(node, arrived):
    """A backward in anomaly mode: errors show the forward call, NaN is an error."""
    try:
        results = node.backward(*arrived)
    except Exception as error:
        if node.trace and hasattr(error, 'add_note'):
            error.add_note(f'Error detected in {node.name()}. Traceback of forward call that caused the error:\n{node.trace}')
        raise
    for i, g in enumerate(results if type(results) is tuple else (results,)):
        if g is not None and g._a.dtype.kind in 'fc' and np.isnan(g._a).any():
            failure = RuntimeError(f"Function '{node.name()}' returned nan values in its {i}th output.")
            if node.trace and hasattr(failure, 'add_note'):
                failure.add_note(f'Traceback of forward call that caused the error:\n{node.trace}')
            raise failure
    return results


def deliver(target, nr, g, heap, waiting, leaves, create):
    """Hand a gradient to the entry of a node or leaf."""
    if isinstance(target, TensorBase):
        p = leaves.get(id(target))
        if p is None:
            p = pending_for(target, 1)
            leaves[id(target)] = p
        add_gradient(p, 0, g, create)
    else:
        inner = target
        seq = inner.seq
        p = waiting.get(seq)
        if p is None:
            p = pending_for(inner, len(inner.meta))
            waiting[seq] = p
            heappush(heap, -seq)
        add_gradient(p, nr, g, create)


def finish_leaf(p, create, targets, accumulate, found):
    """Run a leaf's hooks, then store the gradient in its `grad` or among the targets found."""
    leaf = p.target
    key = (id(leaf), 0)
    if targets is not None and key not in targets:
        return
    hooks = leaf._hooks
    if hooks is not None:
        if hooks.pre:
            g = run_chain(hooks.pre, p.grads[0])
            if g is not p.grads[0]:
                p.grads[0] = fitted(g, leaf._a.shape, leaf._a.dtype, p, 0)
            g = None
        node = None if hooks.node is None else hooks.node()
        if node is not None and node._hooks is not None:
            p.grads = node._hooks.before(p.grads)
    if not accumulate:
        found[key] = p.grads[0]
        return
    store(leaf, p.grads, create)
    if hooks is not None:
        if node is not None and node._hooks is not None:
            node._hooks.after((), tuple(p.grads))
        for fn in list(hooks.accumulated.values()):
            fn(leaf)


def store(leaf, grads, create):
    """Add the only gradient in the list to `leaf.grad`, without copying when nobody else holds its memory."""
    old = leaf._grad
    if old is None:
        if create:
            leaf._grad = grads[0].clone()
        elif unshared(grads, leaf._a):
            leaf._grad = grads[0]
        else:
            leaf._grad = wrap(copy_like(leaf._a, grads[0]._a))
    elif create:
        leaf._grad = old + grads[0]
    else:
        np.add(old._a, grads[0]._a, out=old._a)
        old._v.n += 1


def unshared(grads, leaf):
    """Whether the list is the only owner of its tensor, and that of memory in the order of the leaf's."""
    g = grads[0]
    if getrefcount(g) > SOLE:
        return False
    a = g._a
    if getrefcount(a) > SOLE or not a.flags.writeable or not (a.flags.c_contiguous if leaf.flags.c_contiguous
                                                              else a.strides == leaf.strides):
        return False
    b = a.base
    return b is None or (type(b) is np.ndarray and getrefcount(b) <= SOLE and b.base is None)


def sole_count(holder):
    """What `getrefcount` says, in `unshared`'s way of asking, of an object with one owner."""
    g = holder[0]
    return getrefcount(g)


SOLE = sole_count([object()])


_ONES = {np.dtype(t): np.ones((), t) for t in ('f4', 'f8')}  # np.ones itself takes ten times as long


def root_gradients(outputs, grads, what):
    """Check the arguments of `backward` and `grad`, and fill in ones for scalar outputs."""
    if grads is None:
        grads = (None,) * len(outputs)
    elif isinstance(grads, TensorBase):
        grads = (grads,)
    else:
        grads = tuple(grads)
    if len(grads) != len(outputs):
        raise RuntimeError(f'got {len(outputs)} tensors and {len(grads)} gradients')
    made = []
    for i, (y, g) in enumerate(zip(outputs, grads)):
        if not isinstance(y, TensorBase):
            raise TypeError(f'{what}(): expected a Tensor at position {i} of the outputs, but got {type(y).__name__}')
        if not y.requires_grad:
            raise RuntimeError(f'element {i} of tensors does not require grad and does not have a grad_fn')
        if g is None:
            if y._a.size != 1:
                raise RuntimeError('grad can be implicitly created only for scalar outputs')
            if y._a.dtype.kind == 'c':
                raise RuntimeError(f'grad can be implicitly created only for real scalar outputs but got {y.dtype}')
            one = _ONES.get(y._a.dtype) if not y._a.ndim else None
            g = wrap(np.ones(y._a.shape, y._a.dtype) if one is None else one.copy())
        elif not isinstance(g, TensorBase):
            raise TypeError(f'gradients can be either Tensors or None, but got {type(g).__name__}')
        elif g._a.shape != y._a.shape:
            raise RuntimeError(f'Mismatch in shape: grad_output[{i}] has a shape of {g.shape} and output[{i}] has a shape of '
                               f'{y.shape}.')
        elif g._a.dtype != y._a.dtype:
            if g._a.dtype.kind != y._a.dtype.kind:
                raise RuntimeError(f'For complex Tensors, both grad_output and output are required to have the same dtype. '
                                   f'Mismatch in dtype: grad_output[{i}] has a dtype of {g.dtype} and output[{i}] has a dtype of '
                                   f'{y.dtype}.')
            g = g.to(y.dtype)
        made.append(g)
    return made


def key_of(x):
    """How the sweep names a tensor among its targets."""
    return (id(x), 0) if x._fn is None else (id(x._fn), x._nr)


def backward(tensors, grad_tensors=None, retain_graph=None, create_graph=False, inputs=None):
    """Add the gradients of `tensors` to the `grad` of every leaf they depend on (or of `inputs` only).

    Args:
        tensors (Tensor or sequence of Tensors): roots.
        grad_tensors (Tensor, None or sequence of them): gradients of the roots; None stands for 1 at a scalar root.
        retain_graph (bool, optional): keep what the nodes saved, for another sweep. Default: `create_graph`.
        create_graph (bool): record the sweep itself. Default: False.
        inputs (Tensor or sequence of Tensors, optional): accumulate into these leaves and intermediate tensors alone.

    Example:
        >>> import cnet
        >>> x = cnet.tensor([1., 2.], requires_grad=True)
        >>> cnet.autograd.backward((x * x).sum())
        >>> x.grad
        tensor([2., 4.])
    """
    tensors = (tensors,) if isinstance(tensors, TensorBase) else tuple(tensors)
    if inputs is not None:
        inputs = (inputs,) if isinstance(inputs, TensorBase) else tuple(inputs)
        if not inputs:
            raise RuntimeError('`inputs` argument to `backward()` cannot be empty.')
    grads = root_gradients(tensors, grad_tensors, 'backward')
    retain = create_graph if retain_graph is None else retain_graph
    if inputs is None:
        sweep(tensors, grads, retain, create_graph, None, True)
        return
    for i, x in enumerate(inputs):
        if not x.requires_grad:
            raise RuntimeError(f'One of the differentiated Tensors does not require grad (index {i})')
    found = sweep(tensors, grads, retain, create_graph, {key_of(x): None for x in inputs}, True)
    for x in inputs:
        g = found.get(key_of(x))
        if x._fn is not None and g is not None:
            x._grad = g if x._grad is None else x._grad + g


def grad(outputs, inputs, grad_outputs=None, retain_graph=None, create_graph=False, allow_unused=None,
         materialize_grads=False):
    """The gradients of `outputs` with respect to `inputs`; see `cnet.autograd.grad`."""
    outputs = (outputs,) if isinstance(outputs, TensorBase) else tuple(outputs)
    inputs = (inputs,) if isinstance(inputs, TensorBase) else tuple(inputs)
    retain = create_graph if retain_graph is None else retain_graph
    if materialize_grads and allow_unused is False:
        raise ValueError('Expected allow_unused to be True or not passed when materialize_grads=True, but got: '
                         'allow_unused=False.')
    grads = root_gradients(outputs, grad_outputs, 'grad')
    for x in inputs:
        if not x.requires_grad:
            raise RuntimeError('One of the differentiated Tensors does not require grad')
    found = sweep(outputs, grads, retain, create_graph, {key_of(x): None for x in inputs}, False)
    results = []
    for i, x in enumerate(inputs):
        g = found.get(key_of(x))
        if g is None:
            if materialize_grads:
                g = wrap(np.zeros(x._a.shape, x._a.dtype))
            elif not allow_unused:
                raise RuntimeError(f'The differentiated Tensor at index {i} appears to not have been used in the graph. Set '
                                   'allow_unused=True if this is the desired behavior.')
        elif not create_graph and g._req:
            g = alias(g)
        results.append(g)
    return tuple(results)

