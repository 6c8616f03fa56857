/* The transforms of Winograd's F(2x2, 3x3), for float (vf_*) and double (vd_*): this file includes itself once for each.
 *
 * Four results of a 3x3 kernel on a 4x4 tile of pixels take 16 products instead of 36:
 * Y = A' ((G w G') * (B' d B)) A with ' for transposed, * element by element, and
 *
 *   B' = 1  0 -1  0      G = 1    0    0      A' = 1  1  1  0
 *        0  1  1  0          1/2  1/2  1/2         0  1 -1 -1
 *        0 -1  1  0          1/2 -1/2  1/2
 *        0  1  0 -1          0    0    1
 *
 * Vectors run along neighbouring tiles, or neighbouring weights.
 */
#ifndef T
#ifndef CNET_WINOGRAD_UKR_H
#define CNET_WINOGRAD_UKR_H
#include <stddef.h>
#include "vec_pairs.h"

#define BOTH_TYPES "winograd_ukr.h"
#include "both_types.h"
#endif
#else

/* p[xi * step + t] = B' d B for n tiles in a row; row i of the pixels is x + i * pitch, tile t begins at number 2 t of it.
 * Reads and writes whole vectors. */
static void FN(tiles_of_pixels)(ptrdiff_t n, const T *x, ptrdiff_t pitch, T *p, ptrdiff_t step)
{
    for (ptrdiff_t t = 0; t < n; t += FN(lanes)) {
        V r[4][4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            const T *q = x + i * pitch + 2 * t;
            const V a = FN(load)(q), b = FN(load)(q + FN(lanes)), c = FN(load)(q + 2), d = FN(load)(q + 2 + FN(lanes));
            const V d0 = FN(even)(a, b), d1 = FN(odd)(a, b), d2 = FN(even)(c, d), d3 = FN(odd)(c, d);
            r[i][0] = d0 - d2, r[i][1] = d1 + d2, r[i][2] = d2 - d1, r[i][3] = d1 - d3;
        }
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            FN(store)(p + t + j * step, r[0][j] - r[2][j]);
            FN(store)(p + t + (4 + j) * step, r[1][j] + r[2][j]);
            FN(store)(p + t + (8 + j) * step, r[2][j] - r[1][j]);
            FN(store)(p + t + (12 + j) * step, r[1][j] - r[3][j]);
        }
    }
}

/* y[2 t], y[2 t + 1] and y1[2 t], y1[2 t + 1] = A' z A for n tiles, z[xi * step + t]. Reads and writes whole vectors.
 * Returns 0 if all results are finite, else NaN. */
static T FN(pixels_of_tiles)(ptrdiff_t n, const T *z, ptrdiff_t step, T *y, T *y1)
{
    V wrong = {0};
    for (ptrdiff_t t = 0; t < n; t += FN(lanes)) {
        V r[4][2];
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            const T *q = z + 4 * i * step + t;
            const V a = FN(load)(q), b = FN(load)(q + step), c = FN(load)(q + 2 * step), d = FN(load)(q + 3 * step);
            r[i][0] = a + b + c, r[i][1] = b - c - d;
        }
        const V a = r[0][0] + r[1][0] + r[2][0], b = r[0][1] + r[1][1] + r[2][1];
        const V c = r[1][0] - r[2][0] - r[3][0], d = r[1][1] - r[2][1] - r[3][1];
        wrong += ((a + b) + (c + d)) * (V){0};
        FN(store)(y + 2 * t, FN(zip_low)(a, b));
        FN(store)(y + 2 * t + FN(lanes), FN(zip_high)(a, b));
        FN(store)(y1 + 2 * t, FN(zip_low)(c, d));
        FN(store)(y1 + 2 * t + FN(lanes), FN(zip_high)(c, d));
    }
    return FN(sum)(wrong);
}

/* p[xi * step + t] = A g A' for n tiles in a row, tile t being numbers 2 t and 2 t + 1 of the rows g and g + pitch. Reads
 * and writes whole vectors. */
static void FN(tiles_of_grads)(ptrdiff_t n, const T *g, ptrdiff_t pitch, T *p, ptrdiff_t step)
{
    for (ptrdiff_t t = 0; t < n; t += FN(lanes)) {
        V r[2][4];
#pragma GCC unroll 2
        for (int i = 0; i < 2; i++) {
            const V a = FN(load)(g + i * pitch + 2 * t), b = FN(load)(g + i * pitch + 2 * t + FN(lanes));
            const V g0 = FN(even)(a, b), g1 = FN(odd)(a, b);
            r[i][0] = g0, r[i][1] = g0 + g1, r[i][2] = g0 - g1, r[i][3] = -g1;
        }
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            FN(store)(p + t + j * step, r[0][j]);
            FN(store)(p + t + (4 + j) * step, r[0][j] + r[1][j]);
            FN(store)(p + t + (8 + j) * step, r[0][j] - r[1][j]);
            FN(store)(p + t + (12 + j) * step, -r[1][j]);
        }
    }
}

/* u[xi * step + i] = G w G' for n kernels side by side: tap k of kernel i is w[k * width + i], or tap 8 - k if `turned`.
 * Reads and writes whole vectors. */
static void FN(spread_kernels)(ptrdiff_t n, const T *w, ptrdiff_t width, int turned, T *u, ptrdiff_t step)
{
    const V half = FN(set1)((T)0.5);
    for (ptrdiff_t t = 0; t < n; t += FN(lanes)) {
        V r[4][3];
#pragma GCC unroll 3
        for (int j = 0; j < 3; j++) {
            const V a = FN(load)(w + t + (turned ? 8 - j : j) * width), b = FN(load)(w + t + (turned ? 5 - j : 3 + j) * width);
            const V c = FN(load)(w + t + (turned ? 2 - j : 6 + j) * width);
            r[0][j] = a, r[1][j] = (a + b + c) * half, r[2][j] = (a - b + c) * half, r[3][j] = c;
        }
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            FN(store)(u + t + 4 * i * step, r[i][0]);
            FN(store)(u + t + (4 * i + 1) * step, (r[i][0] + r[i][1] + r[i][2]) * half);
            FN(store)(u + t + (4 * i + 2) * step, (r[i][0] - r[i][1] + r[i][2]) * half);
            FN(store)(u + t + (4 * i + 3) * step, r[i][2]);
        }
    }
}

/* w[9 i + k] = tap k of G' u G for n kernels, u[xi * step + i] readable in whole vectors. Returns 0 if all are finite. */
static T FN(gather_kernels)(ptrdiff_t n, const T *u, ptrdiff_t step, T *w)
{
    enum { L = FN(lanes) };
    const V half = FN(set1)((T)0.5);
    V wrong = {0};
    for (ptrdiff_t t = 0; t < n; t += L) {
        V r[4][3], out[9 > L ? 9 : L];
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) {
            const T *q = u + 4 * i * step + t;
            const V a = FN(load)(q), b = FN(load)(q + step), c = FN(load)(q + 2 * step), d = FN(load)(q + 3 * step);
            r[i][0] = a + (b + c) * half, r[i][1] = (b - c) * half, r[i][2] = (b + c) * half + d;
        }
#pragma GCC unroll 3
        for (int j = 0; j < 3; j++) {
            out[j] = r[0][j] + (r[1][j] + r[2][j]) * half;
            out[3 + j] = (r[1][j] - r[2][j]) * half;
            out[6 + j] = (r[1][j] + r[2][j]) * half + r[3][j];
            wrong += (out[j] + out[3 + j] + out[6 + j]) * (V){0};
        }
        const ptrdiff_t m = n - t < L ? n - t : L;
        if (L > 9) {
            for (int k = 9; k < L; k++) out[k] = (V){0};
            FN(transpose)(out);
            for (ptrdiff_t i = 0; i < m; i++) FN(store_n)(w + 9 * (t + i), out[i], 9);
        } else {
            T numbers[9 * L];
            for (int k = 0; k < 9; k++) FN(store)(numbers + k * L, out[k]);
            for (ptrdiff_t i = 0; i < m; i++)
                for (int k = 0; k < 9; k++) w[9 * (t + i) + k] = numbers[k * L + i];
        }
    }
    return FN(sum)(wrong);
}
#endif
