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
#include "vecmath.h"
#include "vmath.h"

/* 4 KB of floats: a block stays in the first-level cache between the passes of `moments`. */
#define ROW_BLOCK 1024

/* Sums of a row, or of its squares: four vectors side by side hide the latency of the addition, and are added up once per block. */
#define ROW_SUM(NAME, V, T, TERM)                                                                                      \
    static inline double NAME(const T *x, ptrdiff_t n)                                                                 \
    {                                                                                                                  \
        enum { L = V##_lanes };                                                                                        \
        double total = 0;                                                                                              \
        for (ptrdiff_t i = 0, e; i < n; i = e) {                                                                       \
            V a = V##_set1(0), b = a, c = a, d = a;                                                                    \
            e = n - i < 2 * ROW_BLOCK ? n : i + ROW_BLOCK;                                                             \
            for (; i + 4 * L <= e; i += 4 * L) {                                                                       \
                a += TERM(V##_load(x + i));                                                                            \
                b += TERM(V##_load(x + i + L));                                                                        \
                c += TERM(V##_load(x + i + 2 * L));                                                                    \
                d += TERM(V##_load(x + i + 3 * L));                                                                    \
            }                                                                                                          \
            for (; i + L <= e; i += L)                                                                                 \
                a += TERM(V##_load(x + i));                                                                            \
            if (i < e)                                                                                                 \
                b += TERM(V##_load_n(x + i, e - i));                                                                   \
            total += V##_sum((a + b) + (c + d));                                                                       \
        }                                                                                                              \
        return total;                                                                                                  \
    }
#define ROW_ITSELF(v) (v)
#define ROW_SQUARE(v) ((v) * (v))
ROW_SUM(row_sum_f, vf, float, ROW_ITSELF)
ROW_SUM(row_sum_d, vd, double, ROW_ITSELF)
ROW_SUM(row_squares_f, vf, float, ROW_SQUARE)
ROW_SUM(row_squares_d, vd, double, ROW_SQUARE)

/* The sum of a short row in double: a mean of numbers far from zero is then right to the last bit. */
static inline double row_total_f(const float *x, ptrdiff_t n)
{
    double total = 0;
    #pragma omp simd reduction(+ : total)
    for (ptrdiff_t i = 0; i < n; i++)
        total += x[i];
    return total;
}
static inline double row_total_d(const double *x, ptrdiff_t n) { return row_sum_d(x, n); }

/* Lanes beyond the first n take the other value. */
#define ROW_FIRST(n, x, other) vf_sel((vfi)(VF_IOTA < (int32_t)(n)), x, other)

/* The largest element; NaN elements after the first are passed over. */
static inline float row_max_f(const float *x, ptrdiff_t n)
{
    vf a = vf_set1(x[0]), b = a, c = a, d = a;
    ptrdiff_t i = 0;
    for (; i + 4 * vf_lanes <= n; i += 4 * vf_lanes) {
        a = vf_max(vf_load(x + i), a);
        b = vf_max(vf_load(x + i + vf_lanes), b);
        c = vf_max(vf_load(x + i + 2 * vf_lanes), c);
        d = vf_max(vf_load(x + i + 3 * vf_lanes), d);
    }
    a = vf_max(vf_max(a, b), vf_max(c, d));
    for (; i + vf_lanes <= n; i += vf_lanes)
        a = vf_max(vf_load(x + i), a);
    if (i < n)
        a = vf_max(ROW_FIRST(n - i, vf_load_n(x + i, n - i), a), a);
    return vf_hmax(a);
}

/* The sum of exp(x - m), for m the row's maximum; y, unless it is NULL, receives the terms. */
static inline __attribute__((always_inline)) float row_exp_any_f(const float *x, float *y, float m, ptrdiff_t n)
{
    double total = 0;
    for (ptrdiff_t b = 0; b < n; b += ROW_BLOCK) {
        ptrdiff_t e = b + ROW_BLOCK < n ? b + ROW_BLOCK : n, i = b;
        vf s = vf_set1(0), t = s;
        for (; i + 2 * vf_lanes <= e; i += 2 * vf_lanes) {
            vf u = vf_exp(vf_load(x + i) - m), v = vf_exp(vf_load(x + i + vf_lanes) - m);
            if (y) {
                vf_store(y + i, u);
                vf_store(y + i + vf_lanes, v);
            }
            s += u;
            t += v;
        }
        for (; i < e; i += vf_lanes) {
            ptrdiff_t w = e - i < vf_lanes ? e - i : vf_lanes;
            vf u = vf_exp(vf_load_n(x + i, w) - m);
            if (y)
                vf_store_n(y + i, u, w);
            s += ROW_FIRST(w, u, vf_set1(0));
        }
        total += vf_sum(s + t);
    }
    return (float)total;
}
static inline float row_exp_sum_f(const float *x, float m, ptrdiff_t n) { return row_exp_any_f(x, NULL, m, n); }
static inline float row_exp_store_f(const float *x, float *y, float m, ptrdiff_t n) { return row_exp_any_f(x, y, m, n); }

static inline double row_max_d(const double *x, ptrdiff_t n)
{
    double m = x[0];
    #pragma omp simd reduction(max : m)
    for (ptrdiff_t i = 1; i < n; i++)
        m = x[i] > m ? x[i] : m;
    return m;
}
static inline double row_exp_sum_d(const double *x, double m, ptrdiff_t n)
{
    double total = 0;
    #pragma omp simd reduction(+ : total)
    for (ptrdiff_t i = 0; i < n; i++)
        total += vm_exp(x[i] - m);
    return total;
}
static inline double row_exp_store_d(const double *x, double *y, double m, ptrdiff_t n)
{
    double total = 0;
    #pragma omp simd reduction(+ : total)
    for (ptrdiff_t i = 0; i < n; i++) {
        y[i] = vm_exp(x[i] - m);
        total += y[i];
    }
    return total;
}

/* y = k exp((x - m) - l): what a softmax was, from the maximum and the logarithm of the sum of its row. */
static inline void row_exp_scale_f(const float *x, float *y, float m, float l, float k, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i += vf_lanes) {
        if (n - i >= vf_lanes)
            vf_store(y + i, k * vf_exp((vf_load(x + i) - m) - l));
        else
            vf_store_n(y + i, k * vf_exp((vf_load_n(x + i, n - i) - m) - l), n - i);
    }
}
static inline void row_exp_scale_d(const double *x, double *y, double m, double l, double k, ptrdiff_t n)
{
    #pragma omp simd
    for (ptrdiff_t i = 0; i < n; i++)
        y[i] = k * vm_exp((x[i] - m) - l);
}

/* y = g - s exp(x). */
static inline void row_less_exp_f(const float *g, const float *x, float *y, float s, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i += vf_lanes) {
        if (n - i >= vf_lanes)
            vf_store(y + i, vf_load(g + i) - s * vf_exp(vf_load(x + i)));
        else
            vf_store_n(y + i, vf_load_n(g + i, n - i) - s * vf_exp(vf_load_n(x + i, n - i)), n - i);
    }
}
static inline void row_less_exp_d(const double *g, const double *x, double *y, double s, ptrdiff_t n)
{
    #pragma omp simd
    for (ptrdiff_t i = 0; i < n; i++)
        y[i] = g[i] - s * vm_exp(x[i]);
}

#define T float
#define ROW(name) row_##name##_f
#define ROW_V vf
#define ROW_LANES vf_lanes
#define ROW_LOAD vf_load
#define ROW_LOAD_N vf_load_n
#define ROW_STORE vf_store
#define ROW_STORE_N vf_store_n
#define ROW_ADD vf_sum
#include "rowmath.h"
#undef T
#undef ROW
#undef ROW_V
#undef ROW_LANES
#undef ROW_LOAD
#undef ROW_LOAD_N
#undef ROW_STORE
#undef ROW_STORE_N
#undef ROW_ADD
#define T double
#define ROW(name) row_##name##_d
#define ROW_V vd
#define ROW_LANES vd_lanes
#define ROW_LOAD vd_load
#define ROW_LOAD_N vd_load_n
#define ROW_STORE vd_store
#define ROW_STORE_N vd_store_n
#define ROW_ADD vd_sum
#include "rowmath.h"
#undef T
#undef ROW
#undef ROW_V
#undef ROW_LANES
#undef ROW_LOAD
#undef ROW_LOAD_N
#undef ROW_STORE
#undef ROW_STORE_N
#undef ROW_ADD
#endif
#else

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

/* The sums of x - c and of (x - c)^2 over a block. */
static inline void ROW(spread)(const T *x, T c, ptrdiff_t n, T *sum, T *square)
{
    enum { L = ROW_LANES };
    ROW_V a = {0}, b = {0}, p = {0}, q = {0}, a1 = {0}, b1 = {0}, p1 = {0}, q1 = {0};
    ptrdiff_t i = 0;
    for (; i + 4 * L <= n; i += 4 * L) {
        ROW_V d0 = ROW_LOAD(x + i) - c, d1 = ROW_LOAD(x + i + L) - c;
        ROW_V d2 = ROW_LOAD(x + i + 2 * L) - c, d3 = ROW_LOAD(x + i + 3 * L) - c;
        a += d0, b += d1, a1 += d2, b1 += d3;
        p += d0 * d0, q += d1 * d1, p1 += d2 * d2, q1 += d3 * d3;
    }
    for (; i + L <= n; i += L) {
        ROW_V d = ROW_LOAD(x + i) - c;
        a += d;
        p += d * d;
    }
    T s = ROW_ADD((a + b) + (a1 + b1)), t = ROW_ADD((p + q) + (p1 + q1));
    for (; i < n; i++) {
        T d = x[i] - c;
        s += d;
        t += d * d;
    }
    *sum = s;
    *square = t;
}

/* Adds a row to running moments: count, mean and the sum of squared deviations. Each block is centred near its own mean
 * and then merged (Chan, Golub, LeVeque 1983): stable where "sum of squares minus squared sum" cancels, and the row is
 * read once. */
static inline void ROW(moments)(const T *x, ptrdiff_t n, double *count, double *mean, double *m2)
{
    ROW_BLOCKS {
        double k = (double)(e - b), total = *count + k, m, off, delta;
        T r, q, c = (T)(ROW(sum)(x + b, e - b) / k);
        ROW(spread)(x + b, c, e - b, &r, &q);
        /* c is rounded; what the deviations from it leave makes the mean exact. */
        off = r / k;
        m = c + off;
        delta = m - *mean;
        *mean += delta * (k / total);
        *m2 += (q - k * off * off) + delta * delta * (*count * (k / total));
        *count = total;
    }
}

/* y = x for a row that is too short for the C library's copy to pay. */
static inline void ROW(copy)(const T *x, T *y, ptrdiff_t n)
{
    for (; n >= ROW_LANES; n -= ROW_LANES, x += ROW_LANES, y += ROW_LANES)
        ROW_STORE(y, ROW_LOAD(x));
    if (n)
        ROW_STORE_N(y, ROW_LOAD_N(x, n), n);
}

/* Those below may be given one row for two: `omp simd` says that numbers do not depend on those before them. */

/* y = (x - mean) a + b, or with `relu` 0 where that is negative. Not a x + (b - a mean): that cancels where the mean is large. */
static inline void ROW(affine)(const T *x, T *y, T mean, T a, T b, int relu, ptrdiff_t n)
{
    if (relu) {
        #pragma omp simd
        for (ptrdiff_t i = 0; i < n; i++) {
            T v = (x[i] - mean) * a + b;
            y[i] = v < 0 ? 0 : v;
        }
    } else {
        #pragma omp simd
        for (ptrdiff_t i = 0; i < n; i++)
            y[i] = (x[i] - mean) * a + b;
    }
}

/* gx = a g + b (x - mean) + c: the gradient of a normalisation. */
static inline void ROW(combine)(const T *g, const T *x, T *gx, T mean, T a, T b, T c, ptrdiff_t n)
{
    #pragma omp simd
    for (ptrdiff_t i = 0; i < n; i++)
        gx[i] = g[i] * a + (x[i] - mean) * b + c;
}

/* The gradient of relu's input, from that of its result y. */
static inline void ROW(relu_grad)(const T *g, const T *y, T *gx, ptrdiff_t n)
{
    #pragma omp simd
    for (ptrdiff_t i = 0; i < n; i++)
        gx[i] = y[i] <= 0 ? 0 : g[i];
}

#undef ROW_ADD_UP
#undef ROW_BLOCKS
#endif
