"""The sizes of a convolution, for every kernel that computes one."""

cimport numpy as cnp

# Sizes and steps are [depth, height, width]; those that a convolution lacks are 1, and its padding 0.
cdef struct Geometry:
    Py_ssize_t N, C, M, G
    Py_ssize_t size[3]
    Py_ssize_t out[3]
    Py_ssize_t kernel[3]
    Py_ssize_t stride[3]
    Py_ssize_t pad[3]
    Py_ssize_t dilation[3]
    int ndim, kind


cdef inline Geometry geometry(cnp.ndarray x, cnp.ndarray y, kernel, tuple stride, tuple padding, tuple dilation,
                              Py_ssize_t groups):
    """x[N, C, ...] and y[N, M, ...] are the input and the result of a convolution; kernel is a shape [M, C / G, ...]."""
    cdef Geometry s
    cdef int i, j, n = cnp.PyArray_NDIM(x) - 2
    s.ndim, s.kind = n, cnp.PyArray_TYPE(x)
    s.N, s.C, s.M, s.G = cnp.PyArray_DIM(x, 0), cnp.PyArray_DIM(x, 1), cnp.PyArray_DIM(y, 1), groups
    for i in range(3):
        j = i - 3 + n
        if j < 0:
            s.size[i] = s.out[i] = s.kernel[i] = s.stride[i] = s.dilation[i] = 1
            s.pad[i] = 0
        else:
            s.size[i], s.out[i] = cnp.PyArray_DIM(x, j + 2), cnp.PyArray_DIM(y, j + 2)
            s.kernel[i], s.stride[i], s.pad[i], s.dilation[i] = kernel[j + 2], stride[j], padding[j], dilation[j]
    return s
