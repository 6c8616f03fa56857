/* Steps of recurrent layers for float (vf_*) and double (vd_*): this file includes itself once for each.
 *
 * Letters: m rows (sequences) and n columns (hidden units) of one task; H hidden units in all. A row of g holds the gates
 * side by side, H columns each:
 *     LSTM    i  f  u  o  c          u: the candidate, c: the new cell state, kept for backward
 *     GRU     n  r  z  v             v: the hidden part of n, before r scales it
 *     RNN     h
 * g points at the first of the n columns, and a gate's columns are at g + gate * apart: H, or n where the rows of a task lie
 * together. The sums that a step starts from are at s + gate * step, in rows lds apart: in a table of the task's own, or in
 * g. Where g is NULL, nothing is kept.
 */
#ifndef T
#ifndef CNET_RNN_H
#define CNET_RNN_H
#include <string.h>
#include "flush.h"
#include "gates.h"
#include "gemm_ukr.h"

/* Part of a sum over k: n columns of a from a, and as many rows of b from b. */
typedef struct { ptrdiff_t a, b, n; } rnn_run;

#define BOTH_TYPES "rnn.h"
#include "both_types.h"
#endif
#else

GEMM_INLINE V FN(get)(const T *p, ptrdiff_t w) { return w == FN(lanes) ? FN(load)(p) : FN(load_n)(p, w); }
GEMM_INLINE void FN(put)(T *p, V x, ptrdiff_t w)
{
    if (w == FN(lanes)) FN(store)(p, x);
    else FN(store_n)(p, x, w);
}
#define RNN_EACH for (ptrdiff_t j = 0, w; j < n && (w = n - j < FN(lanes) ? n - j : FN(lanes)); j += FN(lanes))

/* c[q * cs + j] += sum over k of x[k] w[q, k, j] for `gates` panels of nr columns, one row: all panels advance together, and
 * one panel alone in four phases, so that eight sums hide the latency of a multiplication. */
GEMM_INLINE void FN(row_sized)(const int gates, const int phases, ptrdiff_t n, ptrdiff_t k, const T *x, const T *w, T *c,
                               const ptrdiff_t *cs)
{
    enum { NR = FN(nr), L = FN(lanes) };
    V s[4][2];
    const ptrdiff_t panel = k * NR;
#pragma GCC unroll 4
    for (int i = 0; i < gates * phases; i++) s[i][0] = s[i][1] = (V){0};
    for (; k >= phases; k -= phases, x += phases, w += phases * NR)
#pragma GCC unroll 4
        for (int i = 0; i < phases; i++) {
            V a = FN(set1)(x[i]);
#pragma GCC unroll 4
            for (int q = 0; q < gates; q++) {
                const T *p = w + q * panel + i * NR;
                s[q * phases + i][0] += a * FN(load)(p);
                s[q * phases + i][1] += a * FN(load)(p + L);
            }
        }
    for (; k > 0; k--, x++, w += NR)
#pragma GCC unroll 4
        for (int q = 0; q < gates; q++) {
            V a = FN(set1)(x[0]);
            s[q * phases][0] += a * FN(load)(w + q * panel);
            s[q * phases][1] += a * FN(load)(w + q * panel + L);
        }
#pragma GCC unroll 4
    for (int q = 0; q < gates; q++)
#pragma GCC unroll 2
        for (int v = 0; v < 2; v++) {
            V x = s[q * phases][v];
            for (int i = 1; i < phases; i++) x += s[q * phases + i][v];
            ptrdiff_t in = n - v * L < L ? n - v * L : L;
            if (in > 0) FN(put)(c + cs[q] + v * L, x + FN(get)(c + cs[q] + v * L, in), in);
        }
}

/* c[m, cs[q] + j] += a[m, k] w[q, k, j] for `gates` panels of nr columns, of which n count. One row of several panels is added
 * up as in a tile; single: the row may be added up in another order. */
static void FN(add_products)(int gates, int single, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t lda,
                             const T *w, T *c, ptrdiff_t ldc, const ptrdiff_t *cs)
{
    if (m != 1 || (gates == 1 && !single)) {
        const ptrdiff_t tiles = (m + gemm_mr - 1) / gemm_mr, h = (m + tiles - 1) / tiles;
        for (int q = 0; q < gates; q++, w += k * FN(nr))
            for (ptrdiff_t i = 0; i < m; i += h) {
                T *at = c + i * ldc + cs[q];
                FN(tile)(m - i < h ? m - i : h, n, k, a + i * lda, lda, 1, w, FN(nr), at, ldc, 1, at, ldc);
            }
    } else if (gates == 1) FN(row_sized)(1, 4, n, k, a, w, c, cs);
    else if (gates == 3) FN(row_sized)(3, 1, n, k, a, w, c, cs);
    else FN(row_sized)(4, 1, n, k, a, w, c, cs);
}

/* c[m, n] = (if fresh) or += the sum over runs of a b, for m rows of a, nr numbers apart. b is read in whole vectors. */
GEMM_INLINE void FN(runs_sized)(const int m, const int vectors, const rnn_run *r, ptrdiff_t runs, ptrdiff_t n, const T *a,
                                const T *b, ptrdiff_t brs, int fresh, T *c, ptrdiff_t ldc)
{
    enum { NR = FN(nr), L = FN(lanes) };
    V s[gemm_mr][2];
#pragma GCC unroll 14
    for (int i = 0; i < m; i++) s[i][0] = s[i][1] = (V){0};
    for (; runs > 0; runs--, r++) {
        const T *p = a + r->a, *q = b + r->b, *next = a + r[runs > 1].a;
        for (ptrdiff_t k = r->n; k > 0; k--, p++, q += brs, next += 64 / sizeof(T)) {
            V b0 = FN(load)(q), b1 = vectors == 2 ? FN(load)(q + L) : b0;
            __builtin_prefetch(q + 8 * brs);
            if (vectors == 2 && VEC_BYTES == 64) __builtin_prefetch(q + 8 * brs + L);
            __builtin_prefetch(next);
#pragma GCC unroll 14
            for (int i = 0; i < m; i++) {
                V x = FN(set1)(p[i * NR]);
                s[i][0] += x * b0;
                if (vectors == 2) s[i][1] += x * b1;
            }
        }
    }
    if (n == vectors * L) {
#pragma GCC unroll 14
        for (int i = 0; i < m; i++)
#pragma GCC unroll 2
            for (int v = 0; v < vectors; v++) {
                T *at = c + i * ldc + v * L;
                FN(store)(at, fresh ? s[i][v] : s[i][v] + FN(load)(at));
            }
    } else {
        T sums[gemm_mr * NR];
#pragma GCC unroll 14
        for (int i = 0; i < m; i++) {
            FN(store)(sums + i * NR, s[i][0]);
            if (vectors == 2) FN(store)(sums + i * NR + L, s[i][1]);
        }
        FN(tile_edge)(sums, NR, fresh ? NULL : c, ldc, 1, c, ldc, m, n);
    }
}

/* The same for one row of a and all columns at once; several phases where their sums are too few to hide the latency of a
 * multiplication. */
GEMM_INLINE void FN(runs_row)(const int vectors, const int phases, const rnn_run *r, ptrdiff_t runs, ptrdiff_t n, const T *a,
                              const T *b, ptrdiff_t brs, int fresh, T *c)
{
    enum { L = FN(lanes) };
    const FN(mask) last = FN(first)(n - (vectors - 1) * L);
    V s[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) s[i] = (V){0};
    for (; runs > 0; runs--, r++) {
        const T *p = a + r->a, *q = b + r->b;
        ptrdiff_t k = r->n;
        for (; k >= phases; k -= phases, p += phases)
#pragma GCC unroll 4
            for (int i = 0; i < phases; i++, q += brs) {
                V x = FN(set1)(p[i]);
#pragma GCC unroll 8
                for (int v = 0; v < vectors; v++)
                    s[i * vectors + v] += x * (vec_masks && v + 1 == vectors ? FN(load_m)(q + v * L, last) : FN(load)(q + v * L));
            }
        for (; k > 0; k--, p++, q += brs) {
            V x = FN(set1)(p[0]);
#pragma GCC unroll 8
            for (int v = 0; v < vectors; v++)
                s[v] += x * (vec_masks && v + 1 == vectors ? FN(load_m)(q + v * L, last) : FN(load)(q + v * L));
        }
    }
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) {
        V x = s[v];
        const ptrdiff_t w = v + 1 < vectors ? L : n - v * L;
        for (int i = 1; i < phases; i++) x += s[i * vectors + v];
        FN(put)(c + v * L, fresh ? x : x + FN(get)(c + v * L, w), w);
    }
}

/* The same for any m; single: for m = 1 and any n, added up in another order. It reads b as it is, unless it lies in panels:
 * brs == nr. */
static void FN(add_runs)(const rnn_run *r, ptrdiff_t runs, int single, ptrdiff_t m, ptrdiff_t n, const T *a, const T *b,
                         ptrdiff_t brs, int fresh, T *c, ptrdiff_t ldc)
{
    const ptrdiff_t tiles = (m + gemm_mr - 1) / gemm_mr, h = (m + tiles - 1) / tiles, zero = 0;
#define RNN_CASE(VECTORS, PHASES)                                                                                      \
    case VECTORS:                                                                                                      \
        FN(runs_row)(VECTORS, PHASES, r, runs, n, a, b, brs, fresh, c);                                                \
        break;
    if (single && n <= 8 * FN(lanes) && (vec_masks || n % FN(lanes) == 0)) switch ((n + FN(lanes) - 1) / FN(lanes)) {
        RNN_CASE(1, 4) RNN_CASE(2, 4) RNN_CASE(3, 2) RNN_CASE(4, 2) RNN_CASE(5, 1) RNN_CASE(6, 1) RNN_CASE(7, 1) RNN_CASE(8, 1)
    }
#undef RNN_CASE
    else if (single) {
        if (fresh) memset(c, 0, n * sizeof(T));
        for (; runs > 0; runs--, r++) {
            const T *p = a + r->a, *q = b + r->b;
            ptrdiff_t k = r->n;
            if (brs == FN(nr) && n <= brs) {
                FN(row_sized)(1, 4, n, k, p, q, c, &zero);
                continue;
            }
            for (; k >= 4; k -= 4, p += 4, q += 4 * brs) FN(axpy_sized)(1, 4, n, p, 0, 1, q, brs, c, 0);
            for (; k > 0; k--, p++, q += brs) FN(axpy_sized)(1, 1, n, p, 0, 1, q, brs, c, 0);
        }
    } else for (; m > 0; m -= h, a += h * FN(nr), c += h * ldc)
#define RNN_CASE(M)                                                                                                    \
    case M:                                                                                                            \
        if (M > gemm_mr) break;                                                                                        \
        if (n <= FN(lanes)) FN(runs_sized)(M, 1, r, runs, n, a, b, brs, fresh, c, ldc);                                \
        else FN(runs_sized)(M, 2, r, runs, n, a, b, brs, fresh, c, ldc);                                               \
        break;
        switch (m < h ? m : h) { GEMM_ROWS(RNN_CASE) }
#undef RNN_CASE
}

/* c[cs[q] + j] += sum over k of x[k] w[q * step + j * ld + k] for j < n: one row, with weights as they are. */
static void FN(add_dots)(int gates, ptrdiff_t n, ptrdiff_t k, const T *x, const T *w, ptrdiff_t ld, ptrdiff_t step, T *c,
                         const ptrdiff_t *cs)
{
    for (int q = 0; q < gates; q++, w += step) {
        ptrdiff_t j = 0;
        T *at = c + cs[q];
        for (; n - j >= FN(lanes); j += FN(lanes)) FN(store)(at + j, FN(load)(at + j) + FN(dot_rows)(k, x, w + j * ld, ld));
        for (; j < n; j += 4) FN(dots)(1, n - j < 4 ? n - j : 4, k, x, 0, w + j * ld, ld, at + j, 0, 1, at + j, 0);
    }
}

/* Gates from their sums, the cell state c, which the new one replaces, and the output h. */
static void FN(lstm_step)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t H, T *s, ptrdiff_t lds, ptrdiff_t step, T *g, ptrdiff_t ldg,
                          ptrdiff_t apart, T *c, T *h, ptrdiff_t ldh)
{
    for (ptrdiff_t r = 0; r < m; r++)
        RNN_EACH {
            T *p = s + r * lds + j, *d = g + r * ldg + j;
            V i = FN(gate)(FN(get)(p, w)), f = FN(gate)(FN(get)(p + step, w));
            V u = FN(gate_tanh)(FN(get)(p + 2 * step, w)), o = FN(gate)(FN(get)(p + 3 * step, w));
            V cell = f * FN(get)(c + r * H + j, w) + i * u;
            FN(put)(p + 3 * step, o, w);
            FN(put)(c + r * H + j, cell, w);
            if (g) {
                FN(put)(d, i, w);
                FN(put)(d + apart, f, w);
                FN(put)(d + 2 * apart, u, w);
                FN(put)(d + 3 * apart, o, w);
                FN(put)(d + 4 * apart, cell, w);
            }
        }
    /* Apart, so that the chain of dependent operations of one vector is short enough for several to overlap. */
    for (; m > 0; m--, s += lds, c += H, h += ldh)
        RNN_EACH FN(put)(h + j, FN(get)(s + 3 * step + j, w) * FN(gate_tanh)(FN(get)(c + j, w)), w);
}

/* dg, its gates far apart, from the gradient dh of the output; dc is that of the new cell state and becomes that of the old
 * one, c. */
static void FN(lstm_grad)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t H, const T *g, ptrdiff_t ldg, ptrdiff_t apart,
                          const T *c, ptrdiff_t ldc, const T *dh, ptrdiff_t ldd, T *dc, T *dg, ptrdiff_t ldo,
                          ptrdiff_t far)
{
    for (; m > 0; m--, g += ldg, c += ldc, dh += ldd, dc += H, dg += ldo)
        RNN_EACH {
            const T *p = g + j;
            T *d = dg + j;
            V i = FN(get)(p, w), f = FN(get)(p + apart, w), u = FN(get)(p + 2 * apart, w), o = FN(get)(p + 3 * apart, w);
            V t = FN(gate_tanh)(FN(get)(p + 4 * apart, w)), dy = FN(get)(dh + j, w);
            V e = FN(get)(dc + j, w) + dy * o * ((T)1 - t * t);
            FN(put)(d, e * u * (i * ((T)1 - i)), w);
            FN(put)(d + far, e * FN(get)(c + j, w) * (f * ((T)1 - f)), w);
            FN(put)(d + 2 * far, e * i * ((T)1 - u * u), w);
            FN(put)(d + 3 * far, dy * t * (o * ((T)1 - o)), w);
            FN(put)(dc + j, e * f, w);
        }
}

/* Gates from their sums, and the new state h from the old one, q. */
static void FN(gru_step)(ptrdiff_t m, ptrdiff_t n, const T *s, ptrdiff_t lds, ptrdiff_t step, T *g,
                         ptrdiff_t ldg, ptrdiff_t apart, const T *q, ptrdiff_t ldq, T *h, ptrdiff_t ldh)
{
    for (ptrdiff_t i = 0; i < m; i++, s += lds, q += ldq, h += ldh)
        RNN_EACH {
            const T *p = s + j;
            T *d = g + i * ldg + j;
            V r = FN(gate)(FN(get)(p + step, w)), z = FN(gate)(FN(get)(p + 2 * step, w)), v = FN(get)(p + 3 * step, w);
            V u = FN(gate_tanh)(FN(get)(p, w) + r * v);
            if (g) {
                FN(put)(d, u, w);
                FN(put)(d + apart, r, w);
                FN(put)(d + 2 * apart, z, w);
                FN(put)(d + 3 * apart, v, w);
            }
            FN(put)(h + j, u + z * (FN(get)(q + j, w) - u), w);
        }
}

/* dg from the gradient dh of the new state; what passes on to the old state q unchanged is left in `past`. */
static void FN(gru_grad)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t H, const T *g, ptrdiff_t ldg, ptrdiff_t apart,
                         const T *q, ptrdiff_t ldq, const T *dh, ptrdiff_t ldd, T *past, T *dg, ptrdiff_t ldo,
                         ptrdiff_t far)
{
    for (; m > 0; m--, g += ldg, q += ldq, dh += ldd, past += H, dg += ldo)
        RNN_EACH {
            const T *p = g + j;
            T *d = dg + j;
            V u = FN(get)(p, w), r = FN(get)(p + apart, w), z = FN(get)(p + 2 * apart, w), v = FN(get)(p + 3 * apart, w);
            V e = FN(get)(dh + j, w), du = e * ((T)1 - z) * ((T)1 - u * u);
            FN(put)(d, du, w);
            FN(put)(d + far, du * v * (r * ((T)1 - r)), w);
            FN(put)(d + 2 * far, e * (FN(get)(q + j, w) - u) * (z * ((T)1 - z)), w);
            FN(put)(d + 3 * far, du * r, w);
            FN(put)(past + j, e * z, w);
        }
}

static void FN(rnn_step)(int relu, ptrdiff_t m, ptrdiff_t n, const T *s, ptrdiff_t lds, T *g, ptrdiff_t ldg, T *h, ptrdiff_t ldh)
{
    for (ptrdiff_t i = 0; i < m; i++, s += lds, h += ldh)
        RNN_EACH {
            V x = FN(get)(s + j, w);
            x = relu ? FN(max)((V){0}, x) : FN(gate_tanh)(x);
            if (g) FN(put)(g + i * ldg + j, x, w);
            FN(put)(h + j, x, w);
        }
}

static void FN(rnn_grad)(int relu, ptrdiff_t m, ptrdiff_t n, const T *g, ptrdiff_t ldg, const T *dh, ptrdiff_t ldd, T *dg,
                         ptrdiff_t ldo)
{
    for (; m > 0; m--, g += ldg, dh += ldd, dg += ldo)
        RNN_EACH {
            V h = FN(get)(g + j, w), e = FN(get)(dh + j, w);
            FN(put)(dg + j, relu ? FN(sel)(h > (V){0}, e, (V){0}) : e * ((T)1 - h * h), w);
        }
}
#undef RNN_EACH
#endif
