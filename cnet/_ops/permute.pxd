from cnet._core.base cimport TensorBase
from cnet._core.op cimport finish
from cnet._kernels.strided cimport permuted
