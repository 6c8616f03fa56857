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

/* out = the sum of TERM(i) for i in [b, e). Four sums side by side hide the latency of the addition; a short block is not
 * worth the setting up. */
#define ROW_ADD_UP(out, TERM)                                                                                          \
    do {                                                                                                               \
        T s0_ = 0;                                                                                                     \
        if (e - b >= 256) {                                                                                            \
            T s1_ = 0, s2_ = 0, s3_ = 0;                                                                               \
            ptrdiff_t q_ = (e - b) / 4;                                                                                \
            _Pragma("omp simd reduction(+ : s0_, s1_, s2_, s3_)")                                                      \
            for (ptrdiff_t j_ = b; j_ < b + q_; j_++) {                                                                \
                s0_ += TERM(j_);                                                                                       \
                s1_ += TERM(j_ + q_);                                                                                  \
                s2_ += TERM(j_ + 2 * q_);                                                                              \
                s3_ += TERM(j_ + 3 * q_);                                                                              \
            }                                                                                                          \
            s0_ = (s0_ + s1_) + (s2_ + s3_);                                                                           \
            for (ptrdiff_t rest_ = b + 4 * q_; rest_ < e; rest_++)                                                               \
                s0_ += TERM(rest_);                                                                                    \
        } else {                                                                                                       \
            _Pragma("omp simd reduction(+ : s0_)")                                                                     \
            for (ptrdiff_t j_ = b; j_ < e; j_++)                                                                       \
                s0_ += TERM(j_);                                                                                       \
        }                                                                                                              \
        out = s0_;                                                                                                     \
    } while (0)
#define ROW_BLOCKS                                                                                                     \
    for (ptrdiff_t b = 0, e = n < ROW_BLOCK ? n : ROW_BLOCK; b < n; b = e, e = n - e < ROW_BLOCK ? n : e + ROW_BLOCK)

static inline double ROW(sum)(const T *x, ptrdiff_t n)
{
    double total = 0;
    ROW_BLOCKS {
        T s;
#define TERM(i) x[i]
        ROW_ADD_UP(s, TERM);
#undef TERM
        total += s;
    }
    return total;
}

static inline double ROW(dot)(const T *x, const T *y, ptrdiff_t n)
{
    double total = 0;
    ROW_BLOCKS {
        T s;
#define TERM(i) x[i] * y[i]
        ROW_ADD_UP(s, TERM);
#undef TERM
        total += s;
    }
    return total;
}

/* The sum of (x - c)^2. */
static inline double ROW(deviation)(const T *x, T c, ptrdiff_t n)
{
    double total = 0;
    ROW_BLOCKS {
        T s;
#define TERM(i) (x[i] - c) * (x[i] - c)
        ROW_ADD_UP(s, TERM);
#undef TERM
        total += s;
    }
    return total;
}

/* Adds sum g and sum g (x - mean): what the gradient of a normalisation needs of a row. */
static inline void ROW(grad_sums)(const T *g, const T *x, T mean, ptrdiff_t n, double *sum, double *dot)
{
    ROW_BLOCKS {
        T s, d;
#define TERM(i) g[i]
        ROW_ADD_UP(s, TERM);
#undef TERM
#define TERM(i) g[i] * (x[i] - mean)
        ROW_ADD_UP(d, TERM);
#undef TERM
        *sum += s;
        *dot += d;
    }
}

/* The same with u = g w in place of g, w being another row. */
static inline void ROW(weighted_grad_sums)(const T *g, const T *w, const T *x, T mean, ptrdiff_t n, double *sum,
                                           double *dot)
{
    ROW_BLOCKS {
        T s, d;
#define TERM(i) g[i] * w[i]
        ROW_ADD_UP(s, TERM);
#undef TERM
#define TERM(i) g[i] * w[i] * (x[i] - mean)
        ROW_ADD_UP(d, TERM);
#undef TERM
        *sum += s;
        *dot += d;
    }
}

/* Adds a row to running moments: count, mean and the sum of squared deviations. Each block is centred near its own mean
 * and then merged (Chan, Golub, LeVeque 1983): stable where "sum of squares minus squared sum" cancels, and the row is
 * read once. */
static inline void ROW(moments)(const T *x, ptrdiff_t n, double *count, double *mean, double *m2)
{
    ROW_BLOCKS {
        double k = (double)(e - b), total = *count + k, m, off, delta;
        T s, r, q, c;
#define TERM(i) x[i]
        ROW_ADD_UP(s, TERM);
#undef TERM
        c = (T)(s / k);
#define TERM(i) (x[i] - c)
        ROW_ADD_UP(r, TERM);
#undef TERM
#define TERM(i) (x[i] - c) * (x[i] - c)
        ROW_ADD_UP(q, TERM);
#undef TERM
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

#undef ROW_ADD_UP
#undef ROW_BLOCKS
#endif
