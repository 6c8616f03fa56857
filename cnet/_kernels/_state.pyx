"""Per-thread mode bits of autograd, in C so that reading them costs a nanosecond.

Single copy (not compiled per instruction set): every module of the process must see the same bits.
"""

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
