"""Signal processing: what PyTorch serves as `torch.signal`. Loaded when it is first used."""

from . import windows

__all__ = ['windows']
