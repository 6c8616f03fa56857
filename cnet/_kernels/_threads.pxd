"""How many threads a parallel loop gets: `prange(n, num_threads=threads_for(work))`.

The state is that of the one module `cnet._kernels._threads`, whichever instruction set asks. Cut work by shape, never
by this number, and results do not depend on it.
"""

cdef int thread_limit           # 0 until somebody asks
cdef double thread_grain        # work that is worth waking a thread for
cdef bint pool_used             # a parallel loop has run: libgomp may hold threads

cdef int decide_limit() noexcept nogil


cdef inline int threads_for(double work) noexcept nogil:
    """Threads for a loop of this much work, in tenths of a nanosecond of one core: 1 when a second one would not pay."""
    global pool_used
    cdef int limit
    if not work >= 2 * thread_grain:
        return 1
    limit = thread_limit if thread_limit else decide_limit()
    if limit == 1:
        return 1
    pool_used = True
    return limit if work >= limit * thread_grain else <int> (work / thread_grain)
