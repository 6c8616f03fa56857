/* Means of windows of a few pixels, whose channels come last in memory, for float (vf_*) and double (vd_*): this file includes
 * itself once for each.
 */
#ifndef T
#ifndef CNET_POOL_PIXELS_UKR_H
#define CNET_POOL_PIXELS_UKR_H
#include <stddef.h>
#include "vec.h"

/* A window's numbers of pixels along the dimensions, and how many numbers there are from one plane or row of pixels to the next. */
typedef struct { ptrdiff_t depth, height, width, plane, line; } pool_box;

#define BOTH_TYPES "pool_pixels_ukr.h"
#include "both_types.h"
#endif
#else

static inline __attribute__((always_inline)) void FN(box_lanes)(const int whole, const int K, long m, const pool_box *w,
                                                                 ptrdiff_t C, const T *x, T scale, T count, T *y)
{
    V s[4];
#pragma GCC unroll 4
    for (int k = 0; k < K; k++)
        s[k] = (V){0};
    for (ptrdiff_t i = 0; i < w->depth; i++)
        for (ptrdiff_t j = 0; j < w->height; j++) {
            const T *p = x + i * w->plane + j * w->line;
            for (ptrdiff_t l = 0; l < w->width; l++, p += C)
#pragma GCC unroll 4
                for (int k = 0; k < K; k++)
                    s[k] += whole ? FN(load)(p + k * FN(lanes)) : FN(load_n)(p, m);
        }
#pragma GCC unroll 4
    for (int k = 0; k < K; k++) {
        s[k] = scale ? s[k] * scale : s[k] / count;
        if (whole) FN(store)(y + k * FN(lanes), s[k]);
        else FN(store_n)(y, s[k], m);
    }
}

/* y[C] = the sum of a window whose first pixel is x, divided by `count`. */
static inline void FN(box_mean)(const pool_box *w, ptrdiff_t C, const T *x, T count, T *y)
{
    /* By a power of two a product is the same as a quotient and takes a sixteenth of its time. */
    const T scale = count > 0 && count < (1 << 20) && ((int)count & ((int)count - 1)) == 0 && count == (int)count ? 1 / count : 0;
    enum { L = FN(lanes) };
    ptrdiff_t c = 0;
    for (; c + 4 * L <= C; c += 4 * L) FN(box_lanes)(1, 4, L, w, C, x + c, scale, count, y + c);
    for (; c + L <= C; c += L) FN(box_lanes)(1, 1, L, w, C, x + c, scale, count, y + c);
    if (c < C) FN(box_lanes)(0, 1, C - c, w, C, x + c, scale, count, y + c);
}
#endif
