/* Distances of one vector from many, and the gradient of their weighted sum by that vector: loops that compilers vectorise.
   Included once for each type T, with NAME(f) naming the functions. */

#include <math.h>
#include <stddef.h>

#ifndef PD_BLOCK
#define PD_BLOCK 512 /* distances that are accumulated at a time: with a row of coordinates they stay in the first-level cache */
#define PD_COUNT 0
#define PD_SUM 1
#define PD_SQUARES 2
#define PD_MAX 3
#if defined(_MSC_VER)
#define PD_RESTRICT __restrict
#else
#define PD_RESTRICT restrict
#endif
#endif

/* out[j] = |x - y_j| for j < n; coordinate k of all y_j is the row yt + k * width. */
static inline void NAME(distances)(const T *x, const T *yt, ptrdiff_t m, ptrdiff_t width, ptrdiff_t n, int kind, T *out)
{
    for (ptrdiff_t first = 0; first < n; first += PD_BLOCK) {
        const ptrdiff_t count = n - first < PD_BLOCK ? n - first : PD_BLOCK;
        T *PD_RESTRICT o = out + first;
        for (ptrdiff_t j = 0; j < count; j++)
            o[j] = 0;
        for (ptrdiff_t k = 0; k < m; k++) {
            const T *PD_RESTRICT y = yt + k * width + first;
            const T c = x[k];
            if (kind == PD_SQUARES)
                for (ptrdiff_t j = 0; j < count; j++) {
                    const T d = c - y[j];
                    o[j] += d * d;
                }
            else if (kind == PD_SUM)
                for (ptrdiff_t j = 0; j < count; j++) {
                    const T d = c - y[j];
                    o[j] += d < 0 ? -d : d;
                }
            else if (kind == PD_COUNT)
                for (ptrdiff_t j = 0; j < count; j++)
                    o[j] += c != y[j] ? 1 : 0;
            else
                for (ptrdiff_t j = 0; j < count; j++) {
                    const T d = c - y[j], a = d < 0 ? -d : d;
                    o[j] = a <= o[j] || o[j] != o[j] ? o[j] : a; /* NaN wins */
                }
        }
        if (kind == PD_SQUARES)
            for (ptrdiff_t j = 0; j < count; j++)
                o[j] = (T)sqrt(o[j]);
    }
}

/* r = sum over j of g[j] times the gradient of |x - y_j| by x; y_j is the row y + j * m, dist[j] its distance. */
static inline void NAME(pull)(const T *PD_RESTRICT x, const T *y, const T *g, const T *dist, ptrdiff_t m, ptrdiff_t n, int kind,
                              T *PD_RESTRICT r)
{
    for (ptrdiff_t k = 0; k < m; k++)
        r[k] = 0;
    for (ptrdiff_t j = 0; j < n; j++) {
        const T *PD_RESTRICT row = y + j * m;
        const T w = g[j], far = dist[j];
        if (kind == PD_SQUARES) {
            const T scaled = far == 0 ? 0 : w / far;
            for (ptrdiff_t k = 0; k < m; k++)
                r[k] += scaled * (x[k] - row[k]);
        } else if (kind == PD_SUM) {
            for (ptrdiff_t k = 0; k < m; k++)
                r[k] += x[k] > row[k] ? w : x[k] < row[k] ? -w : 0;
        } else {
            for (ptrdiff_t k = 0; k < m; k++) {
                const T d = x[k] - row[k];
                r[k] += d == 0 ? 0 : d == far ? w : -d == far ? -w : 0;
            }
        }
    }
}
