from cnet._core.op cimport finish
from cnet._kernels.strided cimport picked
