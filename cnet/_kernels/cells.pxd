"""A layer of a recurrent network as its kernels see it, and rnn.h for both types, for `recurrence.pxd` to include."""

from libc.stdint cimport uint64_t

from cnet._kernels.types cimport real

cdef extern from "rnn.h" nogil:
    const Py_ssize_t MR "gemm_mr"
    ctypedef struct Run "rnn_run":
        Py_ssize_t a, b, n
    void vf_add_runs(const Run *r, Py_ssize_t runs, bint single, Py_ssize_t m, Py_ssize_t n, const float *a, const float *b,
                     Py_ssize_t brs, int fresh, float *c, Py_ssize_t ldc)
    void vd_add_runs(const Run *r, Py_ssize_t runs, bint single, Py_ssize_t m, Py_ssize_t n, const double *a, const double *b,
                     Py_ssize_t brs, int fresh, double *c, Py_ssize_t ldc)
    void vf_add_products(int gates, bint single, Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const float *a, Py_ssize_t lda,
                         const float *w, float *c, Py_ssize_t ldc, const Py_ssize_t *cs)
    void vd_add_products(int gates, bint single, Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const double *a, Py_ssize_t lda,
                         const double *w, double *c, Py_ssize_t ldc, const Py_ssize_t *cs)
    void vf_add_dots(int gates, Py_ssize_t n, Py_ssize_t k, const float *x, const float *w, Py_ssize_t ld, Py_ssize_t step,
                     float *c, const Py_ssize_t *cs)
    void vd_add_dots(int gates, Py_ssize_t n, Py_ssize_t k, const double *x, const double *w, Py_ssize_t ld, Py_ssize_t step,
                     double *c, const Py_ssize_t *cs)
    void vf_lstm_step(Py_ssize_t m, Py_ssize_t n, Py_ssize_t H, float *s, Py_ssize_t lds, Py_ssize_t step, float *g,
                      Py_ssize_t ldg, Py_ssize_t apart, float *c, float *h, Py_ssize_t ldh)
    void vd_lstm_step(Py_ssize_t m, Py_ssize_t n, Py_ssize_t H, double *s, Py_ssize_t lds, Py_ssize_t step, double *g,
                      Py_ssize_t ldg, Py_ssize_t apart, double *c, double *h, Py_ssize_t ldh)
    void vf_lstm_grad(Py_ssize_t m, Py_ssize_t n, Py_ssize_t H, const float *g, Py_ssize_t ldg, Py_ssize_t apart,
                      const float *c, Py_ssize_t ldc, const float *dh, Py_ssize_t ldd, float *dc, float *dg, Py_ssize_t ldo,
                      Py_ssize_t far)
    void vd_lstm_grad(Py_ssize_t m, Py_ssize_t n, Py_ssize_t H, const double *g, Py_ssize_t ldg, Py_ssize_t apart,
                      const double *c, Py_ssize_t ldc, const double *dh, Py_ssize_t ldd, double *dc, double *dg, Py_ssize_t ldo,
                      Py_ssize_t far)
    void vf_gru_step(Py_ssize_t m, Py_ssize_t n, const float *s, Py_ssize_t lds, Py_ssize_t step, float *g, Py_ssize_t ldg,
                     Py_ssize_t apart, const float *q, Py_ssize_t ldq, float *h, Py_ssize_t ldh)
    void vd_gru_step(Py_ssize_t m, Py_ssize_t n, const double *s, Py_ssize_t lds, Py_ssize_t step, double *g, Py_ssize_t ldg,
                     Py_ssize_t apart, const double *q, Py_ssize_t ldq, double *h, Py_ssize_t ldh)
    void vf_gru_grad(Py_ssize_t m, Py_ssize_t n, Py_ssize_t H, const float *g, Py_ssize_t ldg, Py_ssize_t apart,
                     const float *q, Py_ssize_t ldq, const float *dh, Py_ssize_t ldd, float *past, float *dg, Py_ssize_t ldo,
                     Py_ssize_t far)
    void vd_gru_grad(Py_ssize_t m, Py_ssize_t n, Py_ssize_t H, const double *g, Py_ssize_t ldg, Py_ssize_t apart,
                     const double *q, Py_ssize_t ldq, const double *dh, Py_ssize_t ldd, double *past, double *dg, Py_ssize_t ldo,
                     Py_ssize_t far)
    void vf_rnn_step(int relu, Py_ssize_t m, Py_ssize_t n, const float *s, Py_ssize_t lds, float *g, Py_ssize_t ldg, float *h,
                     Py_ssize_t ldh)
    void vd_rnn_step(int relu, Py_ssize_t m, Py_ssize_t n, const double *s, Py_ssize_t lds, double *g, Py_ssize_t ldg,
                     double *h, Py_ssize_t ldh)
    void vf_rnn_grad(int relu, Py_ssize_t m, Py_ssize_t n, const float *g, Py_ssize_t ldg, const float *dh, Py_ssize_t ldd,
                     float *dg, Py_ssize_t ldo)
    void vd_rnn_grad(int relu, Py_ssize_t m, Py_ssize_t n, const double *g, Py_ssize_t ldg, const double *dh, Py_ssize_t ldd,
                     double *dg, Py_ssize_t ldo)
    uint64_t flush_begin()
    void flush_end(uint64_t old)

cdef enum:
    LSTM = 0
    GRU = 1
    TANH = 2
    RELU = 3


cdef struct Layer:
    int cell, gates                     # gates that inputs, and states, feed
    Py_ssize_t D, T, B, N, X, H, P
    Py_ssize_t W                        # columns of g
    Py_ssize_t panels                   # of dg[D, panels, N, nr], in the order of rnn_weights.pxd
    Py_ssize_t columns                  # gates of a unit in a task's table
    Py_ssize_t kept                     # numbers of a unit in g
    Py_ssize_t M                        # rows of g per direction: N, or those of a chunk
    Py_ssize_t chunk                    # steps
    Py_ssize_t lo, hi                   # rows of a step that are computed
    int first_d, last_d                 # and the directions [first_d, last_d)
    bint keep                           # whether g is kept for backward
    bint alone                          # a thread computes its rows or its direction in all steps
    bint together                       # steps of some rows multiply inputs and states at once
    const long long *first              # first row of every step, then N; NULL: B rows each
    void *x
    void *y
    void *h0
    void *c0
    void *g
    void *cn                            # cell states of an LSTM, in forward
    void *past
    void *dy
    void *dg
    void *dh
    void *dc
    void *dp                            # gradient of y with what later steps add, where there is a projection
    void *packed                        # recurrent weights in panels; NULL: read in place
    void *packed_out                    # those of the projection
    Run *runs                           # in backward, where dg meets the rows of w_hh
    Py_ssize_t run_count
    void *packed_in                     # w_ih in panels; NULL: every task makes its own, as there is one chunk only
    void *w_ih[2]
    void *w_hh[2]
    void *w_hr[2]
    void *b_hh[2]
    void *bias[2]                       # what is added to the inputs' part of the gates, in the order of rnn_weights.pxd


cdef inline void add_products(int gates, bint single, Py_ssize_t m, Py_ssize_t n, Py_ssize_t k, const real *a, Py_ssize_t lda,
                              const real *w, real *c, Py_ssize_t ldc, const Py_ssize_t *cs) noexcept nogil:
    if real is float:
        vf_add_products(gates, single, m, n, k, a, lda, w, c, ldc, cs)
    else:
        vd_add_products(gates, single, m, n, k, a, lda, w, c, ldc, cs)


cdef inline void add_dots(int gates, Py_ssize_t n, Py_ssize_t k, const real *x, const real *w, Py_ssize_t ld, Py_ssize_t step,
                          real *c, const Py_ssize_t *cs) noexcept nogil:
    if real is float:
        vf_add_dots(gates, n, k, x, w, ld, step, c, cs)
    else:
        vd_add_dots(gates, n, k, x, w, ld, step, c, cs)


cdef inline void add_runs(const Run *r, Py_ssize_t runs, bint single, Py_ssize_t m, Py_ssize_t n, const real *a, const real *b,
                          Py_ssize_t brs, bint fresh, real *c, Py_ssize_t ldc) noexcept nogil:
    if real is float:
        vf_add_runs(r, runs, single, m, n, a, b, brs, fresh, c, ldc)
    else:
        vd_add_runs(r, runs, single, m, n, a, b, brs, fresh, c, ldc)


cdef inline void cell_step(const Layer *L, Py_ssize_t m, Py_ssize_t n, real *s, Py_ssize_t lds, Py_ssize_t step, real *g,
                           Py_ssize_t ldg, Py_ssize_t apart, real *c, const real *old, Py_ssize_t ldo, real *h,
                           Py_ssize_t ldh) noexcept nogil:
    """Gates and new state of a task from sums s; c: the cell state of an LSTM; old: the state before."""
    if real is float:
        if L.cell == LSTM:
            vf_lstm_step(m, n, L.H, s, lds, step, g, ldg, apart, c, h, ldh)
        elif L.cell == GRU:
            vf_gru_step(m, n, s, lds, step, g, ldg, apart, old, ldo, h, ldh)
        else:
            vf_rnn_step(L.cell == RELU, m, n, s, lds, g, ldg, h, ldh)
    else:
        if L.cell == LSTM:
            vd_lstm_step(m, n, L.H, s, lds, step, g, ldg, apart, c, h, ldh)
        elif L.cell == GRU:
            vd_gru_step(m, n, s, lds, step, g, ldg, apart, old, ldo, h, ldh)
        else:
            vd_rnn_step(L.cell == RELU, m, n, s, lds, g, ldg, h, ldh)


cdef inline void cell_grad(const Layer *L, Py_ssize_t m, Py_ssize_t n, const real *g, Py_ssize_t ldg, Py_ssize_t apart,
                           const real *old, Py_ssize_t ldo, const real *dh, Py_ssize_t ldd, real *past, real *dg,
                           Py_ssize_t ldn, Py_ssize_t far) noexcept nogil:
    """Gradients of the gates of a task; past: the running gradient of an LSTM's cell state or a GRU's state."""
    if real is float:
        if L.cell == LSTM:
            vf_lstm_grad(m, n, L.H, g, ldg, apart, old, ldo, dh, ldd, past, dg, ldn, far)
        elif L.cell == GRU:
            vf_gru_grad(m, n, L.H, g, ldg, apart, old, ldo, dh, ldd, past, dg, ldn, far)
        else:
            vf_rnn_grad(L.cell == RELU, m, n, g, ldg, dh, ldd, dg, ldn)
    else:
        if L.cell == LSTM:
            vd_lstm_grad(m, n, L.H, g, ldg, apart, old, ldo, dh, ldd, past, dg, ldn, far)
        elif L.cell == GRU:
            vd_gru_grad(m, n, L.H, g, ldg, apart, old, ldo, dh, ldd, past, dg, ldn, far)
        else:
            vd_rnn_grad(L.cell == RELU, m, n, g, ldg, dh, ldd, dg, ldn)
