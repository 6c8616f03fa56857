"""Products with Jacobians and Hessians, and these matrices themselves, of a function at a point.

Products with a vector from the right have no forward mode to rely on: u -> (gradient for u) is linear in u, so its own
gradient is that product.
"""

from .._core.engine import grad
from .._core.mode import enable_grad, is_grad_enabled, set_grad_enabled
from .._tensor import Tensor
from ._rows import one_hot, rows, zeros

__all__ = ['hessian', 'hvp', 'jacobian', 'jvp', 'vhp', 'vjp']

_HERE = 'torch.autograd.functional'


def _as_tuple(x, what, name):
    """(whether `x` is a tuple, `x` as a tuple of tensors)."""
    if isinstance(x, tuple):
        for i, item in enumerate(x):
            if not isinstance(item, Tensor):
                raise TypeError(f'The {what} given to {name} must be either a Tensor or a tuple of Tensors but the value at '
                                f'index {i} has type {type(item)}.')
        return True, x
    if not isinstance(x, Tensor):
        raise TypeError(f'The {what} given to {name} must be either a Tensor or a tuple of Tensors but the given {what} has type '
                        f'{type(x)}.')
    return False, (x,)


def _entered(xs, create_graph, requires=True):
    """Fresh tensors of the same values; with `create_graph` connected to those that require a gradient."""
    return tuple(x.view_as(x) if create_graph and x.requires_grad else x.detach().requires_grad_(requires) for x in xs)


def _left(xs, create_graph, as_tuple):
    """What is handed to the user."""
    xs = tuple(xs) if create_graph else tuple(x.detach() for x in xs)
    return xs if as_tuple else xs[0]


def _called(func, inputs, name, strict=False):
    is_tuple, outputs = _as_tuple(func(*inputs), 'outputs of the user-provided function', name)
    if strict:
        for i, y in enumerate(outputs):
            if not y.requires_grad:
                raise RuntimeError(f'Output {i} of the user-provided function does not require gradients. The outputs must be '
                                   'computed in a differentiable manner from the input when running in strict mode.')
    return is_tuple, outputs


def _vector(v, like, like_is_tuple, name, create_graph, lacking):
    """The vector `v` as a tuple; None stands for 1 where a single element is meant."""
    if v is None:
        if len(like) != 1 or like[0].nelement() != 1:
            raise RuntimeError(f'The vector v can only be None if {lacking} a single Tensor with a single element.')
        return None
    v = _entered(_as_tuple(v, 'v', name)[1], create_graph, False)
    if len(v) != len(like):
        raise RuntimeError(f'v is a tuple of invalid length: should be {len(like)} but got {len(v)}.' if like_is_tuple else
                           'The given v should contain a single Tensor.')
    for i, (a, b) in enumerate(zip(v, like)):
        if a.shape != b.shape:
            raise RuntimeError(f'{f"Entry {i} in " if like_is_tuple else ""}v has invalid size: should be {b.shape} but got '
                               f'{a.shape}.')
    return v


def _sweep(outputs, inputs, vectors, create_graph):
    """One gradient or None per input; outputs (or None in their place) that nothing is known of are left out."""
    pairs = [(y, v) for y, v in zip(outputs, vectors or (None,) * len(outputs)) if y is not None and y.requires_grad]
    if not pairs:
        return (None,) * len(inputs)
    ys, vs = zip(*pairs)
    return grad(ys, inputs, vs, create_graph=create_graph, allow_unused=True)


_INDEPENDENT = {
    'back': 'The output of the user-provided function is independent of input {}. This is not allowed in strict mode.',
    'back_trick': 'The gradient with respect to the input is independent of entry {} in the grad_outputs when using the double '
                  'backward trick to compute forward mode gradients. This is not allowed in strict mode.',
    'double_back': 'The jacobian of the user-provided function is independent of input {}. This is not allowed in strict mode.',
    'double_back_trick': 'The hessian of the user-provided function is independent of entry {} in the grad_jacobian. This is not '
                         'allowed in strict mode as it prevents from using the double backward trick to replace forward mode AD.',
}


def _filled(grads, like, strict, create_graph, stage):
    """The gradients with zeros for None; in strict mode that is an error."""
    result = []
    for i, (g, x) in enumerate(zip(grads, like)):
        if g is None:
            if strict:
                raise RuntimeError(_INDEPENDENT[stage].format(i))
            g = zeros(x)
        elif strict and create_graph and not g.requires_grad:
            what = 'hessian' if 'double' in stage else 'jacobian'
            raise RuntimeError(f'The {what} of the user-provided function is independent of input {i}. This is not allowed in '
                               'strict mode when create_graph=True.')
        result.append(g)
    return result


def _check_linked(grads, sentence):
    """In strict mode: gradients that are to be differentiated again must depend on the inputs."""
    for i, g in enumerate(grads):
        if g is None:
            raise RuntimeError(_INDEPENDENT['back'].format(i))
        if not g.requires_grad:
            raise RuntimeError(sentence.format(i))


_CONSTANT_GRADIENT = ('The gradient with respect to input {} is independent of the inputs of the user-provided function. This is '
                      'not allowed in strict mode.')
_CONSTANT_JACOBIAN = ('While computing the hessian, found that the jacobian of the user-provided function with respect to '
                      'input {} is independent of the input. This is not allowed in strict mode. You should ensure that your '
                      'function is twice differentiable and that the jacobian depends on the inputs (this would be violated by a '
                      'linear function for example).')
_CONSTANT_HESSIAN = ('The hessian of the user-provided function with respect to input {} is independent of the input. This is '
                     'not allowed in strict mode. You should ensure that your function is thrice differentiable and that the '
                     'hessian depends on the inputs.')


def vjp(func, inputs, v=None, create_graph=False, strict=False):
    """The product of a vector with the Jacobian of a function.

    Args:
        func (callable): Tensors to a Tensor or a tuple of Tensors.
        inputs (Tensor or tuple of Tensors): its arguments.
        v (Tensor or tuple of Tensors, optional): like the output. Default: 1, for an output of one element.
        create_graph (bool): make output and product differentiable. Default: False.
        strict (bool): refuse inputs that no output depends on, instead of zeros. Default: False.

    Returns:
        (output, product): the product is like the inputs.

    Example:
        >>> import cnet
        >>> cnet.autograd.functional.vjp(cnet.square, cnet.tensor([1., 2.]), cnet.ones(2))
        (tensor([1., 4.]), tensor([2., 4.]))
    """
    with enable_grad():
        inputs_tuple, inputs = _as_tuple(inputs, 'inputs', 'vjp')
        inputs = _entered(inputs, create_graph)
        outputs_tuple, outputs = _called(func, inputs, 'vjp', strict)
        v = _vector(v, outputs, outputs_tuple, 'vjp', create_graph, 'the user-provided function returns')
        product = _filled(_sweep(outputs, inputs, v, create_graph), inputs, strict, create_graph, 'back')
    return _left(outputs, create_graph, outputs_tuple), _left(product, create_graph, inputs_tuple)


def jvp(func, inputs, v=None, create_graph=False, strict=False):
    """The product of the Jacobian of a function with a vector: forward, a recorded backward, and a sweep over that.

    Args:
        func (callable): Tensors to a Tensor or a tuple of Tensors.
        inputs (Tensor or tuple of Tensors): its arguments.
        v (Tensor or tuple of Tensors, optional): like the inputs. Default: 1, for an input of one element.
        create_graph (bool): make output and product differentiable. Default: False.
        strict (bool): refuse outputs that depend on no input, instead of zeros. Default: False.

    Returns:
        (output, product): the product is like the output.

    Example:
        >>> import cnet
        >>> cnet.autograd.functional.jvp(cnet.square, cnet.tensor([1., 2.]), cnet.tensor([1., 10.]))
        (tensor([1., 4.]), tensor([ 2., 40.]))
    """
    with enable_grad():
        inputs_tuple, inputs = _as_tuple(inputs, 'inputs', 'jvp')
        inputs = _entered(inputs, create_graph)
        v = _vector(v, inputs, inputs_tuple, 'jvp', create_graph, 'the input to the user-provided function is')
        outputs_tuple, outputs = _called(func, inputs, 'jvp', strict)
        seeds = tuple(zeros(y).requires_grad_() for y in outputs)
        linear = _sweep(outputs, inputs, seeds, True)
        if strict:
            _check_linked(linear, _CONSTANT_GRADIENT)
        product = _filled(_sweep(linear, seeds, v, create_graph), outputs, strict, create_graph, 'back_trick')
    return _left(outputs, create_graph, outputs_tuple), _left(product, create_graph, outputs_tuple)


def jacobian(func, inputs, create_graph=False, strict=False, vectorize=False, strategy='reverse-mode'):
    """The Jacobian of a function: one forward pass, and one sweep per element of the output.

    Args:
        func (callable): Tensors to a Tensor or a tuple of Tensors.
        inputs (Tensor or tuple of Tensors): its arguments.
        create_graph (bool): make the result differentiable. Default: False.
        strict (bool): refuse outputs that do not depend on an input, instead of zeros. Default: False.
        vectorize (bool): accepted; the sweeps are made one by one. Default: False.
        strategy (str): 'reverse-mode', or 'forward-mode' (with `vectorize`), which makes one sweep per element of the input.

    Shape:
        - Each tensor of the result: the shape of an output followed by that of an input.

    Returns:
        Tensor, or a tuple (over outputs, or inputs, or both nested in this order) where tuples were given.

    Example:
        >>> import cnet
        >>> cnet.autograd.functional.jacobian(cnet.square, cnet.tensor([1., 2.]))
        tensor([[2., 0.],
                [0., 4.]])
    """
    if strategy not in ('forward-mode', 'reverse-mode'):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more '
                             'outputs than inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use '
                             '"reverse-mode".')
    if strategy == 'forward-mode':
        return _forward_jacobian(func, inputs, create_graph, strict, vectorize)
    with enable_grad():
        inputs_tuple, inputs = _as_tuple(inputs, 'inputs', 'jacobian')
        inputs = _entered(inputs, create_graph)
        outputs_tuple, outputs = _called(func, inputs, 'jacobian', strict)
        if vectorize and strict:
            raise RuntimeError(f'{_HERE}.jacobian: `strict=True` and `vectorized=True` are not supported together. Please '
                               'either set `strict=False` or `vectorize=False`.')
        blocks = []
        for i, y in enumerate(outputs):
            def missing(j, i=i):
                raise RuntimeError(f'Output {i} of the user-provided function is independent of input {j}. This is not allowed '
                                   'in strict mode.')
            found = rows(y, inputs, create_graph, missing if strict else None)
            if strict and create_graph and not all(block.requires_grad for block in found):
                raise RuntimeError(f'The jacobian of the user-provided function is independent of input {i}. This is not '
                                   'allowed in strict mode when create_graph=True.')
            blocks.append(_left(found, create_graph, inputs_tuple))
    return tuple(blocks) if outputs_tuple else blocks[0]


def _forward_jacobian(func, inputs, create_graph, strict, vectorize):
    for name, given in (('create_graph=True', create_graph), ('strict=True', strict)):
        if given:
            error = NotImplementedError if create_graph else RuntimeError
            raise error(f'{_HERE}.jacobian: `{name}` and `strategy="forward-mode"` are not supported together (yet). Please '
                        f'either set `{name.replace("True", "False")}` or `strategy="reverse-mode"`.')
    if not vectorize:
        raise NotImplementedError('Computing Jacobian using forward-AD or forward-over-reverse Hessian isonly implemented for '
                                  '`vectorize=True`.')
    with enable_grad():
        inputs_tuple, inputs = _as_tuple(inputs, 'inputs', 'jacobian')
        inputs = _entered(inputs, False)
        outputs_tuple, outputs = _called(func, inputs, 'jacobian')
        seeds = tuple(zeros(y).requires_grad_() for y in outputs)
        linear = _sweep(outputs, inputs, seeds, True)
        blocks = [[zeros(y).unsqueeze(-1).expand(*y.shape, x.numel()).clone() for x in inputs] for y in outputs]
        for i, (x, g) in enumerate(zip(inputs, linear)):
            for j in range(0 if g is None or not g.requires_grad else x.numel()):
                found = grad((g,), seeds, (one_hot(x, j),), True, False, True)
                for block, t in zip(blocks, found):
                    if t is not None:
                        block[i]._a[..., j] = t._a
    result = tuple(tuple(b.reshape(*y.shape, *x.shape) for b, x in zip(block, inputs)) for block, y in zip(blocks, outputs))
    if not inputs_tuple:
        result = tuple(block[0] for block in result)
    return result if outputs_tuple else result[0]


def _scalar(func, name, strict):
    """The function with its result checked to be one number."""
    def checked(*inputs):
        is_tuple, outputs = _called(func, inputs, name, strict)
        if is_tuple:
            raise RuntimeError(f'The function given to {name} should return a single Tensor')
        if outputs[0].nelement() != 1:
            raise RuntimeError(f'The Tensor returned by the function given to {name} should contain a single element')
        return outputs[0]
    return checked


def hessian(func, inputs, create_graph=False, strict=False, vectorize=False, outer_jacobian_strategy='reverse-mode'):
    """The second derivatives of a function of one number: one sweep over the recorded gradient per element of it.

    Args:
        func (callable): Tensors to a Tensor of one element.
        inputs (Tensor or tuple of Tensors): its arguments.
        create_graph (bool): make the result differentiable. Default: False.
        strict (bool): refuse inputs that the gradient does not depend on, instead of zeros. Default: False.
        vectorize (bool): accepted; the sweeps are made one by one. Default: False.
        outer_jacobian_strategy (str): as `strategy` of `jacobian`.

    Shape:
        - Each tensor of the result: the shapes of two inputs, one after the other.

    Returns:
        Tensor, or a tuple of tuples of them if `inputs` is a tuple.

    Example:
        >>> import cnet
        >>> cnet.autograd.functional.hessian(lambda x: (x ** 3).sum(), cnet.tensor([1., 2.]))
        tensor([[ 6.,  0.],
                [ 0., 12.]])
    """
    inputs_tuple, inputs = _as_tuple(inputs, 'inputs', 'hessian')
    if outer_jacobian_strategy not in ('forward-mode', 'reverse-mode'):
        raise AssertionError('Expected strategy to be either "forward-mode" or "reverse-mode".')
    scalar = _scalar(func, 'hessian', strict)

    def gradient(*inputs):
        found = jacobian(lambda *xs: scalar(*xs).squeeze(), inputs, create_graph=True)
        if strict:
            _check_linked(found, _CONSTANT_JACOBIAN)
        return found

    result = jacobian(gradient, inputs, create_graph, strict, vectorize, outer_jacobian_strategy)
    return result if inputs_tuple else result[0][0]


def vhp(func, inputs, v=None, create_graph=False, strict=False):
    """The product of a vector with the Hessian of a function of one number, by a gradient of the gradient.

    Args:
        func (callable): Tensors to a Tensor of one element.
        inputs (Tensor or tuple of Tensors): its arguments.
        v (Tensor or tuple of Tensors, optional): like the inputs. Default: 1, for an input of one element.
        create_graph (bool): make output and product differentiable. Default: False.
        strict (bool): refuse what does not depend on an input, instead of zeros. Default: False.

    Returns:
        (output, product): the product is like the inputs.

    Example:
        >>> import cnet
        >>> cnet.autograd.functional.vhp(lambda x: (x ** 3).sum(), cnet.tensor([1., 2.]), cnet.ones(2))
        (tensor(9.), tensor([ 6., 12.]))
    """
    outputs, inputs_tuple, inputs, v, jac = _gradient(func, inputs, v, create_graph, strict, 'vhp')
    with set_grad_enabled(create_graph or is_grad_enabled()):
        product = _filled(_sweep(jac, inputs, v, create_graph), inputs, strict, create_graph, 'double_back')
    return _left(outputs, create_graph, False), _left(product, create_graph, inputs_tuple)


def hvp(func, inputs, v=None, create_graph=False, strict=False):
    """The product of the Hessian of a function of one number with a vector. `vhp` gives the same for half the work.

    Args:
        func, inputs, v, create_graph, strict: as for `vhp`.

    Returns:
        (output, product): the product is like the inputs.

    Example:
        >>> import cnet
        >>> cnet.autograd.functional.hvp(lambda x: (x ** 3).sum(), cnet.tensor([1., 2.]), cnet.ones(2))
        (tensor(9.), tensor([ 6., 12.]))
    """
    outputs, inputs_tuple, inputs, v, jac = _gradient(func, inputs, v, create_graph, strict, 'hvp')
    with enable_grad():
        seeds = tuple(zeros(x).requires_grad_() for x in inputs)
        linear = _sweep(jac, inputs, seeds, True)
        if strict:
            _check_linked(jac, _CONSTANT_HESSIAN)
    with set_grad_enabled(create_graph or is_grad_enabled()):
        product = _filled(_sweep(linear, seeds, v, create_graph), inputs, strict, create_graph, 'double_back_trick')
    return _left(outputs, create_graph, False), _left(product, create_graph, inputs_tuple)


def _gradient(func, inputs, v, create_graph, strict, name):
    """(outputs, whether inputs are a tuple, fresh inputs, v, recorded gradient): the first half of `vhp` and `hvp`."""
    with enable_grad():
        inputs_tuple, inputs = _as_tuple(inputs, 'inputs', name)
        inputs = _entered(inputs, create_graph)
        v = _vector(v, inputs, inputs_tuple, name, create_graph, 'the input to the user-provided function is')
        outputs = (_scalar(func, name, strict)(*inputs),)
        jac = _sweep(outputs, inputs, None, True)
        if strict:
            _check_linked(jac, _CONSTANT_JACOBIAN)
        return outputs, inputs_tuple, inputs, v, jac
