"""Checksums of saved files, on all threads."""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.stdint cimport uint8_t, uint32_t

from cnet._kernels._threads cimport threads_for
from cnet._kernels._workspace cimport SHARED, scratch

cnp.import_array()

cdef extern from "checksum.h" nogil:
    void cnet_crc_prepare()
    uint32_t cnet_crc_piece(const uint8_t *p, size_t n, uint8_t *to, int past)
    uint32_t cnet_crc_shift(uint32_t crc, size_t n)

cdef enum:
    PIECE = 1 << 16
    PAST = 1 << 20          # bytes from which a copy would only push others out of the caches

cnet_crc_prepare()


cdef uint32_t _crc(const uint8_t *p, Py_ssize_t n, uint8_t *to, uint32_t crc) except? 0:
    cdef Py_ssize_t i, pieces = (n + PIECE - 1) // PIECE
    cdef uint32_t *parts = <uint32_t *>scratch(SHARED, pieces * sizeof(uint32_t))
    if parts == NULL:
        raise MemoryError()
    for i in prange(pieces, nogil=True, schedule='static', num_threads=threads_for(8.0 * n)):
        parts[i] = cnet_crc_piece(p + i * PIECE, min(<Py_ssize_t>PIECE, n - i * PIECE), to + i * PIECE if to != NULL else NULL,
                                  n >= PAST)
    crc = ~crc
    for i in range(pieces):
        crc = cnet_crc_shift(crc, min(<Py_ssize_t>PIECE, n - i * PIECE)) ^ parts[i]
    return ~crc


def crc32(const uint8_t[::1] data, uint32_t before=0):
    """The CRC-32 of bytes, following others whose CRC-32 is `before`, as `zlib.crc32` has it."""
    return _crc(&data[0], data.shape[0], NULL, before) if data.shape[0] else before


def copied(uint8_t[::1] to, const uint8_t[::1] data):
    """Copy bytes, of which there are equally many, and return their CRC-32."""
    return _crc(&data[0], data.shape[0], &to[0], 0) if data.shape[0] else 0
