/* More elementary functions in the manner of vmath.h: powers, trigonometry, hyperbolic functions, rounding.
 *
 * Worst error against exact values, in units in the last place (checked by tests/_kernels/test_vmath.py):
 *     float32   exp2 1.1   log2, log10 2   sin, cos 1.5   tan 3   asin 2.5   acos 2   atan, atan2 2.2   sinh, cosh 2.5
 *               asinh, acosh, atanh 2.5   pow, hypot 0.6
 *     float64   exp2 1.5   log2, log10 2   sin, cos 1.5   tan 3   asin 2.5   acos 2   atan, atan2 2.2   sinh, cosh 2.5
 *               asinh, acosh, atanh 2.5
 * Of float32, sin, cos, tan, pow and hypot compute in float64 where that is what keeps their digits. sin, cos and tan are for
 * |x| up to VM_TRIG_LIMIT; beyond, the caller asks the C library.
 */
#ifndef CNET_VTRIG_H
#define CNET_VTRIG_H

#include "vmath.h"

#define VM_TRIG_LIMIT 1e6
#define VM_LN2 0.69314718055994530942
#define VM_LOG2E 1.4426950408889634074
#define VM_LOG10E 0.43429448190325182765

/* --- rounding; numbers without a fraction (and NaN) come back as they are --- */
#define VM_ROUNDING(T, S, WHOLE)                                                                              \
    VM_INLINE T vm_rint_##S(T x) {                                                                            \
        T a = vm_abs_##S(x);                                                                                  \
        return a < (T)WHOLE ? vm_copysign_##S((a + (T)WHOLE) - (T)WHOLE, x) : x;                              \
    }                                                                                                         \
    VM_INLINE T vm_floor_##S(T x) {                                                                           \
        T r = vm_rint_##S(x);                                                                                 \
        return r > x ? r - 1 : r;                                                                             \
    }                                                                                                         \
    VM_INLINE T vm_ceil_##S(T x) { return -vm_floor_##S(-x); }                                                \
    VM_INLINE T vm_trunc_##S(T x) { return vm_copysign_##S(vm_floor_##S(vm_abs_##S(x)), x); }
VM_ROUNDING(float, f32, 8388608.0)
VM_ROUNDING(double, f64, 4503599627370496.0)

/* --- powers and logarithms to other bases --- */
VM_INLINE float vm_exp2_f32(float x) {
    x = x > 129.0f ? 129.0f : x;
    x = x < -151.0f ? -151.0f : x;
    float k = vm_round_f32(x), r = (x - k) * (float)VM_LN2, h = vm_round_f32(k * 0.5f);
    return (1.0f + (r + vm_exp_tail_f32(r))) * vm_pow2_f32(h) * vm_pow2_f32(k - h);
}
VM_INLINE double vm_exp2_f64(double x) {
    x = x > 1025.0 ? 1025.0 : x;
    x = x < -1076.0 ? -1076.0 : x;
    double k = vm_round_f64(x), r = (x - k) * VM_LN2, h = vm_round_f64(k * 0.5);
    return (1.0 + (r + vm_exp_tail_f64(r))) * vm_pow2_f64(h) * vm_pow2_f64(k - h);
}

/* x = 2^e m with m in [sqrt(1/2), sqrt(2)), for positive x that may be denormal. */
VM_INLINE float vm_split_f32(float x, float *e) {
    int tiny = x < FLT_MIN;
    uint32_t u = vm_bits_f32(tiny ? x * 8388608.0f : x);
    int32_t k = (int32_t)((u + (0x3f800000u - 0x3f3504f3u)) >> 23) - 127;
    *e = (float)k + (tiny ? -23.0f : 0.0f);
    return vm_from_f32(u - ((uint32_t)k << 23));
}
VM_INLINE double vm_split_f64(double x, double *e) {
    int tiny = x < DBL_MIN;
    uint64_t u = vm_bits_f64(tiny ? x * 18014398509481984.0 : x);
    uint64_t biased = (u + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu)) >> 52;
    *e = vm_from_f64(biased | 0x4330000000000000u) - (4503599627370496.0 + 1023.0) + (tiny ? -54.0 : 0.0);
    return vm_from_f64(u - ((biased - 1023u) << 52));
}

#define VM_LOGARITHMS(T, S)                                                                                   \
    VM_INLINE T vm_log_limits_##S(T x, T y) {                                                                 \
        y = x < (T)INFINITY ? y : x;                                                                          \
        y = x == 0 ? (T)-INFINITY : y;                                                                        \
        return x < 0 ? (T)NAN : y;                                                                            \
    }                                                                                                         \
    VM_INLINE T vm_log2_##S(T x) {                                                                            \
        T e, m = vm_split_##S(x, &e);                                                                         \
        return vm_log_limits_##S(x, e + vm_log_normal_##S(m, 0) * (T)VM_LOG2E);                               \
    }                                                                                                         \
    /* log10(2) in two parts, the first with few enough bits for an exact product. */                         \
    VM_INLINE T vm_log10_##S(T x) {                                                                           \
        T e, m = vm_split_##S(x, &e);                                                                         \
        T low = e * (T)(0.30102999566398119521 - 0.301025390625) + vm_log_normal_##S(m, 0) * (T)VM_LOG10E;    \
        return vm_log_limits_##S(x, e * (T)0.301025390625 + low);                                             \
    }
VM_LOGARITHMS(float, f32)
VM_LOGARITHMS(double, f64)

/* 2^(y log2|x|) with 40 bits, then the cases of C99: sign of odd powers, NaN for fractional powers of negative x. */
VM_INLINE float vm_pow_f32(float base, float power) {
    double e, x = base, y = power, a = vm_abs_f64(x), m = vm_split_f64(a, &e);
    double s = (m - 1.0) / (m + 1.0), z = s * s, p = 0.27934570338644351;
    p = p * z + 0.32015415392141582;
    p = p * z + 0.41220328712915422;
    p = p * z + 0.57707799899824875;
    p = p * z + 0.96179669393620083;
    double log = e + s * (2.8853900817779268 + z * p);
    log = a == 0 ? -INFINITY : a < INFINITY ? log : a;
    double t = y * log;
    t = t > 160.0 ? 160.0 : t;
    t = t < -160.0 ? -160.0 : t;
    double k = vm_round_f64(t), f = t - k, q = 1.3250805517502249e-6;
    q = q * f + 0.000015303700711365694;
    q = q * f + 0.00015403475186530786;
    q = q * f + 0.0013333478473685416;
    q = q * f + 0.0096181291352361397;
    q = q * f + 0.055504109063258666;
    q = q * f + 0.24022650695888502;
    q = q * f + 0.69314718055683241;
    double r = (1.0 + f * q) * vm_pow2_f64(k), half = y * 0.5;
    int whole = vm_round_f64(y) == y, odd = whole & (vm_round_f64(half) != half);
    r = odd ? vm_copysign_f64(r, x) : r;
    r = (x < 0) & !whole & (a < INFINITY) ? NAN : r;
    r = (y == 0) | (x == 1) | ((a == 1) & (vm_abs_f64(y) == INFINITY)) ? 1.0 : r;
    return (float)r;
}

VM_INLINE float vm_hypot_f32(float x, float y) {
    double a = x, b = y;
    float r = (float)sqrt(a * a + b * b);
    return (vm_abs_f32(x) == INFINITY) | (vm_abs_f32(y) == INFINITY) ? INFINITY : r;
}

/* --- sine, cosine and tangent: x = k pi/2 + r, the quadrant is k modulo 4 --- */
VM_INLINE float vm_sin_kernel_f32(float r, float z) {
    float p = -0.000195878657021f;
    p = p * z + 0.00833274815409f;
    p = p * z - 0.166666646617f;
    return r + r * z * p;
}
VM_INLINE float vm_cos_kernel_f32(float z) {
    float p = 2.45479168537e-5f;
    p = p * z - 0.00138883029191f;
    p = p * z + 0.0416666646589f;
    return 1.0f - (0.5f * z - z * z * p);
}
VM_INLINE double vm_sin_kernel_f64(double r, double z) {
    double p = 1.5918115263265975e-10;
    p = p * z - 2.5051131650235181e-8;
    p = p * z + 2.7557316101617874e-6;
    p = p * z - 0.00019841269836756773;
    p = p * z + 0.0083333333333309473;
    p = p * z - 0.16666666666666665;
    return r + r * z * p;
}
VM_INLINE double vm_cos_kernel_f64(double z) {
    double p = -1.1382623647474605e-11;
    p = p * z + 2.0876146146558612e-9;
    p = p * z - 2.7557317271145146e-7;
    p = p * z + 0.000024801587298764561;
    p = p * z - 0.0013888888888887396;
    p = p * z + 0.041666666666666665;
    return 1.0 - (0.5 * z - z * z * p);
}

/* pi/2 in parts of 33 bits: their products with k are exact. */
VM_INLINE float vm_quadrant_f32(float x, int32_t *q) {
    double d = x, k = vm_round_f64(d * 0.63661977236758134308);
    *q = (int32_t)k;
    return (float)((d - k * 1.57079632673412561417) - k * 6.07710050650619224932e-11);
}
VM_INLINE double vm_quadrant_f64(double x, uint64_t *q) {
    double k = vm_round_f64(x * 0.63661977236758134308);
    *q = vm_bits_f64(k + VM_ROUND_F64);
    return ((x - k * 1.57079632673412561417) - k * 6.07710050630396597660e-11) - k * 2.02226624879595063154e-21;
}

#define VM_TRIGONOMETRY(T, S, Q, SHIFT)                                                                       \
    VM_INLINE T vm_wave_##S(T x, Q turn) {                                                                    \
        Q q;                                                                                                  \
        T r = vm_quadrant_##S(x, &q), z = r * r;                                                              \
        q += turn;                                                                                            \
        T y = q & 1 ? vm_cos_kernel_##S(z) : vm_sin_kernel_##S(r, z);                                         \
        return vm_from_##S(vm_bits_##S(y) ^ ((U##S)(q & 2) << SHIFT));                                        \
    }                                                                                                         \
    VM_INLINE T vm_sin_##S(T x) { return x == 0 ? x : vm_wave_##S(x, 0); }                                    \
    VM_INLINE T vm_cos_##S(T x) { return vm_wave_##S(x, 1); }                                                 \
    VM_INLINE T vm_tan_##S(T x) {                                                                             \
        Q q;                                                                                                  \
        T r = vm_quadrant_##S(x, &q), z = r * r, s = vm_sin_kernel_##S(r, z), c = vm_cos_kernel_##S(z);       \
        T y = (q & 1 ? -c : s) / (q & 1 ? s : c);                                                             \
        return x == 0 ? x : y;                                                                                \
    }
typedef uint32_t Uf32;
typedef uint64_t Uf64;
VM_TRIGONOMETRY(float, f32, int32_t, 30)
VM_TRIGONOMETRY(double, f64, uint64_t, 62)

/* --- inverse functions --- */
VM_INLINE float vm_asin_tail_f32(float z) {
    float p = 0.0380850235611f;
    p = p * z + 0.0265545422062f;
    p = p * z + 0.0450013800699f;
    p = p * z + 0.074988550726f;
    return p * z + 0.166666724148f;
}
VM_INLINE double vm_asin_tail_f64(double z) {
    double p = 0.028169218060881413;
    p = p * z - 0.010749050339697808;
    p = p * z + 0.016035514349148823;
    p = p * z + 0.0078029494773533171;
    p = p * z + 0.0118754943826369232;
    p = p * z + 0.013929652902326633;
    p = p * z + 0.017355259955786322;
    p = p * z + 0.022372047631744510;
    p = p * z + 0.030381947367098481;
    p = p * z + 0.044642857103423643;
    p = p * z + 0.075000000000207644;
    return p * z + 0.16666666666666649;
}
VM_INLINE float vm_atan_tail_f32(float z) {
    float p = -0.0645184127688f;
    p = p * z + 0.107437052609f;
    p = p * z - 0.142639531712f;
    p = p * z + 0.199995404136f;
    return p * z - 0.333333317609f;
}
VM_INLINE double vm_atan_tail_f64(double z) {
    double p = 0.016285183029865668;
    p = p * z - 0.034570044186095537;
    p = p * z + 0.045515730866641905;
    p = p * z - 0.052304498567092407;
    p = p * z + 0.058789283985172323;
    p = p * z - 0.066664248336135524;
    p = p * z + 0.076922963721299638;
    p = p * z - 0.090909087534004996;
    p = p * z + 0.111111111051534294;
    p = p * z - 0.142857142856598069;
    p = p * z + 0.199999999999998044;
    return p * z - 0.333333333333333332;
}

/* asin(1/2 to 1) from sqrt((1 - x) / 2). pi/2 comes in two parts, PI2 the rounded value and REST what it lacks. */
#define VM_INVERSES(T, S, PI2, REST, HUGE_)                                                                   \
    VM_INLINE T vm_asin_##S(T x) {                                                                            \
        T a = vm_abs_##S(x), z = a > (T)0.5 ? (1 - a) * (T)0.5 : a * a, r = a > (T)0.5 ? vm_sqrt(z) : a;      \
        T y = r + r * z * vm_asin_tail_##S(z);                                                                \
        y = a > (T)0.5 ? (T)PI2 - (2 * y - (T)REST) : y;                                                      \
        return vm_copysign_##S(y, x);                                                                         \
    }                                                                                                         \
    VM_INLINE T vm_acos_##S(T x) {                                                                            \
        T a = vm_abs_##S(x), z = a > (T)0.5 ? (1 - a) * (T)0.5 : a * a, r = a > (T)0.5 ? vm_sqrt(z) : x;      \
        T y = r + r * z * vm_asin_tail_##S(z);                                                                \
        T wide = x < 0 ? 2 * ((T)PI2 - (y - (T)REST)) : 2 * y;                                                \
        return a > (T)0.5 ? wide : (T)PI2 - (y - (T)REST);                                                    \
    }                                                                                                         \
    /* atan(a / b) for 0 <= a <= b; beyond tan(pi/8) as pi/4 + atan((a - b) / (a + b)). */                    \
    VM_INLINE T vm_atan_ratio_##S(T a, T b) {                                                                 \
        int big = a > (T)0.41421356237309503 * b;                                                             \
        T r = (big ? a - b : a) / (big ? a + b : b), z = r * r, y = r + r * z * vm_atan_tail_##S(z);          \
        return big ? (T)(PI2 / 2) + (y + (T)(REST / 2)) : y;                                                  \
    }                                                                                                         \
    VM_INLINE T vm_atan_##S(T x) {                                                                            \
        T a = vm_abs_##S(x), y = vm_atan_ratio_##S(a > 1 ? 1 : a, a > 1 ? a : 1);                             \
        return vm_copysign_##S(a > 1 ? (T)PI2 - (y - (T)REST) : y, x);                                        \
    }                                                                                                         \
    VM_INLINE T vm_atan2_##S(T y, T x) {                                                                      \
        T ax = vm_abs_##S(x), ay = vm_abs_##S(y), a = ay > ax ? ax : ay, b = ay > ax ? ay : ax;               \
        T scale = b > (T)HUGE_ ? (T)0.25 : 1;                                                                 \
        int equal = a == b;                                                                                   \
        b = b == 0 ? 1 : equal ? 1 : b * scale;                                                               \
        a = equal & (a != 0) ? 1 : a * scale;                                                                 \
        T r = vm_atan_ratio_##S(a, b);                                                                        \
        /* Left of the vertical axis the angle goes on from pi/2, or comes back from pi. */                   \
        int left = vm_copysign_##S(1, x) < 0;                                                                 \
        T up = (T)PI2 + (left ? r + (T)REST : (T)REST - r), side = left ? 2 * (T)PI2 - (r - 2 * (T)REST) : r; \
        r = vm_copysign_##S(ay > ax ? up : side, y);                                                          \
        return (x != x) | (y != y) ? x + y : r;                                                               \
    }
VM_INVERSES(float, f32, 1.57079637050628662109, -4.37113900018624283e-8, 1e38)
VM_INVERSES(double, f64, 1.57079632679489655800, 6.12323399573676603587e-17, 1e308)

/* --- hyperbolic functions --- */
VM_INLINE float vm_sinh_tail_f32(float z) {
    float p = 2.80628025823e-6f;
    p = p * z + 0.000198381019687f;
    p = p * z + 0.00833333967592f;
    return p * z + 0.166666666468f;
}
VM_INLINE double vm_sinh_tail_f64(double z) {
    double p = 2.8445264169895286e-15;
    p = p * z + 7.6466253616566577e-13;
    p = p * z + 1.605904839635056e-10;
    p = p * z + 2.5052108364058041e-8;
    p = p * z + 2.7557319224040338e-6;
    p = p * z + 0.00019841269841269773;
    p = p * z + 0.0083333333333333334;
    return p * z + 0.16666666666666667;
}
/* exp(x) / 2 for x >= 0, which overflows later than exp. */
VM_INLINE float vm_half_exp_f32(float x) {
    x = x > 90.0f ? 90.0f : x;
    float k = vm_round_f32(x * 1.44269504f);
    float r = (x - k * 0.693145751953125f) - k * 1.42860682030941723212e-6f;
    return (1.0f + (r + vm_exp_tail_f32(r))) * vm_pow2_f32(k - 2.0f) * 2.0f;
}
VM_INLINE double vm_half_exp_f64(double x) {
    x = x > 711.0 ? 711.0 : x;
    double k = vm_round_f64(x * 1.4426950408889634);
    double r = (x - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
    return (1.0 + (r + vm_exp_tail_f64(r))) * vm_pow2_f64(k - 2.0) * 2.0;
}

/* Beyond FAR, asinh and acosh are log(2x). */
#define VM_HYPERBOLIC(T, S, FAR)                                                                              \
    VM_INLINE T vm_sinh_##S(T x) {                                                                            \
        T a = vm_abs_##S(x), z = x * x, e = vm_half_exp_##S(a);                                               \
        T near = x + x * z * vm_sinh_tail_##S(z), far = vm_copysign_##S(e - (T)0.25 / e, x);                  \
        return x == 0 ? x : a > 1 ? far : near;                                                               \
    }                                                                                                         \
    VM_INLINE T vm_cosh_##S(T x) {                                                                            \
        T e = vm_half_exp_##S(vm_abs_##S(x));                                                                 \
        return e + (T)0.25 / e;                                                                               \
    }                                                                                                         \
    VM_INLINE T vm_asinh_##S(T x) {                                                                           \
        T a = vm_abs_##S(x), u = a > (T)FAR ? a : a + a * a / (1 + vm_sqrt(1 + a * a));                       \
        return vm_copysign_##S(vm_log1p_##S(u) + (a > (T)FAR ? (T)VM_LN2 : 0), x);                            \
    }                                                                                                         \
    VM_INLINE T vm_acosh_##S(T x) {                                                                           \
        T t = x - 1, u = x > (T)FAR ? x : t + vm_sqrt(2 * t + t * t);                                         \
        T y = vm_log1p_##S(u) + (x > (T)FAR ? (T)VM_LN2 : 0);                                                 \
        return x < 1 ? (T)NAN : y;                                                                            \
    }                                                                                                         \
    VM_INLINE T vm_atanh_##S(T x) {                                                                           \
        T a = vm_abs_##S(x);                                                                                  \
        return vm_copysign_##S((T)0.5 * vm_log1p_##S(2 * a / (1 - a)), x);                                    \
    }                                                                                                         \
    VM_INLINE T vm_logaddexp_##S(T x, T y) {                                                                  \
        T d = vm_abs_##S(x - y), r = (x > y ? x : y) + vm_softplus_##S(-d);                                   \
        return x == y ? x + (T)VM_LN2 : r;                                                                    \
    }                                                                                                         \
    VM_INLINE T vm_logaddexp2_##S(T x, T y) {                                                                 \
        T d = vm_abs_##S(x - y), r = (x > y ? x : y) + vm_softplus_##S(-d * (T)VM_LN2) * (T)VM_LOG2E;         \
        return x == y ? x + 1 : r;                                                                            \
    }
VM_HYPERBOLIC(float, f32, 1e10)
VM_HYPERBOLIC(double, f64, 1e20)

#define VM_OF(F, x) _Generic((x), float: vm_##F##_f32, double: vm_##F##_f64)

#endif
