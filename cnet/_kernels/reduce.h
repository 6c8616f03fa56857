/* Reductions over a row (adjacent elements) and over columns (a block of rows, column by column), for both types.
 *
 * Float sums run in blocks and the blocks are added in double, so that rounding does not grow with the length.
 * Extremes let NaN win, as PyTorch's do. The file includes itself once per type, with T, RED, ROW, INT, ABS, V and VEC defined.
 */
#ifndef T
#ifndef CNET_REDUCE_H
#define CNET_REDUCE_H

#include <stddef.h>
#include <stdint.h>
#include "rowmath.h"

/* What is summed, or that it is multiplied. */
enum { SUM_PLAIN, SUM_SQUARE, SUM_ABS, PRODUCT, SUM_NUMBERS };

/* Columns handled together: their accumulators (8 bytes each) stay in the first-level cache. */
enum { COLUMNS = 512 };
/* The same for extremes, which need no double: whole rows are read at the speed of memory, pieces of 2 KB at four fifths. */
enum { WIDE = 2048 };
/* Rows added in T before the result goes to the double accumulator. */
enum { ROWS = 64 };

#define T float
#define INT int32_t
#define RED(name) red_##name##_f
#define ROW(name) row_##name##_f
#define ABS vm_abs_f32
#define V vf
#define VEC(name) vf_##name
#include "reduce.h"
#undef T
#undef INT
#undef RED
#undef ROW
#undef ABS
#undef V
#undef VEC
#define T double
#define INT int64_t
#define RED(name) red_##name##_d
#define ROW(name) row_##name##_d
#define ABS vm_abs_f64
#define V vd
#define VEC(name) vd_##name
#include "reduce.h"
#undef T
#undef INT
#undef RED
#undef ROW
#undef ABS
#undef V
#undef VEC
#endif
#else

static inline double RED(row_sum)(const T *x, ptrdiff_t n, int kind)
{
    double total = 0;
    if (kind == SUM_PLAIN)
        return ROW(sum)(x, n);
    if (kind == SUM_SQUARE)
        return ROW(squares)(x, n);
    if (kind == PRODUCT) {
        total = 1;
        #pragma omp simd reduction(* : total)
        for (ptrdiff_t i = 0; i < n; i++)
            total *= x[i];
        return total;
    }
    for (ptrdiff_t b = 0; b < n; b += ROW_BLOCK) {
        ptrdiff_t e = b + ROW_BLOCK < n ? b + ROW_BLOCK : n;
        T s = 0;
        if (kind == SUM_ABS) {
            #pragma omp simd reduction(+ : s)
            for (ptrdiff_t i = b; i < e; i++)
                s += ABS(x[i]);
        } else {
            #pragma omp simd reduction(+ : s)
            for (ptrdiff_t i = b; i < e; i++)
                s += x[i] == x[i] ? x[i] : 0;
        }
        total += s;
    }
    return total;
}

/* total[j] = sum over n rows of column j, for w <= COLUMNS columns of an array whose rows are `step` elements apart. */
static inline void RED(col_sum)(const T *x, ptrdiff_t n, ptrdiff_t step, ptrdiff_t w, int kind, double *restrict total)
{
    T part[COLUMNS];
    for (ptrdiff_t j = 0; j < w; j++)
        total[j] = kind == PRODUCT;
    if (kind == PRODUCT) {
        for (ptrdiff_t i = 0; i < n; i++)
            for (ptrdiff_t j = 0; j < w; j++)
                total[j] *= x[i * step + j];
        return;
    }
    for (ptrdiff_t b = 0; b < n; b += ROWS) {
        ptrdiff_t e = b + ROWS < n ? b + ROWS : n;
        for (ptrdiff_t j = 0; j < w; j++)
            part[j] = 0;
        for (ptrdiff_t i = b; i < e; i++) {
            const T *row = x + i * step;
            if (kind == SUM_PLAIN)
                for (ptrdiff_t j = 0; j < w; j++)
                    part[j] += row[j];
            else if (kind == SUM_SQUARE)
                for (ptrdiff_t j = 0; j < w; j++)
                    part[j] += row[j] * row[j];
            else if (kind == SUM_ABS)
                for (ptrdiff_t j = 0; j < w; j++)
                    part[j] += ABS(row[j]);
            else
                for (ptrdiff_t j = 0; j < w; j++)
                    part[j] += row[j] == row[j] ? row[j] : 0;
        }
        for (ptrdiff_t j = 0; j < w; j++)
            total[j] += part[j];
    }
}

/* The largest (up) or smallest of n >= 4 vectors; NaN if there is one. The last block may meet the one before. */
static inline __attribute__((always_inline)) T RED(blocks_extreme)(const T *x, ptrdiff_t n, int up)
{
    enum { L = VEC(lanes), BLOCK = 4 * L };
    V best[4], v[4];
    int bad = 0;
    for (int k = 0; k < 4; k++)
        best[k] = VEC(load)(x + k * L);
    __typeof__(best[0] != best[0]) odd = best[0] != best[0];
    for (ptrdiff_t i = 0; i < n; i += BLOCK) {
        const T *p = x + (i + BLOCK <= n ? i : n - BLOCK);
        for (int k = 0; k < 4; k++)
            v[k] = VEC(load)(p + k * L);
        for (int k = 0; k < 4; k++) {
            best[k] = up ? VEC(max)(v[k], best[k]) : VEC(min)(v[k], best[k]);
            odd |= v[k] != v[k];
        }
    }
    for (int k = 1; k < 4; k++)
        best[0] = up ? VEC(max)(best[k], best[0]) : VEC(min)(best[k], best[0]);
    for (int k = 0; k < L; k++)
        bad |= odd[k] != 0;
    return bad ? (T)NAN : up ? VEC(hmax)(best[0]) : VEC(hmin)(best[0]);
}

/* The largest (sign 1) or smallest (sign -1) element; NaN if there is one. */
static inline T RED(row_extreme)(const T *x, ptrdiff_t n, T sign)
{
    T m = -(T)INFINITY;
    int bad = 0;
    if (n >= 4 * VEC(lanes))
        return sign > 0 ? RED(blocks_extreme)(x, n, 1) : RED(blocks_extreme)(x, n, 0);
    #pragma omp simd reduction(max : m) reduction(| : bad)
    for (ptrdiff_t i = 0; i < n; i++) {
        T v = x[i] * sign;
        m = v > m ? v : m;
        bad |= v != v;
    }
    return bad ? (T)NAN : m * sign;
}

/* Where the value v (or NaN, if v is) comes first; 64 elements are compared before looking. */
static inline ptrdiff_t RED(row_find)(const T *x, ptrdiff_t n, T v)
{
    ptrdiff_t b = 0;
    for (; b + 64 <= n; b += 64) {
        int hit = 0;
        for (int i = 0; i < 64; i++)
            hit |= (x[b + i] == v) | (x[b + i] != x[b + i]);
        if (hit)
            break;
    }
    while (b < n && !(x[b] == v || x[b] != x[b]))
        b++;
    return b < n ? b : n - 1;
}

/* best[j] and, unless NULL, where[j]: extremes of w <= WIDE columns over n rows. The first of equal elements wins. */
static inline void RED(col_extreme)(const T *x, ptrdiff_t n, ptrdiff_t step, ptrdiff_t w, T sign, T *restrict best,
                                    long long *restrict where)
{
    INT at[WIDE];
    for (ptrdiff_t j = 0; j < w; j++) {
        best[j] = x[j];
        at[j] = 0;
    }
    for (ptrdiff_t i = 1; i < n; i++) {
        const T *row = x + i * step;
        if (where)
            for (ptrdiff_t j = 0; j < w; j++) {
                T v = row[j], m = best[j];
                int take = (v * sign > m * sign) | ((v != v) & (m == m));
                best[j] = take ? v : m;
                at[j] = take ? (INT)i : at[j];
            }
        else
            for (ptrdiff_t j = 0; j < w; j++) {
                T v = row[j], m = best[j];
                best[j] = (v * sign > m * sign) | (v != v) ? v : m;
            }
    }
    if (where)
        for (ptrdiff_t j = 0; j < w; j++)
            where[j] = at[j];
}

/* Running sums (or products) of a row, in double; and of columns, given the totals so far. Steps are negative from the end. */
static inline void RED(row_scan)(const T *x, T *y, ptrdiff_t n, ptrdiff_t step, int product)
{
    double total = product;
    for (ptrdiff_t i = 0; i < n; i++) {
        total = product ? total * x[i * step] : total + x[i * step];
        y[i * step] = (T)total;
    }
}

/* Four rows, `apart` elements from each other: one alone waits for each addition. */
static inline void RED(rows_scan)(const T *x, T *y, ptrdiff_t n, ptrdiff_t step, ptrdiff_t apart)
{
    double a = 0, b = 0, c = 0, d = 0;
    for (ptrdiff_t i = 0; i < n; i++, x += step, y += step) {
        a += x[0], b += x[apart], c += x[2 * apart], d += x[3 * apart];
        y[0] = (T)a, y[apart] = (T)b, y[2 * apart] = (T)c, y[3 * apart] = (T)d;
    }
}

static inline void RED(col_scan)(const T *x, T *y, ptrdiff_t n, ptrdiff_t step, ptrdiff_t w, int product)
{
    double total[COLUMNS];
    for (ptrdiff_t j = 0; j < w; j++)
        total[j] = product;
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = 0; j < w; j++) {
            total[j] = product ? total[j] * x[i * step + j] : total[j] + x[i * step + j];
            y[i * step + j] = (T)total[j];
        }
}

#endif
