/* Windows of 3x3 pixels, whose channels come last in memory, that slide along one row of results or two by one pixel or two, for
 * float (vf_*) and double (vd_*): this file includes itself once for each. Of the windows of two rows, which overlap, four
 * pixels are new where they slide on by one, and weights stay in registers: 4 loads for 18 products.
 *
 * x lists the rows of pixels that they read; one above or below the image is NULL and counts as zeros, as do the pixels beside.
 */
#ifndef T
#ifndef CNET_DEPTHWISE_LAST_UKR_H
#define CNET_DEPTHWISE_LAST_UKR_H
#include <stddef.h>
#include "vec.h"

enum {
    SLIDE_ROWS = 2,   /* of results, at most */
    SLIDE_LINES = 5,  /* of pixels for so many */
    /* Results before other channels of them follow: memory is read and written nearly in order. Narrow vectors load weights
     * more often, for which more results have to pay. */
    SLIDE_SPAN = 256 / VEC_BYTES,
    SLIDE_AHEAD = 8   /* results from here to those whose memory is asked for: 8 MB in 0.80 instead of 0.93 ms */
};

#define SLIDE_INLINE static inline __attribute__((always_inline))
#define SLIDE_GET(p) (whole ? FN(load)(p) : FN(load_n)(p, m))
#define SLIDE_PUT(p, v)                                                                                                \
    do {                                                                                                               \
        if (whole) FN(store)(p, v);                                                                                    \
        else FN(store_n)(p, v, m);                                                                                     \
    } while (0)
#define SLIDE_EACH(i, n) _Pragma("GCC unroll 9") for (int i = 0; i < (n); i++)
#define SLIDE_READ(R, S) (((R) - 1) * (S) + 3)  /* rows of pixels */

/* CALL(rows, whole, m, c, o, end) for the lanes of C channels from c on of the results [o, end) of n. */
#define SLIDE_ALL(n, CALL)                                                                                             \
    do {                                                                                                               \
        enum { L = FN(lanes) };                                                                                        \
        for (ptrdiff_t o = 0, end; o < (n); o = end) {                                                                 \
            ptrdiff_t c = 0;                                                                                           \
            end = o + SLIDE_SPAN < (n) ? o + SLIDE_SPAN : (n);                                                         \
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

/* A window where it is: where the pixels in its middle column lie, how far it is to the next ones, which is 0 in a row of zeros, and
 * its columns. */
typedef struct {
    const T *p[SLIDE_LINES];
    ptrdiff_t step[SLIDE_LINES];
    V left[SLIDE_LINES], mid[SLIDE_LINES], right[SLIDE_LINES];
} FN(window);

/* The window of result o. */
SLIDE_INLINE void FN(slide_start)(FN(window) *a, const int R, const int S, const int whole, long m, ptrdiff_t C, ptrdiff_t c,
                                  ptrdiff_t o, const T *const *x)
{
    static const T zeros[FN(lanes)];
    SLIDE_EACH(i, SLIDE_READ(R, S)) {
        a->step[i] = x[i] ? C : 0;
        a->p[i] = x[i] ? x[i] + o * S * C + c : zeros;
        a->left[i] = o ? SLIDE_GET(a->p[i] - a->step[i]) : (V){0};
        if (S == 1) a->mid[i] = SLIDE_GET(a->p[i]);
    }
}

/* The columns that are new for result o. */
SLIDE_INLINE void FN(slide_read)(FN(window) *a, const int R, const int S, const int whole, long m, ptrdiff_t o, ptrdiff_t W)
{
    SLIDE_EACH(i, SLIDE_READ(R, S)) {
        if (S == 2) a->mid[i] = SLIDE_GET(a->p[i]);
        a->right[i] = o * S + 1 < W ? SLIDE_GET(a->p[i] + a->step[i]) : (V){0};
    }
}

SLIDE_INLINE void FN(slide_on)(FN(window) *a, const int R, const int S)
{
    SLIDE_EACH(i, SLIDE_READ(R, S)) {
        a->p[i] += S * a->step[i];
        a->left[i] = S == 1 ? a->mid[i] : a->right[i];
        a->mid[i] = a->right[i];
    }
}

SLIDE_INLINE void FN(slide_lanes)(const int R, const int S, const int whole, long m, ptrdiff_t c, ptrdiff_t o, ptrdiff_t end,
                                  ptrdiff_t W, ptrdiff_t out, ptrdiff_t C, const T *const *x, const T *w, const T *b, T *y)
{
    FN(window) a;
    V f[9];
    const V bias = b ? SLIDE_GET(b + c) : (V){0};
    SLIDE_EACH(i, 9) f[i] = SLIDE_GET(w + i * C + c);
    FN(slide_start)(&a, R, S, whole, m, C, c, o, x);
    for (; o < end; o++) {
        FN(slide_read)(&a, R, S, whole, m, o, W);
        SLIDE_EACH(r, R) {
            const V sum = (bias + a.left[r * S] * f[0] + a.mid[r * S] * f[1] + a.right[r * S] * f[2])
                          + (a.left[r * S + 1] * f[3] + a.mid[r * S + 1] * f[4] + a.right[r * S + 1] * f[5])
                          + (a.left[r * S + 2] * f[6] + a.mid[r * S + 2] * f[7] + a.right[r * S + 2] * f[8]);
            SLIDE_PUT(y + (r * out + o) * C + c, sum);
            __builtin_prefetch(y + (r * out + o + SLIDE_AHEAD) * C + c, 1);
        }
        FN(slide_on)(&a, R, S);
    }
}

/* y[rows, out, C] = b[C], or 0 if that is NULL, plus the windows by w[9, C]; 1 or 2 rows, from rows of W pixels. */
static inline void FN(slide)(int rows, int stride, ptrdiff_t W, ptrdiff_t out, ptrdiff_t C, const T *const *x, const T *w,
                             const T *b, T *y)
{
#define CALL(R, whole, m, c, o, end) FN(slide_lanes)(R, 1, whole, m, c, o, end, W, out, C, x, w, b, y)
    if (stride == 1) SLIDE_ALL(out, CALL);
#undef CALL
#define CALL(R, whole, m, c, o, end) FN(slide_lanes)(R, 2, whole, m, c, o, end, W, out, C, x, w, b, y)
    if (stride == 2) SLIDE_ALL(out, CALL);
#undef CALL
}

SLIDE_INLINE void FN(slide_dots_lanes)(const int R, const int S, const int whole, long m, ptrdiff_t c, ptrdiff_t o,
                                       ptrdiff_t end, ptrdiff_t W, ptrdiff_t out, ptrdiff_t C, const T *const *x, const T *g,
                                       T *sums)
{
    FN(window) a;
    V s[9];
    SLIDE_EACH(i, 9) s[i] = o ? SLIDE_GET(sums + i * C + c) : (V){0};
    FN(slide_start)(&a, R, S, whole, m, C, c, o, x);
    for (; o < end; o++) {
        FN(slide_read)(&a, R, S, whole, m, o, W);
        SLIDE_EACH(r, R) {
            const V v = SLIDE_GET(g + (r * out + o) * C + c);
            SLIDE_EACH(i, 3) {
                s[3 * i] += a.left[r * S + i] * v;
                s[3 * i + 1] += a.mid[r * S + i] * v;
                s[3 * i + 2] += a.right[r * S + i] * v;
            }
        }
        FN(slide_on)(&a, R, S);
    }
    SLIDE_EACH(i, 9) SLIDE_PUT(sums + i * C + c, s[i]);
}

/* sums[9, C] = the sums over rows of the windows' pixels by g[rows, out, C]. */
static inline void FN(slide_dots)(int rows, int stride, ptrdiff_t W, ptrdiff_t out, ptrdiff_t C, const T *const *x, const T *g,
                                  T *sums)
{
#define CALL(R, whole, m, c, o, end) FN(slide_dots_lanes)(R, 1, whole, m, c, o, end, W, out, C, x, g, sums)
    if (stride == 1) SLIDE_ALL(out, CALL);
#undef CALL
#define CALL(R, whole, m, c, o, end) FN(slide_dots_lanes)(R, 2, whole, m, c, o, end, W, out, C, x, g, sums)
    if (stride == 2) SLIDE_ALL(out, CALL);
#undef CALL
}

SLIDE_INLINE void FN(spread_lanes)(const int R, const int whole, long m, ptrdiff_t c, ptrdiff_t o, ptrdiff_t end, ptrdiff_t W,
                                   ptrdiff_t out, ptrdiff_t C, const T *const *g, const T *w, const T *b, T *x)
{
    static const T zeros[FN(lanes)];
    V f[9];
    const V bias = b ? SLIDE_GET(b + c) : (V){0};
    const T *p = g[0] ? g[0] + o * C + c : zeros, *q = g[1] ? g[1] + o * C + c : zeros;
    const ptrdiff_t step = g[0] ? C : 0, below = g[1] ? C : 0;
    V s = SLIDE_GET(p), t = SLIDE_GET(q);
    SLIDE_EACH(i, 9) f[i] = SLIDE_GET(w + i * C + c);
    for (T *to = x + 2 * o * C + c; o < end; o++, to += 2 * C) {
        const V u = o + 1 < out ? SLIDE_GET(p += step) : (V){0}, v = o + 1 < out ? SLIDE_GET(q += below) : (V){0};
        const int both = 2 * o + 1 < W;
        SLIDE_PUT(to, bias + s * f[4]);
        if (both) SLIDE_PUT(to + C, bias + s * f[5] + u * f[3]);
        if (R == 2) {
            SLIDE_PUT(to + W * C, bias + s * f[7] + t * f[1]);
            if (both) SLIDE_PUT(to + (W + 1) * C, (bias + s * f[8] + u * f[6]) + (t * f[2] + v * f[0]));
        }
        s = u, t = v;
    }
}

/* x[rows, W, C] = b[C], or 0 if that is NULL, plus what windows that slid along them by two pixels, beginning one above the first
 * row, give back of two rows g of their results by w[9, C]; rows as above. */
static inline void FN(slide_spread)(int rows, ptrdiff_t W, ptrdiff_t out, ptrdiff_t C, const T *const *g, const T *w, const T *b,
                                    T *x)
{
#define CALL(R, whole, m, c, o, end) FN(spread_lanes)(R, whole, m, c, o, end, W, out, C, g, w, b, x)
    SLIDE_ALL(out, CALL);
#undef CALL
}
#endif
