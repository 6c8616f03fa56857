"""Views that NumPy's Python functions make too slowly or not at all: any strides, and reshapes that must not copy.

Also what those who make or write views ask of an array, without the tuples that its attributes would make.

Single copy (not compiled per instruction set): nothing here loops over elements.
"""

cimport numpy as cnp
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF

cnp.import_array()

cdef extern from "numpy/arrayobject.h":
    object PyArray_NewFromDescr(type subtype, cnp.dtype descr, int nd, const cnp.npy_intp* dims,
                                const cnp.npy_intp* strides, void* data, int flags, object obj)
    int PyArray_SetBaseObject(cnp.ndarray arr, object obj) except -1
    int PyArray_FLAGS(cnp.ndarray arr)

cdef extern from "Python.h":
    ctypedef struct PySliceObject:
        PyObject *start
        PyObject *stop
        PyObject *step
    bint PySlice_Check(object o)
    bint PyLong_CheckExact(object o)
    Py_ssize_t PyNumber_AsSsize_t(object o, PyObject *error)  # clipped where `error` is NULL
    Py_ssize_t PySlice_AdjustIndices(Py_ssize_t length, Py_ssize_t *start, Py_ssize_t *stop, Py_ssize_t step)

cdef enum:
    MAXDIMS = 64  # NumPy's own limit


cdef object _over(cnp.ndarray a, int nd, cnp.npy_intp* shape, cnp.npy_intp* strides, Py_ssize_t offset):
    cdef cnp.dtype descr = a.descr
    Py_INCREF(descr)  # the constructor takes a reference for itself
    out = PyArray_NewFromDescr(cnp.ndarray, descr, nd, shape, strides, cnp.PyArray_BYTES(a) + offset,
                               PyArray_FLAGS(a) & cnp.NPY_ARRAY_WRITEABLE, None)
    Py_INCREF(a)
    PyArray_SetBaseObject(out, a)
    return out


def strided(cnp.ndarray a not None, shape, strides, Py_ssize_t offset=0):
    """The memory of `a` seen with another shape and other strides, `offset` bytes after its first element.

    Strides are in bytes. The caller has made sure that every element lies inside the memory.
    """
    cdef cnp.npy_intp dims[MAXDIMS]
    cdef cnp.npy_intp steps[MAXDIMS]
    cdef int i, nd = len(shape)
    if nd > MAXDIMS or len(strides) != nd:
        raise ValueError('too many dimensions, or as many strides as dimensions were expected')
    for i in range(nd):
        dims[i] = shape[i]
        steps[i] = strides[i]
    return _over(a, nd, dims, steps, offset)


def reshaped(cnp.ndarray a not None, tuple shape):
    """`a` with another shape (one size may be -1) as a view of its memory; None if that takes a copy or cannot be."""
    cdef cnp.npy_intp dims[MAXDIMS]
    cdef cnp.npy_intp steps[MAXDIMS]
    cdef cnp.npy_intp chunk, run, step, known = 1, size = cnp.PyArray_SIZE(a)
    cdef int nd = len(shape), j = nd - 1, unknown = -1, i, last
    if nd > MAXDIMS:
        raise ValueError('too many dimensions')
    for i in range(nd):
        dims[i] = shape[i]
        if dims[i] >= 0:
            known *= dims[i]
        elif dims[i] == -1 and unknown < 0:
            unknown = i
        else:
            return None
    if unknown >= 0:
        if known == 0 or size % known:
            return None
        dims[unknown] = size // known
    elif known != size:
        return None
    if size == 0:
        step = a.itemsize
        for i in range(nd - 1, -1, -1):
            steps[i] = step
            step *= max(dims[i], 1)
        return _over(a, nd, dims, steps, 0)
    # Old dimensions are joined into chunks that lie evenly in memory; each must be used up by whole new dimensions.
    chunk = 1
    last = a.ndim - 1
    step = a.strides[last] if a.ndim else a.itemsize
    for i in range(a.ndim - 1, -1, -1):
        chunk *= a.shape[i]
        if i == 0 or (a.shape[i - 1] != 1 and a.strides[i - 1] != chunk * step):
            run = 1
            while j >= 0 and (run < chunk or dims[j] == 1):
                steps[j] = run * step
                run *= dims[j]
                j -= 1
            if run != chunk:
                return None
            if i > 0:
                step = a.strides[i - 1]
                chunk = 1
    if j >= 0:
        if a.ndim:
            return None
        while j >= 0:
            steps[j] = step
            j -= 1
    return _over(a, nd, dims, steps, 0)


def together(tuple arrays, int dim, bint new):
    """Arrays that lie in one memory as the pieces of one array do, as that array; None if they do not.

    Args:
        arrays: at least two, of one memory (`base`), type, and but for `dim` of one shape and of the same strides.
        dim: where they follow each other: a dimension that they have, or, if `new`, one that the result gets.
    """
    cdef cnp.npy_intp dims[MAXDIMS + 1]
    cdef cnp.npy_intp steps[MAXDIMS + 1]
    cdef cnp.ndarray first = arrays[0], a
    cdef PyObject *base = cnp.PyArray_BASE(first)
    cdef int nd = cnp.PyArray_NDIM(first), i, j
    cdef Py_ssize_t step, length = 0, n = len(arrays)
    if base == NULL or n < 2 or nd == MAXDIMS:
        return None
    step = cnp.PyArray_BYTES(arrays[1]) - cnp.PyArray_BYTES(first) if new else cnp.PyArray_STRIDE(first, dim)
    for i in range(n):
        a = arrays[i]
        if cnp.PyArray_BASE(a) != base or cnp.PyArray_NDIM(a) != nd or a.descr is not first.descr \
                or cnp.PyArray_BYTES(a) != cnp.PyArray_BYTES(first) + length * step:
            return None
        for j in range(nd):
            if cnp.PyArray_STRIDE(a, j) != cnp.PyArray_STRIDE(first, j) \
                    or ((new or j != dim) and cnp.PyArray_DIM(a, j) != cnp.PyArray_DIM(first, j)):
                return None
        length += 1 if new else cnp.PyArray_DIM(a, dim)
    j = 0
    for i in range(nd + 1 if new else nd):
        if i == dim:
            dims[i], steps[i] = length, step
            j += 0 if new else 1
        else:
            dims[i], steps[i] = cnp.PyArray_DIM(first, j), cnp.PyArray_STRIDE(first, j)
            j += 1
    return _over(first, nd + 1 if new else nd, dims, steps, 0)


cpdef object picked(cnp.ndarray a, int dim, Py_ssize_t i):
    """The view `a[:, ..., i]` with `i` at dimension `dim`; both are within their bounds, `i` counted from either end."""
    cdef cnp.npy_intp dims[MAXDIMS]
    cdef cnp.npy_intp steps[MAXDIMS]
    cdef int d, nd = a.ndim - 1
    for d in range(nd):
        dims[d] = a.shape[d + (d >= dim)]
        steps[d] = a.strides[d + (d >= dim)]
    return _over(a, nd, dims, steps, (i if i >= 0 else i + a.shape[dim]) * a.strides[dim])


def widened(cnp.ndarray a not None, int dim):
    """The view with a dimension of size 1 inserted before dimension `dim`."""
    cdef cnp.npy_intp dims[MAXDIMS]
    cdef cnp.npy_intp steps[MAXDIMS]
    cdef int d, nd = a.ndim + 1
    if nd > MAXDIMS:
        raise ValueError('too many dimensions')
    for d in range(nd):
        dims[d] = a.shape[d - (d > dim)] if d != dim else 1
        steps[d] = a.strides[d - (d > dim)] if d != dim else a.itemsize if d == nd - 1 else a.shape[d] * a.strides[d]
    return _over(a, nd, dims, steps, 0)


def swapped(cnp.ndarray a not None, int dim0, int dim1):
    """The view with two dimensions in each other's place."""
    cdef cnp.npy_intp dims[MAXDIMS]
    cdef cnp.npy_intp steps[MAXDIMS]
    cdef int d, nd = a.ndim
    for d in range(nd):
        dims[d] = a.shape[d]
        steps[d] = a.strides[d]
    dims[dim0], dims[dim1] = a.shape[dim1], a.shape[dim0]
    steps[dim0], steps[dim1] = a.strides[dim1], a.strides[dim0]
    return _over(a, nd, dims, steps, 0)


cpdef object permuted(cnp.ndarray a, tuple dims):
    """The view whose dimension i is dimension `dims[i]` of `a`; None unless `dims` is an order of 0 to a.ndim - 1."""
    cdef cnp.npy_intp shape[MAXDIMS]
    cdef cnp.npy_intp steps[MAXDIMS]
    cdef unsigned long long seen = 0
    cdef Py_ssize_t d
    cdef int i, nd = cnp.PyArray_NDIM(a)
    if len(dims) != nd:
        return None
    for i in range(nd):
        item = dims[i]
        if not PyLong_CheckExact(item):
            return None
        d = PyNumber_AsSsize_t(item, NULL)
        if d < 0 or d >= nd:
            return None
        seen |= 1ULL << d
        shape[i], steps[i] = cnp.PyArray_DIM(a, <int> d), cnp.PyArray_STRIDE(a, <int> d)
    # 64 dimensions at most, so that each has a bit.
    return _over(a, nd, shape, steps, 0) if nd == 0 or seen == ~0ULL >> (64 - nd) else None


cdef bint _bound(PyObject *limit, Py_ssize_t *value):
    """Whether a limit of a slice is None, which leaves `value` alone, or an int, which becomes it."""
    if limit == <PyObject *> None:
        return True
    if not PyLong_CheckExact(<object> limit):
        return False
    value[0] = PyNumber_AsSsize_t(<object> limit, NULL)
    return True


cpdef tuple part(cnp.ndarray a, tuple key):
    """(kind, a[key]) for a key of ints, slices of ints without steps, None and one ellipsis; None for any other key.

    The kind says what the last entry that changes the view is: 0 for none, 1 a slice, 2 an int, 3 None.
    """
    cdef cnp.npy_intp shape[MAXDIMS]
    cdef cnp.npy_intp steps[MAXDIMS]
    cdef Py_ssize_t offset = 0, start, stop, length, i, p, n = len(key)
    cdef int nd = cnp.PyArray_NDIM(a), d = 0, m = 0, behind = -1, kind = 0
    for p in range(n):
        item = key[p]
        if PySlice_Check(item):
            if d == nd or m == MAXDIMS or (<PySliceObject *> item).step != <PyObject *> None:
                return None
            length = cnp.PyArray_DIM(a, d)
            start, stop = 0, length
            if not _bound((<PySliceObject *> item).start, &start) or not _bound((<PySliceObject *> item).stop, &stop):
                return None
            if start != 0 or stop < length:
                kind = 1
            shape[m] = PySlice_AdjustIndices(length, &start, &stop, 1)
            steps[m] = cnp.PyArray_STRIDE(a, d)
            if shape[m] > 0:
                offset += start * steps[m]
            m += 1
            d += 1
        elif PyLong_CheckExact(item):
            if d == nd:
                return None
            i, length = PyNumber_AsSsize_t(item, NULL), cnp.PyArray_DIM(a, d)
            if i < -length or i >= length:
                return None
            offset += (i if i >= 0 else i + length) * cnp.PyArray_STRIDE(a, d)
            kind = 2
            d += 1
        elif item is None:
            if m == MAXDIMS:
                return None
            # The step of a dimension of size 1 is that of a dense array, as PyTorch's is.
            shape[m] = 1
            steps[m] = cnp.PyArray_DIM(a, d) * cnp.PyArray_STRIDE(a, d) if d < nd else cnp.PyArray_ITEMSIZE(a)
            kind = 3
            m += 1
        elif item is Ellipsis and behind < 0:
            behind = 0
            for i in range(p + 1, n):
                behind += key[i] is not None
            if d + behind > nd or m + nd - d - behind > MAXDIMS:
                return None
            while d < nd - behind:
                shape[m], steps[m] = cnp.PyArray_DIM(a, d), cnp.PyArray_STRIDE(a, d)
                m += 1
                d += 1
        else:
            return None
    if m + nd - d > MAXDIMS:
        return None
    while d < nd:
        shape[m], steps[m] = cnp.PyArray_DIM(a, d), cnp.PyArray_STRIDE(a, d)
        m += 1
        d += 1
    return kind, _over(a, m, shape, steps, offset)


cpdef bint doubled(cnp.ndarray a) noexcept:
    """Whether several elements share a place in memory because a stride is 0."""
    cdef int d
    cdef bint found = False
    for d in range(cnp.PyArray_NDIM(a)):
        found |= cnp.PyArray_STRIDE(a, d) == 0 and cnp.PyArray_DIM(a, d) > 1
    return found and cnp.PyArray_SIZE(a) > 1


cpdef bint rowed(cnp.ndarray a) noexcept:
    """Whether the elements along the last dimension lie side by side and at addresses that suit their type."""
    cdef int nd = cnp.PyArray_NDIM(a)
    return nd > 0 and cnp.PyArray_STRIDE(a, nd - 1) == cnp.PyArray_ITEMSIZE(a) and cnp.PyArray_ISALIGNED(a)


cdef bint _reach(cnp.ndarray a, char** low, char** high):
    """Where the memory of an array begins and ends; False if it has no elements."""
    cdef int d
    cdef cnp.npy_intp step
    low[0] = cnp.PyArray_BYTES(a)
    high[0] = low[0] + <cnp.npy_intp>a.itemsize
    for d in range(a.ndim):
        if a.shape[d] == 0:
            return False
        step = (a.shape[d] - 1) * a.strides[d]
        if step < 0:
            low[0] += step
        else:
            high[0] += step
    return True


def meet(cnp.ndarray a not None, cnp.ndarray b not None):
    """Whether the ranges of memory of two arrays overlap: `np.may_share_memory`, in a tenth of its time."""
    cdef char *a_low
    cdef char *a_high
    cdef char *b_low
    cdef char *b_high
    return _reach(a, &a_low, &a_high) and _reach(b, &b_low, &b_high) and a_low < b_high and b_low < a_high


def plain(cnp.ndarray a not None, dtype):
    """Whether an array is C-contiguous and of exactly this NumPy type object."""
    return <object>cnp.PyArray_DESCR(a) is dtype and bool(PyArray_FLAGS(a) & cnp.NPY_ARRAY_C_CONTIGUOUS)
