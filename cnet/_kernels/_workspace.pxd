"""Scratch memory for kernels: `scratch(SHARED, nbytes)`, kept by the calling thread until it ends or `release()`.

A thread has two blocks, each valid until its next `scratch` call for the same one. A kernel takes SHARED before its
parallel loop, for what all iterations read; an iteration takes PRIVATE, for itself. The two must differ, because one of
the loop's threads is the thread that made the loop.
"""

cdef enum:
    SHARED = 0
    PRIVATE = 1

cdef void *scratch(int block, size_t nbytes) noexcept nogil
