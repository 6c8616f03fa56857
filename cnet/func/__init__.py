"""Transforms of functions: derivatives, maps over batches, and modules called with other parameters than their own."""

from ..nn.utils.stateless import call as functional_call
from ._jacobians import hessian, jacfwd, jacrev
from ._models import replace_all_batch_norm_modules_, stack_module_state
from ._transforms import grad, grad_and_value, jvp, linearize, vjp
from ._vmap import vmap

__all__ = ['functional_call', 'grad', 'grad_and_value', 'hessian', 'jacfwd', 'jacrev', 'jvp', 'linearize',
           'replace_all_batch_norm_modules_', 'stack_module_state', 'vjp', 'vmap']
