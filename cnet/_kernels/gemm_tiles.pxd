"""The pieces of matrix products: tiles, packing, and products of few numbers, for float and double by one name.

Letters as in gemm.pxd, which puts the pieces together.
"""

from cnet._kernels.types cimport real

cdef extern from "gemm_ukr.h" nogil:
    const bint MASKS "vec_masks"
    const Py_ssize_t LINES "gemm_lines", WIDE_LINES "gemm_wide_lines"
    const Py_ssize_t MR "gemm_mr", HIGH "gemm_high", DEEP "gemm_deep"
    const Py_ssize_t DOTS_M "gemm_dots_m"
    const Py_ssize_t F32_NR "vf_nr", F32_WIDE "vf_wide", F32_LANES "vf_lanes"
    const Py_ssize_t F64_NR "vd_nr", F64_WIDE "vd_wide", F64_LANES "vd_lanes"
    void vf_tile(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const float *a, Py_ssize_t ars, Py_ssize_t acs, const float *b,
                 Py_ssize_t brs, const float *d, Py_ssize_t drs, int dcs, float *c, Py_ssize_t crs)
    void vd_tile(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const double *a, Py_ssize_t ars, Py_ssize_t acs, const double *b,
                 Py_ssize_t brs, const double *d, Py_ssize_t drs, int dcs, double *c, Py_ssize_t crs)
    Py_ssize_t GEMM_AHEAD(Py_ssize_t k)
    Py_ssize_t GEMM_WIDE_AHEAD(Py_ssize_t k)
    void vf_tile_ahead(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const float *a, Py_ssize_t ars, Py_ssize_t acs,
                       const float *b, Py_ssize_t brs, const float *d, Py_ssize_t drs, int dcs, float *c, Py_ssize_t crs,
                       const float *ahead, Py_ssize_t step)
    void vd_tile_ahead(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const double *a, Py_ssize_t ars, Py_ssize_t acs,
                       const double *b, Py_ssize_t brs, const double *d, Py_ssize_t drs, int dcs, double *c, Py_ssize_t crs,
                       const double *ahead, Py_ssize_t step)
    void vf_tile_wide(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const float *a, const float *b, const float *d, Py_ssize_t drs,
                      int dcs, float *c, Py_ssize_t crs, const float *ahead, Py_ssize_t step)
    void vd_tile_wide(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const double *a, const double *b, const double *d,
                      Py_ssize_t drs, int dcs, double *c, Py_ssize_t crs, const double *ahead, Py_ssize_t step)
    void vf_tile_keep(Py_ssize_t m, Py_ssize_t k, const float *a, const float *b, Py_ssize_t brs, const float *d,
                      Py_ssize_t drs, int dcs, float *c, Py_ssize_t crs, float *p)
    void vd_tile_keep(Py_ssize_t m, Py_ssize_t k, const double *a, const double *b, Py_ssize_t brs, const double *d,
                      Py_ssize_t drs, int dcs, double *c, Py_ssize_t crs, double *p)
    void vf_pack(Py_ssize_t k, Py_ssize_t n, const float *x, Py_ssize_t ks, Py_ssize_t step, float *p, Py_ssize_t width)
    void vd_pack(Py_ssize_t k, Py_ssize_t n, const double *x, Py_ssize_t ks, Py_ssize_t step, double *p, Py_ssize_t width)
    void vf_dots(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const float *a, Py_ssize_t ars, const float *b, Py_ssize_t bcs,
                 const float *d, Py_ssize_t drs, Py_ssize_t dcs, float *c, Py_ssize_t crs)
    void vd_dots(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const double *a, Py_ssize_t ars, const double *b, Py_ssize_t bcs,
                 const double *d, Py_ssize_t drs, Py_ssize_t dcs, double *c, Py_ssize_t crs)
    void vf_dot_row(Py_ssize_t n, Py_ssize_t k, const float *a, const float *b, Py_ssize_t bcs, const float *d, Py_ssize_t dcs,
                    float *c)
    void vd_dot_row(Py_ssize_t n, Py_ssize_t k, const double *a, const double *b, Py_ssize_t bcs, const double *d,
                    Py_ssize_t dcs, double *c)
    void vf_tile_ragged(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const float *a, Py_ssize_t ars, Py_ssize_t acs,
                        const float *b, Py_ssize_t brs, const float *d, Py_ssize_t drs, int dcs, float *c, Py_ssize_t crs)
    void vd_tile_ragged(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const double *a, Py_ssize_t ars, Py_ssize_t acs,
                        const double *b, Py_ssize_t brs, const double *d, Py_ssize_t drs, int dcs, double *c, Py_ssize_t crs)
    void vf_turn(Py_ssize_t m, Py_ssize_t n, const float *s, Py_ssize_t step, const float *d, Py_ssize_t drs, int dcs, float *c,
                 Py_ssize_t crs)
    void vd_turn(Py_ssize_t m, Py_ssize_t n, const double *s, Py_ssize_t step, const double *d, Py_ssize_t drs, int dcs,
                 double *c, Py_ssize_t crs)
    void vf_axpys(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const float *a, Py_ssize_t ars, Py_ssize_t acs, const float *b,
                  Py_ssize_t brs, const float *d, Py_ssize_t drs, Py_ssize_t dcs, float *c, Py_ssize_t crs)
    void vd_axpys(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const double *a, Py_ssize_t ars, Py_ssize_t acs, const double *b,
                  Py_ssize_t brs, const double *d, Py_ssize_t drs, Py_ssize_t dcs, double *c, Py_ssize_t crs)

cdef extern from "gemm_quads.h" nogil:
    const Py_ssize_t QUAD "gemm_quad", F32_QUAD "vf_quad", F64_QUAD "vd_quad"
    void vf_quads(Py_ssize_t m, Py_ssize_t k, const float *a, Py_ssize_t ars, const float *b, Py_ssize_t brs, const float *d,
                  Py_ssize_t drs, int dcs, float *c, Py_ssize_t crs)
    void vd_quads(Py_ssize_t m, Py_ssize_t k, const double *a, Py_ssize_t ars, const double *b, Py_ssize_t brs, const double *d,
                  Py_ssize_t drs, int dcs, double *c, Py_ssize_t crs)

# Products of denormal numbers take 150 cycles each on most x86 cores: every task counts them as zero.
cdef extern from "flush.h" nogil:
    ctypedef unsigned long long uint64_t
    uint64_t flush_begin()
    void flush_end(uint64_t old)

cdef enum:
    KC = 256        # rows of a panel of b: 256 x 32 floats are 32 KB, two thirds of a first-level cache of 48 KB


cdef inline Py_ssize_t columns(const real *x) noexcept nogil:
    """Columns of a whole tile."""
    return F32_NR if real is float else F64_NR


cdef inline Py_ssize_t wide_columns(const real *x) noexcept nogil:
    """Columns of a tile of large products."""
    return F32_WIDE if real is float else F64_WIDE


cdef inline Py_ssize_t quad_columns(const real *x) noexcept nogil:
    """Columns of a tile four vectors wide."""
    return F32_QUAD if real is float else F64_QUAD


cdef inline Py_ssize_t lanes(const real *x) noexcept nogil:
    return F32_LANES if real is float else F64_LANES


cdef inline Py_ssize_t lined(const real *x) noexcept nogil:
    """Numbers of a panel from one row that tile_ahead asks for to the next: whole lines."""
    return LINES * 64 // <Py_ssize_t> sizeof(real)


cdef inline Py_ssize_t wide_lined(const real *x) noexcept nogil:
    """The same for tile_wide."""
    return WIDE_LINES * 64 // <Py_ssize_t> sizeof(real)


cdef inline const real *shift(const real *d, Py_ssize_t by) noexcept nogil:
    """d + by; NULL stays NULL."""
    if d == NULL:
        return NULL
    return d + by


cdef inline void tile(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const real *a, Py_ssize_t ars, Py_ssize_t acs,
                      const real *b, Py_ssize_t brs, const real *d, Py_ssize_t drs, int dcs, real *c,
                      Py_ssize_t crs) noexcept nogil:
    """c = d + a b for m <= MR rows and n <= columns() columns; b is readable up to the next whole vector."""
    if real is float:
        vf_tile(m, n, k, a, ars, acs, b, brs, d, drs, dcs, c, crs)
    else:
        vd_tile(m, n, k, a, ars, acs, b, brs, d, drs, dcs, c, crs)


cdef inline void tile_ahead(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const real *a, Py_ssize_t ars, Py_ssize_t acs,
                            const real *b, Py_ssize_t brs, const real *d, Py_ssize_t drs, int dcs, real *c,
                            Py_ssize_t crs, const real *ahead, Py_ssize_t step) noexcept nogil:
    """As tile, for packed a: what will be needed next is asked for meanwhile, GEMM_AHEAD(k) rows that are `step` apart."""
    if real is float:
        vf_tile_ahead(m, n, k, a, ars, acs, b, brs, d, drs, dcs, c, crs, ahead, step)
    else:
        vd_tile_ahead(m, n, k, a, ars, acs, b, brs, d, drs, dcs, c, crs, ahead, step)


cdef inline void tile_wide(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const real *a, const real *b, const real *d,
                           Py_ssize_t drs, int dcs, real *c, Py_ssize_t crs, const real *ahead, Py_ssize_t step) noexcept nogil:
    """As tile_ahead for m <= HIGH, n <= wide_columns() and panels a[k, HIGH], b[k, wide_columns()]; GEMM_WIDE_AHEAD(k) rows."""
    if real is float:
        vf_tile_wide(m, n, k, a, b, d, drs, dcs, c, crs, ahead, step)
    else:
        vd_tile_wide(m, n, k, a, b, d, drs, dcs, c, crs, ahead, step)


cdef inline void tile_keep(Py_ssize_t m, Py_ssize_t k, const real *a, const real *b, Py_ssize_t brs, const real *d,
                           Py_ssize_t drs, int dcs, real *c, Py_ssize_t crs, real *p) noexcept nogil:
    """As tile_wide for HIGH or HIGH - 1 rows and all columns; packs b, which lies in place, into p[k, wide_columns()]."""
    if real is float:
        vf_tile_keep(m, k, a, b, brs, d, drs, dcs, c, crs, p)
    else:
        vd_tile_keep(m, k, a, b, brs, d, drs, dcs, c, crs, p)


cdef inline void pack(Py_ssize_t k, Py_ssize_t n, const real *x, Py_ssize_t ks, Py_ssize_t step, real *p,
                      Py_ssize_t width) noexcept nogil:
    """p[k, width] = x[k, n] and zeros; ks and step are the strides of x along k and along n."""
    if real is float:
        vf_pack(k, n, x, ks, step, p, width)
    else:
        vd_pack(k, n, x, ks, step, p, width)


cdef inline void dots(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const real *a, Py_ssize_t ars, const real *b,
                      Py_ssize_t bcs, const real *d, Py_ssize_t drs, Py_ssize_t dcs, real *c,
                      Py_ssize_t crs) noexcept nogil:
    """c = d + a b for m <= DOTS_M and n <= 4, both contiguous along k."""
    if real is float:
        vf_dots(m, n, k, a, ars, b, bcs, d, drs, dcs, c, crs)
    else:
        vd_dots(m, n, k, a, ars, b, bcs, d, drs, dcs, c, crs)


cdef inline void dot_row(Py_ssize_t n, Py_ssize_t k, const real *a, const real *b, Py_ssize_t bcs, const real *d,
                         Py_ssize_t dcs, real *c) noexcept nogil:
    """c[n] = d + a b for one row, all of it contiguous along k."""
    if real is float:
        vf_dot_row(n, k, a, b, bcs, d, dcs, c)
    else:
        vd_dot_row(n, k, a, b, bcs, d, dcs, c)


cdef inline void turn(Py_ssize_t m, Py_ssize_t n, const real *s, Py_ssize_t step, const real *d, Py_ssize_t drs, int dcs,
                      real *c, Py_ssize_t crs) noexcept nogil:
    """c[n, m] = d[n, m] + the transpose of s[m, n]."""
    if real is float:
        vf_turn(m, n, s, step, d, drs, dcs, c, crs)
    else:
        vd_turn(m, n, s, step, d, drs, dcs, c, crs)


cdef inline void fill(Py_ssize_t M, Py_ssize_t N, const real *d, Py_ssize_t drs, Py_ssize_t dcs, real *c,
                      Py_ssize_t crs) noexcept nogil:
    """c = d, or zeros."""
    cdef Py_ssize_t i, j
    for i in range(M):
        if d == NULL:
            for j in range(N):
                c[i * crs + j] = 0
        else:
            for j in range(N):
                c[i * crs + j] = d[i * drs + j * dcs]


cdef inline Py_ssize_t height(Py_ssize_t m) noexcept nogil:
    """Rows per tile so that all tiles of m rows are about equally high: 16 rows are 8 + 8 rather than 14 + 2."""
    return depth(m, MR)


cdef inline Py_ssize_t depth(Py_ssize_t K, Py_ssize_t most) noexcept nogil:
    """Length of the pieces of K of at most `most`, about equal: 784 is 4 x 196 rather than 3 x 256 + 16."""
    cdef Py_ssize_t pieces = (K + most - 1) // most
    return (K + pieces - 1) // pieces


cdef inline void tiles(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const real *a, Py_ssize_t ars, Py_ssize_t acs,
                       const real *b, Py_ssize_t brs, const real *d, Py_ssize_t drs, int dcs, real *c,
                       Py_ssize_t crs) noexcept nogil:
    """As tile, for any number of rows."""
    cdef Py_ssize_t i, h = height(m)
    for i from 0 <= i < m by h:
        tile(min(h, m - i), n, k, a + i * ars, ars, acs, b, brs, shift(d, i * drs), drs, dcs,
             c + i * crs, crs)


cdef inline void quads(Py_ssize_t m, Py_ssize_t k, const real *a, Py_ssize_t ars, const real *b, Py_ssize_t brs, const real *d,
                       Py_ssize_t drs, int dcs, real *c, Py_ssize_t crs) noexcept nogil:
    """As tiles for quad_columns() and rows of a that are contiguous: if QUAD."""
    if real is float:
        vf_quads(m, k, a, ars, b, brs, d, drs, dcs, c, crs)
    else:
        vd_quads(m, k, a, ars, b, brs, d, drs, dcs, c, crs)


cdef inline void tiles_in_place(Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const real *a, Py_ssize_t ars, Py_ssize_t acs,
                                const real *b, Py_ssize_t brs, const real *d, Py_ssize_t drs, int dcs, real *c,
                                Py_ssize_t crs, Py_ssize_t h) noexcept nogil:
    """As tiles, h = height(m), with b read no further than n columns: for whole vectors of them, or MASKS. Also for
    quad_columns() where acs is 1."""
    cdef Py_ssize_t i
    if n > columns(b):
        quads(m, k, a, ars, b, brs, d, drs, dcs, c, crs)
        return
    for i from 0 <= i < m by h:
        if n % lanes(b) == 0:
            tile(min(h, m - i), n, k, a + i * ars, ars, acs, b, brs, shift(d, i * drs), drs, dcs, c + i * crs, crs)
        elif real is float:
            vf_tile_ragged(min(h, m - i), n, k, a + i * ars, ars, acs, b, brs, shift(d, i * drs), drs, dcs, c + i * crs, crs)
        else:
            vd_tile_ragged(min(h, m - i), n, k, a + i * ars, ars, acs, b, brs, shift(d, i * drs), drs, dcs, c + i * crs, crs)
