from cnet._kernels._state cimport dtype_of, flags, has_shape, next_sequence, shape_of, swap_flags
from cnet._core.base cimport TensorBase, alias, wrap
from cnet._core.op cimport Node

cimport cython

@cython.freelist(64)
@cython.final
cdef class Pending:
    cdef public object target
    cdef public list grads
    cdef public unsigned long long owned

@cython.locals(p=Pending)
cdef Pending pending_for(object target, Py_ssize_t outputs)
@cython.locals(old=TensorBase)
cdef add_gradient(Pending p, Py_ssize_t i, TensorBase g, bint create)
@cython.locals(t=TensorBase)
cdef TensorBase fitted(object g, tuple shape, object np_dtype, object node, int i)
cpdef bint expandable(tuple shape, tuple wider)
@cython.locals(p=Pending, node=Node, arrived=list, i=int, bits=int, old=int, heap=list, waiting=dict, leaves=dict, found=dict)
cpdef sweep(object roots, list grads, bint retain, bint create, dict targets, bint accumulate)
@cython.locals(i=int, nr=int, edges=list, leaf=TensorBase, inner=Node, shape=tuple, results=tuple)
cdef step(Node node, list arrived, list heap, dict waiting, dict leaves, bint create, int bits)
@cython.locals(p=Pending, seq=object, inner=Node)
cdef deliver(object target, int nr, TensorBase g, list heap, dict waiting, dict leaves, bint create)
cdef finish_leaf(Pending p, bint create, dict targets, bint accumulate, dict found)
@cython.locals(old=TensorBase, g=TensorBase)
cdef store(TensorBase leaf, list grads, bint create)
