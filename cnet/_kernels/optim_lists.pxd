"""What the kernels of optimizers share: the arrays of a list as jobs, cut into pieces of one parallel loop; named fused steps."""

cimport numpy as cnp
from cpython.list cimport PyList_GET_ITEM
from libc.math cimport sqrt, sqrtf
from libc.stdlib cimport qsort

from cnet._kernels._quiet cimport in_order
from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport SHARED, scratch
from cnet._kernels.types cimport real

cdef extern from "optim.h" nogil:
    float cnet_mad_float(float a, float b, float c)
    double cnet_mad_double(double a, double b, double c)


cdef enum:
    PIECE = 4096           # elements: cut by shape, so that results do not depend on threads; 16 KB of each array
    CONSTANTS = 9

cdef struct Job:           # a parameter with what updates it
    char *p
    char *g
    char *state[3]
    Py_ssize_t n
    Py_ssize_t first       # number of its first piece, of all pieces of the list
    bint single            # float, else double
    double k[CONSTANTS]

cdef struct Span:
    size_t start
    size_t end

cdef struct Jobs:          # those of a list, which follow each other
    Job *all
    Span *spans            # room for `apart`
    Py_ssize_t count
    Py_ssize_t pieces
    Py_ssize_t elements


cdef inline real mad(real a, real b, real c) noexcept nogil:
    if real is float:
        return cnet_mad_float(a, b, c)
    else:
        return cnet_mad_double(a, b, c)


cdef inline real root(real x) noexcept nogil:
    if real is float:
        return sqrtf(x)
    else:
        return sqrt(x)


cdef inline cnp.ndarray at(list arrays, Py_ssize_t i):
    return <cnp.ndarray>PyList_GET_ITEM(arrays, i)


cdef inline bint alike(cnp.ndarray a, cnp.ndarray p):
    """Whether `a` can be updated along with the parameter `p`."""
    return (cnp.PyArray_TYPE(a) == cnp.PyArray_TYPE(p) and cnp.PyArray_IS_C_CONTIGUOUS(a)
            and cnp.PyArray_SIZE(a) == cnp.PyArray_SIZE(p))


cdef inline cnp.ndarray dense(cnp.ndarray g, list copies):
    """The gradient, or a contiguous copy, which the list keeps alive."""
    if cnp.PyArray_IS_C_CONTIGUOUS(g):
        return g
    g = <cnp.ndarray>in_order(g)
    copies.append(g)
    return g


cdef inline bint plain(cnp.ndarray p):
    return ((cnp.PyArray_TYPE(p) == cnp.NPY_FLOAT or cnp.PyArray_TYPE(p) == cnp.NPY_DOUBLE)
            and cnp.PyArray_IS_C_CONTIGUOUS(p) and cnp.PyArray_ISWRITEABLE(p))


cdef inline Jobs room(Py_ssize_t most) except *:
    """Room for that many jobs, until the thread next takes scratch memory."""
    cdef Jobs jobs
    jobs.all = <Job *>scratch(SHARED, most * (sizeof(Job) + sizeof(Span)) + 1)
    if jobs.all == NULL:
        raise MemoryError()
    jobs.spans = <Span *>(jobs.all + most)
    jobs.count = jobs.pieces = jobs.elements = 0
    return jobs


cdef inline Job *add(Jobs *jobs, cnp.ndarray p):
    """The next job, for the array `p`."""
    cdef Job *job = &jobs.all[jobs.count]
    job.p = <char *>cnp.PyArray_DATA(p)
    job.g = job.state[0] = job.state[1] = job.state[2] = NULL
    job.n = cnp.PyArray_SIZE(p)
    job.single = cnp.PyArray_TYPE(p) == cnp.NPY_FLOAT
    job.first = jobs.pieces
    jobs.count += 1
    jobs.pieces += (job.n + PIECE - 1) // PIECE
    jobs.elements += job.n
    return job


cdef inline Job part(const Jobs *jobs, Py_ssize_t piece) noexcept nogil:
    """Piece number `piece` of all: its job with pointers and length cut to it. `first` becomes its place in the array."""
    cdef Py_ssize_t low = 0, high = jobs.count, middle, size
    cdef Job job
    while high - low > 1:       # the last job that begins at this piece or before; empty ones begin with the next
        middle = (low + high) // 2
        if jobs.all[middle].first <= piece:
            low = middle
        else:
            high = middle
    job = jobs.all[low]
    job.first = (piece - job.first) * PIECE
    size = job.first * (4 if job.single else 8)
    job.p += size
    job.g += size if job.g != NULL else 0
    for middle in range(3):
        if job.state[middle] != NULL:
            job.state[middle] += size
    job.n = min(<Py_ssize_t>PIECE, job.n - job.first)
    return job


cdef inline int by_start(const void *a, const void *b) noexcept nogil:
    return ((<Span *>a).start > (<Span *>b).start) - ((<Span *>a).start < (<Span *>b).start)


cdef inline bint apart(Jobs *jobs) noexcept nogil:
    """Whether no two jobs update the same memory."""
    cdef Py_ssize_t i
    for i in range(jobs.count):
        jobs.spans[i].start = <size_t>jobs.all[i].p
        jobs.spans[i].end = jobs.spans[i].start + jobs.all[i].n * (4 if jobs.all[i].single else 8)
    qsort(jobs.spans, jobs.count, sizeof(Span), by_start)
    for i in range(1, jobs.count):
        if jobs.spans[i].start < jobs.spans[i - 1].end:
            return False
    return True


cdef inline int threads_of(Jobs *jobs, double work) noexcept nogil:
    """Threads for the pieces, of that much work per element: one, which takes them in turn, if parameters share memory."""
    cdef int threads = threads_for(work * jobs.elements)
    return threads if threads == 1 or apart(jobs) else 1
