/* The innermost loops of convolutions with channels in the lanes of vectors, for float (vf_*) and double (vd_*): this file
 * includes itself once for each.
 *
 * A tile is some neighbouring pixels of one or two rows of the result by one or two vectors of its channels. For each channel
 * and tap of the source the weights are one or two vectors, and each pixel is one number, wherever it lies: strides, dilation
 * and the ends of rows cost nothing. The price is a transposition of the sums.
 */
#ifndef T
#ifndef CNET_DIRECT_UKR_H
#define CNET_DIRECT_UKR_H
#include "gemm_ukr.h"

/* Sums of a tile, as in gemm_ukr.h. */
enum { direct_sums = 2 * gemm_mr };

#define T float
#define V vf
#define FN(name) vf_##name
#include "direct_ukr.h"
#undef T
#undef V
#undef FN
#define T double
#define V vd
#define FN(name) vd_##name
#include "direct_ukr.h"
#undef T
#undef V
#undef FN
#endif
#else

GEMM_INLINE void FN(pixels_sized)(const int rows, const int w, const int vectors, const ptrdiff_t step, ptrdiff_t k, const T *x,
                                  const T *next, const ptrdiff_t *at, const T *u, const T *bias, T *c, ptrdiff_t crs, ptrdiff_t down)
{
    enum { L = FN(lanes) };
    V s[direct_sums][2];
#pragma GCC unroll 28
    for (int i = 0; i < rows * w; i++) {
        const T *d = bias ? bias : i < w ? c + i * crs : c + down + (i - w) * crs;
        s[i][0] = FN(load)(d);
        if (vectors == 2) s[i][1] = FN(load)(d + L);
    }
    for (; k > 0; k--, at++, u += vectors * L) {
        const T *p = x + *at, *q = next + *at;
        const V u0 = FN(load)(u), u1 = vectors == 2 ? FN(load)(u + L) : u0;
#pragma GCC unroll 28
        for (int i = 0; i < rows * w; i++) {
            const V a = FN(set1)(i < w ? p[i * step] : q[(i - w) * step]);
            s[i][0] += a * u0;
            if (vectors == 2) s[i][1] += a * u1;
        }
    }
#pragma GCC unroll 28
    for (int i = 0; i < rows * w; i++) {
        T *to = i < w ? c + i * crs : c + down + (i - w) * crs;
        FN(store)(to, s[i][0]);
        if (vectors == 2) FN(store)(to + L, s[i][1]);
    }
}

GEMM_INLINE void FN(pixels_step)(const ptrdiff_t step, int rows, int w, int vectors, ptrdiff_t k, const T *x, const T *next,
                                 const ptrdiff_t *at, const T *u, const T *bias, T *c, ptrdiff_t crs, ptrdiff_t down)
{
#define DIRECT_TILE(R, W, N)                                                                                           \
    if (R * W * N <= direct_sums)                                                                                      \
        FN(pixels_sized)(R, R * W * N <= direct_sums ? W : 1, N, step, k, x, next, at, u, bias, c, crs, down)
#define DIRECT_CASE(W)                                                                                                 \
    case W:                                                                                                            \
        if (rows == 1 && vectors == 2) { DIRECT_TILE(1, W, 2); }                                                       \
        else if (vectors == 2) { DIRECT_TILE(2, W, 2); }                                                               \
        else if (rows == 1) { DIRECT_TILE(1, W, 1); }                                                                  \
        else { DIRECT_TILE(2, W, 1); }                                                                                 \
        break;
    switch (w) { GEMM_ROWS(DIRECT_CASE) }
#undef DIRECT_CASE
#undef DIRECT_TILE
}

/* c[i] (+)= the sum over k of x[at[k] + i * step] u[k] for i < w and vectors u[k] and c[i], which lie crs apart; it starts with the
 * bias unless that is NULL. A second row, if `rows` is 2, is read from `next` and written `down` further. */
static void FN(pixels)(int rows, int w, int vectors, ptrdiff_t step, ptrdiff_t k, const T *x, const T *next, const ptrdiff_t *at,
                       const T *u, const T *bias, T *c, ptrdiff_t crs, ptrdiff_t down)
{
    if (step == 1) FN(pixels_step)(1, rows, w, vectors, k, x, next, at, u, bias, c, crs, down);
    else if (step == 2) FN(pixels_step)(2, rows, w, vectors, k, x, next, at, u, bias, c, crs, down);
    else FN(pixels_step)(step, rows, w, vectors, k, x, next, at, u, bias, c, crs, down);
}

/* y[channel * step + pixel] = c[pixel, width] for n pixels of m channels; c may be read up to whole vectors. */
static void FN(put_pixels)(ptrdiff_t n, ptrdiff_t m, const T *c, ptrdiff_t width, T *y, ptrdiff_t step)
{
    enum { L = FN(lanes) };
    for (ptrdiff_t i = 0; i < n; i += L)
        for (ptrdiff_t j = 0; j < m; j += L) {
            const ptrdiff_t pixels = n - i < L ? n - i : L, channels = m - j < L ? m - j : L;
            V r[L];
#pragma GCC unroll 16
            for (int q = 0; q < L; q++) r[q] = q < pixels ? FN(load)(c + (i + q) * width + j) : (V){0};
            FN(transpose)(r);
            if (channels == L && pixels == L)
#pragma GCC unroll 16
                for (int q = 0; q < L; q++) FN(store)(y + (j + q) * step + i, r[q]);
            else if (channels == L)
#pragma GCC unroll 16
                for (int q = 0; q < L; q++) FN(store_n)(y + (j + q) * step + i, r[q], pixels);
            else
                for (ptrdiff_t q = 0; q < channels; q++) FN(store_n)(y + (j + q) * step + i, r[q], pixels);
        }
}

/* y[n] = x[n], both contiguous. */
static inline void FN(copy_row)(ptrdiff_t n, const T *x, T *y)
{
    for (; n >= FN(lanes); n -= FN(lanes), x += FN(lanes), y += FN(lanes)) FN(store)(y, FN(load)(x));
    if (n > 0) FN(store_n)(y, FN(load_n)(x, n), n);
}
#endif
