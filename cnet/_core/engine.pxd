from cnet._kernels._state cimport flags, has_shape, swap_flags
from cnet._core.base cimport TensorBase, alias, wrap
from cnet._core.op cimport Node

cimport cython

@cython.freelist(64)
@cython.final
cdef class Pending:
    cdef public object target
    cdef public list grads
    cdef public unsigned long long owned

cdef Pending pending_for(object target, Py_ssize_t outputs)
cdef add_gradient(Pending p, Py_ssize_t i, TensorBase g, bint create)
cdef TensorBase fitted(object g, tuple shape, object np_dtype, object node, int i)
cpdef bint expandable(tuple shape, tuple wider)
cdef step(Node node, list arrived, list heap, dict waiting, dict leaves, bint create, int bits)
cdef deliver(object target, int nr, TensorBase g, list heap, dict waiting, dict leaves, bint create)
cdef finish_leaf(Pending p, bint create, dict targets, bint accumulate, dict found)
cdef store(TensorBase leaf, list grads, bint create)
