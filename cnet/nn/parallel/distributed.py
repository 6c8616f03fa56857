"""DistributedDataParallel, in a world of one process."""

from contextlib import contextmanager

from ...distributed import get_world_size
from ..modules.module import Module

__all__ = ['DistributedDataParallel']


class DistributedDataParallel(Module):
    """Averages the gradients of a model over all processes. There is one (`cnet.distributed`), so they are as they are.

    Args:
        module (Module): the model; the names in `state_dict()` begin with 'module.'.
        device_ids, output_device: None or the CPU's; there is no GPU.
        dim, broadcast_buffers, init_sync, bucket_cap_mb, find_unused_parameters, check_reduction, gradient_as_bucket_view,
        static_graph: accepted; they say how processes talk.
        process_group (ProcessGroup, optional): of which processes.

    Example:
        >>> import cnet
        >>> cnet.distributed.init_process_group('gloo', rank=0, world_size=1)
        >>> model = cnet.nn.parallel.DistributedDataParallel(cnet.nn.Linear(2, 1))
        >>> list(model.state_dict())
        ['module.weight', 'module.bias']
        >>> cnet.distributed.destroy_process_group()
    """

    def __init__(self, module, device_ids=None, output_device=None, dim=0, broadcast_buffers=True, init_sync=True,
                 process_group=None, bucket_cap_mb=None, find_unused_parameters=False, check_reduction=False,
                 gradient_as_bucket_view=False, static_graph=False):
        super().__init__()
        get_world_size(process_group)  # refuses to go on without a world
        if not any(p.requires_grad for p in module.parameters()):
            raise RuntimeError("DistributedDataParallel is not needed when a module doesn't have any parameters that require a "
                               'gradient.')
        if device_ids:
            raise ValueError('DistributedDataParallel device_ids and output_device arguments only work with '
                             'single-device/multiple-device GPU modules or CPU modules, but got device_ids '
                             f'{device_ids}, output_device {output_device}, and module parameters '
                             f'{ {p.device for p in module.parameters()} }.')
        self.module = module
        self.device_ids = self.output_device = None
        self.process_group = process_group
        self.require_backward_grad_sync = True

    def forward(self, *inputs, **kwargs):
        return self.module(*inputs, **kwargs)

    @contextmanager
    def no_sync(self):
        """A context in which gradients are accumulated without talking to other processes."""
        old, self.require_backward_grad_sync = self.require_backward_grad_sync, False
        try:
            yield
        finally:
            self.require_backward_grad_sync = old

    @contextmanager
    def join(self, divide_by_initial_world_size=True, enable=True, throw_on_early_termination=False):
        """A context in which processes with fewer batches follow the others: there are no others."""
        yield
