from cnet._kernels._alloc cimport large, serve
from cnet._kernels._state cimport dtype_of, flags, inexact, instance, next_sequence, shape_of, swap_flags
from cnet._core.base cimport TensorBase, Version, alias, blank, mark_view, refresh, wrap

cdef class Info:
    cdef public object forward
    cdef public tuple keep_in
    cdef public tuple keep_out
    cdef public int n_out
    cdef public bint view
    cdef public bint serve

cimport cython

@cython.freelist(64)
@cython.final
cdef class Saved:
    cdef public object what
    cdef public Version version
    cdef public long long seen
    cdef public int output
    cdef public object unpack
    cdef public object like

cdef class Node:
    cdef public dict kw
    cdef public list edges
    cdef public list needs
    cdef public list ins
    cdef public list outs
    cdef public tuple aux
    cdef public list meta
    cdef public long long seq
    cdef public bint spent
    cdef public object _hooks
    cdef public object trace

@cython.final
cdef class Apply:
    cdef readonly object cls

@cython.locals(info=Info, t=TensorBase, arrays=list, big=cython.bint)
cpdef run(object cls, tuple inputs, dict kw)
@cython.locals(t=TensorBase, n=int, i=int, made=list, outs=tuple)
cpdef finish(object cls, Info info, tuple inputs, dict kw, object y)
@cython.locals(t=TensorBase)
cpdef bint needs_grad(tuple inputs)
@cython.locals(t=TensorBase, i=int)
cdef attach(Node node, tuple outs)
@cython.locals(node=Node)
cpdef Node blank_node(object cls)
@cython.locals(info=Info, node=Node, t=TensorBase, meta=list, ins=list, kept=list, i=int)
cpdef Node record(object cls, tuple inputs, dict kw, tuple aux, tuple outs)
@cython.locals(t=TensorBase, edges=list, needs=list)
cpdef connect(Node node, tuple inputs)
@cython.locals(s=Saved, old=int)
cpdef Saved save(TensorBase x, int output)
@cython.locals(t=TensorBase, nr=int)
cpdef TensorBase restore(Node node, Saved s)
