/* Windows of 3x3 pixels, whose channels come last in memory, that slide along one row or two, for float (vf_*) and double
 * (vd_*): this file includes itself once for each. Of the windows of two rows, which overlap, four pixels are new where they
 * slide on, and weights stay in registers: 4 loads for 18 products.
 *
 * x lists the rows of pixels that they read; one above or below the image is NULL and counts as zeros, as do the pixels beside.
 */
#ifndef T
#ifndef CNET_DEPTHWISE_LAST_UKR_H
#define CNET_DEPTHWISE_LAST_UKR_H
#include <stddef.h>
#include "vec.h"

enum {
    SLIDE_ROWS = 2,  /* at most */
    SLIDE_SPAN = 4   /* pixels that windows slide over before other channels of them follow: memory is read and written in order */
};

#define SLIDE_INLINE static inline __attribute__((always_inline))
#define SLIDE_GET(p) (whole ? FN(load)(p) : FN(load_n)(p, m))
#define SLIDE_PUT(p, v)                                                                                                \
    do {                                                                                                               \
        if (whole) FN(store)(p, v);                                                                                    \
        else FN(store_n)(p, v, m);                                                                                     \
    } while (0)
#define SLIDE_EACH(i, n) _Pragma("GCC unroll 4") for (int i = 0; i < (n); i++)

/* CALL(rows, whole, m, c, o, end) for the lanes of C channels from c on of the pixels [o, end). */
#define SLIDE_ALL(CALL)                                                                                                \
    do {                                                                                                               \
        enum { L = FN(lanes) };                                                                                        \
        for (ptrdiff_t o = 0, end; o < W; o = end) {                                                                   \
            ptrdiff_t c = 0;                                                                                           \
            end = o + SLIDE_SPAN < W ? o + SLIDE_SPAN : W;                                                             \
            if (rows == 2)                                                                                             \
                for (; c + L <= C; c += L) CALL(2, 1, L, c, o, end);                                                   \
            else                                                                                                       \
                for (; c + L <= C; c += L) CALL(1, 1, L, c, o, end);                                                   \
            if (c < C && rows == 2) CALL(2, 0, C - c, c, o, end);                                                      \
            else if (c < C) CALL(1, 0, C - c, c, o, end);                                                              \
        }                                                                                                              \
    } while (0)

#define BOTH_TYPES "depthwise_last_ukr.h"
#include "both_types.h"
#endif
#else

/* Where pixel o of row i lies, how far it is to the next one, which is 0 in a row of zeros, and the pixels before it and there. */
SLIDE_INLINE void FN(slide_lines)(const int R, const int whole, long m, ptrdiff_t C, ptrdiff_t c, ptrdiff_t o, const T *const *x,
                                  const T **p, ptrdiff_t *step, V *left, V *mid)
{
    static const T zeros[FN(lanes)];
    SLIDE_EACH(i, R + 2) {
        step[i] = x[i] ? C : 0;
        p[i] = x[i] ? x[i] + o * C + c : zeros;
        left[i] = o ? SLIDE_GET(p[i] - step[i]) : (V){0};
        mid[i] = SLIDE_GET(p[i]);
    }
}

SLIDE_INLINE void FN(slide_lanes)(const int R, const int whole, long m, ptrdiff_t c, ptrdiff_t o, ptrdiff_t end,
                                  ptrdiff_t W, ptrdiff_t C, const T *const *x, const T *w, const T *b, T *y)
{
    const T *p[SLIDE_ROWS + 2];
    ptrdiff_t step[SLIDE_ROWS + 2];
    V f[9], left[SLIDE_ROWS + 2], mid[SLIDE_ROWS + 2], right[SLIDE_ROWS + 2];
    const V bias = b ? SLIDE_GET(b + c) : (V){0};
    FN(slide_lines)(R, whole, m, C, c, o, x, p, step, left, mid);
#pragma GCC unroll 9
    for (int i = 0; i < 9; i++)
        f[i] = SLIDE_GET(w + i * C + c);
    for (; o < end; o++) {
        SLIDE_EACH(i, R + 2) right[i] = o + 1 < W ? SLIDE_GET(p[i] += step[i]) : (V){0};
        SLIDE_EACH(r, R) {
            const V sum = (bias + left[r] * f[0] + mid[r] * f[1] + right[r] * f[2])
                          + (left[r + 1] * f[3] + mid[r + 1] * f[4] + right[r + 1] * f[5])
                          + (left[r + 2] * f[6] + mid[r + 2] * f[7] + right[r + 2] * f[8]);
            SLIDE_PUT(y + (r * W + o) * C + c, sum);
        }
        SLIDE_EACH(i, R + 2) {
            left[i] = mid[i];
            mid[i] = right[i];
        }
    }
}

/* y[rows, W, C] = b[C], or 0 if that is NULL, plus the windows by w[9, C]; 1 or 2 rows, from 3 or 4 of x. */
static inline void FN(slide)(int rows, ptrdiff_t W, ptrdiff_t C, const T *const *x, const T *w, const T *b, T *y)
{
#define CALL(R, whole, m, c, o, end) FN(slide_lanes)(R, whole, m, c, o, end, W, C, x, w, b, y)
    SLIDE_ALL(CALL);
#undef CALL
}

SLIDE_INLINE void FN(slide_dots_lanes)(const int R, const int whole, long m, ptrdiff_t c, ptrdiff_t o, ptrdiff_t end,
                                       ptrdiff_t W, ptrdiff_t C, const T *const *x, const T *g, T *sums)
{
    const T *p[SLIDE_ROWS + 2];
    ptrdiff_t step[SLIDE_ROWS + 2];
    V s[9], left[SLIDE_ROWS + 2], mid[SLIDE_ROWS + 2], right[SLIDE_ROWS + 2];
    FN(slide_lines)(R, whole, m, C, c, o, x, p, step, left, mid);
#pragma GCC unroll 9
    for (int i = 0; i < 9; i++)
        s[i] = o ? SLIDE_GET(sums + i * C + c) : (V){0};
    for (; o < end; o++) {
        SLIDE_EACH(i, R + 2) right[i] = o + 1 < W ? SLIDE_GET(p[i] += step[i]) : (V){0};
        SLIDE_EACH(r, R) {
            const V v = SLIDE_GET(g + (r * W + o) * C + c);
            SLIDE_EACH(i, 3) {
                s[3 * i] += left[r + i] * v;
                s[3 * i + 1] += mid[r + i] * v;
                s[3 * i + 2] += right[r + i] * v;
            }
        }
        SLIDE_EACH(i, R + 2) {
            left[i] = mid[i];
            mid[i] = right[i];
        }
    }
#pragma GCC unroll 9
    for (int i = 0; i < 9; i++)
        SLIDE_PUT(sums + i * C + c, s[i]);
}

/* sums[9, C] = the sums over rows of the windows' pixels by g[rows, W, C]. */
static inline void FN(slide_dots)(int rows, ptrdiff_t W, ptrdiff_t C, const T *const *x, const T *g, T *sums)
{
#define CALL(R, whole, m, c, o, end) FN(slide_dots_lanes)(R, whole, m, c, o, end, W, C, x, g, sums)
    SLIDE_ALL(CALL);
#undef CALL
}
#endif
