cimport cython

from cnet._kernels._state cimport calls, flags


@cython.locals(activation=tuple)
cdef name_of(object module, dict activations)
@cython.locals(steps=list, joins=dict, activations=dict, fresh=cython.bint, n=cython.Py_ssize_t, i=cython.Py_ssize_t, entry=tuple,
               norm=tuple, relu=cython.bint)
cpdef run(object modules, object x)
