cpdef int flags() noexcept
cpdef int swap_flags(int bits) noexcept
cpdef long long next_sequence() noexcept
