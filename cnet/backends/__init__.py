"""Switches and questions about libraries and instruction sets."""

from . import cpu, cuda, cudnn, mkl, mkldnn, mps
