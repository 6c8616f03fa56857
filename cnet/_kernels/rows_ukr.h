/* The innermost loop of convolutions by rows, for float (vf_*) and double (vd_*): this file includes itself once for each. */
#ifndef T
#ifndef CNET_ROWS_UKR_H
#define CNET_ROWS_UKR_H
#include "gemm_ukr.h"

/* A vector of neighbouring pixels of a row: where the first tap of the first channel sees it, where its results go, and how many
 * of its numbers are results. */
typedef struct {
    const void *from;
    void *to;
    ptrdiff_t n;
} rows_piece;

#define BOTH_TYPES "rows_ukr.h"
#include "both_types.h"
#endif
#else

GEMM_INLINE void FN(pieces_sized)(const int m, const int count, ptrdiff_t channels, ptrdiff_t taps, ptrdiff_t low, ptrdiff_t high,
                                  const T *a, const ptrdiff_t *at, const rows_piece *x, const T *bias, ptrdiff_t step)
{
    const T *p0 = x[0].from, *p1 = count > 1 ? x[1].from : p0, *p2 = count > 2 ? x[2].from : p0, *p3 = count > 2 ? x[3].from : p0;
    V s[gemm_mr][4];
#pragma GCC unroll 14
    for (int i = 0; i < m; i++)
#pragma GCC unroll 4
        for (int j = 0; j < count; j++) s[i][j] = bias ? FN(set1)(bias[i]) : (V){0};
    a += low * gemm_mr, at += low;
    for (; channels > 0; channels--, a += (taps - high + low) * gemm_mr, at += taps - high + low)
        for (ptrdiff_t k = low; k < high; k++, a += gemm_mr, at++) {
            V b[4];
#pragma GCC unroll 4
            for (int j = 0; j < count; j++) b[j] = FN(load)((j == 0 ? p0 : j == 1 ? p1 : j == 2 ? p2 : p3) + *at);
#pragma GCC unroll 14
            for (int i = 0; i < m; i++) {
                const V w = FN(set1)(a[i]);
#pragma GCC unroll 4
                for (int j = 0; j < count; j++) s[i][j] += w * b[j];
            }
        }
#pragma GCC unroll 4
    for (int j = 0; j < count; j++) {
        T *to = x[j].to;
        if (x[j].n == FN(lanes))
#pragma GCC unroll 14
            for (int i = 0; i < m; i++) FN(store)(to + i * step, s[i][j]);
        else
#pragma GCC unroll 14
            for (int i = 0; i < m; i++) FN(store_n)(to + i * step, s[i][j], x[j].n);
    }
}

/* to[channel * step + pixel] = bias[channel] + the sum over channels of the source and taps low <= k < high of a[k, channel]
 * from[at[k] + pixel], for m <= gemm_mr channels, a packed gemm_mr wide, and 1, 2 or 4 pieces whose sums fit in registers; pixels
 * are read in whole vectors. */
static void FN(pieces)(ptrdiff_t m, ptrdiff_t count, ptrdiff_t channels, ptrdiff_t taps, ptrdiff_t low, ptrdiff_t high, const T *a,
                       const ptrdiff_t *at, const rows_piece *x, const T *bias, ptrdiff_t step)
{
#define ROWS_FIT(M, N) (M <= gemm_mr && M * N <= 2 * gemm_mr)
#define ROWS_TILE(M, N)                                                                                                \
    case N:                                                                                                            \
        if (ROWS_FIT(M, N))                                                                                            \
            FN(pieces_sized)(ROWS_FIT(M, N) ? M : 1, N, channels, taps, low, high, a, at, x, bias, step);              \
        break;
#define ROWS_CASE(M)                                                                                                   \
    case M:                                                                                                            \
        switch (count) { ROWS_TILE(M, 1) ROWS_TILE(M, 2) ROWS_TILE(M, 4) }                                             \
        break;
    switch (m) { GEMM_ROWS(ROWS_CASE) }
#undef ROWS_CASE
#undef ROWS_TILE
#undef ROWS_FIT
}
#endif
