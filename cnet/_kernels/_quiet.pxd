"""NumPy for what the elementwise kernels have no loop for."""

cpdef object call_one(object ufunc, object a, object out)
cpdef object call_two(object ufunc, object a, object b, object out)
cpdef object plain(object a)
cpdef object in_order(object a)
cpdef object ordered_like(object a, object like)
cpdef tuple pair_of_copies(object a, object b, bint as_they_are)
cpdef object stored(object r, object like, object out)
