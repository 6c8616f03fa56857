/* Bilinear reading of images, for GS_BLOCK places at a time: loops over places that compilers vectorise, which takes
   `restrict` and conditions without branches. Included once for each type T, with NAME(f) naming the functions. */

#include <stddef.h>

#ifndef GS_BLOCK
#define GS_BLOCK 64
#if defined(_MSC_VER)
#define GS_RESTRICT __restrict
#else
#define GS_RESTRICT restrict
#endif
#endif

/* The left neighbour of each coordinate and the distance from it. Far outside, any number that is outside will do. */
static inline void NAME(halves)(const T *GS_RESTRICT grid, int size, int align, int border, ptrdiff_t n, int *GS_RESTRICT low,
                                T *GS_RESTRICT t, T *GS_RESTRICT slope)
{
    const T last = (T)(size - 1), step = (align ? (T)(size - 1) : (T)size) / 2;
    for (ptrdiff_t i = 0; i < n; i++) {
        const T g = grid[2 * i];
        T c = align ? (g + 1) / 2 * (size - 1) : ((g + 1) * size - 1) / 2;
        T s = step;
        if (border) {
            s = (c > 0) & (c < last) ? s : 0;
            c = c > 0 ? c : 0;
            c = c < last ? c : last;
        }
        T near = c > -2 ? c : -2;
        near = near < last + 2 ? near : last + 2;
        int j = (int)near;
        j -= near < (T)j;
        low[i] = j;
        t[i] = c - (T)j;
        slope[i] = s;
    }
}

/* Four taps for each of n places, with k * GS_BLOCK + i in every array: positions (0: outside), 1 or 0 for inside or
   outside, and weights, which are 0 outside. t and slope: of x, then of y. */
static inline void NAME(quads)(const T *grid, int width, int height, int align, int border, ptrdiff_t n, int *GS_RESTRICT at,
                               T *GS_RESTRICT in, T *GS_RESTRICT w, T *GS_RESTRICT t, T *GS_RESTRICT slope)
{
    int xs[GS_BLOCK], ys[GS_BLOCK];
    NAME(halves)(grid, width, align, border, n, xs, t, slope);
    NAME(halves)(grid + 1, height, align, border, n, ys, t + GS_BLOCK, slope + GS_BLOCK);
    for (int k = 0; k < 4; k++) {
        const int right = k & 1, down = k >> 1;
        for (ptrdiff_t i = 0; i < n; i++) {
            const int x = xs[i] + right, y = ys[i] + down;
            const int inside = (x >= 0) & (x < width) & (y >= 0) & (y < height);
            const T a = t[i], b = t[GS_BLOCK + i], m = inside ? (T)1 : (T)0;
            at[k * GS_BLOCK + i] = inside ? y * width + x : 0;
            in[k * GS_BLOCK + i] = m;
            /* Where a coordinate is infinite or undefined, so is the weight, even times 0: nothing says what is there. */
            w[k * GS_BLOCK + i] = (right ? a : 1 - a) * (down ? b : 1 - b) * m;
        }
    }
}

/* Whether 0 times the value that taps outside read is 0. */
static inline int NAME(plain)(const T *plane) { return plane[0] - plane[0] == 0; }

static inline T NAME(value)(const T *plane, int at, T in) { return in != 0 ? plane[at] : 0; }

static inline void NAME(read_quads)(const T *GS_RESTRICT plane, const int *GS_RESTRICT at, const T *GS_RESTRICT in,
                                    const T *GS_RESTRICT w, ptrdiff_t n, T *GS_RESTRICT y)
{
    if (NAME(plain)(plane))
        for (ptrdiff_t i = 0; i < n; i++)
            y[i] = plane[at[i]] * w[i] + plane[at[GS_BLOCK + i]] * w[GS_BLOCK + i]
                   + plane[at[2 * GS_BLOCK + i]] * w[2 * GS_BLOCK + i] + plane[at[3 * GS_BLOCK + i]] * w[3 * GS_BLOCK + i];
    else
        for (ptrdiff_t i = 0; i < n; i++) {
            T sum = 0;
            for (ptrdiff_t j = i; j < 4 * GS_BLOCK; j += GS_BLOCK)
                sum += NAME(value)(plane, at[j], in[j]) * w[j];
            y[i] = sum;
        }
}

/* Adds what the channel contributes to the derivatives by x and y. */
static inline void NAME(slope_quads)(const T *GS_RESTRICT plane, const T *GS_RESTRICT g, const int *GS_RESTRICT at,
                                     const T *GS_RESTRICT in, const T *GS_RESTRICT t, ptrdiff_t n, T *GS_RESTRICT across,
                                     T *GS_RESTRICT along)
{
    if (NAME(plain)(plane))
        for (ptrdiff_t i = 0; i < n; i++) {
            const T nw = plane[at[i]] * in[i], ne = plane[at[GS_BLOCK + i]] * in[GS_BLOCK + i];
            const T sw = plane[at[2 * GS_BLOCK + i]] * in[2 * GS_BLOCK + i];
            const T se = plane[at[3 * GS_BLOCK + i]] * in[3 * GS_BLOCK + i];
            across[i] += g[i] * ((ne - nw) * (1 - t[GS_BLOCK + i]) + (se - sw) * t[GS_BLOCK + i]);
            along[i] += g[i] * ((sw - nw) * (1 - t[i]) + (se - ne) * t[i]);
        }
    else
        for (ptrdiff_t i = 0; i < n; i++) {
            const T nw = NAME(value)(plane, at[i], in[i]), ne = NAME(value)(plane, at[GS_BLOCK + i], in[GS_BLOCK + i]);
            const T sw = NAME(value)(plane, at[2 * GS_BLOCK + i], in[2 * GS_BLOCK + i]);
            const T se = NAME(value)(plane, at[3 * GS_BLOCK + i], in[3 * GS_BLOCK + i]);
            across[i] += g[i] * ((ne - nw) * (1 - t[GS_BLOCK + i]) + (se - sw) * t[GS_BLOCK + i]);
            along[i] += g[i] * ((sw - nw) * (1 - t[i]) + (se - ne) * t[i]);
        }
}

#undef T
#undef NAME
