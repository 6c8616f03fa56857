"""Memory for large results: freed blocks are kept by size and handed out again without page faults.

A fresh megabyte costs ten times the arithmetic on it, because the kernel clears each of its pages at the first touch.
An array made here owns its memory and carries NumPy's memory handler (NEP 49) of this module, so NumPy gives the block
back to us whenever and wherever the array ends. While an operation on a large array runs (`serve`), the handler is the
current one of the calling context, so that what NumPy makes for the operation comes from here too; arrays that others make,
in this thread or another, are not touched.

A block is a header of one cache line and the data. Data sizes are 4 per power of two. Cached blocks hang in a stack per
size and in one list by age; the oldest leave first when more than max(256 MB, peak / 4) bytes would stay, or when they and
the arrays in use together would take an eighth and 16 MB more than arrays ever took alone: a program whose shapes repeat
reuses everything within that, and one whose shapes vary does not grow. All state lives as long as the process, since an
array may outlive the interpreter's modules.
"""
import os

import numpy as np

cimport numpy as cnp
from cython.parallel cimport prange
from cpython.object cimport PyObject, PyTypeObject
from cpython.pycapsule cimport PyCapsule_IsValid, PyCapsule_New
from cpython.ref cimport Py_INCREF
from libc.stdint cimport uintptr_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset
from cnet._kernels._threads cimport threads_for

from cnet._kernels import _workspace

cnp.import_array()

cdef extern from "_alloc.h":
    const bint CNET_SANITIZED
    void cnet_lock() nogil
    void cnet_unlock() nogil
    void cnet_lock_across_fork() nogil
    void *cnet_get(size_t n) nogil
    void cnet_give(void *p, size_t n) nogil
    void cnet_trim() nogil

cdef extern from "numpy/arrayobject.h":
    ctypedef struct PyArray_Fields "PyArrayObject_fields":
        PyObject *mem_handler
    ctypedef struct Allocator "PyDataMemAllocator":
        void *ctx
        void *(*malloc)(void *, size_t) noexcept nogil
        void *(*calloc)(void *, size_t, size_t) noexcept nogil
        void *(*realloc)(void *, void *, size_t) noexcept nogil
        void (*free)(void *, void *, size_t) noexcept nogil
    ctypedef struct Handler "PyDataMem_Handler":
        char name[127]
        unsigned char version
        Allocator allocator
    PyTypeObject PyArray_Type
    object PyArray_Empty(int nd, cnp.npy_intp *dims, cnp.dtype descr, int fortran)
    object PyArray_Zeros(int nd, cnp.npy_intp *dims, cnp.dtype descr, int fortran)
    object PyArray_NewFromDescr(PyTypeObject *kind, cnp.dtype descr, int nd, cnp.npy_intp *dims, cnp.npy_intp *strides,
                                void *data, int flags, PyObject *like)
    PyObject *PyArray_HANDLER(cnp.ndarray a)
    object PyDataMem_SetHandler(object handler)

cdef extern from "Python.h":
    const Py_ssize_t PY_SSIZE_T_MAX
    int PyTraceMalloc_Track(unsigned int domain, uintptr_t address, size_t size)

cdef enum:
    HEADER = 64
    CLEARED = 262144        # bytes that one task clears
    LEAST = 4096            # bytes of the smallest size
    LARGE = 32768           # arrays from this size on come from here; below, NumPy and the C library reuse memory well
    SMALL = -1              # the place of a block of less than LARGE bytes: the C library's business
    SLACK = 16 << 20        # bytes that the cache may hold beside what arrays took at most
    REACH = 3               # sizes that may serve a request: up to 1.5 times too large, which keeps varied shapes in less
    TRACE_DOMAIN = 389047   # np.lib.tracemalloc_domain

cdef struct Block:
    size_t size             # bytes of data
    int place               # in `stacks`
    Block *below            # next in the stack of its size
    Block *above
    Block *older            # in the list by age
    Block *newer

cdef Block *stacks[256]     # top of the stack of each size: 4 sizes for each of 64 powers of two
cdef Block *oldest = NULL
cdef Block *newest = NULL
cdef size_t live = 0, cached = 0, peak = 0      # bytes of data
cdef size_t hits = 0, misses = 0
cdef size_t floor_limit = 256 << 20


# --- the cache: these need the lock ---------------------------------------------------------------------------------

cdef inline int place_of(size_t n, size_t *size) noexcept nogil:
    """The place of the least size that holds n bytes, and that size: 4/4, 5/4, 6/4 or 7/4 of a power of two."""
    cdef int k = 12
    cdef size_t quarter
    if n < LEAST + 1:
        n = LEAST + 1
    n -= 1
    while n >> (k + 1):
        k += 1
    quarter = (n >> (k - 2)) & 3
    size[0] = (quarter + 5) << (k - 2)
    return 4 * k + <int> quarter


cdef inline size_t limit_bytes() noexcept nogil:
    """The most that may be cached, whatever is in use."""
    return min(max(peak // 4, floor_limit), peak + peak // 8 + SLACK)


cdef inline size_t room() noexcept nogil:
    """What may be cached now."""
    return min(limit_bytes(), peak + peak // 8 + SLACK - live)


cdef void unlink(Block *b) noexcept nogil:
    """Take a block out of the cache."""
    global oldest, newest, cached
    if b.above:
        b.above.below = b.below
    else:
        stacks[b.place] = b.below
    if b.below:
        b.below.above = b.above
    if b.newer:
        b.newer.older = b.older
    else:
        newest = b.older
    if b.older:
        b.older.newer = b.newer
    else:
        oldest = b.newer
    cached -= b.size


cdef void link(Block *b) noexcept nogil:
    """Put a block into the cache."""
    global oldest, newest, cached
    b.above, b.below = NULL, stacks[b.place]
    if b.below:
        b.below.above = b
    stacks[b.place] = b
    b.newer, b.older = NULL, newest
    if newest:
        newest.newer = b
    else:
        oldest = b
    newest = b
    cached += b.size


cdef inline void use(size_t size) noexcept nogil:
    global live, peak
    live += size
    peak = max(peak, live)


cdef Block *drop(size_t allowed) noexcept nogil:
    """Take the oldest blocks out of the cache until it holds at most `allowed` bytes: a chain by `below`."""
    cdef Block *chain = NULL
    cdef Block *b
    while cached > allowed:
        b = oldest
        unlink(b)
        b.below = chain
        chain = b
    return chain


# --- blocks ----------------------------------------------------------------------------------------------------------

cdef void give_back(Block *chain) noexcept nogil:
    cdef Block *b
    while chain:
        b, chain = chain, chain.below
        cnet_give(b, b.size + HEADER)


cdef void *take(size_t n) noexcept nogil:
    """Memory for n bytes, aligned to 64, NULL if there is none. Contents are arbitrary."""
    global hits, misses
    cdef size_t size = 0
    cdef int i, place
    cdef Block *b = NULL
    cdef Block *rest
    if n > <size_t> 1 << 62:
        return NULL
    if n < LARGE:
        b = <Block *> malloc(n + HEADER)
        if not b:
            return NULL
        b.size, b.place = n, SMALL
        return <char *> b + HEADER
    place = place_of(n, &size)
    cnet_lock()
    for i in range(place, place + REACH):
        b = stacks[i]
        if b:
            unlink(b)
            use(b.size)
            hits += 1
            break
    cnet_unlock()
    if b:
        return <char *> b + HEADER
    b = <Block *> cnet_get(size + HEADER)
    if not b:  # what is cached may be what is missing
        cnet_lock()
        rest = drop(0)
        cnet_unlock()
        give_back(rest)
        b = <Block *> cnet_get(size + HEADER)
        if not b:
            return NULL
    b.size, b.place = size, place
    cnet_lock()
    use(size)
    misses += 1
    rest = drop(room())
    cnet_unlock()
    give_back(rest)
    return <char *> b + HEADER


cdef void put(void *data) noexcept nogil:
    global live
    cdef Block *b = <Block *> (<char *> data - HEADER)
    cdef Block *rest
    if b.place == SMALL:
        free(b)
        return
    cnet_lock()
    live -= b.size
    link(b)
    rest = drop(room())
    cnet_unlock()
    give_back(rest)


# --- NumPy's handler: what arrays carry ------------------------------------------------------------------------------

cdef void *handler_new(void *context, size_t n) noexcept nogil:
    return take(n)


cdef void *handler_zeroed(void *context, size_t count, size_t size) noexcept nogil:
    cdef void *data = NULL if size and count > (<size_t> -1) // size else take(count * size)
    if data:
        memset(data, 0, count * size)
    return data


cdef void handler_free(void *context, void *data, size_t n) noexcept nogil:
    if data:
        put(data)


cdef void *handler_resize(void *context, void *data, size_t n) noexcept nogil:
    cdef size_t old
    cdef void *moved
    if not data:
        return take(n)
    old = (<Block *> (<char *> data - HEADER)).size
    if n <= old and 2 * n >= old:
        return data
    moved = take(n)
    if moved:
        memcpy(moved, data, min(old, n))
        put(data)
    return moved


cdef Handler handler
memcpy(handler.name, b'cnet', 5)
handler.version = 1
handler.allocator.ctx = NULL
handler.allocator.malloc = handler_new
handler.allocator.calloc = handler_zeroed
handler.allocator.realloc = handler_resize
handler.allocator.free = handler_free

# The name is NumPy's. This reference is never given up: arrays that end after the module need the capsule.
cdef object capsule = PyCapsule_New(&handler, 'mem_handler', NULL)
Py_INCREF(capsule)

cnet_lock_across_fork()


cdef bint works():
    """Whether NumPy keeps an array's handler where its headers said: an array that it made itself must have one there."""
    cdef PyObject *found = PyArray_HANDLER(np.empty(1))
    return found != NULL and PyCapsule_IsValid(<object> found, 'mem_handler')


cdef size_t large_bytes = LARGE
large_items = LARGE // 4
if CNET_SANITIZED or os.environ.get('CNET_ALLOC') == '0' or not works():
    large_bytes = <size_t> -1
    large_items = PY_SSIZE_T_MAX


# --- arrays ----------------------------------------------------------------------------------------------------------

cdef size_t bytes_of(int nd, cnp.npy_intp *dims, size_t item) noexcept nogil:
    """The size of an array, or 0 for what NumPy had better look at: empty, negative, larger than the address space."""
    cdef size_t n = item
    cdef int i
    for i in range(nd):
        if dims[i] <= 0 or n > (<size_t> 1 << 62) // <size_t> dims[i]:
            return 0
        n *= dims[i]
    return n


cdef cnp.ndarray adopt(void *data, size_t n, cnp.dtype descr, int nd, cnp.npy_intp *dims, bint fortran):
    """An array that owns a block."""
    cdef cnp.ndarray a
    cdef int order = cnp.NPY_ARRAY_F_CONTIGUOUS if fortran else cnp.NPY_ARRAY_C_CONTIGUOUS
    Py_INCREF(descr)  # the call takes a reference
    try:
        a = PyArray_NewFromDescr(&PyArray_Type, descr, nd, dims, NULL, data,
                                 order | cnp.NPY_ARRAY_ALIGNED | cnp.NPY_ARRAY_WRITEABLE, NULL)
    except BaseException:
        put(data)
        raise
    Py_INCREF(capsule)
    (<PyArray_Fields *> a).mem_handler = <PyObject *> capsule
    cnp.PyArray_ENABLEFLAGS(a, cnp.NPY_ARRAY_OWNDATA)
    PyTraceMalloc_Track(TRACE_DOMAIN, <uintptr_t> data, n)
    return a


cdef cnp.ndarray new_large(int nd, cnp.npy_intp *dims, int kind, bint fortran):
    cdef cnp.dtype descr = cnp.PyArray_DescrFromType(kind)
    cdef size_t n = bytes_of(nd, dims, descr.itemsize)
    cdef void *data = take(n) if n >= large_bytes else NULL
    if not data:
        return cnp.PyArray_EMPTY(nd, dims, kind, fortran)
    return adopt(data, n, descr, nd, dims, fortran)


cdef void clear_block(char *data, size_t n):
    cdef Py_ssize_t i, pieces = (n + CLEARED - 1) // CLEARED
    with nogil:
        for i in prange(pieces, num_threads=threads_for(<double> n), schedule='static'):
            memset(data + i * CLEARED, 0, min(<size_t> CLEARED, n - i * CLEARED))


cdef object new(object shape, object kind, bint clear):
    """An uninitialised or cleared array; NumPy makes what is small or unusual."""
    cdef cnp.dtype descr = kind if isinstance(kind, cnp.dtype) else np.dtype(kind)
    cdef cnp.npy_intp dims[32]
    cdef int i, nd
    cdef size_t n
    cdef void *data = NULL
    if isinstance(shape, list):
        shape = tuple(<list> shape)
    if not isinstance(shape, tuple) or len(<tuple> shape) > 32 or descr.type_num >= cnp.NPY_OBJECT:
        return np.zeros(shape, descr) if clear else np.empty(shape, descr)
    nd = len(<tuple> shape)
    for i in range(nd):
        dims[i] = (<tuple> shape)[i]
    n = bytes_of(nd, dims, descr.itemsize)
    if n == 0:
        return np.zeros(shape, descr) if clear else np.empty(shape, descr)
    if n >= large_bytes:
        data = take(n)
    if not data:
        Py_INCREF(descr)  # both calls take a reference
        return PyArray_Zeros(nd, dims, descr, 0) if clear else PyArray_Empty(nd, dims, descr, 0)
    if clear:
        clear_block(<char *> data, n)
    return adopt(data, n, descr, nd, dims, False)


def empty(shape, dtype):
    """An uninitialised array, as np.empty makes it.

    Args:
        shape (tuple): sizes.
        dtype: NumPy type of the elements.
    """
    return new(shape, dtype, False)


def zeros(shape, dtype):
    """An array of zeros, as np.zeros makes it.

    Args:
        shape (tuple): sizes.
        dtype: NumPy type of the elements.
    """
    return new(shape, dtype, True)


cpdef bint large(object a):
    """Whether an operation on this is one that `serve` is for."""
    return isinstance(a, cnp.ndarray) and <size_t> cnp.PyArray_NBYTES(<cnp.ndarray> a) >= large_bytes


cpdef object serve(object function, list arguments, dict keywords):
    """function(*arguments, **keywords), with the memory of all large arrays that NumPy makes in it from here."""
    before = PyDataMem_SetHandler(capsule)
    try:
        return function(*arguments, **keywords) if keywords else function(*arguments)
    finally:
        PyDataMem_SetHandler(before)


# --- the door --------------------------------------------------------------------------------------------------------

def empty_cache():
    """Give memory that is kept for reuse back to the system: freed results of operations, and kernels' scratch.

    Example:
        >>> import cnet
        >>> cnet.empty_cache()
        >>> cnet.memory_stats()['cached']
        0
    """
    cdef Block *chain
    with nogil:
        cnet_lock()
        chain = drop(0)
        cnet_unlock()
        give_back(chain)
    _workspace.release()
    cnet_trim()


def memory_stats():
    """What the allocator of results holds. It serves arrays of 32 KB and more; the environment's CNET_ALLOC=0 turns it off.

    Returns:
        dict: in bytes, ``live`` (arrays in use), ``peak`` (the most that ever was in use), ``cached`` (kept for reuse),
        ``limit`` (the most that may be cached: 256 MB, or a quarter of the peak if that is more, but not more than 9/8
        of the peak and 16 MB), ``scratch`` (kernels'
        working memory); and ``hits`` and ``misses``, allocations from the cache and from the system.

    Example:
        >>> import cnet
        >>> stats = cnet.memory_stats()
        >>> stats['cached'] <= stats['limit']
        True
    """
    cdef size_t[6] values
    cnet_lock()  # nothing of Python's may happen until it opens: collecting garbage frees arrays
    values = [live, peak, cached, limit_bytes(), hits, misses]
    cnet_unlock()
    stats = {'live': values[0], 'peak': values[1], 'cached': values[2], 'limit': values[3],
             'hits': values[4], 'misses': values[5]}
    stats['scratch'] = _workspace.held()
    return stats


def set_floor(size_t floor):
    """Set the least limit of the cache and return the old one: for tests."""
    global floor_limit
    old = floor_limit
    floor_limit = floor
    return old
