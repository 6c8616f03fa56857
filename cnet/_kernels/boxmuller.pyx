"""Uniform to normal numbers, in place. Compiled per instruction set; every set gives the same bits."""

cimport numpy as cnp

cnp.import_array()

cdef extern from "boxmuller.h" nogil:
    void cnet_box_muller(float *x, Py_ssize_t blocks, float mean, float std)


def box_muller(cnp.ndarray x, double mean, double std):
    """Replace whole blocks of 16 uniforms in [0, 1) by normals. `x`: contiguous float32; a rest below 16 is left alone."""
    cdef float *p = <float *>cnp.PyArray_DATA(x)
    cdef Py_ssize_t blocks = cnp.PyArray_SIZE(x) // 16
    with nogil:
        cnet_box_muller(p, blocks, <float>mean, <float>std)
