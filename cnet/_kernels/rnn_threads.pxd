"""How threads share the steps of recurrence.pxd, for `rnn.pyx` to include.

A thread takes one direction, or some rows, through all steps, and nobody waits for anybody; only where there are too few rows
do all threads join after every step. Rows of packed sequences are cut where the shares have about as much to do.
"""

from cython.parallel cimport prange
from libc.stdint cimport uint64_t

from cnet._kernels._threads cimport threads_for
from cnet._kernels.cells cimport Layer, flush_begin, flush_end
from cnet._kernels.gemm_tiles cimport columns
from cnet._kernels.recurrence cimport (
    backward_task, backward_width, forward_task, grouped, initial_task, input_task, output_grad_task, project_task, row_blocks,
    rows, step_rows,
)
from cnet._kernels.types cimport real

cdef enum:
    ROWS_EACH = 8     # that are worth a thread
    FREE_ROWS = 4     # a step of fewer takes as long: its tiles wait for their own sums

    INPUT = 0
    FORWARD = 1
    PROJECT = 2
    OUTPUT_GRAD = 3
    BACKWARD = 4
    INITIAL = 5


cdef inline int run_tasks(const Layer *L, int what, Py_ssize_t s, Py_ssize_t lo, Py_ssize_t hi, const real *kind) noexcept nogil:
    """Tasks [lo, hi) of the s-th step, in reverse order in every other step."""
    cdef uint64_t mode = flush_begin()
    cdef Py_ssize_t i, number
    cdef int failed = 0
    for i in range(lo, hi):
        number = lo + hi - 1 - i if s % 2 else i
        if what == INPUT:
            failed |= input_task(L, number, s, kind)
        elif what == FORWARD:
            failed |= forward_task(L, number, s, kind)
        elif what == PROJECT:
            project_task(L, number, s, kind)
        elif what == OUTPUT_GRAD:
            output_grad_task(L, number, s, kind)
        elif what == INITIAL:
            initial_task(L, number, kind)
        else:
            backward_task(L, number, s, kind)
    flush_end(mode)
    return failed


cdef inline int run_all(const Layer *L, int what, Py_ssize_t s, Py_ssize_t tasks, double work, const real *kind) noexcept nogil:
    """All tasks of the s-th step, in one run per thread. As gemm counts: 8 units of work per multiplication of a tile."""
    cdef int threads = 1 if L.alone else threads_for(work), i, failed = 0
    if threads == 1:
        return run_tasks(L, what, s, 0, tasks, kind)
    for i in prange(threads, num_threads=threads, schedule='static', chunksize=1):
        failed |= run_tasks(L, what, s, tasks * i // threads, tasks * (i + 1) // threads, kind)
    return failed


cdef inline int run_inputs(const Layer *L, Py_ssize_t s, const real *kind) noexcept nogil:
    """The inputs' part of the gates of the chunk that begins with the s-th step."""
    cdef Py_ssize_t nr = columns(kind), tasks = (L.last_d - L.first_d) * L.gates * ((L.H + nr - 1) // nr)
    cdef double weights = <double> tasks * nr * L.X
    if L.together and (L.first == NULL or L.lo):
        return 0
    return run_all(L, INPUT, s, tasks, weights / 8 * L.chunk * L.B + weights * sizeof(real) / 4, kind)


cdef inline int run_step(const Layer *L, int what, Py_ssize_t s, Py_ssize_t width, double product,
                         const real *kind) noexcept nogil:
    """All tasks of the s-th step over `width` columns, which multiplies rows with a matrix of `product` numbers."""
    cdef Py_ssize_t wide = backward_width(L, kind) if what == BACKWARD or what == INITIAL else columns(kind)
    cdef Py_ssize_t across = (width + wide - 1) // wide, blocks = row_blocks(L, s), group = grouped(L, across, blocks)
    if blocks == 0:
        return 0
    # As gemm counts: 80 multiplications a nanosecond or 40 bytes of weights; and 60 operations for the gates of a unit.
    return run_all(L, what, s, (L.last_d - L.first_d) * across * ((blocks + group - 1) // group),
                   L.D * (product / 8 * rows(L, 0) + product * sizeof(real) / 4 + 60.0 * width * step_rows(L, 0, s)), kind)


cdef inline double step_work(const Layer *L) noexcept nogil:
    """Of a step on average, as `threads_for` counts: see run_step."""
    cdef double product = <double> L.gates * L.H * L.P
    return product / 8 * L.N / L.T * L.D + 60.0 * L.H * L.N / L.T * L.D


cdef inline int shares(const Layer *L, double work) noexcept nogil:
    """Into how many parts directions and rows are cut, each for a thread to take through all steps of so much work; 0: threads
    join after every step. Two directions are two parts on one thread too: the weights of one leave more room in a cache.
    """
    cdef int threads = threads_for(work * L.T), parts = max(threads, <int> L.D), each = parts
    if L.D == 2 and parts % 2 == 0:
        each = parts // 2
    if each == 1 or (L.together and L.B >= each * ROWS_EACH):
        return parts
    return 0


cdef inline Py_ssize_t cut(const Layer *L, int number, int parts) noexcept nogil:
    """The first row of a share. Packed sequences are sorted by their lengths, and the first rows are the longest."""
    cdef Py_ssize_t r = 0, t = L.T, left = L.N, begin, cost = 0
    cdef int i
    if L.first == NULL:
        return L.B * number // parts
    for i in range(parts - 1, parts - 1 - number, -1):
        begin = r
        while r < L.B:
            while t > 0 and rows(L, t - 1) <= r:
                t -= 1
            if r == begin:
                cost = FREE_ROWS * t
            elif r >= begin + FREE_ROWS:
                if i * cost >= left:
                    break
                cost += t
            left -= t
            r += 1
    return r


cdef inline Layer share(const Layer *L, int number, int parts) noexcept nogil:
    """One of them."""
    cdef Layer mine = L[0]
    mine.alone = True
    if L.D == 2 and parts % 2 == 0:
        mine.first_d, mine.last_d = number % 2, number % 2 + 1
        number, parts = number // 2, parts // 2
    mine.lo = cut(L, number, parts)
    mine.hi = cut(L, number + 1, parts) if number + 1 < parts else L.B
    return mine
