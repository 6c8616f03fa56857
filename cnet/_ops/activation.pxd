from cnet._core.elementwise cimport unary_float
from cnet._core.op cimport finish
