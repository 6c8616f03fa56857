"""One application of a transform: what it differentiates with respect to, and what the surrounding code may see of it.

Transforms nest, and functions capture tensors that the program differentiates by itself. So a result of `grad` must keep
the history that leads to tensors of others and lose the history that leads to the transform's own leaves alone. PyTorch
wraps tensors by level for this; here every own leaf is marked, and a walk over the graph finds whether any other is behind
a tensor. If none is, the backward sweep need not be recorded either, which makes a plain `grad(f)(x)` cost what
`backward` costs.
"""

from .._core.mode import enable_grad, inference_mode, is_grad_enabled, is_inference_mode_enabled
from .._core.op import Node
from .._ops.create import zeros_like
from .._tensor import Tensor
from ..autograd import grad


class Level:
    """A context in which leaves are made and differentiated; recording is on inside."""

    def __init__(self):
        self.open = True
        self.visible = is_grad_enabled()  # whether the surrounding code records
        self._mode = inference_mode(False) if is_inference_mode_enabled() else enable_grad()
        self._own = {}  # nodes that lead to own leaves alone, by id; held, so that ids stay theirs

    def __enter__(self):
        self._mode.__enter__()
        return self

    def __exit__(self, *exc):
        self.open = False
        self._own = None  # or leaf, level and nodes would be a reference cycle
        self._mode.__exit__(*exc)

    def leaf(self, x):
        """A tensor of the value of `x` to differentiate with respect to; connected to `x` if that is differentiated too."""
        if not isinstance(x, Tensor):
            raise ValueError(f'Thing passed to transform API must be Tensor, got {type(x)}')
        if self.visible and x.requires_grad:
            return x.view_as(x)
        return self.mark(x.clone() if x.is_inference() else x.detach())

    def mark(self, x):
        """Make the fresh tensor `x` a leaf of this level."""
        x.requires_grad_()
        x.__dict__['_level'] = self
        return x

    def foreign(self, x):
        """Whether a leaf that is not of this level, nor of one that is finished, is behind `x`."""
        if not x.requires_grad:
            return False
        own = self._own or {}
        stack, seen = [x if x.grad_fn is None else x.grad_fn], {}
        while stack:
            t = stack.pop()
            if isinstance(t, Node):
                key = id(t)
                if key not in own and key not in seen:
                    seen[key] = t
                    stack.extend(t.edges[::2])
            elif t is not None:
                level = t.__dict__.get('_level')
                if level is None or (level.open and level is not self):
                    return True
        if self.open:
            self._own |= seen
        return False

    def lower(self, x):
        """`x` as the surrounding code may see it."""
        if not isinstance(x, Tensor):
            raise RuntimeError(f'Expected tensors, got unsupported type {type(x)}')
        return x if not x.requires_grad or (self.visible and self.foreign(x)) else x.detach()

    def gradients(self, outputs, inputs, grad_outputs=None, retain_graph=False, create_graph=True):
        """The gradients of `inputs`, zeros where no output depends on them.

        Args:
            create_graph (bool): record the sweep if something of others is behind the result.
        """
        pairs = [(y, g) for y, g in zip(outputs, grad_outputs or [None] * len(outputs)) if y.requires_grad]
        if not pairs:
            return [zeros_like(x) for x in inputs]
        create = create_graph and self.visible and any(
            self.foreign(y) or (g is not None and self.foreign(g)) for y, g in pairs)
        ys, gs = zip(*pairs)
        found = grad(ys, inputs, gs, retain_graph or create, create, allow_unused=True)
        return [zeros_like(x) if g is None else self.lower(g) if create else g for x, g in zip(inputs, found)]
