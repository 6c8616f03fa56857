/* Sums and exponentials over one contiguous row, for float (row_sum_f) and double (row_sum_d).
 *
 * A C compiler may not reorder a floating-point sum, so a plain loop stays scalar. `omp simd reduction` allows the
 * reordering for these loops alone (no -ffast-math); a compiler without OpenMP ignores it and is merely slower.
 *
 * Float sums run in blocks of ROW_BLOCK elements and the blocks are added in double, so that the rounding error does not
 * grow with the length of the row. The order depends on the length alone, never on threads.
 *
 * The file includes itself, once per type, with T and ROW defined.
 */
#ifndef T
#ifndef CNET_ROWMATH_H
#define CNET_ROWMATH_H

#include <stddef.h>
#include "vmath.h"

/* 4 KB of floats: a block stays in the first-level cache between the passes of `moments`. */
#define ROW_BLOCK 1024

#define T float
#define ROW(name) row_##name##_f
#include "rowmath.h"
#undef T
#undef ROW
#define T double
#define ROW(name) row_##name##_d
#include "rowmath.h"
#undef T
#undef ROW
#endif
#else

/* The largest element; NaN elements after the first are passed over. */
static inline T ROW(max)(const T *x, ptrdiff_t n)
{
    T m = x[0];
    #pragma omp simd reduction(max : m)
    for (ptrdiff_t i = 1; i < n; i++)
        m = x[i] > m ? x[i] : m;
    return m;
}

static inline double ROW(sum)(const T *x, ptrdiff_t n)
{
    double total = 0;
    for (ptrdiff_t b = 0; b < n; b += ROW_BLOCK) {
        ptrdiff_t e = b + ROW_BLOCK < n ? b + ROW_BLOCK : n;
        T s = 0;
        #pragma omp simd reduction(+ : s)
        for (ptrdiff_t i = b; i < e; i++)
            s += x[i];
        total += s;
    }
    return total;
}

static inline double ROW(dot)(const T *x, const T *y, ptrdiff_t n)
{
    double total = 0;
    for (ptrdiff_t b = 0; b < n; b += ROW_BLOCK) {
        ptrdiff_t e = b + ROW_BLOCK < n ? b + ROW_BLOCK : n;
        T s = 0;
        #pragma omp simd reduction(+ : s)
        for (ptrdiff_t i = b; i < e; i++)
            s += x[i] * y[i];
        total += s;
    }
    return total;
}

/* The sum of (x - c)^2. */
static inline double ROW(deviation)(const T *x, T c, ptrdiff_t n)
{
    double total = 0;
    for (ptrdiff_t b = 0; b < n; b += ROW_BLOCK) {
        ptrdiff_t e = b + ROW_BLOCK < n ? b + ROW_BLOCK : n;
        T s = 0;
        #pragma omp simd reduction(+ : s)
        for (ptrdiff_t i = b; i < e; i++)
            s += (x[i] - c) * (x[i] - c);
        total += s;
    }
    return total;
}

/* Adds sum g and sum g (x - mean): what the gradient of a normalisation needs of a row. */
static inline void ROW(grad_sums)(const T *g, const T *x, T mean, ptrdiff_t n, double *sum, double *dot)
{
    for (ptrdiff_t b = 0; b < n; b += ROW_BLOCK) {
        ptrdiff_t e = b + ROW_BLOCK < n ? b + ROW_BLOCK : n;
        T s = 0, d = 0;
        #pragma omp simd reduction(+ : s, d)
        for (ptrdiff_t i = b; i < e; i++) {
            s += g[i];
            d += g[i] * (x[i] - mean);
        }
        *sum += s;
        *dot += d;
    }
}

/* The same with u = g w in place of g, w being another row. */
static inline void ROW(weighted_grad_sums)(const T *g, const T *w, const T *x, T mean, ptrdiff_t n, double *sum,
                                           double *dot)
{
    for (ptrdiff_t b = 0; b < n; b += ROW_BLOCK) {
        ptrdiff_t e = b + ROW_BLOCK < n ? b + ROW_BLOCK : n;
        T s = 0, d = 0;
        #pragma omp simd reduction(+ : s, d)
        for (ptrdiff_t i = b; i < e; i++) {
            T u = g[i] * w[i];
            s += u;
            d += u * (x[i] - mean);
        }
        *sum += s;
        *dot += d;
    }
}

/* Adds a row to running moments: count, mean and the sum of squared deviations. Each block is centred near its own mean
 * and then merged (Chan, Golub, LeVeque 1983): stable where "sum of squares minus squared sum" cancels, and the row is
 * read once. */
static inline void ROW(moments)(const T *x, ptrdiff_t n, double *count, double *mean, double *m2)
{
    for (ptrdiff_t b = 0; b < n; b += ROW_BLOCK) {
        ptrdiff_t e = b + ROW_BLOCK < n ? b + ROW_BLOCK : n;
        double k = (double)(e - b), total = *count + k, m, off, delta;
        T s = 0, r = 0, q = 0, c;
        #pragma omp simd reduction(+ : s)
        for (ptrdiff_t i = b; i < e; i++)
            s += x[i];
        c = (T)(s / k);
        #pragma omp simd reduction(+ : r, q)
        for (ptrdiff_t i = b; i < e; i++) {
            r += x[i] - c;
            q += (x[i] - c) * (x[i] - c);
        }
        /* c is rounded; what the deviations from it leave makes the mean exact. */
        off = r / k;
        m = c + off;
        delta = m - *mean;
        *mean += delta * (k / total);
        *m2 += (q - k * off * off) + delta * delta * (*count * (k / total));
        *count = total;
    }
}

/* The sum of exp(x - m), for m the row's maximum. */
static inline T ROW(exp_sum)(const T *x, T m, ptrdiff_t n)
{
    double total = 0;
    for (ptrdiff_t b = 0; b < n; b += ROW_BLOCK) {
        ptrdiff_t e = b + ROW_BLOCK < n ? b + ROW_BLOCK : n;
        T s = 0;
        #pragma omp simd reduction(+ : s)
        for (ptrdiff_t i = b; i < e; i++)
            s += vm_exp(x[i] - m);
        total += s;
    }
    return (T)total;
}

/* y = exp(x - m); returns its sum. */
static inline T ROW(exp_store)(const T *x, T *restrict y, T m, ptrdiff_t n)
{
    double total = 0;
    for (ptrdiff_t b = 0; b < n; b += ROW_BLOCK) {
        ptrdiff_t e = b + ROW_BLOCK < n ? b + ROW_BLOCK : n;
        T s = 0;
        #pragma omp simd reduction(+ : s)
        for (ptrdiff_t i = b; i < e; i++) {
            T v = vm_exp(x[i] - m);
            y[i] = v;
            s += v;
        }
        total += s;
    }
    return (T)total;
}

#endif
