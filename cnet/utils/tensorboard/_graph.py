"""The graph of a model for TensorBoard: what autograd recorded, in the scopes of the modules that did it."""

from contextlib import contextmanager

from tensorboard.compat.proto.attr_value_pb2 import AttrValue
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.compat.proto.node_def_pb2 import NodeDef
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.versions_pb2 import VersionDef

from ..._core.mode import enable_grad
from ..._core.op import AccumulateGrad
from ..._kernels._state import next_sequence
from ..._tensor import Tensor

_PRODUCER = 22  # the oldest version of the format that TensorBoard shows without a note


def graph(model, args, verbose=False):
    """A `GraphDef` of the differentiable operations of ``model(*args)``.

    Nodes are named by the modules that made them, as in ``Net/Linear[fc1]/Addmm``. What autograd does not record (work on
    integers, what needs no gradient) does not appear.
    """
    args = args if isinstance(args, tuple) else (args,)
    args = tuple([a.detach().requires_grad_() if isinstance(a, Tensor) and a.is_floating_point() else a for a in args])
    with _evaluating(model), _watching(model) as scopes, enable_grad():
        outputs = list(_tensors(model(*args)))
    names = _Names(type(model).__name__, scopes.paths)
    for i, a in enumerate(args):
        if isinstance(a, Tensor):
            names.leaves[id(a)] = f'input/{i}'
    for name, p in model.named_parameters():
        owner, _, last = name.rpartition('.')
        names.leaves[id(p)] = f'{scopes.paths[owner]}/{last}'

    nodes, order, todo = {}, [], [t.grad_fn for t in outputs if t.grad_fn is not None]
    while todo:
        node = todo.pop()
        if node is None or id(node) in nodes:
            continue
        nodes[id(node)] = node
        order.append(node)
        todo += [before for before, _ in node.next_functions]
    order.sort(key=lambda node: (not _is_leaf(node), node.seq))  # as a reader expects: inputs, then what happened in turn
    for node in order:
        names.give(node, scopes.of(node.seq))
    found = []
    for node in order:
        inputs = [names.of(before, number) for before, number in node.next_functions if before is not None]
        found.append(_message(names.of(node), names.kind(node), inputs, node.meta[0][0]))
    for i, t in enumerate(outputs):
        source = [] if t.grad_fn is None else [names.of(t.grad_fn, t.output_nr)]
        found.append(_message(f'output/{i}', 'output', source, t.shape))
    result = GraphDef(node=found, versions=VersionDef(producer=_PRODUCER))
    if verbose:
        print(result)
    return result


def _is_leaf(node):
    """Whether a node is the end of an edge, for a parameter or an input."""
    return isinstance(node, AccumulateGrad)


def _message(name, op, inputs, shape):
    sizes = TensorShapeProto(dim=[TensorShapeProto.Dim(size=n) for n in shape])
    return NodeDef(name=name, op=op, input=inputs, attr={
        '_output_shapes': AttrValue(list=AttrValue.ListValue(shape=[sizes]))})


def _tensors(x):
    """The tensors of a nested result."""
    if isinstance(x, Tensor):
        yield x
    elif isinstance(x, (tuple, list)):
        for part in x:
            yield from _tensors(part)
    elif isinstance(x, dict):
        yield from _tensors(list(x.values()))


class _Scopes:
    """Which module ran when: intervals of the numbers that count nodes, each within the one around it."""

    def __init__(self):
        self.paths = {}    # name of a module in the model: its scope
        self.open = []     # (first number, scope), outermost first
        self.closed = []   # (first number, last number, scope), inner before outer

    def of(self, number):
        """The innermost scope that was open when the node was made."""
        return next((scope for first, last, scope in self.closed if first < number < last), '')


@contextmanager
def _watching(model):
    scopes, handles = _Scopes(), []

    def begin(module, args, scope):
        scopes.open.append((next_sequence(), scope))

    def end():
        first, scope = scopes.open.pop()
        scopes.closed.append((first, next_sequence(), scope))

    try:
        for name, module in model.named_modules():
            owner, _, last = name.rpartition('.')
            kind = type(module).__name__
            scope = scopes.paths[name] = f'{scopes.paths[owner]}/{kind}[{last}]' if name else kind
            handles.append(module.register_forward_pre_hook(lambda m, a, scope=scope: begin(m, a, scope)))
            handles.append(module.register_forward_hook(lambda m, a, out: end()))
        yield scopes
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _evaluating(model):
    """The model as in evaluation, and afterwards as it was, module by module."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


class _Names:
    """Unique names of nodes."""

    def __init__(self, root, paths):
        self.root = root
        self.leaves = {}    # id of a tensor: its name
        self._taken = {}
        self._given = {}    # id of a node: its name

    def kind(self, node):
        """What a node does, as autograd calls it: 'Addmm'; 'Parameter' and 'input' for leaves."""
        if _is_leaf(node):
            return 'input' if self._given[id(node)].startswith('input/') else 'Parameter'
        return node.name().partition('Backward')[0]

    def give(self, node, scope):
        """Name a node."""
        if _is_leaf(node):
            name = self.leaves.get(id(node.variable), f'{self.root}/constant')
        else:
            name = f'{scope or self.root}/{self.kind(node)}'
        count = self._taken[name] = self._taken.get(name, -1) + 1
        self._given[id(node)] = f'{name}_{count}' if count else name

    def of(self, node, number=0):
        """The name of a node, with the number of its output if that is not the first."""
        name = self._given[id(node)]
        return f'{name}:{number}' if number else name
