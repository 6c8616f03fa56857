/* Elementary functions of a vector of floats, and loops over them: what vmath.h has as scalar code, for the functions that
 * are worth fewer instructions than a compiler makes of that. An element's result does not depend on its lane.
 *
 * Worst error against exact values in units in the last place (checked by tests/_kernels/test_vmath.py): exp 1.2, log 1,
 * tanh 2.8, sigmoid 2.5. The polynomials and quotients are minimax fits of the named function on the named interval.
 */
#ifndef CNET_VECMATH_H
#define CNET_VECMATH_H

#include <stddef.h>
#include "vec.h"

/* x = k ln(2) + r with |r| <= ln(2)/2, and exp(r) = 1 + r + r^2 Q(r). */
static inline vf vf_exp_part(vf r)
{
    vf q = 0.0013926375995803529f * r + 0.0083633330821829433f;
    q = q * r + 0.041666553458651747f;
    q = q * r + 0.16666576062275124f;
    q = q * r + 0.5f;
    q = q * r + 1.0f;
    return q * r + 1.0f;
}
/* Clamps keep NaN; beyond them the result is 0 or infinite. Adding 1.5 * 2^23 rounds to a whole number. */
static inline vf vf_exp_any(vf x)
{
    x = vf_max(vf_set1(-104.0f), vf_min(vf_set1(89.0f), x));
    vf k = (x * 1.44269504f + 12582912.0f) - 12582912.0f;
    return vf_ldexp(vf_exp_part((x - k * 0.693145751953125f) - k * 1.42860682030941723212e-6f), k);
}
#if VEC_BYTES == 64
static inline vf vf_exp(vf x) { return vf_exp_any(x); }
#else
/* Where 2^k takes many instructions, arguments that all have a normal result take a short way to the same bits. */
static inline vf vf_exp(vf x)
{
    vf z = x * 1.44269504f + 12582912.0f, k = z - 12582912.0f;
    vf y = vf_exp_part((x - k * 0.693145751953125f) - k * 1.42860682030941723212e-6f);
    y = (vf)((vfi)y + ((vfi)z << 23)); /* the low bits of z are k */
    return __builtin_expect(vf_all(vf_abs(x) < 87.0f), 1) ? y : vf_exp_any(x);
}
#endif

/* x = 2^e m; log(m) = f - f^2/2 + f^3 P(f), f = m - 1 in [-1/4, 1/2). */
static inline vf vf_log(vf x)
{
    vf e, f = vf_frexp(x, &e) - 1.0f;
    vf p = -0.04507478326559067f * f + 0.10463020950555801f;
    p = p * f - 0.13161194324493408f;
    p = p * f + 0.14478395879268646f;
    p = p * f - 0.1664731204509735f;
    p = p * f + 0.19990861415863037f;
    p = p * f - 0.2500009536743164f;
    p = p * f + 0.3333345055580139f;
    p = p * f - 0.5f;
    return e * 0.693145751953125f + (f + (f * f * p + e * 1.42860682030941723212e-6f));
}

static inline vf vf_copysign(vf x, vf s) { return (vf)(((vfi)x & 0x7fffffff) | ((vfi)s & INT32_MIN)); }

/* e / (e + 2) with e = exp(2a) - 1 = 2^k (exp(2r) - 1) + (2^k - 1), a = |x|: accurate near 0 too. From 9.02 on tanh rounds
 * to 1, so that k stays small. */
static inline vf vf_tanh(vf x)
{
    vf a = vf_min(vf_set1(9.1f), vf_abs(x)), z = a * 2.88539008f + 12582912.0f, k = z - 12582912.0f;
    vf power = (vf)(((vfi)z << 23) + 0x3f800000); /* the low bits of z are k */
    vf r = a - k * 0.34657359f; /* ln(2)/2 as a float is good to 33 bits */
    vf q = 0.089128806373141377f * r + 0.26762665862341738f;
    q = q * r + 0.66666485533842802f;
    q = q * r + 1.3333260850179900f;
    q = q * r + 2.0f;
    vf e = power * (r * (q * r + 2.0f)) + (power - 1.0f);
    return vf_copysign(e / (e + 2.0f), x);
}

static inline vf vf_sigmoid(vf x) { return 1.0f / (1.0f + vf_exp(-x)); }

/* The normal distribution function, 1/2 + x P(x^2) / Q(x^2), with an absolute error of 1e-7; beyond 5.42 it rounds to 1. */
static inline vf vf_normal_cdf(vf x)
{
    vf t = x * x;
    vf p = 2.339668547790552e-08f * t + 6.3272036641137674e-06f;
    vf q = 1.2144374750278075e-06f * t + 7.168048614403233e-05f;
    p = p * t + 0.00016240963304881006f;
    q = q * t + 0.0018483655294403434f;
    p = p * t + 0.004639188293367624f;
    q = q * t + 0.028279270976781845f;
    p = p * t + 0.033205173909664154f;
    q = q * t + 0.2498994618654251f;
    p = p * t + 0.3989422917366028f;
    q = q * t + 1.0f;
    return 0.5f + vf_sel(vf_abs(x) > 5.42f, vf_copysign(vf_set1(0.5f), x), vf_ratio(x * p, q));
}
static inline vf vf_gelu(vf x) { return x * vf_normal_cdf(x); }
static inline vf vf_gelu_slope(vf x) { return vf_normal_cdf(x) + x * 0.39894228040143267794f * vf_exp(-0.5f * x * x); }

/* The loops of loops.h for float, from a formula that sees vectors x and y. */
#define VECMATH_UNARY(NAME, FORMULA)                                                                          \
    static void NAME(const void *xs, void *os, ptrdiff_t n, const double *constants)                          \
    {                                                                                                         \
        const float *xp = (const float *)xs;                                                                  \
        float *op = (float *)os;                                                                              \
        ptrdiff_t i = 0;                                                                                      \
        (void)constants;                                                                                      \
        for (; i + vf_lanes <= n; i += vf_lanes) { vf x = vf_load(xp + i); vf_store(op + i, FORMULA); }       \
        if (i < n) { vf x = vf_load_n(xp + i, n - i); vf_store_n(op + i, FORMULA, n - i); }                   \
    }

#define VECMATH_BINARY(NAME, FORMULA)                                                                         \
    static void NAME(const void *xs, ptrdiff_t sx, const void *ys, ptrdiff_t sy, void *os, ptrdiff_t n,       \
                     const double *constants)                                                                 \
    {                                                                                                         \
        const float *xp = (const float *)xs, *yp = (const float *)ys;                                         \
        float *op = (float *)os;                                                                              \
        vf x = vf_set1(sx ? 0 : xp[0]), y = vf_set1(sy ? 0 : yp[0]);                                                            \
        ptrdiff_t i = 0;                                                                                      \
        (void)constants;                                                                                      \
        for (; i + vf_lanes <= n; i += vf_lanes) {                                                            \
            if (sx) x = vf_load(xp + i);                                                                      \
            if (sy) y = vf_load(yp + i);                                                                      \
            vf_store(op + i, FORMULA);                                                                        \
        }                                                                                                     \
        if (i < n) {                                                                                          \
            if (sx) x = vf_load_n(xp + i, n - i);                                                             \
            if (sy) y = vf_load_n(yp + i, n - i);                                                             \
            vf_store_n(op + i, FORMULA, n - i);                                                               \
        }                                                                                                     \
    }

#endif
