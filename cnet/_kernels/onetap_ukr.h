/* The innermost loops of convolutions with one tap, for float (vf_*) and double (vd_*): this file includes itself once for each.
 *
 * They are matrix products whose rows of pixels lie planes apart, where no hardware looks ahead: pixels are copied while the
 * first tile of rows reads them, and those of the next columns are asked for meanwhile.
 */
#ifndef T
#ifndef CNET_ONETAP_UKR_H
#define CNET_ONETAP_UKR_H
#include "gemm_ukr.h"
#include "vec_pairs.h"

/* Channels between two requests for what is to come, and those between a load and the request for it: without the latter 5 %
 * less where pages are small. */
#define ONETAP_PART 8
#define ONETAP_AHEAD 16

#define BOTH_TYPES "onetap_ukr.h"
#include "both_types.h"
#endif
#else

GEMM_INLINE void FN(column_sized)(const int m, const int vectors, const int keep, ptrdiff_t n, ptrdiff_t k, const T *a, const T *b,
                                  ptrdiff_t brs, T *panel, const T *ahead, ptrdiff_t count, const T *bias, T *c, ptrdiff_t crs)
{
    enum { L = FN(lanes), LINE = 64 / sizeof(T) };
    V s[gemm_mr][2];
    const ptrdiff_t parts = (k + ONETAP_PART - 1) / ONETAP_PART, most = (count + parts - 1) / (parts ? parts : 1);
    const ptrdiff_t lines = (m + parts - 1) / (parts ? parts : 1);
    const T *line = c, *end = c + m * crs;
#pragma GCC unroll 14
    for (int i = 0; i < m; i++) {
        s[i][0] = bias ? FN(set1)(bias[i]) : (V){0};
        if (vectors == 2) s[i][1] = s[i][0];
    }
    while (k > 0) {
        ptrdiff_t part = k < ONETAP_PART ? k : ONETAP_PART;
        k -= part;
        for (ptrdiff_t q = lines; q > 0 && line != end; q--, line += crs) {
            __builtin_prefetch(line, 1);
            if (vectors == 2) __builtin_prefetch(line + 2 * L - 1, 1);
        }
        for (ptrdiff_t q = most; q > 0 && count > 0; q--, count--, ahead += brs) {
            __builtin_prefetch(ahead, 0, 2);
            if (vectors * L > LINE) __builtin_prefetch(ahead + LINE, 0, 2);
        }
        for (; part > 0; part--, a += gemm_mr, panel += vectors * L) {
            const V b0 = FN(load)(keep ? b : panel), b1 = vectors == 2 ? FN(load)((keep ? b : panel) + L) : b0;
            if (keep) {
                __builtin_prefetch(b + ONETAP_AHEAD * brs);
                if (vectors * L > LINE) __builtin_prefetch(b + ONETAP_AHEAD * brs + LINE);
                FN(store)(panel, b0);
                if (vectors == 2) FN(store)(panel + L, b1);
                b += brs;
            }
#pragma GCC unroll 14
            for (int i = 0; i < m; i++) {
                const V x = FN(set1)(a[i]);
                s[i][0] += x * b0;
                if (vectors == 2) s[i][1] += x * b1;
            }
        }
    }
    if (n == vectors * L)
#pragma GCC unroll 14
        for (int i = 0; i < m; i++) {
            FN(store)(c + i * crs, s[i][0]);
            if (vectors == 2) FN(store)(c + i * crs + L, s[i][1]);
        }
    else
#pragma GCC unroll 14
        for (int i = 0; i < m; i++) {
            if (vectors == 2) FN(store)(c + i * crs, s[i][0]);
            FN(store_n)(c + i * crs + (vectors - 1) * L, s[i][vectors - 1], n - (vectors - 1) * L);
        }
}

/* c[m, n] = bias[m] + a b for m <= gemm_mr and n <= nr columns, with a packed gemm_mr wide. Rows of b are copied from `panel`,
 * as many vectors wide as n needs; or if `keep`, they are read in place, in whole vectors, and written there. Meanwhile
 * `count` rows from `ahead` on are asked for, brs apart. */
static void FN(column)(ptrdiff_t m, int keep, ptrdiff_t n, ptrdiff_t k, const T *a, const T *b, ptrdiff_t brs, T *panel,
                       const T *ahead, ptrdiff_t count, const T *bias, T *c, ptrdiff_t crs)
{
#define ONETAP_CASE(M)                                                                                                 \
    case M:                                                                                                            \
        if (M > gemm_mr) break;                                                                                        \
        if (keep) FN(column_sized)(M, 2, 1, n, k, a, b, brs, panel, ahead, count, bias, c, crs);                       \
        else if (n > FN(lanes)) FN(column_sized)(M, 2, 0, n, k, a, b, brs, panel, ahead, count, bias, c, crs);         \
        else FN(column_sized)(M, 1, 0, n, k, a, b, brs, panel, ahead, count, bias, c, crs);                            \
        break;
    switch (m) { GEMM_ROWS(ONETAP_CASE) }
#undef ONETAP_CASE
}

GEMM_INLINE void FN(outer_sized)(const int m, const int vectors, ptrdiff_t n, ptrdiff_t images, ptrdiff_t step, ptrdiff_t k,
                                 const T *a, ptrdiff_t ars, const T *b, int first, T *c, ptrdiff_t crs)
{
    enum { L = FN(lanes) };
    const ptrdiff_t ars3 = 3 * ars, last = n - (vectors - 1) * L;
    V s[gemm_mr][2];
#pragma GCC unroll 14
    for (int i = 0; i < m; i++) s[i][0] = s[i][1] = (V){0};
    for (; images > 0; images--, a += step) {
        const T *p0 = a, *p1 = a + 4 * ars, *p2 = a + 8 * ars, *p3 = a + 12 * ars;
        for (ptrdiff_t q = k; q > 0; q--, p0++, p1++, p2++, p3++, b += vectors * L) {
            const V b0 = FN(load)(b), b1 = vectors == 2 ? FN(load)(b + L) : b0;
#pragma GCC unroll 14
            for (int i = 0; i < m; i++) {
                const T *p = i < 4 ? p0 : i < 8 ? p1 : i < 12 ? p2 : p3;
                const V x = FN(set1)(i % 4 == 0 ? p[0] : i % 4 == 1 ? p[ars] : i % 4 == 2 ? p[2 * ars] : p[ars3]);
                s[i][0] += x * b0;
                if (vectors == 2) s[i][1] += x * b1;
            }
        }
    }
#pragma GCC unroll 14
    for (int i = 0; i < m; i++, c += crs) {
        T *to = c + (vectors - 1) * L;
        if (vectors == 2) FN(store)(c, first ? s[i][0] : FN(load)(c) + s[i][0]);
        if (last == L) FN(store)(to, first ? s[i][vectors - 1] : FN(load)(to) + s[i][vectors - 1]);
        else FN(store_n)(to, first ? s[i][vectors - 1] : FN(load_n)(to, last) + s[i][vectors - 1], last);
    }
}

/* c[m, n] (+)= the sum over images, `step` apart in a, and their k pixels of a[m, pixel] b[pixel, n] for m <= gemm_mr and
 * n <= nr; b is packed as many vectors wide as n needs. */
static void FN(outer)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t images, ptrdiff_t step, ptrdiff_t k, const T *a, ptrdiff_t ars, const T *b,
                      int first, T *c, ptrdiff_t crs)
{
#define ONETAP_CASE(M)                                                                                                 \
    case M:                                                                                                            \
        if (M > gemm_mr) break;                                                                                        \
        if (n > FN(lanes)) FN(outer_sized)(M, 2, n, images, step, k, a, ars, b, first, c, crs);                        \
        else FN(outer_sized)(M, 1, n, images, step, k, a, ars, b, first, c, crs);                                      \
        break;
    switch (m) { GEMM_ROWS(ONETAP_CASE) }
#undef ONETAP_CASE
}

/* y[n] = every stride-th number of x, which ends with the last of them. */
static inline void FN(pick)(ptrdiff_t n, const T *x, ptrdiff_t stride, T *y)
{
    enum { L = FN(lanes) };
    if (stride != 2) {
        for (ptrdiff_t i = 0; i < n; i++) y[i] = x[i * stride];
        return;
    }
    for (; n > L; n -= L, x += 2 * L, y += L) FN(store)(y, FN(even)(FN(load)(x), FN(load)(x + L)));
    const ptrdiff_t in = 2 * n - 1;
    const V a = FN(load_n)(x, in < L ? in : L), b = in > L ? FN(load_n)(x + L, in - L) : a;
    FN(store_n)(y, FN(even)(a, b), n);
}

/* The reverse: y[i * stride] = x[i] for i < n, and `fill` in the other ones of y[size], which has room for all of them. */
static inline void FN(spread)(ptrdiff_t n, const T *x, ptrdiff_t stride, T fill, ptrdiff_t size, T *y)
{
    enum { L = FN(lanes) };
    const V f = FN(set1)(fill);
    if (stride == 2)
        for (; n > 0; n -= L, x += L, y += 2 * L, size -= 2 * L) {
            const ptrdiff_t out = 2 * n < size ? 2 * n : size;
            const V v = n < L ? FN(load_n)(x, n) : FN(load)(x);
            FN(store_n)(y, FN(zip_low)(v, f), out < L ? out : L);
            if (out > L) FN(store_n)(y + L, FN(zip_high)(v, f), out < 2 * L ? out - L : L);
            if (n <= L) y += out - 2 * L, size -= out - 2 * L;
        }
    for (ptrdiff_t i = 0; i < size; i += L) FN(store_n)(y + i, f, size - i < L ? size - i : L);
    for (ptrdiff_t i = 0; i < n; i++) y[i * stride] = x[i];
}
#endif
