/* The innermost loops of depthwise convolutions, for float (vf_*) and double (vd_*): this file includes itself once for
 * each. One channel is one padded plane; a tap of the kernel sees it from b + at[k].
 */
#ifndef T
#ifndef CNET_DEPTHWISE_UKR_H
#define CNET_DEPTHWISE_UKR_H
#include <stddef.h>
#include "vec_pairs.h"

#define DEPTH_INLINE static inline __attribute__((always_inline))

#define BOTH_TYPES "depthwise_ukr.h"
#include "both_types.h"
#endif
#else

DEPTH_INLINE void FN(line_sized)(const int vectors, ptrdiff_t k, const T *w, const T *b, const ptrdiff_t *at, V bias, T *y)
{
    V s[8];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) s[v] = bias;
    for (ptrdiff_t q = 0; q < k; q++) {
        const V x = FN(set1)(w[q]);
        const T *p = b + at[q];
#pragma GCC unroll 8
        for (int v = 0; v < vectors; v++) s[v] += x * FN(load)(p + v * FN(lanes));
    }
#pragma GCC unroll 8
    for (int v = 0; v < vectors; v++) FN(store)(y + v * FN(lanes), s[v]);
}

/* y[i] = bias + sum over k of w[k] b[at[k] + i] for i < n, in whole vectors: y and b have room for one more. */
static void FN(line)(ptrdiff_t n, ptrdiff_t k, const T *w, const T *b, const ptrdiff_t *at, T bias, T *y)
{
    const V start = FN(set1)(bias);
    ptrdiff_t i = 0;
    for (; i + 7 * FN(lanes) < n; i += 8 * FN(lanes)) FN(line_sized)(8, k, w, b + i, at, start, y + i);
    for (; i + 3 * FN(lanes) < n; i += 4 * FN(lanes)) FN(line_sized)(4, k, w, b + i, at, start, y + i);
    for (; i < n; i += FN(lanes)) FN(line_sized)(1, k, w, b + i, at, start, y + i);
}

DEPTH_INLINE void FN(dot_lines_sized)(const int taps, ptrdiff_t n, const T *g, const T *b, const ptrdiff_t *at, double *sums)
{
    V s[9];
    const T *p[9];
#pragma GCC unroll 9
    for (int k = 0; k < taps; k++) s[k] = (V){0}, p[k] = b + at[k];
    for (ptrdiff_t i = 0; i < n; i += FN(lanes)) {
        const V x = FN(load)(g + i);
#pragma GCC unroll 9
        for (int k = 0; k < taps; k++) s[k] += x * FN(load)(p[k] + i);
    }
#pragma GCC unroll 9
    for (int k = 0; k < taps; k++) sums[k] += FN(sum)(s[k]);
}

/* sums[k] += sum over i < n of g[i] b[at[k] + i], in whole vectors: g is 0 after its end, and b is a number there. */
static void FN(dot_lines)(ptrdiff_t n, ptrdiff_t k, const T *g, const T *b, const ptrdiff_t *at, double *sums)
{
    for (; k >= 9; k -= 9, at += 9, sums += 9) FN(dot_lines_sized)(9, n, g, b, at, sums);
    for (; k >= 3; k -= 3, at += 3, sums += 3) FN(dot_lines_sized)(3, n, g, b, at, sums);
    for (; k > 0; k--, at++, sums++) FN(dot_lines_sized)(1, n, g, b, at, sums);
}

static inline void FN(copy_line)(ptrdiff_t n, const T *x, T *y)
{
    for (; n >= FN(lanes); n -= FN(lanes), x += FN(lanes), y += FN(lanes)) FN(store)(y, FN(load)(x));
    if (n > 0) FN(store_n)(y, FN(load_n)(x, n), n);
}

/* even[i] = x[2 i] and odd[i] = x[2 i + 1] for the n numbers of x. */
static inline void FN(split_line)(ptrdiff_t n, const T *x, T *even, T *odd)
{
    enum { L = FN(lanes) };
    for (; n >= 2 * L; n -= 2 * L, x += 2 * L, even += L, odd += L) {
        const V a = FN(load)(x), b = FN(load)(x + L);
        FN(store)(even, FN(even)(a, b));
        FN(store)(odd, FN(odd)(a, b));
    }
    if (n > 0) {
        const V a = FN(load_n)(x, n < L ? n : L), b = n > L ? FN(load_n)(x + L, n - L) : a;
        FN(store_n)(even, FN(even)(a, b), (n + 1) / 2);
        FN(store_n)(odd, FN(odd)(a, b), n / 2);
    }
}

/* y[2 i] = a[i] and y[2 i + 1] = b[i] for the n numbers of y; a and b are readable in whole vectors. */
static inline void FN(merge_line)(ptrdiff_t n, const T *a, const T *b, T *y)
{
    enum { L = FN(lanes) };
    for (; n >= 2 * L; n -= 2 * L, a += L, b += L, y += 2 * L) {
        const V p = FN(load)(a), q = FN(load)(b);
        FN(store)(y, FN(zip_low)(p, q));
        FN(store)(y + L, FN(zip_high)(p, q));
    }
    if (n > 0) {
        const V p = FN(load)(a), q = FN(load)(b);
        FN(store_n)(y, FN(zip_low)(p, q), n < L ? n : L);
        if (n > L) FN(store_n)(y + L, FN(zip_high)(p, q), n - L);
    }
}
#endif
