/* The innermost loops of convolutions with channels in the lanes of vectors, for float (vf_*) and double (vd_*): this file
 * includes itself once for each.
 *
 * A tile is some neighbouring pixels of one, two or four rows of the result by one or two vectors of its channels. For each channel
 * and tap of the source the weights are one or two vectors, and each pixel is one number, wherever it lies: strides, dilation
 * and the ends of rows cost nothing. The price is a transposition of the sums.
 */
#ifndef T
#ifndef CNET_DIRECT_UKR_H
#define CNET_DIRECT_UKR_H
#include "gemm_ukr.h"

/* Sums of a tile, as in gemm_ukr.h. */
enum { direct_sums = 2 * gemm_mr };

#define BOTH_TYPES "direct_ukr.h"
#include "both_types.h"
#endif
#else

GEMM_INLINE void FN(pixels_sized)(const int rows, const int w, const int vectors, const ptrdiff_t step, ptrdiff_t k,
                                  const T *const *x, const ptrdiff_t *at, const T *u, const T *bias, T *c, ptrdiff_t crs,
                                  ptrdiff_t down)
{
    enum { L = FN(lanes) };
    const T *r0 = x[0], *r1 = rows > 1 ? x[1] : r0, *r2 = rows > 2 ? x[2] : r0, *r3 = rows > 2 ? x[3] : r0;
    V s[direct_sums][2];
#pragma GCC unroll 28
    for (int i = 0; i < rows * w; i++) {
        s[i][0] = bias ? FN(load)(bias) : (V){0};
        if (vectors == 2) s[i][1] = bias ? FN(load)(bias + L) : (V){0};
    }
    for (; k > 0; k--, at++, u += vectors * L) {
        const ptrdiff_t here = *at;
        const V u0 = FN(load)(u), u1 = vectors == 2 ? FN(load)(u + L) : u0;
#pragma GCC unroll 28
        for (int i = 0; i < rows * w; i++) {
            const T *p = i < w ? r0 : i < 2 * w ? r1 : i < 3 * w ? r2 : r3;
            const V a = FN(set1)(p[here + i % w * step]);
            s[i][0] += a * u0;
            if (vectors == 2) s[i][1] += a * u1;
        }
    }
#pragma GCC unroll 28
    for (int i = 0; i < rows * w; i++) {
        T *to = c + i / w * down + i % w * crs;
        FN(store)(to, bias ? s[i][0] : FN(load)(to) + s[i][0]);
        if (vectors == 2) FN(store)(to + L, bias ? s[i][1] : FN(load)(to + L) + s[i][1]);
    }
}

GEMM_INLINE void FN(pixels_step)(const ptrdiff_t step, int rows, int w, int vectors, ptrdiff_t k, const T *const *x,
                                 const ptrdiff_t *at, const T *u, const T *bias, T *c, ptrdiff_t crs, ptrdiff_t down)
{
#define DIRECT_TILE(R, W, N)                                                                                           \
    case N * 8 + R:                                                                                                    \
        if (R * W * N <= direct_sums)                                                                                  \
            FN(pixels_sized)(R, R * W * N <= direct_sums ? W : 1, N, step, k, x, at, u, bias, c, crs, down);           \
        break;
#define DIRECT_CASE(W)                                                                                                 \
    case W:                                                                                                            \
        switch (vectors * 8 + rows) {                                                                                  \
            DIRECT_TILE(1, W, 1) DIRECT_TILE(2, W, 1) DIRECT_TILE(4, W, 1)                                             \
            DIRECT_TILE(1, W, 2) DIRECT_TILE(2, W, 2) DIRECT_TILE(4, W, 2)                                             \
        }                                                                                                              \
        break;
    switch (w) { GEMM_ROWS(DIRECT_CASE) }
#undef DIRECT_CASE
#undef DIRECT_TILE
}

/* c[row * down + i * crs] (+)= the sum over k of x[row][at[k] + i * step] u[k] for 1, 2 or 4 rows and i < w, where u[k] and c[..]
 * are one or two vectors. It starts with the bias unless that is NULL. */
static void FN(pixels)(int rows, int w, int vectors, ptrdiff_t step, ptrdiff_t k, const T *const *x, const ptrdiff_t *at,
                       const T *u, const T *bias, T *c, ptrdiff_t crs, ptrdiff_t down)
{
    if (step == 1) FN(pixels_step)(1, rows, w, vectors, k, x, at, u, bias, c, crs, down);
    else if (step == 2) FN(pixels_step)(2, rows, w, vectors, k, x, at, u, bias, c, crs, down);
    else FN(pixels_step)(step, rows, w, vectors, k, x, at, u, bias, c, crs, down);
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
