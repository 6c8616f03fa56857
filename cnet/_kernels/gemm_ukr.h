/* The innermost loops of matrix products, for float (vf_*) and double (vd_*): this file includes itself once for each.
 *
 * Letters: c[m, n] = d[m, n] + sum over k of a[m, k] b[k, n]. Strides count numbers: ars is the distance between two rows
 * of a, acs between two columns. A panel is a piece of a (or b) copied so that the tile reads it in order.
 */
#ifndef T
#ifndef CNET_GEMM_UKR_H
#define CNET_GEMM_UKR_H
#include <stddef.h>
#include "vec.h"

/* A tile of gemm_mr rows and two vectors of columns keeps gemm_mr * 2 sums in registers. 32 registers hold 28 sums, two
 * vectors of b and one number of a; 16 registers hold 12 sums. */
#if VEC_BYTES == 64
enum { gemm_mr = 14 };
#elif defined(__aarch64__)
enum { gemm_mr = 12 };
#else
enum { gemm_mr = 6 };
#endif
/* Dot products: so many rows by four columns of sums. */
#if VEC_BYTES == 64 || defined(__aarch64__)
enum { gemm_dots_m = 6 };
#else
enum { gemm_dots_m = 3 };
#endif
enum { vf_nr = 2 * vf_lanes, vd_nr = 2 * vd_lanes };
/* Tiles of large products, of panels: so many rows and vectors, and numbers along k. 24 sums need 35 instructions where 28
 * need 44 (14 x 2), of which a core issues six a cycle, but half a core three: with a neighbour on the other half, products
 * of 512 to 1024 gain 3 to 10 %. A panel of b is 36 KB then, of a first-level cache of 48 KB. */
#if VEC_BYTES == 64
enum { gemm_high = 8, gemm_wide = 3, gemm_deep = 192 };
#else
enum { gemm_high = gemm_mr, gemm_wide = 2, gemm_deep = 256 };
#endif
enum { vf_wide = gemm_wide * vf_lanes, vd_wide = gemm_wide * vd_lanes };

/* From so long sums on, asking for the lines of c in time is worth two instructions a row: 6 % at 2048 x 2048, 4 to 15 % in
 * batches of products of 32; below, c is more often in the nearest cache. */
#define GEMM_PREFETCH_FROM 32
/* From so long sums on they are asked for one row at a time, else four. */
#define GEMM_PREFETCH_SLOWLY 64
/* Rows of b between two requests for memory. */
#define GEMM_PART 8
/* Where b lies in place, rows of b between a load and the request for it: with 8 in place of 16 a tile takes a tenth longer
 * when b comes from the third-level cache. Rows that are multiples of 4 KB apart share one set of a first-level cache, which
 * holds 8 to 12 lines: 16 take 7 % longer there. A loop of 12 sums has neither the time nor the registers for what is not
 * reached by an address of its own: 5 to 10 %. */
enum { gemm_roomy = VEC_BYTES == 64 };
/* Lines of a row of a panel, 1 where it is but a part of one. */
enum { gemm_lines = VEC_BYTES == 64 ? 2 : 1, gemm_wide_lines = VEC_BYTES == 64 ? 3 : 1 };
#define GEMM_ROWS_AHEAD(bytes) (gemm_roomy && (bytes) % 4096 ? 16 : 8)
#define GEMM_AHEAD(k) (((k) + GEMM_PART - 1) / GEMM_PART * (4 / gemm_lines))
#define GEMM_WIDE_AHEAD(k) (((k) + GEMM_PART - 1) / GEMM_PART * (4 / gemm_wide_lines))
#define GEMM_INLINE static inline __attribute__((always_inline))
#define GEMM_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)

#define BOTH_TYPES "gemm_ukr.h"
#include "both_types.h"
#endif
#else

/* c = d + sums, whose rows are `step` apart, for a tile with a ragged edge or with one d per row: dcs is 1, or 0 where d has
 * one number per row. */
static void FN(tile_edge)(const T *sums, ptrdiff_t step, const T *d, ptrdiff_t drs, int dcs, T *c, ptrdiff_t crs, ptrdiff_t m,
                          ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < m; i++, sums += step, c += crs)
        for (ptrdiff_t j = 0; j < n; j += FN(lanes)) {
            ptrdiff_t w = n - j < FN(lanes) ? n - j : FN(lanes);
            V x = FN(load)(sums + j);
            if (d) x += dcs ? FN(load_n)(d + i * drs + j, w) : FN(set1)(d[i * drs]);
            FN(store_n)(c + j, x, w);
        }
}

/* One tile of m <= gemm_mr rows and `vectors` vectors of columns. m, vectors and the flags are constants after inlining, so
 * that the compiler keeps s in registers; unit says ars == 1, ragged that b ends after n columns, asks that b is packed and
 * `ahead` is followed, kept that b is copied. Row i is read at p[i / 4] + i % 4 * ars: four pointers and the scaled
 * addressing of x86 reach 16 rows without a multiplication. */
GEMM_INLINE void FN(tile_sized)(const int m, const int vectors, const int unit, const int ragged, const int asks,
                                const int kept, ptrdiff_t k, const T *a, ptrdiff_t ars, ptrdiff_t acs, const T *b,
                                ptrdiff_t brs, const T *d, ptrdiff_t drs, int dcs, T *c, ptrdiff_t crs, ptrdiff_t n,
                                const T *ahead, ptrdiff_t step_ahead, T *copy)
{
    V s[gemm_mr][gemm_wide];
    const T *p0 = a, *p1 = a + 4 * ars, *p2 = a + 8 * ars, *p3 = a + 12 * ars;
    const T *next = a + m * ars, *far = b + GEMM_ROWS_AHEAD(brs * (ptrdiff_t)sizeof(T)) * brs;
    const T *line = c, *end = k < GEMM_PREFETCH_FROM ? c : c + m * crs;
    const ptrdiff_t ars3 = 3 * ars, step = gemm_roomy && acs != 1 ? acs : 64 / sizeof(T);
    const ptrdiff_t rows = k < GEMM_PREFETCH_SLOWLY ? 4 : 1;
    const FN(mask) last = FN(first)(n - (vectors - 1) * FN(lanes));
#pragma GCC unroll 14
    for (int i = 0; i < m; i++)
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) s[i][v] = (V){0};
    while (k > 0) {
        ptrdiff_t part = k < GEMM_PART ? k : GEMM_PART;
        k -= part;
        /* Lines of c a few at a time: all at once they fill the buffers that the loads of a wait for. */
        if (line != end) {
            ptrdiff_t more = rows;
            do {
                __builtin_prefetch(line, 1);
                if (vectors == 3) __builtin_prefetch(line + FN(lanes), 1);
                if (vectors > 1) __builtin_prefetch(line + vectors * FN(lanes) - 1, 1);
                line += crs;
            } while (--more && line != end);
        }
        if (asks) {
#pragma GCC unroll 4
            for (int i = 0; i < 4 / asks * asks; i++)
                __builtin_prefetch(ahead + i / asks * step_ahead + i % asks * 64 / sizeof(T), 0, 2);
            ahead += 4 / asks * step_ahead;
        }
        /* What else a loop needs, four instructions for 24 sums, only counts where a neighbour takes half of the core. */
        if (asks && part == GEMM_PART) {
#pragma GCC unroll 8
            for (int q = 0; q < GEMM_PART; q++) {
                V y[gemm_wide];
#pragma GCC unroll 3
                for (int v = 0; v < vectors; v++) y[v] = FN(load)(b + q * brs + v * FN(lanes));
#pragma GCC unroll 14
                for (int i = 0; i < m; i++) {
                    const V x = FN(set1)(a[q * acs + i]);
#pragma GCC unroll 3
                    for (int v = 0; v < vectors; v++) s[i][v] += x * y[v];
                }
            }
            a += GEMM_PART * acs, b += GEMM_PART * brs;
            continue;
        }
        for (; part > 0; part--) {
            V y[gemm_wide];
#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++)
                y[v] = ragged && v == vectors - 1 ? FN(load_m)(b + v * FN(lanes), last) : FN(load)(b + v * FN(lanes));
            /* What lies in place is strewn over pages, where the hardware does not look ahead: 1.2 to 1.4 times. */
            if (!asks) {
                __builtin_prefetch(far);
#pragma GCC unroll 3
                for (int v = 1; v < vectors && VEC_BYTES == 64; v++) __builtin_prefetch(far + v * FN(lanes));
                far += brs;
            }
            if (!unit) {
                __builtin_prefetch(next);
                next += step;
            }
            if (kept) {
#pragma GCC unroll 3
                for (int v = 0; v < vectors; v++) FN(store)(copy + v * FN(lanes), y[v]);
                copy += vectors * FN(lanes);
            }
#pragma GCC unroll 14
            for (int i = 0; i < m; i++) {
                const T *p = i < 4 ? p0 : i < 8 ? p1 : i < 12 ? p2 : p3;
                V x = FN(set1)(unit ? a[i] : i % 4 == 0 ? p[0] : i % 4 == 1 ? p[ars] : i % 4 == 2 ? p[2 * ars] : p[ars3]);
#pragma GCC unroll 3
                for (int v = 0; v < vectors; v++) s[i][v] += x * y[v];
            }
            a += acs, p0 += acs, p1 += acs, p2 += acs, p3 += acs, b += brs;
        }
    }
    if (n == vectors * FN(lanes) && (!d || dcs)) {
#pragma GCC unroll 14
        for (int i = 0; i < m; i++)
#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++) {
                V x = s[i][v];
                if (d) x += FN(load)(d + i * drs + v * FN(lanes));
                FN(store)(c + i * crs + v * FN(lanes), x);
            }
    } else if (vec_masks && (!d || dcs)) {
#pragma GCC unroll 14
        for (int i = 0; i < m; i++) {
#pragma GCC unroll 3
            for (int v = 0; v < vectors - 1; v++) {
                V x = s[i][v];
                if (d) x += FN(load)(d + i * drs + v * FN(lanes));
                FN(store)(c + i * crs + v * FN(lanes), x);
            }
            const ptrdiff_t j = (vectors - 1) * FN(lanes);
            V x = s[i][vectors - 1];
            if (d) x += FN(load_m)(d + i * drs + j, last);
            FN(store_m)(c + i * crs + j, x, last);
        }
    } else {
        T sums[gemm_mr * FN(wide)];
#pragma GCC unroll 14
        for (int i = 0; i < m; i++)
#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++) FN(store)(sums + (i * vectors + v) * FN(lanes), s[i][v]);
        FN(tile_edge)(sums, vectors * FN(lanes), d, drs, dcs, c, crs, m, n);
    }
}

/* c[m, n] = d + a b for m <= gemm_mr and n <= nr columns. b is read in whole vectors: up to lanes or nr columns. If
 * ars == 1, GEMM_AHEAD(k) rows of a panel that lie `step` apart are asked for, from `ahead` on, unless it is NULL. */
static void FN(tile_ahead)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t ars, ptrdiff_t acs, const T *b,
                           ptrdiff_t brs, const T *d, ptrdiff_t drs, int dcs, T *c, ptrdiff_t crs, const T *ahead,
                           ptrdiff_t step)
{
#define GEMM_CASE(M)                                                                                                   \
    case M:                                                                                                            \
        if (M > gemm_mr) break;                                                                                        \
        if (n <= FN(lanes)) FN(tile_sized)(M, 1, 0, 0, 0, 0, k, a, ars, acs, b, brs, d, drs, dcs, c, crs, n, ahead, 0, NULL); \
        else if (ars == 1 && ahead)                                                                                    \
            FN(tile_sized)(M, 2, 1, 0, gemm_lines, 0, k, a, ars, acs, b, brs, d, drs, dcs, c, crs, n, ahead, step, NULL);          \
        else FN(tile_sized)(M, 2, 0, 0, 0, 0, k, a, ars, acs, b, brs, d, drs, dcs, c, crs, n, ahead, 0, NULL);            \
        break;
    switch (m) { GEMM_ROWS(GEMM_CASE) }
#undef GEMM_CASE
}

/* The same for large products: m <= gemm_high, n <= wide columns, packed a and GEMM_WIDE_AHEAD(k) rows. */
static void FN(tile_wide)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a, const T *b, const T *d, ptrdiff_t drs, int dcs,
                          T *c, ptrdiff_t crs, const T *ahead, ptrdiff_t step)
{
#define GEMM_TILE(M, VECTORS)                                                                                           \
    FN(tile_sized)(M, VECTORS, 1, 0, gemm_wide_lines, 0, k, a, 1, gemm_high, b, FN(wide), d, drs, dcs, c, crs, n, ahead, step, NULL)
#define GEMM_CASE(M)                                                                                                    \
    case M:                                                                                                             \
        if (M > gemm_high) break;                                                                                       \
        if (n <= FN(lanes)) GEMM_TILE(M, 1);                                                                            \
        else if (gemm_wide > 2 && n > 2 * FN(lanes)) GEMM_TILE(M, gemm_wide);                                           \
        else GEMM_TILE(M, 2);                                                                                           \
        break;
    switch (m) { GEMM_ROWS(GEMM_CASE) }
#undef GEMM_CASE
#undef GEMM_TILE
}

/* The same for m in gemm_high - 1 and gemm_high and `wide` columns of a b that lies in place; leaves it in p[k, wide] for the
 * tiles below. Its loads are there anyway, and stores cost a tile little. */
static void FN(tile_keep)(ptrdiff_t m, ptrdiff_t k, const T *a, const T *b, ptrdiff_t brs, const T *d, ptrdiff_t drs, int dcs,
                          T *c, ptrdiff_t crs, T *p)
{
    if (m == gemm_high)
        FN(tile_sized)(gemm_high, gemm_wide, 1, 0, 0, 1, k, a, 1, gemm_high, b, brs, d, drs, dcs, c, crs, FN(wide), NULL, 0, p);
    else
        FN(tile_sized)(gemm_high - 1, gemm_wide, 1, 0, 0, 1, k, a, 1, gemm_high, b, brs, d, drs, dcs, c, crs, FN(wide), NULL, 0, p);
}

static void FN(tile)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t ars, ptrdiff_t acs, const T *b,
                     ptrdiff_t brs, const T *d, ptrdiff_t drs, int dcs, T *c, ptrdiff_t crs)
{
    FN(tile_ahead)(m, n, k, a, ars, acs, b, brs, d, drs, dcs, c, crs, gemm_roomy ? NULL : b, FN(nr));
}

/* As tile, with b read no further than n columns: for vec_masks, where a masked load costs but one more instruction. */
static void FN(tile_ragged)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t ars, ptrdiff_t acs, const T *b,
                            ptrdiff_t brs, const T *d, ptrdiff_t drs, int dcs, T *c, ptrdiff_t crs)
{
#define GEMM_CASE(M)                                                                                                   \
    case M:                                                                                                            \
        if (M > gemm_mr || !vec_masks) break;                                                                          \
        if (n <= FN(lanes)) FN(tile_sized)(M, 1, 0, 1, 0, 0, k, a, ars, acs, b, brs, d, drs, dcs, c, crs, n, b, 0, NULL);  \
        else FN(tile_sized)(M, 2, 0, 1, 0, 0, k, a, ars, acs, b, brs, d, drs, dcs, c, crs, n, b, 0, NULL);                \
        break;
    switch (m) { GEMM_ROWS(GEMM_CASE) }
#undef GEMM_CASE
}

/* c[n, m] = d[n, m] + the transpose of s[m, n]; rows of s are `step` apart and readable in whole vectors. dcs is
 * 1, or 0 where d has one number per row. */
static void FN(turn)(ptrdiff_t m, ptrdiff_t n, const T *s, ptrdiff_t step, const T *d, ptrdiff_t drs, int dcs, T *c,
                     ptrdiff_t crs)
{
    enum { L = FN(lanes) };
    for (; m > 0; m -= L, s += L * step, c += L, d = d && dcs ? d + L : d) {
        const FN(mask) wide = FN(first)(m);
        for (ptrdiff_t j = 0; j < n; j += L) {
            V r[L];
            for (ptrdiff_t i = 0; i < L; i++) r[i] = i < m ? FN(load)(s + i * step + j) : (V){0};
            FN(transpose)(r);
            for (ptrdiff_t i = 0; i < L && j + i < n; i++) {
                if (d) r[i] += dcs ? FN(load_m)(d + (j + i) * drs, wide) : FN(set1)(d[(j + i) * drs]);
                FN(store_m)(c + (j + i) * crs, r[i], wide);
            }
        }
    }
}

/* p[k, width] = x[k, n] with zeros after column n <= width; x has strides ks along k and is along the panel. */
static void FN(pack)(ptrdiff_t k, ptrdiff_t n, const T *x, ptrdiff_t ks, ptrdiff_t is, T *p, ptrdiff_t width)
{
    enum { L = FN(lanes) };
    if (is == 1) {
        for (; k > 0; k--, x += ks, p += width) {
            __builtin_prefetch(x + 12 * ks);
            if (width > 64 / sizeof(T)) __builtin_prefetch(x + 12 * ks + 64 / sizeof(T));
            for (ptrdiff_t j = 0; j < width; j += L) {
                ptrdiff_t in = n - j < L ? (n > j ? n - j : 0) : L;
                V v = in == L ? FN(load)(x + j) : FN(load_n)(x + j, in);
                if (width - j >= L) FN(store)(p + j, v);
                else FN(store_n)(p + j, v, width - j);
            }
        }
    } else if (ks == 1 && L >= 8 && width == 8) {
        for (ptrdiff_t q = 0; q < k; q += L) {
            const ptrdiff_t w = k - q < L ? k - q : L;
            V r[L];
            for (ptrdiff_t i = 0; i < 8; i++)
                r[i] = i >= n ? (V){0} : w == L ? FN(load)(x + i * is + q) : FN(load_n)(x + i * is + q, w);
            FN(interleave)(r, 8);
            for (ptrdiff_t v = 0; v < 8 && v * L < w * 8; v++)
                if (w == L) FN(store)(p + q * 8 + v * L, r[v]);
                else FN(store_n)(p + q * 8 + v * L, r[v], w * 8 - v * L < L ? w * 8 - v * L : L);
        }
    } else if (ks == 1) {
        for (ptrdiff_t j = 0; j < width; j += L) {
            ptrdiff_t out = width - j < L ? width - j : L;
            for (ptrdiff_t q = 0; q < k; q += L) {
                ptrdiff_t w = k - q < L ? k - q : L;
                V r[L];
                for (ptrdiff_t i = 0; i < L; i++)
                    r[i] = j + i >= n ? (V){0} : w == L ? FN(load)(x + (j + i) * is + q) : FN(load_n)(x + (j + i) * is + q, w);
                FN(transpose)(r);
                for (ptrdiff_t i = 0; i < w; i++)
                    if (out == L) FN(store)(p + (q + i) * width + j, r[i]);
                    else FN(store_n)(p + (q + i) * width + j, r[i], out);
            }
        }
    } else {
        for (; k > 0; k--, x += ks, p += width) {
            for (ptrdiff_t j = 0; j < n; j++) p[j] = x[j * is];
            for (ptrdiff_t j = n; j < width; j++) p[j] = 0;
        }
    }
}

/* c[m, n] = d + a b with m <= dots_m, n <= 4, for rows of a and columns of b that are contiguous along k. */
GEMM_INLINE void FN(dots_sized)(const int m, const int n, ptrdiff_t k, const T *a, ptrdiff_t ars, const T *b, ptrdiff_t bcs,
                                const T *d, ptrdiff_t drs, ptrdiff_t dcs, T *c, ptrdiff_t crs)
{
    V s[gemm_dots_m][4];
    T sums[4];
#pragma GCC unroll 8
    for (int i = 0; i < m; i++)
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) s[i][j] = (V){0};
    /* One product has one sum, and each addition waits 4 cycles for the one before: four sums instead. */
    if (m == 1 && n == 1)
        for (; k >= 4 * FN(lanes); k -= 4 * FN(lanes), a += 4 * FN(lanes), b += 4 * FN(lanes))
#pragma GCC unroll 4
            for (int j = 0; j < 4; j++) s[0][j] += FN(load)(a + j * FN(lanes)) * FN(load)(b + j * FN(lanes));
    for (; k >= FN(lanes); k -= FN(lanes), a += FN(lanes), b += FN(lanes)) {
        V x[gemm_dots_m], y;
#pragma GCC unroll 8
        for (int i = 0; i < m; i++) x[i] = FN(load)(a + i * ars);
#pragma GCC unroll 4
        for (int j = 0; j < n; j++) {
            y = FN(load)(b + j * bcs);
#pragma GCC unroll 8
            for (int i = 0; i < m; i++) s[i][j] += x[i] * y;
        }
    }
    if (k > 0)
#pragma GCC unroll 4
        for (int j = 0; j < n; j++) {
            V y = FN(load_n)(b + j * bcs, k);
#pragma GCC unroll 8
            for (int i = 0; i < m; i++) s[i][j] += FN(load_n)(a + i * ars, k) * y;
        }
    if (m == 1 && n == 1) s[0][0] = (s[0][0] + s[0][1]) + (s[0][2] + s[0][3]);
#pragma GCC unroll 8
    for (int i = 0; i < m; i++) {
        FN(sum4)(s[i], sums);
#pragma GCC unroll 4
        for (int j = 0; j < n; j++) c[i * crs + j] = d ? d[i * drs + j * dcs] + sums[j] : sums[j];
    }
}

static void FN(dots)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t ars, const T *b, ptrdiff_t bcs,
                     const T *d, ptrdiff_t drs, ptrdiff_t dcs, T *c, ptrdiff_t crs)
{
#define GEMM_CASE(M, N)                                                                                                \
    case M * 4 + N:                                                                                                    \
        if (M <= gemm_dots_m) FN(dots_sized)(M, N, k, a, ars, b, bcs, d, drs, dcs, c, crs);                            \
        break;
#define GEMM_CASES(M) GEMM_CASE(M, 1) GEMM_CASE(M, 2) GEMM_CASE(M, 3) GEMM_CASE(M, 4)
    switch (m * 4 + n) { GEMM_CASES(1) GEMM_CASES(2) GEMM_CASES(3) GEMM_CASES(4) GEMM_CASES(5) GEMM_CASES(6) }
#undef GEMM_CASES
#undef GEMM_CASE
}

/* The products of x[k] with as many rows of w, ld apart, as a vector has lanes. */
GEMM_INLINE V FN(dot_rows)(ptrdiff_t k, const T *x, const T *w, ptrdiff_t ld)
{
    enum { L = FN(lanes) };
    const T *p[(L + 3) / 4];
    const ptrdiff_t ld3 = 3 * ld;
    V s[L];
#pragma GCC unroll 4
    for (int i = 0; i < (L + 3) / 4; i++) p[i] = w + 4 * i * ld;
#pragma GCC unroll 16
    for (int i = 0; i < L; i++) s[i] = (V){0};
    for (; k > 0; k -= L, x += L) {
        const int whole = k >= L;
        V a = whole ? FN(load)(x) : FN(load_n)(x, k);
#pragma GCC unroll 16
        for (int i = 0; i < L; i++) {
            const T *r = p[i / 4] + (i % 4 == 0 ? 0 : i % 4 == 1 ? ld : i % 4 == 2 ? 2 * ld : ld3);
            s[i] += a * (whole ? FN(load)(r) : FN(load_n)(r, k));
        }
#pragma GCC unroll 4
        for (int i = 0; i < (L + 3) / 4; i++) p[i] += L;
    }
    return FN(sums)(s);
}

/* c[n] = d[n] + a[k] b, for columns of b that are contiguous: as many as vectors have lanes at a time. dcs is 0 or 1. */
static void FN(dot_row)(ptrdiff_t n, ptrdiff_t k, const T *a, const T *b, ptrdiff_t bcs, const T *d, ptrdiff_t dcs, T *c)
{
    for (; n >= FN(lanes); n -= FN(lanes), b += FN(lanes) * bcs, c += FN(lanes)) {
        V s = FN(dot_rows)(k, a, b, bcs);
        if (d) {
            s += dcs ? FN(load)(d) : FN(set1)(*d);
            d += FN(lanes) * dcs;
        }
        FN(store)(c, s);
    }
    for (; n > 0; n -= 4, b += 4 * bcs, c += 4, d = d ? d + 4 * dcs : d)
        FN(dots)(1, n < 4 ? n : 4, k, a, 0, b, bcs, d, 0, dcs, c, 0);
}

/* c[m, n] += sum over q < `rows` of a[m, q] b[q, n], for m <= 4 and rows <= 4. */
GEMM_INLINE void FN(axpy_sized)(const int m, const int rows, ptrdiff_t n, const T *a, ptrdiff_t ars, ptrdiff_t acs,
                                const T *b, ptrdiff_t brs, T *c, ptrdiff_t crs)
{
    V x[4][4];
#pragma GCC unroll 4
    for (int i = 0; i < m; i++)
#pragma GCC unroll 4
        for (int q = 0; q < rows; q++) x[i][q] = FN(set1)(a[i * ars + q * acs]);
    for (; n >= FN(lanes); n -= FN(lanes), b += FN(lanes), c += FN(lanes)) {
        V y[4];
#pragma GCC unroll 4
        for (int i = 0; i < m; i++) y[i] = FN(load)(c + i * crs);
#pragma GCC unroll 4
        for (int q = 0; q < rows; q++) {
            const V z = FN(load)(b + q * brs);
#pragma GCC unroll 4
            for (int i = 0; i < m; i++) y[i] += x[i][q] * z;
        }
#pragma GCC unroll 4
        for (int i = 0; i < m; i++) FN(store)(c + i * crs, y[i]);
    }
    if (n > 0)
#pragma GCC unroll 4
        for (int i = 0; i < m; i++) {
            V y = FN(load_n)(c + i * crs, n);
#pragma GCC unroll 4
            for (int q = 0; q < rows; q++) y += x[i][q] * FN(load_n)(b + q * brs, n);
            FN(store_n)(c + i * crs, y, n);
        }
}

/* c[m, n] = d[m, n] + a b for m <= 4 rows: b is read once, in the order of memory, four rows for each pass over c. */
static void FN(axpys)(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const T *a, ptrdiff_t ars, ptrdiff_t acs, const T *b,
                      ptrdiff_t brs, const T *d, ptrdiff_t drs, ptrdiff_t dcs, T *c, ptrdiff_t crs)
{
    for (ptrdiff_t i = 0; i < m; i++)
        for (ptrdiff_t j = 0; j < n; j++) c[i * crs + j] = d ? d[i * drs + j * dcs] : 0;
#define GEMM_CASE(M)                                                                                                   \
    case M:                                                                                                            \
        for (; k >= 4; k -= 4, a += 4 * acs, b += 4 * brs) FN(axpy_sized)(M, 4, n, a, ars, acs, b, brs, c, crs);       \
        for (; k > 0; k--, a += acs, b += brs) FN(axpy_sized)(M, 1, n, a, ars, acs, b, brs, c, crs);                   \
        break;
    switch (m) { GEMM_CASE(1) GEMM_CASE(2) GEMM_CASE(3) GEMM_CASE(4) }
#undef GEMM_CASE
}
#endif
