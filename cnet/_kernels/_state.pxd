cpdef int flags() noexcept
cpdef int swap_flags(int bits) noexcept
cpdef long long next_sequence() noexcept
cpdef object instance(object base, object cls)
cpdef bint inexact(object a) noexcept
cpdef bint has_shape(object a, tuple shape) noexcept
cpdef bint same_shape(object a, object b) noexcept
cpdef bint ends_with(object a, tuple shape) noexcept
cpdef tuple shape_of(object a)
cpdef object sizes_as(object cls, object a)
cpdef object dtype_of(object a)
cpdef bint calls(object instance, object function) except -1
