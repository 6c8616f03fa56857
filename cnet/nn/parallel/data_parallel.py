"""DataParallel."""

from ..modules.module import Module

__all__ = ['DataParallel']


class DataParallel(Module):
    """Splits batches over devices. The CPU is one, so the module is called as it is; its threads share the work anyway.

    Args:
        module (Module): the model.
        device_ids (list, optional): GPUs; there are none.
        output_device (int, optional): a GPU.
        dim (int): the dimension that is split.

    Example:
        >>> import cnet
        >>> model = cnet.nn.DataParallel(cnet.nn.Identity())
        >>> model(cnet.ones(1)), model.module
        (tensor([1.]), Identity())
    """

    def __init__(self, module, device_ids=None, output_device=None, dim=0):
        super().__init__()
        self.module = module
        self.device_ids = []
        self.dim = dim

    def forward(self, *inputs, **kwargs):
        return self.module(*inputs, **kwargs)
