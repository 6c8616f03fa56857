/* Windows of 3x3 pixels, whose channels come last in memory, that slide along a row, for float (vf_*) and double (vd_*): this
 * file includes itself once for each. Of the nine pixels of a window three are new, and weights stay in registers: 3 loads for
 * 9 products.
 */
#ifndef T
#ifndef CNET_DEPTHWISE_LAST_UKR_H
#define CNET_DEPTHWISE_LAST_UKR_H
#include <stddef.h>
#include "vec.h"

#define SLIDE_INLINE static inline __attribute__((always_inline))
#define SLIDE_GET(p) (whole ? FN(load)(p) : FN(load_n)(p, m))
#define SLIDE_NEXT(i) (o + 1 < W ? SLIDE_GET(x##i + (o + 1) * C) : (V){0})

#define BOTH_TYPES "depthwise_last_ukr.h"
#include "both_types.h"
#endif
#else

SLIDE_INLINE void FN(slide_lanes)(const int whole, ptrdiff_t m, ptrdiff_t W, ptrdiff_t C, const T *x0, const T *x1, const T *x2,
                                  const T *w, const T *b, T *y)
{
    const V w0 = SLIDE_GET(w), w1 = SLIDE_GET(w + C), w2 = SLIDE_GET(w + 2 * C), w3 = SLIDE_GET(w + 3 * C),
            w4 = SLIDE_GET(w + 4 * C), w5 = SLIDE_GET(w + 5 * C), w6 = SLIDE_GET(w + 6 * C),
            w7 = SLIDE_GET(w + 7 * C), w8 = SLIDE_GET(w + 8 * C);
    const V bias = b ? SLIDE_GET(b) : (V){0};
    V left0 = (V){0}, left1 = left0, left2 = left0, mid0 = SLIDE_GET(x0), mid1 = SLIDE_GET(x1), mid2 = SLIDE_GET(x2);
    for (ptrdiff_t o = 0; o < W; o++) {
        const V right0 = SLIDE_NEXT(0), right1 = SLIDE_NEXT(1), right2 = SLIDE_NEXT(2);
        const V sum = (bias + left0 * w0 + mid0 * w1 + right0 * w2) + (left1 * w3 + mid1 * w4 + right1 * w5)
                      + (left2 * w6 + mid2 * w7 + right2 * w8);
        if (whole) FN(store)(y + o * C, sum);
        else FN(store_n)(y + o * C, sum, m);
        left0 = mid0, left1 = mid1, left2 = mid2;
        mid0 = right0, mid1 = right1, mid2 = right2;
    }
}

/* y[W, C] = b[C], or 0 if that is NULL, plus the windows of three rows [W, C] of pixels, with zeros beside them, by w[9, C]. */
static inline void FN(slide)(ptrdiff_t W, ptrdiff_t C, const T *x0, const T *x1, const T *x2, const T *w, const T *b, T *y)
{
    ptrdiff_t c = 0;
    for (; c + FN(lanes) <= C; c += FN(lanes))
        FN(slide_lanes)(1, FN(lanes), W, C, x0 + c, x1 + c, x2 + c, w + c, b ? b + c : b, y + c);
    if (c < C) FN(slide_lanes)(0, C - c, W, C, x0 + c, x1 + c, x2 + c, w + c, b ? b + c : b, y + c);
}

SLIDE_INLINE void FN(slide_dots_lanes)(const int whole, ptrdiff_t m, ptrdiff_t W, ptrdiff_t C, const T *x0, const T *x1,
                                       const T *x2, const T *g, T *sums)
{
    V left0 = (V){0}, left1 = left0, left2 = left0, mid0 = SLIDE_GET(x0), mid1 = SLIDE_GET(x1), mid2 = SLIDE_GET(x2);
    V s0 = left0, s1 = left0, s2 = left0, s3 = left0, s4 = left0, s5 = left0, s6 = left0, s7 = left0, s8 = left0;
    for (ptrdiff_t o = 0; o < W; o++) {
        const V right0 = SLIDE_NEXT(0), right1 = SLIDE_NEXT(1), right2 = SLIDE_NEXT(2), v = SLIDE_GET(g + o * C);
        s0 += left0 * v, s1 += mid0 * v, s2 += right0 * v;
        s3 += left1 * v, s4 += mid1 * v, s5 += right1 * v;
        s6 += left2 * v, s7 += mid2 * v, s8 += right2 * v;
        left0 = mid0, left1 = mid1, left2 = mid2;
        mid0 = right0, mid1 = right1, mid2 = right2;
    }
    const V s[9] = {s0, s1, s2, s3, s4, s5, s6, s7, s8};
#pragma GCC unroll 9
    for (int t = 0; t < 9; t++)
        if (whole) FN(store)(sums + t * C, s[t]);
        else FN(store_n)(sums + t * C, s[t], m);
}

/* sums[9, C] = the sums over a row of the windows' pixels by g[W, C]. */
static inline void FN(slide_dots)(ptrdiff_t W, ptrdiff_t C, const T *x0, const T *x1, const T *x2, const T *g, T *sums)
{
    ptrdiff_t c = 0;
    for (; c + FN(lanes) <= C; c += FN(lanes))
        FN(slide_dots_lanes)(1, FN(lanes), W, C, x0 + c, x1 + c, x2 + c, g + c, sums + c);
    if (c < C) FN(slide_dots_lanes)(0, C - c, W, C, x0 + c, x1 + c, x2 + c, g + c, sums + c);
}
#endif
