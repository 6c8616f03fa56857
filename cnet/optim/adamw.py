"""AdamW."""

from .adam import Adam

__all__ = ['AdamW']


class AdamW(Adam):
    """Adam with decoupled weight decay: parameters shrink by ``lr * weight_decay`` (Loshchilov & Hutter, 2019).

    Args:
        params (iterable): tensors, ``(name, tensor)`` pairs, or dicts defining groups.
        lr (float or Tensor): learning rate. Default: 1e-3.
        betas (tuple): how much of the running means is kept. Default: (0.9, 0.999).
        eps (float): added to the denominator. Default: 1e-8.
        weight_decay (float): how much the parameters shrink. Default: 1e-2.
        amsgrad (bool): divide by the largest mean square so far. Default: False.
        maximize (bool): ascend instead. Default: False.
        foreach, fused (bool, optional): accepted for compatibility; the step is always fused.
        capturable (bool): accepted for compatibility. Default: False.
        differentiable (bool): record the step for autograd. Default: False.

    Example:
        >>> import cnet
        >>> w = cnet.tensor([4.0], requires_grad=True)
        >>> w.sum().backward()
        >>> cnet.optim.AdamW([w], lr=0.1).step()
        >>> w
        tensor([3.8960], requires_grad=True)
    """

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, amsgrad=False, *, maximize=False,
                 foreach=None, capturable=False, differentiable=False, fused=None):
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize,
                         capturable=capturable, differentiable=differentiable, fused=fused, decoupled_weight_decay=True)

    def __setstate__(self, state):
        super().__setstate__(state)
        for group in self.param_groups:
            group['decoupled_weight_decay'] = True
