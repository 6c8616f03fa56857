"""Per-thread mode bits of autograd and a few look-ups, in C so that each costs a few nanoseconds.

Single copy (not compiled per instruction set): every module of the process must see the same bits.
"""

cimport numpy as cnp

cdef extern from *:
    """
    #if defined(_MSC_VER)
    #define CNET_TLS __declspec(thread)
    #else
    #define CNET_TLS __thread
    #endif
    static CNET_TLS int cnet_flags = 1;
    static long long cnet_sequence = 0;
    """
    int cnet_flags
    long long cnet_sequence


cpdef int flags() noexcept:
    """The mode bits of the calling thread (a new thread starts with GRAD alone)."""
    return cnet_flags


cpdef int swap_flags(int bits) noexcept:
    """Set the mode bits of the calling thread and return the old ones."""
    global cnet_flags
    cdef int old = cnet_flags
    cnet_flags = bits
    return old


cpdef long long next_sequence() noexcept:
    """A number larger than any handed out before; the GIL makes the increment safe."""
    global cnet_sequence
    cnet_sequence += 1
    return cnet_sequence


cdef extern from "numpy/arrayobject.h":
    """
    static PyObject* cnet_new(PyObject* base, PyObject* cls, PyObject* args) {
        return ((PyTypeObject*)base)->tp_new((PyTypeObject*)cls, args, NULL);
    }
    """
    object cnet_new(object base, object cls, object args)

cdef tuple NO_ARGUMENTS = ()


cpdef object instance(object base, object cls):
    """An instance of `cls` made by `base.__new__`, without a method look-up and without `__init__`."""
    return cnet_new(base, cls, NO_ARGUMENTS)


cpdef bint inexact(object a) noexcept:
    """Whether an array's elements are floating-point or complex numbers, which can have a gradient."""
    return cnp.PyArray_ISFLOAT(<cnp.ndarray>a) or cnp.PyArray_ISCOMPLEX(<cnp.ndarray>a)


cpdef bint has_shape(object a, tuple shape) noexcept:
    """Whether an array has exactly this shape, compared without building a tuple."""
    cdef Py_ssize_t i, n = len(shape)
    if cnp.PyArray_NDIM(<cnp.ndarray>a) != n:
        return False
    for i in range(n):
        if cnp.PyArray_DIM(<cnp.ndarray>a, <int>i) != <Py_ssize_t>shape[i]:
            return False
    return True


cpdef bint same_shape(object a, object b) noexcept:
    """Whether two arrays have one shape."""
    cdef int i, n = cnp.PyArray_NDIM(<cnp.ndarray>a)
    if cnp.PyArray_NDIM(<cnp.ndarray>b) != n:
        return False
    for i in range(n):
        if cnp.PyArray_DIM(<cnp.ndarray>a, i) != cnp.PyArray_DIM(<cnp.ndarray>b, i):
            return False
    return True


cpdef bint ends_with(object a, tuple shape) noexcept:
    """Whether the last dimensions of an array have these sizes."""
    cdef int i, n = <int>len(shape), before = cnp.PyArray_NDIM(<cnp.ndarray>a) - n
    if before < 0:
        return False
    for i in range(n):
        if cnp.PyArray_DIM(<cnp.ndarray>a, before + i) != <Py_ssize_t>shape[i]:
            return False
    return True


cdef extern from *:
    """
    static PyObject* cnet_sizes(PyObject* cls, PyObject* array) {
        PyArrayObject* a = (PyArrayObject*)array;
        int n = PyArray_NDIM(a);
        PyTypeObject* type = (PyTypeObject*)cls;
        PyObject* sizes = type == &PyTuple_Type ? PyTuple_New(n) : type->tp_alloc(type, n);
        if (sizes == NULL) return NULL;
        #if PY_VERSION_HEX >= 0x030E0000
        ((PyTupleObject*)sizes)->ob_hash = -1;  /* not known yet */
        #endif
        for (int i = 0; i < n; i++) {
            PyObject* size = PyLong_FromSsize_t(PyArray_DIM(a, i));
            if (size == NULL) { Py_DECREF(sizes); return NULL; }
            PyTuple_SET_ITEM(sizes, i, size);
        }
        return sizes;
    }
    """
    object cnet_sizes(object cls, object array)


cpdef tuple shape_of(object a):
    """`a.shape` of an array, in a third of the time that the attribute takes."""
    return cnet_sizes(tuple, a)


cpdef object sizes_as(object cls, object a):
    """The shape of an array as an instance of `cls`, a subclass of tuple without `__new__` of its own to run."""
    return cnet_sizes(cls, a)


cpdef object dtype_of(object a):
    """`a.dtype` of an array."""
    return <object>cnp.PyArray_DESCR(<cnp.ndarray>a)


cdef extern from *:
    """
    static PyObject *cnet_stores, *cnet_missing, *cnet_forward, *cnet_mark, *cnet_everywhere, *cnet_with_hooks;

    /* Attributes as Python looks them up, then the members of the dictionaries named in `stores`, then `missing`. */
    static PyObject* cnet_member(PyObject* self, PyObject* name) {
        #if PY_VERSION_HEX < 0x030E0000  /* declared for extensions, and makes no AttributeError */
        PyObject* found = _PyObject_GenericGetAttrWithDict(self, name, NULL, 1);
        #else
        PyObject* found = PyObject_GenericGetAttr(self, name);
        if (found == NULL && PyErr_ExceptionMatches(PyExc_AttributeError)) PyErr_Clear();
        #endif
        if (found != NULL || PyErr_Occurred()) return found;
        PyObject* own = PyObject_GenericGetDict(self, NULL);
        if (own == NULL) PyErr_Clear();
        for (Py_ssize_t i = 0; own != NULL && i < PyTuple_GET_SIZE(cnet_stores); i++) {
            PyObject* store = PyDict_GetItemWithError(own, PyTuple_GET_ITEM(cnet_stores, i));
            if (store == NULL ? PyErr_Occurred() != NULL : !PyDict_Check(store)) break;
            if (store != NULL && (found = PyDict_GetItemWithError(store, name)) != NULL) {
                Py_INCREF(found);
                break;
            }
        }
        Py_XDECREF(own);
        if (found != NULL || PyErr_Occurred()) return found;
        return PyObject_CallFunctionObjArgs(cnet_missing, self, name, NULL);
    }

    /* self.forward(*args, **kwargs), or with_hooks(self, args, kwargs) if there are hooks somewhere. */
    static PyObject* cnet_call(PyObject* self, PyObject* args, PyObject* kwargs) {
        PyObject *own = PyObject_GenericGetDict(self, NULL), *function, *result;
        if (own == NULL) return NULL;
        int hooked = PyDict_Contains(own, cnet_mark);
        Py_DECREF(own);
        if (hooked < 0) return NULL;
        if (hooked || PyDict_GET_SIZE(cnet_everywhere)) {
            own = kwargs == NULL ? PyDict_New() : Py_NewRef(kwargs);
            if (own == NULL) return NULL;
            result = PyObject_CallFunctionObjArgs(cnet_with_hooks, self, args, own, NULL);
            Py_DECREF(own);
            return result;
        }
        function = PyObject_GetAttr(self, cnet_forward);
        if (function == NULL) return NULL;
        result = PyObject_Call(function, args, kwargs);
        Py_DECREF(function);
        return result;
    }

    /* Whether cnet_call would call this function of the class. */
    static int cnet_calls(PyObject* self, PyObject* function) {
        PyObject *own, *found;
        if (PyDict_GET_SIZE(cnet_everywhere)) return 0;
        own = PyObject_GenericGetDict(self, NULL);
        if (own == NULL) return -1;
        int changed = PyDict_Contains(own, cnet_mark);
        if (!changed) changed = PyDict_Contains(own, cnet_forward);
        Py_DECREF(own);
        if (changed) return changed < 0 ? -1 : 0;
        found = PyObject_GetAttr((PyObject*)Py_TYPE(self), cnet_forward);
        Py_XDECREF(found);
        return found == NULL ? -1 : found == function;
    }

    static void cnet_set_lookup(PyObject* cls) { ((PyTypeObject*)cls)->tp_getattro = cnet_member; }
    static void cnet_set_call(PyObject* cls) { ((PyTypeObject*)cls)->tp_call = cnet_call; }

    static void cnet_set_stores(PyObject* stores, PyObject* missing) {
        cnet_stores = Py_NewRef(stores);
        cnet_missing = Py_NewRef(missing);
    }

    static void cnet_set_hooks(PyObject* forward, PyObject* mark, PyObject* everywhere, PyObject* with_hooks) {
        cnet_forward = Py_NewRef(forward);
        cnet_mark = Py_NewRef(mark);
        cnet_everywhere = Py_NewRef(everywhere);
        cnet_with_hooks = Py_NewRef(with_hooks);
    }
    """
    bint cnet_calls(object self, object function) except -1
    void cnet_set_lookup(object cls)
    void cnet_set_call(object cls)
    void cnet_set_stores(object stores, object missing)
    void cnet_set_hooks(object forward, object mark, object everywhere, object with_hooks)


def register_stores(tuple stores, missing):
    """Name, once, the attributes that hold dictionaries of members, and what answers for a name that none of them has."""
    cnet_set_stores(stores, missing)


def find_members(cls):
    """Let instances of a class find members of the registered stores at the cost of an attribute.

    A `__getattr__` written in Python costs an AttributeError first. Whoever gives the class (or a base) another `__getattr__`
    or `__getattribute__` later gets Python's own look-up back, as assigning these resets the slot.
    """
    cnet_set_lookup(cls)


def register_hooks(str mark, everywhere, with_hooks):
    """Say, once, which attribute marks an object with hooks, where hooks on all objects are, and what calls them."""
    cnet_set_hooks('forward', mark, everywhere, with_hooks)


def call_forward(cls):
    """Let a call of an instance be `self.forward(...)`, or the registered function where there are hooks.

    As with `find_members`, assigning `__call__` to the class or a base resets the slot.
    """
    cnet_set_call(cls)


cpdef bint calls(object instance, object function) except -1:
    """Whether a call of an instance is this `forward` of its class and nothing else: no hooks, no `forward` of its own."""
    return cnet_calls(instance, function)
