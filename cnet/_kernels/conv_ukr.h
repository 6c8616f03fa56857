/* The innermost loops of convolutions, for float (vf_*) and double (vd_*): this file includes itself once for each.
 *
 * A convolution is a matrix product whose second operand is never made: row k of it, for one channel and one tap of the
 * kernel, is the padded image of that channel seen from b + at[k].
 */
#ifndef T
#ifndef CNET_CONV_UKR_H
#define CNET_CONV_UKR_H
#include "gemm_ukr.h"

/* Neighbouring columns of a tile that are neighbours in the planes, at `source`, and in the result, at `to`. */
typedef struct {
    ptrdiff_t column, length, source, to;
} conv_run;

/* Rows of gradients and taps of one channel whose products are summed in registers at once. */
#if VEC_BYTES == 64
enum { conv_grad_rows = 4 };
#else
enum { conv_grad_rows = 2 };
#endif
enum { conv_grad_taps = 5 };

#define BOTH_TYPES "conv_ukr.h"
#include "both_types.h"
#endif
#else

GEMM_INLINE void FN(taps_sized)(const int m, const int vectors, ptrdiff_t k, const T *a, const T *b, const ptrdiff_t *at,
                                T *c, ptrdiff_t crs)
{
    V s[gemm_mr][2];
#pragma GCC unroll 14
    for (int i = 0; i < m; i++) s[i][0] = s[i][1] = (V){0};
    for (; k > 0; k--, a += gemm_mr, at++) {
        V b0 = FN(load)(b + *at), b1 = vectors == 2 ? FN(load)(b + *at + FN(lanes)) : b0;
#pragma GCC unroll 14
        for (int i = 0; i < m; i++) {
            V x = FN(set1)(a[i]);
            s[i][0] += x * b0;
            if (vectors == 2) s[i][1] += x * b1;
        }
    }
#pragma GCC unroll 14
    for (int i = 0; i < m; i++) {
        FN(store)(c + i * crs, s[i][0]);
        if (vectors == 2) FN(store)(c + i * crs + FN(lanes), s[i][1]);
    }
}

/* c[m, lanes or nr] = sum over k of a[k, m] b[at[k] + column], for a packed gemm_mr wide and m <= gemm_mr. */
static void FN(taps)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a, const T *b, const ptrdiff_t *at, T *c,
                     ptrdiff_t crs)
{
#define CONV_CASE(M)                                                                                                   \
    case M:                                                                                                            \
        if (M > gemm_mr) break;                                                                                        \
        if (n <= FN(lanes)) FN(taps_sized)(M, 1, k, a, b, at, c, crs);                                                 \
        else FN(taps_sized)(M, 2, k, a, b, at, c, crs);                                                                \
        break;
    switch (m) { GEMM_ROWS(CONV_CASE) }
#undef CONV_CASE
}

/* p[k, width] = the runs of b + at[k]. Reads and writes whole vectors; what is written too much is written again. */
static void FN(gather)(ptrdiff_t k, const T *b, const ptrdiff_t *at, ptrdiff_t count, const conv_run *runs, T *p,
                       ptrdiff_t width)
{
    for (; k > 0; k--, at++, p += width)
        for (ptrdiff_t j = 0; j < count; j++)
            for (ptrdiff_t i = 0; i < runs[j].length; i += FN(lanes))
                FN(store)(p + runs[j].column + i, FN(load)(b + *at + runs[j].source + i));
}

GEMM_INLINE void FN(grad_lines_sized)(const int rows, const int taps, ptrdiff_t images, ptrdiff_t step, ptrdiff_t n, const T *g,
                                      ptrdiff_t grs, const T *x, const ptrdiff_t *at, int first, T *w, ptrdiff_t wrs)
{
    V s[conv_grad_rows][conv_grad_taps];
#pragma GCC unroll 5
    for (int k = 0; k < taps; k++)
#pragma GCC unroll 4
        for (int r = 0; r < rows; r++) s[r][k] = (V){0};
    for (; images > 0; images--, g += step, x += step)
        for (ptrdiff_t i = 0; i < n; i += FN(lanes)) {
            V p[conv_grad_rows];
#pragma GCC unroll 4
            for (int r = 0; r < rows; r++)
                p[r] = n - i >= FN(lanes) ? FN(load)(g + r * grs + i) : FN(load_n)(g + r * grs + i, n - i);
#pragma GCC unroll 5
            for (int k = 0; k < taps; k++) {
                const V q = FN(load)(x + at[k] + i);
#pragma GCC unroll 4
                for (int r = 0; r < rows; r++) s[r][k] += p[r] * q;
            }
        }
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++)
#pragma GCC unroll 5
        for (int k = 0; k < taps; k++) w[r * wrs + k] = (first ? 0 : w[r * wrs + k]) + FN(sum)(s[r][k]);
}

/* w[r, k] (+)= the sum over images and i < n of g[r, i] x[at[k] + i] for few rows and taps; x is read in whole vectors, and is
 * a number after the end. Images are `step` apart. */
static void FN(grad_lines)(ptrdiff_t rows, ptrdiff_t taps, ptrdiff_t images, ptrdiff_t step, ptrdiff_t n, const T *g,
                           ptrdiff_t grs, const T *x, const ptrdiff_t *at, int first, T *w, ptrdiff_t wrs)
{
#define CONV_CASE(R, K)                                                                                                \
    case R * 8 + K:                                                                                                    \
        if (R <= conv_grad_rows) FN(grad_lines_sized)(R, K, images, step, n, g, grs, x, at, first, w, wrs);            \
        break;
#define CONV_CASES(R) CONV_CASE(R, 1) CONV_CASE(R, 2) CONV_CASE(R, 3) CONV_CASE(R, 4) CONV_CASE(R, 5)
    switch (rows * 8 + taps) { CONV_CASES(1) CONV_CASES(2) CONV_CASES(3) CONV_CASES(4) }
#undef CONV_CASES
#undef CONV_CASE
}

/* p[n] = `low` zeros, x[count], zeros: two calls of the C library cost more than a short row. */
static inline void FN(pad_row)(ptrdiff_t low, ptrdiff_t count, const T *x, T *p, ptrdiff_t n)
{
    enum { L = FN(lanes) };
    for (ptrdiff_t i = 0; i < low; i += L) FN(store_n)(p + i, (V){0}, low - i < L ? low - i : L);
    for (p += low, n -= low; n > 0; n -= L, count -= L, x += L, p += L) {
        const V v = count >= L ? FN(load)(x) : count > 0 ? FN(load_n)(x, count) : (V){0};
        if (n >= L) FN(store)(p, v);
        else FN(store_n)(p, v, n);
    }
}

/* y[n] = x[n] + bias, both contiguous. */
static inline void FN(copy_add)(ptrdiff_t n, const T *x, T bias, T *y)
{
    const V b = FN(set1)(bias);
    for (; n >= FN(lanes); n -= FN(lanes), x += FN(lanes), y += FN(lanes)) FN(store)(y, FN(load)(x) + b);
    if (n) FN(store_n)(y, FN(load_n)(x, n) + b, n);
}
#endif
