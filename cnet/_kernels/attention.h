/* Rows of a tile of scores, for float (vf_*) and double (vd_*): this file includes itself once for each.
 *
 * A row has n scores in memory for whole vectors: what lies behind the n-th is read and overwritten. Four or more rows are
 * independent, so that a processor overlaps the latencies of their sums and maxima.
 */
#ifndef T
#ifndef CNET_ATTENTION_H
#define CNET_ATTENTION_H
#include <math.h>
#include <stddef.h>
#include "vec.h"
#include "vmath.h"

#define ATTENTION_INLINE static inline __attribute__((always_inline))

#define T float
#define V vf
#define VI vfi
#define FN(name) vf_##name
#define LOG2E 1.44269504f
#define ROUND VM_ROUND_F32
#define LN2_HIGH 0.693145751953125f
#define LN2_LOW 1.42860682030941723212e-6f
#define BIAS 127
#define MANTISSA 23
#define LEAST -87.0f  /* exp(-87) is the least power of e that is a normal number */
#define EXP vm_exp_f32
#define SCALE vf_ldexp
#include "attention.h"
#undef T
#undef V
#undef VI
#undef FN
#undef LOG2E
#undef ROUND
#undef LN2_HIGH
#undef LN2_LOW
#undef BIAS
#undef MANTISSA
#undef LEAST
#undef EXP
#undef SCALE
#define T double
#define V vd
#define VI vdi
#define FN(name) vd_##name
#define LOG2E 1.4426950408889634
#define ROUND VM_ROUND_F64
#define LN2_HIGH 6.93147180369123816490e-01
#define LN2_LOW 1.90821492927058770002e-10
#define BIAS 1023
#define MANTISSA 52
#define LEAST -708.0
#define EXP vm_exp_f64
#define SCALE(p, k) (p)  /* not used */
#include "attention.h"
#undef T
#undef V
#undef VI
#undef FN
#undef LOG2E
#undef ROUND
#undef LN2_HIGH
#undef LN2_LOW
#undef BIAS
#undef MANTISSA
#undef LEAST
#undef EXP
#undef SCALE
#endif
#else

/* r^2 Q(r), the end of exp(r) = 1 + r + r^2 Q(r): as in vmath.h. */
ATTENTION_INLINE V FN(exp_tail)(V r)
{
    V q;
    if (sizeof(T) == 4) {
        q = FN(set1)((T)0.0013926375995803529);
        q = q * r + (T)0.0083633330821829433;
        q = q * r + (T)0.041666553458651747;
        q = q * r + (T)0.16666576062275124;
    } else {
        q = FN(set1)((T)2.0914882563485069504e-9);
        q = q * r + (T)2.5105490906986695456e-8;
        q = q * r + (T)2.7557273171941027719e-7;
        q = q * r + (T)2.7557254740405415099e-6;
        q = q * r + (T)0.000024801587325920161742;
        q = q * r + (T)0.00019841269875342142162;
        q = q * r + (T)0.0013888888888883641505;
        q = q * r + (T)0.0083333333333259855701;
        q = q * r + (T)0.041666666666666669835;
        q = q * r + (T)0.16666666666666671103;
    }
    return r * r * (q * r + (T)0.5);
}

/* exp(x) for x up to rounding at most 0: half the steps of vm_exp, which has to reach both ends. What would be a denormal
 * number is 0, as long as the thread flushes those. */
ATTENTION_INLINE V FN(exp_weight)(V x)
{
    if (sizeof(T) == 4 && VEC_BYTES == 64) {
        V z = FN(max)(x, FN(set1)(LEAST - 18)), c = z * LOG2E + ROUND, n = c - ROUND;
        V r = (z - n * LN2_HIGH) - n * LN2_LOW;
        return SCALE((T)1 + (r + FN(exp_tail)(r)), n);
    }
    V t = x * LOG2E + ROUND, k = t - ROUND, r = (x - k * LN2_HIGH) - k * LN2_LOW;
    V y = ((T)1 + (r + FN(exp_tail)(r))) * (V)(((VI)t + BIAS) << MANTISSA);
    return FN(sel)(x < LEAST, (V){0}, y);
}

/* One row's step of the online softmax. The scores become exp(score - new peak), and their sum joins `total`. Returns the
 * factor for what was summed with the old peak. A row of -inf alone has weights 0; NaN makes the total NaN. */
ATTENTION_INLINE T FN(soften)(T *s, ptrdiff_t n, T *peak, T *total)
{
    enum { L = FN(lanes) };
    V m = FN(set1)(-INFINITY), sum = {0};
    T high, factor = 1;
    for (ptrdiff_t j = n; j % L; j++) s[j] = -INFINITY;
    for (ptrdiff_t j = 0; j < n; j += L) m = FN(max)(FN(load)(s + j), m);
    high = FN(hmax)(m);
    if (*peak > high) high = *peak;
    if (high == -INFINITY) {
        int nan = 0;
        for (ptrdiff_t j = 0; j < n; j++) {
            nan |= s[j] != s[j];
            s[j] = s[j] != s[j] ? s[j] : 0;
        }
        if (nan) *total = NAN;
        return 1;
    }
    if (high != *peak) factor = *peak == -INFINITY ? 0 : EXP(*peak - high);
    *peak = high;
    for (ptrdiff_t j = 0; j < n; j += L) {
        V e = FN(exp_weight)(FN(load)(s + j) - high);
        FN(store)(s + j, e);
        sum += e;
    }
    *total = *total * factor + FN(sum)(sum);
    return factor;
}

/* The weights of a row with a known largest score and sum of exponentials (part is one over it, 0 for a row without keys). */
ATTENTION_INLINE void FN(weights)(T *s, ptrdiff_t n, T peak, T part)
{
    for (ptrdiff_t j = 0; j < n; j += FN(lanes))
        FN(store)(s + j, part == 0 ? (V){0} : FN(exp_weight)(FN(load)(s + j) - peak) * part);
}

/* s = p (s - delta) scale: the gradient of a row's scores from that of its weights. */
ATTENTION_INLINE void FN(weights_grad)(T *s, const T *p, ptrdiff_t n, T delta, T scale)
{
    for (ptrdiff_t j = 0; j < n; j += FN(lanes))
        FN(store)(s + j, FN(load)(p + j) * (FN(load)(s + j) - delta) * scale);
}

/* The sum of x y. */
ATTENTION_INLINE T FN(product)(const T *x, const T *y, ptrdiff_t n)
{
    V s = {0};
    for (; n >= FN(lanes); n -= FN(lanes), x += FN(lanes), y += FN(lanes)) s += FN(load)(x) * FN(load)(y);
    if (n) s += FN(load_n)(x, n) * FN(load_n)(y, n);
    return FN(sum)(s);
}

/* y = x factor; y may be x. */
ATTENTION_INLINE void FN(scaled)(const T *x, T *y, ptrdiff_t n, T factor)
{
    for (; n >= FN(lanes); n -= FN(lanes), x += FN(lanes), y += FN(lanes)) FN(store)(y, FN(load)(x) * factor);
    if (n) FN(store_n)(y, FN(load_n)(x, n) * factor, n);
}
#endif
