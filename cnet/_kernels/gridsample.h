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
