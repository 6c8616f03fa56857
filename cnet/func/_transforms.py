"""Derivatives of functions as functions: grad, vjp, jvp and linearize."""

import functools

from .._core.mode import is_grad_enabled
from .._ops.create import zeros_like
from .._tensor import Tensor
from ..autograd import grad as _sweep
from ..utils._pytree import tree_flatten, tree_map, tree_unflatten
from ._arguments import check_outputs, chosen, replaced, split_aux
from ._level import Level

__all__ = ['grad', 'grad_and_value', 'jvp', 'linearize', 'vjp']


def _grad_and_value(func, argnums, has_aux, args, kwargs):
    name = 'grad_and_value(f)(*args)'
    with Level() as level:
        taken = tree_map(level.leaf, chosen(args, argnums))
        output, aux = split_aux(func(*replaced(args, argnums, taken), **kwargs), has_aux, name)
        if not isinstance(output, Tensor):
            raise RuntimeError(f'{name}: Expected f(*args) to return a Tensor, got {type(output)}')
        if output.dim() != 0:
            raise RuntimeError(f'{name}: Expected f(*args) to return a scalar Tensor, got tensor with {output.dim()} dims. '
                               'Maybe you wanted to use the vjp or jacrev APIs instead?')
        leaves, spec = tree_flatten(taken)
        grads = tree_unflatten(level.gradients((output,), leaves), spec)
        value = level.lower(output)
        return grads, (value, tree_map(level.lower, aux)) if has_aux else value


def grad(func, argnums=0, has_aux=False):
    """A function that returns the gradient of `func`.

    Args:
        func (callable): returns a tensor of one element without dimensions.
        argnums (int or tuple of int): which arguments to differentiate with respect to; they may be trees of tensors.
        has_aux (bool): `func` returns (output, aux), and the new function (gradient, aux). Default: False.

    Returns:
        callable: of the arguments of `func`; the gradient has the structure of the chosen argument, or is a tuple of such.

    Example:
        >>> import cnet
        >>> cnet.func.grad(cnet.sin)(cnet.tensor(0.))
        tensor(1.)
        >>> cnet.func.grad(cnet.func.grad(lambda x: x ** 3))(cnet.tensor(2.))
        tensor(12.)
    """
    @functools.wraps(func)
    def gradient(*args, **kwargs):
        grads, rest = _grad_and_value(func, argnums, has_aux, args, kwargs)
        return (grads, rest[1]) if has_aux else grads
    return gradient


def grad_and_value(func, argnums=0, has_aux=False):
    """Like `grad`; the new function returns (gradient, output), or (gradient, (output, aux)).

    Args:
        func, argnums, has_aux: as for `grad`.

    Returns:
        callable

    Example:
        >>> import cnet
        >>> cnet.func.grad_and_value(lambda x: x ** 2)(cnet.tensor(3.))
        (tensor(6.), tensor(9.))
    """
    @functools.wraps(func)
    def gradient(*args, **kwargs):
        return _grad_and_value(func, argnums, has_aux, args, kwargs)
    return gradient


class Point:
    """A function called at a point, with what its derivatives need.

    `output` and `aux` are as the surrounding code may see them; `outputs` and `inputs` are flat and have their history.
    """

    def __init__(self, func, args, argnums, has_aux, name):
        with Level() as level:
            self.level = level
            taken = tree_map(level.leaf, chosen(args, argnums))
            output, aux = split_aux(func(*replaced(args, argnums, taken)), has_aux, name)
            self.outputs, self.spec = tree_flatten(output)
            check_outputs(self.outputs, name)
            self.inputs, self.inputs_spec = tree_flatten(taken)
            self.output = tree_map(level.lower, output)
            self.aux = tree_map(level.lower, aux) if has_aux else None


class Pullback(Point):
    """A point, ready to pull cotangents back through the function."""

    def __init__(self, func, args, argnums, has_aux, name='vjp(f, *primals)'):
        super().__init__(func, args, argnums, has_aux, name)
        for y in self.outputs:
            if not (y.dtype.is_floating_point or y.dtype.is_complex):
                raise RuntimeError('vjp(f, ...): All outputs of f must be floating-point or complex Tensors, got Tensor with '
                                   f'dtype {y.dtype}')

    def __call__(self, cotangents, retain_graph=True, create_graph=None):
        """The products of the cotangents (a tree like the output) with the Jacobian, a tree like the arguments."""
        flat, spec = tree_flatten(cotangents)
        if spec != self.spec:
            raise RuntimeError('Expected pytree structure of cotangents to be the same as pytree structure of outputs to the '
                               f'function. cotangents: {spec}, primal output: {self.spec}')
        create = is_grad_enabled() if create_graph is None else create_graph
        return tree_unflatten(self.level.gradients(self.outputs, self.inputs, flat, retain_graph, create), self.inputs_spec)


def vjp(func, *primals, has_aux=False):
    """The output of a function, and a function that multiplies vectors with its Jacobian from the left.

    Args:
        func (callable): returns a tensor, or a tree of tensors.
        primals (trees of Tensors): its arguments.
        has_aux (bool): `func` returns (output, aux), and `vjp` (output, vjp_fn, aux). Default: False.

    Returns:
        (output, vjp_fn): `vjp_fn` takes a tree of the structure of the output and returns a tuple like `primals`. It can be
        called repeatedly; the forward pass is not made again.

    Example:
        >>> import cnet
        >>> y, vjp_fn = cnet.func.vjp(cnet.mul, cnet.tensor([1., 2.]), cnet.tensor([3., 4.]))
        >>> vjp_fn(cnet.ones(2))
        (tensor([3., 4.]), tensor([1., 2.]))
    """
    pullback = Pullback(func, primals, None, has_aux)
    return (pullback.output, pullback, pullback.aux) if has_aux else (pullback.output, pullback)


class Pushforward:
    """What pushes tangents forward through a function at a point.

    There is no forward mode: with u -> (u's gradient of the arguments), which is linear in u, recorded once, its own
    gradient is the product with a tangent. One sweep over that record per tangent.
    """

    def __init__(self, point):
        self.point, self.level = point, point.level
        recorded = [y for y in point.outputs if y.requires_grad]
        self.seeds = [self.level.mark(zeros_like(y)) for y in recorded]
        found = _sweep(recorded, point.inputs, self.seeds, True, True, allow_unused=True) if recorded else ()
        self.linear = [(i, g) for i, g in enumerate(found) if g is not None and g.requires_grad]
        self.foreign = self.level.visible and any(map(self.level.foreign, recorded))

    def flat(self, tangents, create_graph):
        """The tangents of the flat outputs, None for those that do not depend on the arguments."""
        create = create_graph and self.level.visible and (self.foreign or any(map(self.level.foreign, tangents)))
        if self.linear:
            found = _sweep([g for _, g in self.linear], self.seeds, [tangents[i] for i, _ in self.linear], True, create,
                           allow_unused=True)
        else:
            found = [None] * len(self.seeds)
        found = iter(found)
        pushed = [next(found) if y.requires_grad else None for y in self.point.outputs]
        return [self.level.lower(t) if create and t is not None else t for t in pushed]

    def __call__(self, tangents, strict=False):
        """The tangent of the output for flat tangents of the arguments, a tree like the output."""
        found = self.flat(tangents, is_grad_enabled())
        if strict and any(t is None for t in found):
            raise RuntimeError('jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is '
                               'not allowed with strict=True.')
        outputs = self.point.outputs
        return tree_unflatten([zeros_like(y) if t is None else t for y, t in zip(outputs, found)], self.point.spec)


_JVP = 'jvp(f, primals, tangents)'


def _check_tensors(flat, what):
    if not flat:
        raise RuntimeError(f'{_JVP}: Expected {what} to contain at least one Tensor.')
    for x in flat:
        if not isinstance(x, Tensor):
            raise RuntimeError(f'{_JVP}: Expected {what} to only contain Tensors, got {type(x)}')


def jvp(func, primals, tangents, *, strict=False, has_aux=False):
    """The output of a function, and the product of its Jacobian with a vector.

    It costs about three passes through the function: forward, a recorded backward, and a sweep over that.

    Args:
        func (callable): returns a tensor, or a tree of tensors.
        primals (tuple of trees of Tensors): its arguments.
        tangents (tuple): the vector, of the structure and shapes of `primals`.
        strict (bool): refuse outputs that do not depend on the arguments, instead of zero tangents. Default: False.
        has_aux (bool): `func` returns (output, aux), and `jvp` (output, tangent, aux). Default: False.

    Returns:
        (output, tangent)

    Example:
        >>> import cnet
        >>> cnet.func.jvp(lambda x: x ** 2, (cnet.tensor([1., 2.]),), (cnet.tensor([1., 10.]),))
        (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    if not isinstance(primals, tuple):
        raise RuntimeError(f'{_JVP}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals).')
    flat, spec = tree_flatten(primals)
    vector, vector_spec = tree_flatten(tangents)
    if spec != vector_spec:
        raise RuntimeError(f'{_JVP}: Expected primals and tangents to have the same python structure. For example, if primals is '
                           f'a tuple of 3 tensors, tangents also must be. Got primals with structure {spec} and tangents with '
                           f'structure {vector_spec}')
    _check_tensors(flat, 'primals')
    _check_tensors(vector, 'tangents')
    for x, t in zip(flat, vector):
        if x.shape != t.shape:
            raise RuntimeError('Trying to set a forward gradient that has a different size than that of the original Tensor, '
                               f'this is not supported. Tensor is of size {list(x.shape)} while the given forward gradient is '
                               f'of size {list(t.shape)}.')
    point = Point(func, primals, None, has_aux, _JVP)
    tangent = Pushforward(point)(vector, strict)
    return (point.output, tangent, point.aux) if has_aux else (point.output, tangent)


def linearize(func, *primals):
    """The output of a function, and its derivative at that point as a function of tangents.

    Args:
        func (callable): returns a tensor, or a tree of tensors.
        primals (trees of Tensors): its arguments.

    Returns:
        (output, jvp_fn): `jvp_fn(*tangents)` is one sweep; the function is not called again.

    Example:
        >>> import cnet
        >>> y, jvp_fn = cnet.func.linearize(cnet.square, cnet.tensor([1., 2.]))
        >>> jvp_fn(cnet.ones(2))
        tensor([2., 4.])
    """
    point = Point(func, primals, None, False, 'linearize(f, *primals)')
    forward = Pushforward(point)

    def jvp_fn(*tangents):
        flat, spec = tree_flatten(tangents)
        if spec != point.inputs_spec:
            raise RuntimeError(f'Expected the tangents {spec} to have the same argspec as the primals {point.inputs_spec}')
        for i, (x, t) in enumerate(zip(point.inputs, flat)):
            for word in ('shape', 'dtype'):
                if getattr(x, word) != getattr(t, word):
                    raise RuntimeError(f"tangent:{i} with {word} {getattr(t, word)} in flattened pytree doesn't match the {word} "
                                       f'{getattr(x, word)} of the corresponding primal.')
        return forward(flat)
    return point.output, jvp_fn
