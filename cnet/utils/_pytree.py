"""Trees of values: nested tuples, lists, dicts and named tuples with anything else as leaves (None included).

    >>> tree_flatten({'a': 1, 'b': (2, 3)})[0]
    [1, 2, 3]
"""

from collections import OrderedDict, defaultdict, deque

__all__ = ['TreeSpec', 'register_pytree_node', 'tree_all', 'tree_any', 'tree_flatten', 'tree_iter', 'tree_leaves', 'tree_map',
           'tree_map_', 'tree_map_only', 'tree_structure', 'tree_unflatten']


class TreeSpec:
    """The structure of a tree without its leaves.

    Args:
        type: the kind of the node; None for a leaf.
        context: what besides the children makes the node, such as the keys of a dict.
        children (list of TreeSpec): the structures of its children.
    """

    __slots__ = ('type', 'context', '_children', 'num_leaves', 'num_nodes')

    def __init__(self, type, context, children):
        self.type, self.context, self._children = type, context, children
        self.num_nodes = 1 + sum(c.num_nodes for c in children)
        self.num_leaves = 1 if type is None else sum(c.num_leaves for c in children)

    @property
    def num_children(self):
        """How many children the node has."""
        return len(self._children)

    def children(self):
        """The structures of the children."""
        return list(self._children)

    def child(self, index):
        """The structure of one child."""
        return self._children[index]

    def is_leaf(self):
        """Whether this is the structure of a single leaf."""
        return self.type is None

    def __eq__(self, other):
        if self is other:
            return True
        return (isinstance(other, TreeSpec) and self.num_nodes == other.num_nodes and self.type is other.type
                and self.context == other.context and self._children == other._children)

    def __hash__(self):
        return hash((self.type, self.num_leaves, self.num_nodes))

    def __repr__(self, indent=0):
        if self.type is None:
            return '*'
        name = 'namedtuple' if self.type is _named else self.type.__name__
        inner = f',\n{" " * (indent + 2)}'.join(c.__repr__(indent + 2) for c in self._children)
        return f'TreeSpec({name}, {self.context}, [{inner}])'

    def flatten_up_to(self, tree):
        """The subtrees of `tree` that stand where this structure has leaves."""
        found = []
        _descend(self, tree, found)
        return found

    def unflatten(self, leaves):
        """The tree of this structure with these leaves."""
        leaves = list(leaves)
        if len(leaves) != self.num_leaves:
            raise ValueError(f'treespec.unflatten(leaves): `leaves` has length {len(leaves)} but the spec refers to a pytree '
                             f'that holds {self.num_leaves} items ({self}).')
        return _build(self, iter(leaves))


class _named:
    """Stands for the type of all named tuples; the class itself is the context."""


def _descend(spec, tree, found):
    if spec.type is None:
        found.append(tree)
        return
    kind, handler = _kind_of(tree)
    if kind is not spec.type and not (kind in _DICTS and spec.type in _DICTS):
        expected = spec.context if spec.type is _named else spec.type
        raise ValueError(f'Node type mismatch; expected {expected!r}, but got {type(tree)!r}.')
    if kind in _DICTS:
        keys = _keys(spec)
        if set(keys) != set(tree):
            words = [f' {word} key(s): {found}' for word, found in (
                ('missing', set(keys) - set(tree)), ('extra', set(tree) - set(keys))) if found]
            raise ValueError(f'Node keys mismatch;{";".join(words)}.')
        children = [tree[key] for key in keys]
    else:
        children, context = handler[0](tree)
        children = list(children)
        if len(children) != spec.num_children:
            raise ValueError(f'Node arity mismatch; expected {spec.num_children}, but got {len(children)}.')
        if kind is not deque and context != spec.context:
            raise ValueError(f'Node context mismatch for custom node type {spec.type!r}.')
    for child, value in zip(spec._children, children):
        _descend(child, value, found)


def _build(spec, leaves):
    if spec.type is None:
        return next(leaves)
    children = [_build(c, leaves) for c in spec._children]
    return _NODES[spec.type][1](children, spec.context)


# type: (flatten, unflatten), where flatten(tree) gives (children, context) and unflatten(children, context) the tree.
_NODES = {
    tuple: (lambda t: (t, None), lambda c, _: tuple(c)),
    list: (lambda t: (t, None), lambda c, _: c),
    dict: (lambda t: (t.values(), list(t)), lambda c, keys: dict(zip(keys, c))),
    OrderedDict: (lambda t: (t.values(), list(t)), lambda c, keys: OrderedDict(zip(keys, c))),
    defaultdict: (lambda t: (t.values(), [t.default_factory, list(t)]),
                  lambda c, context: defaultdict(context[0], zip(context[1], c))),
    deque: (lambda t: (t, t.maxlen), lambda c, maxlen: deque(c, maxlen)),
    _named: (lambda t: (t, type(t)), lambda c, cls: cls(*c)),
}
_DICTS = (dict, OrderedDict, defaultdict)


def _keys(spec):
    return spec.context[1] if spec.type is defaultdict else spec.context


def _kind_of(tree):
    """The kind of a node and its functions; (None, None) for a leaf."""
    cls = type(tree)
    handler = _NODES.get(cls)
    if handler is not None:
        return cls, handler
    if isinstance(tree, tuple):
        if hasattr(cls, 'n_sequence_fields'):  # named results such as those of `max`: made from one sequence
            handler = _NODES[cls] = (lambda t: (t, None), lambda c, _: cls(c))
            return cls, handler
        if hasattr(cls, '_fields'):
            return _named, _NODES[_named]
    return None, None


_LEAF = TreeSpec(None, None, [])


def _flatten(tree, leaves, is_leaf):
    kind, handler = (None, None) if is_leaf is not None and is_leaf(tree) else _kind_of(tree)
    if kind is None:
        leaves.append(tree)
        return _LEAF
    children, context = handler[0](tree)
    return TreeSpec(kind, context, [_flatten(child, leaves, is_leaf) for child in children])


def register_pytree_node(cls, flatten_fn, unflatten_fn, **names):
    """Teach the tree functions a class of inner nodes.

    Args:
        cls (type): the class; its subclasses are not meant.
        flatten_fn (callable): an instance to (list of children, context).
        unflatten_fn (callable): (children, context) to an instance.
        names: accepted; what they are for (serialized structures) does not exist.

    Example:
        >>> from cnet.utils import _pytree
        >>> class Pair:
        ...     def __init__(self, a, b):
        ...         self.a, self.b = a, b
        >>> _pytree.register_pytree_node(Pair, lambda p: ([p.a, p.b], None), lambda c, _: Pair(*c))
        >>> _pytree.tree_leaves(Pair(1, [2]))
        [1, 2]
    """
    if cls in _NODES:
        raise ValueError(f'{cls} is already registered as pytree node.')
    _NODES[cls] = flatten_fn, unflatten_fn


def tree_flatten(tree, is_leaf=None):
    """The leaves of a tree, and its structure.

    Args:
        tree: anything.
        is_leaf (callable, optional): a node for which it returns True is taken for a leaf.

    Returns:
        (list, TreeSpec)

    Example:
        >>> from cnet.utils._pytree import tree_flatten
        >>> tree_flatten([1, (2, None)])[0]
        [1, 2, None]
    """
    leaves = []
    spec = _flatten(tree, leaves, is_leaf)
    return leaves, spec


def tree_unflatten(leaves, treespec):
    """The tree of a structure with these leaves.

    Example:
        >>> from cnet.utils._pytree import tree_flatten, tree_unflatten
        >>> tree_unflatten([3, 4], tree_flatten({'a': 1, 'b': [2]})[1])
        {'a': 3, 'b': [4]}
    """
    if not isinstance(treespec, TreeSpec):
        raise TypeError(f'Expected `treespec` to be an instance of PyTreeSpec but got item of type {type(treespec)}.')
    return treespec.unflatten(leaves)


def tree_iter(tree, is_leaf=None):
    """An iterator over the leaves."""
    return iter(tree_flatten(tree, is_leaf)[0])


def tree_leaves(tree, is_leaf=None):
    """The leaves in a list."""
    return tree_flatten(tree, is_leaf)[0]


def tree_structure(tree, is_leaf=None):
    """The structure alone."""
    return tree_flatten(tree, is_leaf)[1]


def tree_map(func, tree, *rests, is_leaf=None):
    """The tree of the results of `func` on each leaf (and on what stands in its place in `rests`).

    Example:
        >>> from cnet.utils._pytree import tree_map
        >>> tree_map(lambda a, b: a + b, {'a': 1, 'b': [2]}, {'a': 10, 'b': [20]})
        {'a': 11, 'b': [22]}
    """
    leaves, spec = tree_flatten(tree, is_leaf)
    columns = [leaves, *(spec.flatten_up_to(rest) for rest in rests)]
    return spec.unflatten(map(func, *columns))


def tree_map_(func, tree, *rests, is_leaf=None):
    """Call `func` on each leaf for its effect; returns the tree."""
    leaves, spec = tree_flatten(tree, is_leaf)
    for row in zip(leaves, *(spec.flatten_up_to(rest) for rest in rests)):
        func(*row)
    return tree


def tree_map_only(type_or_types_or_pred, func, tree, is_leaf=None):
    """`tree_map` on the leaves of some types (or for which a predicate holds); the others stay.

    Example:
        >>> from cnet.utils._pytree import tree_map_only
        >>> tree_map_only(int, lambda n: n + 1, [1, 'a'])
        [2, 'a']
    """
    what = type_or_types_or_pred
    if isinstance(what, (type, tuple)):
        return tree_map(lambda x: func(x) if isinstance(x, what) else x, tree, is_leaf=is_leaf)
    if not callable(what):
        raise TypeError('Argument must be a type, a tuple of types, or a callable.')
    return tree_map(lambda x: func(x) if what(x) else x, tree, is_leaf=is_leaf)


def tree_all(pred, tree, is_leaf=None):
    """Whether `pred` holds for every leaf."""
    return all(map(pred, tree_iter(tree, is_leaf)))


def tree_any(pred, tree, is_leaf=None):
    """Whether `pred` holds for some leaf."""
    return any(map(pred, tree_iter(tree, is_leaf)))


def broadcast_to_leaves(prefix, spec):
    """For every leaf of the structure, the leaf of the tree `prefix` that stands above it; None if they do not fit."""
    kind, handler = _kind_of(prefix)
    if kind is None:
        return [prefix] * spec.num_leaves
    if spec.type is None or kind is not spec.type:
        return None
    children, context = handler[0](prefix)
    children = list(children)
    if len(children) != spec.num_children or context != spec.context:
        return None
    found = []
    for child, below in zip(children, spec._children):
        part = broadcast_to_leaves(child, below)
        if part is None:
            return None
        found += part
    return found
