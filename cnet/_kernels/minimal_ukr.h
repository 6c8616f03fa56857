/* The transforms of minimal filtering with channels in the lanes of vectors, for float (vf_*) and double (vd_*): this file
 * includes itself once for each.
 *
 * Along each axis a tile is of one kind, a row of minimal_kinds (d are its pixels, w the taps, z the products):
 *
 *   0: one tap: a result is the product of a pixel
 *   1: three taps: two results of four pixels take four products instead of six
 *        numbers d0 - d2, d1 + d2, d2 - d1, d1 - d3    factors w0, (w0 + w1 + w2) / 2, (w0 - w1 + w2) / 2, w2
 *        results z0 + z1 + z2, z1 - z2 - z3
 *   2: three taps with stride 2: two results of five pixels take five
 *        numbers d0 - d2, d2, d4 - d2, d1, d3          factors w0, w0 + w2, w2, w1, and w1 again
 *        results z0 + z1 + z3, z1 + z2 + z4
 *   3: its input gradient, taps backwards: four results of three pixels take five instead of six
 *        numbers d0 - d1, d1, d2 - d1, d0, and d1 again      the same factors
 *        results z3, z0 + z1, z4, z1 + z2
 *   4: four taps with stride 2, even and odd ones as the even ones of 2: two results of six pixels take six instead of eight
 *        numbers d0 - d2, d2, d4 - d2, d1 - d3, d3, d5 - d3  factors w0, w0 + w2, w2, w1, w1 + w3, w3
 *        results z0 + z1 + z3 + z4, z1 + z2 + z4 + z5
 *   5: its input gradient, taps backwards: four results of four pixels take six instead of eight
 *        numbers d0 - d1, d1, d1 - d2, that again, d2, d3 - d2     the same factors
 *        results z0 + z1, z3 + z4, z1 - z2, z4 + z5
 *
 * A weight gradient is the adjoint: numbers of gradients by the transposed map of results, taps by that of factors.
 */
#ifndef T
#ifndef CNET_MINIMAL_UKR_H
#define CNET_MINIMAL_UKR_H
#include "direct_ukr.h"

enum minimal_map { minimal_pixels, minimal_results, minimal_grads, minimal_factors, minimal_taps };

/* How many of each a tile has, pixels and gradients being those that it sees of either operand; the next tile is `step` pixels
 * further. Product z is that of number[z] and factor[z], or of number[z] and grad[z]. */
struct minimal_kind {
    int taps, pixels, step, numbers, products, factors, gives, grads;
    int number[6], factor[6], grad[6];
};
static const struct minimal_kind minimal_kinds[] = {
    {1, 1, 1, 1, 1, 1, 1, 1, {0}, {0}, {0}},
    {3, 4, 2, 4, 4, 4, 2, 4, {0, 1, 2, 3}, {0, 1, 2, 3}, {0, 1, 2, 3}},
    {3, 5, 4, 5, 5, 4, 2, 3, {0, 1, 2, 3, 4}, {0, 1, 2, 3, 3}, {0, 1, 2, 0, 2}},
    {3, 3, 2, 4, 5, 4, 4, 0, {0, 1, 2, 3, 1}, {0, 1, 2, 3, 3}, {0}},
    {4, 6, 4, 6, 6, 6, 2, 3, {0, 1, 2, 3, 4, 5}, {0, 1, 2, 3, 4, 5}, {0, 1, 2, 0, 1, 2}},
    {4, 4, 2, 5, 6, 6, 4, 0, {0, 1, 2, 2, 3, 4}, {0, 1, 2, 3, 4, 5}, {0}},
};

/* Calls F(height's kind, width's kind, ...) with constants. */
#define MINIMAL_FORMS(F, ...)                                                                                          \
    do {                                                                                                               \
        switch (kx) {                                                                                                  \
        case 1: MINIMAL_FORM(F, 1, __VA_ARGS__); break;                                                                \
        case 2: MINIMAL_FORM(F, 2, __VA_ARGS__); break;                                                                \
        case 3: MINIMAL_FORM(F, 3, __VA_ARGS__); break;                                                                \
        case 4: MINIMAL_FORM(F, 4, __VA_ARGS__); break;                                                                \
        default: MINIMAL_FORM(F, 5, __VA_ARGS__);                                                                      \
        }                                                                                                              \
    } while (0)
#define MINIMAL_FORM(F, kind, ...)                                                                                     \
    if (ky) F(kind, kind, __VA_ARGS__);                                                                                \
    else F(0, kind, __VA_ARGS__)

#define BOTH_TYPES "minimal_ukr.h"
#include "both_types.h"
#endif
#else

GEMM_INLINE void FN(map)(const enum minimal_map map, const int kind, const V *a, V *b)
{
    const V half = FN(set1)((T)0.5);
    if (kind == 0) b[0] = a[0];
    else if (map == minimal_pixels) {
        if (kind == 1) b[0] = a[0] - a[2], b[1] = a[1] + a[2], b[2] = a[2] - a[1], b[3] = a[1] - a[3];
        else if (kind == 2) b[0] = a[0] - a[2], b[1] = a[2], b[2] = a[4] - a[2], b[3] = a[1], b[4] = a[3];
        else if (kind == 3) b[0] = a[0] - a[1], b[1] = a[1], b[2] = a[2] - a[1], b[3] = a[0];
        else if (kind == 4)
            b[0] = a[0] - a[2], b[1] = a[2], b[2] = a[4] - a[2], b[3] = a[1] - a[3], b[4] = a[3], b[5] = a[5] - a[3];
        else b[0] = a[0] - a[1], b[1] = a[1], b[2] = a[1] - a[2], b[3] = a[2], b[4] = a[3] - a[2];
    } else if (map == minimal_results) {
        if (kind == 1) b[0] = a[0] + a[1] + a[2], b[1] = a[1] - a[2] - a[3];
        else if (kind == 2) b[0] = a[0] + a[1] + a[3], b[1] = a[1] + a[2] + a[4];
        else if (kind == 3) b[0] = a[3], b[1] = a[0] + a[1], b[2] = a[4], b[3] = a[1] + a[2];
        else if (kind == 4) b[0] = a[0] + a[1] + a[3] + a[4], b[1] = a[1] + a[2] + a[4] + a[5];
        else b[0] = a[0] + a[1], b[1] = a[3] + a[4], b[2] = a[1] - a[2], b[3] = a[4] + a[5];
    } else if (map == minimal_grads) {
        if (kind == 1) b[0] = a[0], b[1] = a[0] + a[1], b[2] = a[0] - a[1], b[3] = -a[1];
        else b[0] = a[0], b[1] = a[0] + a[1], b[2] = a[1];
    } else if (map == minimal_factors) {
        if (kind == 1) b[0] = a[0], b[1] = (a[0] + a[1] + a[2]) * half, b[2] = (a[0] - a[1] + a[2]) * half, b[3] = a[2];
        else if (kind < 4) b[0] = a[0], b[1] = a[0] + a[2], b[2] = a[2], b[3] = a[1];
        else b[0] = a[0], b[1] = a[0] + a[2], b[2] = a[2], b[3] = a[1], b[4] = a[1] + a[3], b[5] = a[3];
    } else {
        if (kind == 1) b[0] = a[0] + (a[1] + a[2]) * half, b[1] = (a[1] - a[2]) * half, b[2] = (a[1] + a[2]) * half + a[3];
        else if (kind < 4) b[0] = a[0] + a[1], b[1] = a[3], b[2] = a[1] + a[2];
        else b[0] = a[0] + a[1], b[1] = a[3] + a[4], b[2] = a[1] + a[2], b[3] = a[4] + a[5];
    }
}

/* b = the map of a[height, width] along both axes; `lines` of b are made. */
GEMM_INLINE void FN(map_both)(const enum minimal_map map, const int ky, const int kx, const int height, const int width,
                              const int lines, V a[6][6], V b[6][6])
{
    V columns[6][6];
#pragma GCC unroll 6
    for (int x = 0; x < width; x++) {
        V from[6], to[6];
#pragma GCC unroll 6
        for (int y = 0; y < height; y++) from[y] = a[y][x];
        FN(map)(map, ky, from, to);
#pragma GCC unroll 6
        for (int y = 0; y < lines; y++) columns[y][x] = to[y];
    }
#pragma GCC unroll 6
    for (int y = 0; y < lines; y++) FN(map)(map, kx, columns[y], b[y]);
}

GEMM_INLINE void FN(spread_form)(const int ky, const int kx, const enum minimal_map map, ptrdiff_t n, const T *x, ptrdiff_t pitch,
                                 T *p, ptrdiff_t row, ptrdiff_t step)
{
    const struct minimal_kind v = minimal_kinds[ky], h = minimal_kinds[kx];
    const int grads = map == minimal_grads, height = grads ? v.gives : v.pixels, width = grads ? h.gives : h.pixels;
    const int down = grads ? v.grads : v.numbers, each = grads ? h.grads : h.numbers;
    for (; n > 0; n--, x += (grads ? h.gives : h.step) * FN(lanes), p += row) {
        V a[6][6], b[6][6];
#pragma GCC unroll 6
        for (int i = 0; i < height; i++)
#pragma GCC unroll 6
            for (int j = 0; j < width; j++) a[i][j] = FN(load)(x + (i * pitch + j) * FN(lanes));
        FN(map_both)(map, ky, kx, height, width, down, a, b);
#pragma GCC unroll 6
        for (int i = 0; i < down; i++)
#pragma GCC unroll 6
            for (int j = 0; j < each; j++) FN(store)(p + (i * each + j) * step, b[i][j]);
    }
}

/* p[xi * step + t * row] = number xi of tile t < n, of pixels or of gradients; a pixel of x is a vector, a line `pitch` of them. */
static void FN(spread_tiles)(int ky, int kx, int grads, ptrdiff_t n, const T *x, ptrdiff_t pitch, T *p, ptrdiff_t row,
                             ptrdiff_t step)
{
    if (grads) MINIMAL_FORMS(FN(spread_form), minimal_grads, n, x, pitch, p, row, step);
    else MINIMAL_FORMS(FN(spread_form), minimal_pixels, n, x, pitch, p, row, step);
}

GEMM_INLINE void FN(gather_form)(const int ky, const int kx, ptrdiff_t n, const T *z, ptrdiff_t row, ptrdiff_t step, V bias, T *y,
                                 ptrdiff_t before, ptrdiff_t width, ptrdiff_t begin, ptrdiff_t end, V *wrong)
{
    const struct minimal_kind v = minimal_kinds[ky], h = minimal_kinds[kx];
    for (ptrdiff_t t = 0; t < n; t++, z += row) {
        V a[6][6], b[6][6];
#pragma GCC unroll 6
        for (int i = 0; i < v.products; i++)
#pragma GCC unroll 6
            for (int j = 0; j < h.products; j++) a[i][j] = FN(load)(z + (i * h.products + j) * step);
        FN(map_both)(minimal_results, ky, kx, v.products, h.products, v.gives, a, b);
#pragma GCC unroll 6
        for (int i = 0; i < v.gives; i++)
#pragma GCC unroll 6
            for (int j = 0; j < h.gives; j++) {
                const ptrdiff_t at = h.gives * t + j - before;
                *wrong += b[i][j] * (V){0};
                if (begin <= i && i < end && 0 <= at && at < width) FN(store)(y + (i * width + at) * FN(lanes), b[i][j] + bias);
            }
    }
}

/* y[line, pixel] = the results of n tiles in a row plus bias, a vector of channels each, without `before` pixels and those from
 * `width` on; lines `begin` to `end` of the tiles are made. Returns 0 if all numbers are finite, else NaN. */
static T FN(gather_tiles)(int ky, int kx, ptrdiff_t n, const T *z, ptrdiff_t row, ptrdiff_t step, const T *bias, T *y,
                          ptrdiff_t before, ptrdiff_t width, ptrdiff_t begin, ptrdiff_t end)
{
    V wrong = {0};
    MINIMAL_FORMS(FN(gather_form), n, z, row, step, FN(load)(bias), y, before, width, begin, end, &wrong);
    return FN(sum)(wrong);
}

GEMM_INLINE void FN(factors_form)(const int ky, const int kx, const T *w, ptrdiff_t width, int turned, T *u, ptrdiff_t step)
{
    const int height = minimal_kinds[ky].taps, across = minimal_kinds[kx].taps;
    const int down = minimal_kinds[ky].factors, each = minimal_kinds[kx].factors;
    for (ptrdiff_t v = 0; v < width; v += FN(lanes)) {
        V a[6][6], b[6][6];
#pragma GCC unroll 6
        for (int i = 0; i < height; i++)
#pragma GCC unroll 6
            for (int j = 0; j < across; j++) {
                const int k = i * across + j;
                a[i][j] = FN(load)(w + v + (turned ? height * across - 1 - k : k) * width);
            }
        FN(map_both)(minimal_factors, ky, kx, height, across, down, a, b);
#pragma GCC unroll 6
        for (int i = 0; i < down; i++)
#pragma GCC unroll 6
            for (int j = 0; j < each; j++) FN(store)(u + v + (i * each + j) * step, b[i][j]);
    }
}

/* u[f * step] = the factors of the taps w[k], both `width` numbers wide; `turned` reads the taps backwards. */
static void FN(factors_of_taps)(int ky, int kx, const T *w, ptrdiff_t width, int turned, T *u, ptrdiff_t step)
{
    MINIMAL_FORMS(FN(factors_form), w, width, turned, u, step);
}

GEMM_INLINE void FN(taps_form)(const int ky, const int kx, const T *u, ptrdiff_t step, ptrdiff_t slices, ptrdiff_t slice, T *w,
                               V *wrong)
{
    const int height = minimal_kinds[ky].taps, across = minimal_kinds[kx].taps;
    const int down = minimal_kinds[ky].factors, each = minimal_kinds[kx].factors;
    V a[6][6], b[6][6];
#pragma GCC unroll 6
    for (int i = 0; i < down; i++)
#pragma GCC unroll 6
        for (int j = 0; j < each; j++) {
            const T *p = u + (i * each + j) * step;
            a[i][j] = FN(load)(p);
            for (ptrdiff_t k = 1; k < slices; k++) a[i][j] += FN(load)(p + k * slice);
        }
    FN(map_both)(minimal_taps, ky, kx, down, each, height, a, b);
#pragma GCC unroll 6
    for (int i = 0; i < height; i++)
#pragma GCC unroll 6
        for (int j = 0; j < across; j++) {
            *wrong += b[i][j] * (V){0};
            FN(store)(w + (i * across + j) * FN(lanes), b[i][j]);
        }
}

/* w[k] = the taps of a vector of sums u[k * slice + f * step] over k < slices. Returns 0 if all are finite, else NaN. */
static T FN(taps_of_factors)(int ky, int kx, const T *u, ptrdiff_t step, ptrdiff_t slices, ptrdiff_t slice, T *w)
{
    V wrong = {0};
    MINIMAL_FORMS(FN(taps_form), u, step, slices, slice, w, &wrong);
    return FN(sum)(wrong);
}

/* p[i / width * pitch + i % width] = a vector of pixel i < n of m channels, x[channel * plane + i], and zeros. */
static void FN(turn_pixels)(ptrdiff_t n, ptrdiff_t m, const T *x, ptrdiff_t plane, ptrdiff_t width, T *p, ptrdiff_t pitch)
{
    enum { L = FN(lanes) };
    ptrdiff_t column = 0;
    for (ptrdiff_t i = 0; i < n; i += L) {
        const ptrdiff_t count = n - i < L ? n - i : L;
        V r[L];
        if (m >= L && count == L)
#pragma GCC unroll 16
            for (int c = 0; c < L; c++) r[c] = FN(load)(x + c * plane + i);
        else
            for (int c = 0; c < L; c++) r[c] = c < m ? FN(load_n)(x + c * plane + i, count) : (V){0};
        FN(transpose)(r);
        if (count == L && width - column >= L) {
#pragma GCC unroll 16
            for (int q = 0; q < L; q++) FN(store)(p + (column + q) * L, r[q]);
            column += L;
        } else
            for (int q = 0; q < count; q++) {
                if (column == width) column = 0, p += pitch * L;
                FN(store)(p + column++ * L, r[q]);
            }
        if (column == width) column = 0, p += pitch * L;
    }
}
#endif
