cimport cython

from cnet._kernels._state cimport calls, flags


@cython.locals(steps=list, joins=dict, activations=dict, fresh=cython.bint, n=cython.Py_ssize_t, i=cython.Py_ssize_t, entry=tuple,
               activation=tuple)
cpdef run(object modules, object x)
