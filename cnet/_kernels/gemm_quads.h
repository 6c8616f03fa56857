/* Tiles four vectors wide, for few columns: this file includes itself once for float and once for double. Letters as in
 * gemm_ukr.h. */
#ifndef T
#ifndef CNET_GEMM_QUADS_H
#define CNET_GEMM_QUADS_H
#include "gemm_ukr.h"

/* Tiles four vectors wide and so many rows high, where b has no more columns; 0 if they do not fit into registers. They read a
 * once only, and write whole rows of c. */
enum { gemm_quad = VEC_BYTES == 64 ? 6 : 0, vf_quad = 4 * vf_lanes, vd_quad = 4 * vd_lanes };

#define BOTH_TYPES "gemm_quads.h"
#include "both_types.h"
#endif
#else

/* One tile of m <= gemm_quad rows and four vectors of columns, for rows of a that are contiguous. */
GEMM_INLINE void FN(quad_sized)(const int m, ptrdiff_t k, const T *a, ptrdiff_t ars, const T *b, ptrdiff_t brs, const T *d,
                                ptrdiff_t drs, int dcs, T *c, ptrdiff_t crs)
{
    V s[6][4];
    const T *p = a + 4 * ars, *next = a + m * ars, *line = c, *end = k < GEMM_PREFETCH_FROM ? c : c + m * crs;
    const ptrdiff_t ars3 = 3 * ars;
#pragma GCC unroll 6
    for (int i = 0; i < m; i++) s[i][0] = s[i][1] = s[i][2] = s[i][3] = (V){0};
    while (k > 0) {
        ptrdiff_t part = k < GEMM_PART ? k : GEMM_PART;
        k -= part;
        if (line != end) {
#pragma GCC unroll 4
            for (int v = 0; v < 4; v++) __builtin_prefetch(line + v * FN(lanes), 1);
            line += crs;
        }
        while (part > 0) {
            const int odd = part & 1;
            __builtin_prefetch(next);
            next += 64 / sizeof(T);
#pragma GCC unroll 2
            for (int q = 0; q < 2; q++) {
                if (q == 1 && odd) break;
                V y[4];
#pragma GCC unroll 4
                for (int v = 0; v < 4; v++) y[v] = FN(load)(b + v * FN(lanes));
#pragma GCC unroll 6
                for (int i = 0; i < m; i++) {
                    const T *r = i < 4 ? a : p;
                    const V x = FN(set1)(i % 4 == 0 ? r[q] : i % 4 == 1 ? r[ars + q] : i % 4 == 2 ? r[2 * ars + q] : r[ars3 + q]);
#pragma GCC unroll 4
                    for (int v = 0; v < 4; v++) s[i][v] += x * y[v];
                }
                b += brs;
            }
            a += 2 - odd, p += 2 - odd, part -= 2 - odd;
        }
    }
#pragma GCC unroll 6
    for (int i = 0; i < m; i++)
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) {
            V x = s[i][v];
            if (d) x += dcs ? FN(load)(d + i * drs + v * FN(lanes)) : FN(set1)(d[i * drs]);
            FN(store)(c + i * crs + v * FN(lanes), x);
        }
}

/* As tile for `quad` columns and rows of a that are contiguous, any number of them. */
static void FN(quads)(ptrdiff_t m, ptrdiff_t k, const T *a, ptrdiff_t ars, const T *b, ptrdiff_t brs, const T *d, ptrdiff_t drs,
                      int dcs, T *c, ptrdiff_t crs)
{
#define GEMM_CASE(M) case M: FN(quad_sized)(M, k, a, ars, b, brs, d, drs, dcs, c, crs); break;
    const ptrdiff_t tiles = gemm_quad ? (m + gemm_quad - 1) / gemm_quad : 0, h = tiles ? (m + tiles - 1) / tiles : 1;
    for (ptrdiff_t i = 0; gemm_quad && i < m; i += h, a += h * ars, c += h * crs, d = d ? d + h * drs : d)
        switch (m - i < h ? m - i : h) { GEMM_CASE(1) GEMM_CASE(2) GEMM_CASE(3) GEMM_CASE(4) GEMM_CASE(5) GEMM_CASE(6) }
#undef GEMM_CASE
}
#endif
