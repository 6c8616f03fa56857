"""Operations and the graph they leave behind.

An `Op` subclass is an operation: `forward` works on arrays, `backward` on tensors. An instance of it is a node of the
graph: it remembers what `backward` needs and where the gradients go. `Op.apply` runs the forward, wraps the results
and, if some input requires a gradient, records a node.

This file runs interpreted, and compiled with the types in `op.pxd`; both must behave alike.
"""

import weakref

from .._kernels._alloc import large, serve
from .._kernels._state import dtype_of, flags, inexact, instance, next_sequence, shape_of, swap_flags
from .base import ANOMALY, GRAD, PACK, TensorBase, alias, blank, mark_view, refresh, tensor_class, wrap
from .dtype import from_np
from .hooks import LeafHooks, NodeHooks, add, packer


class Info:
    """The constants of an Op class, read once when the class is made."""

    __slots__ = ('forward', 'keep_in', 'keep_out', 'n_out', 'view', 'serve')


class Saved:
    """One tensor kept for backward, with the version its memory had.

    An input is kept as the tensor itself; an output as its array, because a node that held its own output would be
    a reference cycle, which only the garbage collector could free.
    """

    __slots__ = ('what', 'version', 'seen', 'output', 'unpack', 'like')


class Node:
    """One recorded operation: where gradients come in (`backward`) and where they go (`edges`)."""

    __slots__ = ('kw', 'edges', 'needs', 'ins', 'outs', 'aux', 'meta', 'seq', 'spent', '_hooks', 'trace')

    def saved(self, i):
        """Saved input number i: the tensor, or the constant that was passed in its place."""
        if self.ins is None:
            refuse_spent(self)
        entry = self.ins[i]
        return restore(self, entry) if isinstance(entry, Saved) else entry

    def out(self, i):
        """Saved output number i, with this node as its history."""
        if self.outs is None:
            refuse_spent(self)
        return restore(self, self.outs[i])

    def in_shape(self, i):
        """The shape of input number i, which must require a gradient."""
        target = self.edges[2 * i]
        if isinstance(target, TensorBase):
            return shape_of(target._a)
        return target.meta[self.edges[2 * i + 1]][0]

    def release(self):
        """Forget everything that was kept for backward."""
        if self.ins is not None or self.outs is not None or self.aux:
            self.ins = None
            self.outs = None
            self.aux = None
            self.spent = True

    @property
    def saved_tensors(self):
        """All tensors that were kept, inputs first."""
        if self.spent:
            refuse_spent(self)
        kept = [*(self.ins or ()), *(self.outs or ())]
        return tuple([restore(self, entry) for entry in kept if isinstance(entry, Saved)])

    @property
    def next_functions(self):
        """(node, output number) for every tensor input."""
        pairs = []
        edges = self.edges
        for i in range(0, len(edges), 2):
            target = edges[i]
            if isinstance(target, TensorBase):
                target = accumulator(target)
            pairs.append((target, edges[i + 1]))
        return tuple(pairs)

    @property
    def metadata(self):
        """A dict for the user's own notes on this node."""
        return self.hooks().metadata

    def name(self):
        """The class name of the node, such as 'AddBackward0'."""
        return type(self).__name__

    def hooks(self):
        """The hooks of this node, made on first use."""
        if self._hooks is None:
            self._hooks = NodeHooks()
        return self._hooks

    def register_hook(self, fn):
        """Call `fn(grad_inputs, grad_outputs)` after this node's backward; a returned tuple replaces grad_inputs."""
        return add(self.hooks().post, fn)

    def register_prehook(self, fn):
        """Call `fn(grad_outputs)` before this node's backward; a returned tuple replaces grad_outputs."""
        return add(self.hooks().pre, fn)


def refuse_spent(node):
    """Refuse a second use of a node whose saved tensors are gone."""
    raise RuntimeError(
        'Trying to backward through the graph a second time (or directly access saved tensors after they have already '
        'been freed). Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). '
        'Specify retain_graph=True if you need to backward through the graph a second time or if you need to access '
        'saved tensors after calling backward.')


class Op(Node):
    """An operation on tensors. Subclasses define:

    name (class keyword): what `type(y.grad_fn).__name__` shows, such as 'ExpBackward0'.
    forward(*inputs, **kw): static; arrays (or the constants given in their place) to an array or a tuple of arrays.
    backward(self, *g): gradients of the outputs (tensors) to one gradient or None per input.
    keep_in, keep_out: positions of the inputs and outputs that backward uses. Nothing else is kept.
    n_out: how many arrays become results (0: as many as forward returns); further ones are kept in `self.aux`.
    view: the results are NumPy views of input 0.
    own_memory: forward makes all its large arrays by `arrays.empty` or in kernels; what NumPy makes need not be cared for,
        which saves 0.2 us.
    """

    keep_in: tuple[int, ...] = ()
    keep_out: tuple[int, ...] = ()
    n_out = 1
    view = False
    own_memory = False
    materialize = True  # give backward zeros instead of None for outputs without a gradient
    apply: 'Apply'

    def __init_subclass__(cls, name=None, **kwargs):
        super().__init_subclass__(**kwargs)
        if name is not None:
            cls.__name__ = cls.__qualname__ = name
        info = Info()
        info.forward = cls.forward
        info.keep_in = tuple(cls.keep_in)
        info.keep_out = tuple(cls.keep_out)
        info.n_out = cls.n_out
        info.view = cls.view
        info.serve = not (cls.view or cls.own_memory)
        cls.info_ = info
        if type(cls.apply) is Apply:
            cls.apply = Apply(cls)

    @staticmethod
    def forward(*inputs, **kw):
        raise NotImplementedError

    def backward(self, *g):
        raise NotImplementedError(f'the derivative of {type(self).__name__} is not implemented')


class Apply:
    """`Op.apply(*inputs, **kw)`: run the operation on tensors (or constants), record it if a gradient may be asked for.

    An object on every class, in place of a class method, which Python would bind anew for every call.
    """

    __slots__ = ('cls',)

    def __init__(self, cls):
        self.cls = cls

    def __call__(self, *inputs, **kw):
        return run(self.cls, inputs, kw)


Op.apply = Apply(Op)


def run(cls, inputs, kw):
    """`cls.apply(*inputs, **kw)`."""
    info = cls.info_
    arrays = []
    big = False
    for x in inputs:
        if isinstance(x, TensorBase):
            t = x
            arrays.append(t._a)
            big = big or (info.serve and large(t._a))
        else:
            arrays.append(x)
    if big:
        y = serve(info.forward, arrays, kw)
    elif kw:
        y = info.forward(*arrays, **kw)
    elif len(arrays) == 1:
        y = info.forward(arrays[0])
    elif len(arrays) == 2:
        y = info.forward(arrays[0], arrays[1])
    else:
        y = info.forward(*arrays)
    return finish(cls, info, inputs, kw, y)


def finish(cls, info, inputs, kw, y):
    """Wrap the arrays that forward returned and record the node that made them."""
    if type(y) is not tuple:
        t = wrap(y)
        if info.view:
            mark_view(t, inputs[0], cls, kw, -1)
        if flags() & GRAD and needs_grad(inputs) and inexact(t._a):
            t._fn = record(cls, inputs, kw, (), (t,))
            t._req = True
        return t
    n = info.n_out
    if n == 0:
        n = len(y)
    made = []
    for i in range(n):
        t = wrap(y[i])
        if info.view:
            mark_view(t, inputs[0], cls, kw, i)
        made.append(t)
    outs = tuple(made)
    if flags() & GRAD and needs_grad(inputs):
        attach(record(cls, inputs, kw, y[n:], outs), outs)
    return outs if info.n_out != 1 else outs[0]


def needs_grad(inputs):
    """Whether some input requires a gradient now (views may have learnt it since they were made)."""
    for x in inputs:
        if isinstance(x, TensorBase):
            t = x
            if t._view is not None:
                refresh(t)
            if t._req:
                return True
    return False


def attach(node, outs):
    """Make `node` the history of the outputs that can have a gradient."""
    i = 0
    for t in outs:
        if inexact(t._a):
            t._fn = node
            t._nr = i
            t._req = True
        i += 1


def stack():
    """Where the program is, as text, for anomaly mode."""
    import traceback  # used in that mode alone
    return ''.join(traceback.format_stack()[:-2])


def blank_node(cls):
    """A node of the graph without edges, newer than all others."""
    node = instance(Node, cls)
    node.seq = next_sequence()
    node.spent = False
    node.kw = None
    node.aux = ()
    node.ins = None
    node.outs = None
    node._hooks = None
    node.trace = stack() if flags() & ANOMALY else None
    return node


def record(cls, inputs, kw, aux, outs):
    """A node for `cls` with its edges, and the inputs and outputs that its backward needs."""
    info = cls.info_
    node = blank_node(cls)
    node.kw = kw
    node.aux = aux
    connect(node, inputs)
    meta = []
    for t in outs:
        meta.append((shape_of(t._a), dtype_of(t._a)))
    node.meta = meta
    if info.keep_in:
        ins = [None] * len(inputs)
        for i in info.keep_in:
            x = inputs[i]
            ins[i] = save(x, -1) if isinstance(x, TensorBase) else x
        node.ins = ins
    if info.keep_out:
        kept = [None] * len(outs)
        for i in info.keep_out:
            kept[i] = save(outs[i], i)
        node.outs = kept
    return node


def connect(node, inputs):
    """Give a node one edge per input: the node (or leaf) that gets its gradient, or None."""
    edges = []
    needs = []
    for x in inputs:
        if isinstance(x, TensorBase):
            t = x
            if t._view is not None:
                refresh(t)
            if t._req:
                edges.append(t if t._fn is None else t._fn)
                edges.append(t._nr)
                needs.append(True)
                continue
        edges.append(None)
        edges.append(0)
        needs.append(False)
    node.edges = edges
    node.needs = needs


def save(x, output):
    """Keep a tensor for backward, as output number `output` of its node or (-1) as an input."""
    if x._inf and output < 0:
        raise RuntimeError('Inference tensors cannot be saved for backward. Please do not use Tensors created in '
                           'inference mode in computation tracked by autograd. To work around this, you can make a clone '
                           'to get a normal tensor and use it in autograd, or use `torch.no_grad()` instead of '
                           '`torch.inference_mode()`.')
    s = Saved.__new__(Saved)
    s.version = x._v
    s.seen = x._v.n
    s.output = output
    s.unpack = None
    s.like = None
    if flags() & PACK:
        pack, s.unpack = packer()
        old = swap_flags(flags() & ~(GRAD | PACK))
        try:
            s.what = pack(alias(x))
        finally:
            swap_flags(old)
        if output < 0 and x._req:
            # The history, without the memory that the hook was given to put elsewhere.
            s.like = (accumulator(x), 0) if x._fn is None else (x._fn, x._nr)
    else:
        s.what = x if output < 0 else x._a
    return s


def restore(node, s):
    """The tensor that `save` kept, with its history; an error if its memory was written since."""
    if s.unpack is not None:
        t = s.unpack(s.what)
        if not isinstance(t, TensorBase):
            raise TypeError('Output of saved tensor unpack_hook expected to be a Tensor but got result of type '
                            f'{type(t).__name__}')
        t = alias(t)
        fn, nr = (node, s.output) if s.output >= 0 else s.like or (None, 0)
    else:
        if s.version.n != s.seen:
            refuse_modified(node, s)
        if s.output < 0:
            return s.what
        t = blank(tensor_class(), s.what, s.version)
        fn, nr = node, s.output
    if fn is not None:
        t._fn = fn
        t._nr = nr
        t._req = True
    return t


def refuse_modified(node, s):
    """The error for a tensor that was kept and then written in place."""
    a = s.what if s.output >= 0 else s.what._a
    fn, nr = (node, s.output) if s.output >= 0 else (s.what._fn, s.what._nr)
    kind = from_np(a.dtype).legacy + 'Tensor'
    origin = '' if fn is None else f', which is output {nr} of {type(fn).__name__.partition("Backward")[0]},'
    hint = ('Hint: the backtrace further above shows the operation that failed to compute its gradient.' if node.trace else
            'Hint: enable anomaly detection to find the operation that failed to compute its gradient, with '
            'torch.autograd.set_detect_anomaly(True, check_nan=False).')
    raise RuntimeError('one of the variables needed for gradient computation has been modified by an inplace operation: '
                       f'[torch.{kind} {list(a.shape)}]{origin} is at version {s.version.n}; expected version {s.seen} '
                       f'instead. {hint}')


class AccumulateGrad(Op, name='AccumulateGrad'):
    """The end of an edge: adds the gradient to the `grad` of the leaf `variable`."""

    def backward(self, g):
        return g

    def name(self):
        """PyTorch's name of the node, which is not that of its class."""
        return 'torch::autograd::AccumulateGrad'

    @property
    def variable(self):
        """The leaf tensor."""
        return self.edges[0]

    @property
    def next_functions(self):
        """Nothing follows a leaf."""
        return ()


def accumulator(leaf):
    """The AccumulateGrad node of a leaf. The engine needs none; it exists for who walks the graph or hooks it."""
    hooks = leaf._hooks
    node = None if hooks is None or hooks.node is None else hooks.node()
    if node is None:
        node = blank_node(AccumulateGrad)
        node.edges = [leaf, 0]
        node.needs = [True]
        node.meta = [(leaf._a.shape, leaf._a.dtype)]
        if hooks is None:
            leaf._hooks = hooks = LeafHooks()
        hooks.node = weakref.ref(node)
    return node
