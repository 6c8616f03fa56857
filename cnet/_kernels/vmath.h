/* Elementary functions as branch-free scalar code, so that a plain loop over them becomes vector code for whatever
 * instruction set the file is compiled for, and an element's result does not depend on its position in the array.
 *
 * Worst error against exact values, in units in the last place (checked by tests/_kernels/test_vmath.py):
 *     float32   exp 1.1   expm1 2   log 1   log1p 1.5   tanh 2.5   sigmoid 2.5   erf 1.1
 *     float64   exp 1.1   expm1 2   log 1   log1p 1.5   tanh 2.5   sigmoid 2.5   erf: the C library's
 * The polynomials are Chebyshev fits of the named function on the named interval, made with 40 digits.
 *
 * Needs -fno-trapping-math and -fno-math-errno to vectorise, and is right without them.
 */
#ifndef CNET_VMATH_H
#define CNET_VMATH_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(_MSC_VER)
#define VM_INLINE static __forceinline
#else
#define VM_INLINE static inline __attribute__((always_inline, unused))
#endif

VM_INLINE uint32_t vm_bits_f32(float x) { uint32_t u; memcpy(&u, &x, 4); return u; }
VM_INLINE uint64_t vm_bits_f64(double x) { uint64_t u; memcpy(&u, &x, 8); return u; }
VM_INLINE float vm_from_f32(uint32_t u) { float x; memcpy(&x, &u, 4); return x; }
VM_INLINE double vm_from_f64(uint64_t u) { double x; memcpy(&x, &u, 8); return x; }

/* Adding 1.5 * 2^(mantissa bits) rounds to the nearest integer and leaves it in the low bits. */
#define VM_ROUND_F32 12582912.0f
#define VM_ROUND_F64 6755399441055744.0

VM_INLINE float vm_round_f32(float x) { return (x + VM_ROUND_F32) - VM_ROUND_F32; }
VM_INLINE double vm_round_f64(double x) { return (x + VM_ROUND_F64) - VM_ROUND_F64; }

/* 2^k for a whole k within the exponents of normal numbers. */
VM_INLINE float vm_pow2_f32(float k) { return vm_from_f32((vm_bits_f32(k + VM_ROUND_F32) + 127u) << 23); }
VM_INLINE double vm_pow2_f64(double k) { return vm_from_f64((vm_bits_f64(k + VM_ROUND_F64) + 1023u) << 52); }

VM_INLINE float vm_abs_f32(float x) { return vm_from_f32(vm_bits_f32(x) & 0x7fffffffu); }
VM_INLINE double vm_abs_f64(double x) { return vm_from_f64(vm_bits_f64(x) & 0x7fffffffffffffffu); }

VM_INLINE float vm_copysign_f32(float x, float s) {
    return vm_from_f32((vm_bits_f32(x) & 0x7fffffffu) | (vm_bits_f32(s) & 0x80000000u));
}
VM_INLINE double vm_copysign_f64(double x, double s) {
    return vm_from_f64((vm_bits_f64(x) & 0x7fffffffffffffffu) | (vm_bits_f64(s) & 0x8000000000000000u));
}

/* exp(r) = 1 + r + r^2 Q(r) on |r| <= ln(2)/2. */
VM_INLINE float vm_exp_tail_f32(float r) {
    float q = 0.0013926375995803529f;
    q = q * r + 0.0083633330821829433f;
    q = q * r + 0.041666553458651747f;
    q = q * r + 0.16666576062275124f;
    q = q * r + 0.5f;
    return r * r * q;
}
VM_INLINE double vm_exp_tail_f64(double r) {
    double q = 2.0914882563485069504e-9;
    q = q * r + 2.5105490906986695456e-8;
    q = q * r + 2.7557273171941027719e-7;
    q = q * r + 2.7557254740405415099e-6;
    q = q * r + 0.000024801587325920161742;
    q = q * r + 0.00019841269875342142162;
    q = q * r + 0.0013888888888883641505;
    q = q * r + 0.0083333333333259855701;
    q = q * r + 0.041666666666666669835;
    q = q * r + 0.16666666666666671103;
    q = q * r + 0.5;
    return r * r * q;
}

/* Clamps keep NaN, because a comparison with NaN is false. */
VM_INLINE float vm_exp_f32(float x) {
    x = x > 89.0f ? 89.0f : x;
    x = x < -104.0f ? -104.0f : x;
    float k = vm_round_f32(x * 1.44269504f);
    float r = (x - k * 0.693145751953125f) - k * 1.42860682030941723212e-6f;
    float h = vm_round_f32(k * 0.5f);
    /* 2^k in two halves: the first result may overflow or be denormal only in the last product. */
    return (1.0f + (r + vm_exp_tail_f32(r))) * vm_pow2_f32(h) * vm_pow2_f32(k - h);
}
VM_INLINE double vm_exp_f64(double x) {
    x = x > 710.0 ? 710.0 : x;
    x = x < -746.0 ? -746.0 : x;
    double k = vm_round_f64(x * 1.4426950408889634);
    double r = (x - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
    double h = vm_round_f64(k * 0.5);
    return (1.0 + (r + vm_exp_tail_f64(r))) * vm_pow2_f64(h) * vm_pow2_f64(k - h);
}

/* 2^k (exp(r) - 1) + (2^k - 1), with 2^k in two halves again. */
VM_INLINE float vm_expm1_f32(float x) {
    float z = x > 89.0f ? 89.0f : x;
    z = z < -18.0f ? -18.0f : z;
    float k = vm_round_f32(z * 1.44269504f);
    float r = (z - k * 0.693145751953125f) - k * 1.42860682030941723212e-6f;
    float h = vm_round_f32(k * 0.5f), s = vm_pow2_f32(k - h);
    float y = (s * (r + vm_exp_tail_f32(r)) + (s - vm_pow2_f32(-h))) * vm_pow2_f32(h);
    return x == 0 ? x : y;
}
VM_INLINE double vm_expm1_f64(double x) {
    double z = x > 710.0 ? 710.0 : x;
    z = z < -40.0 ? -40.0 : z;
    double k = vm_round_f64(z * 1.4426950408889634);
    double r = (z - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
    double h = vm_round_f64(k * 0.5), s = vm_pow2_f64(k - h);
    double y = (s * (r + vm_exp_tail_f64(r)) + (s - vm_pow2_f64(-h))) * vm_pow2_f64(h);
    return x == 0 ? x : y;
}

/* x = 2^e m with m in [sqrt(1/2), sqrt(2)); log(m) = f - f^2/2 + s (f^2/2 + s^2 P(s^2)), f = m - 1, s = f / (2 + f).
 * For positive normal x; `shift` is added to e. */
VM_INLINE float vm_log_normal_f32(float x, float shift) {
    uint32_t u = vm_bits_f32(x);
    int32_t e = (int32_t)((u + (0x3f800000u - 0x3f3504f3u)) >> 23) - 127;
    float f = vm_from_f32(u - ((uint32_t)e << 23)) - 1.0f, k = (float)e + shift;
    float s = f / (2.0f + f), z = s * s, p = 0.2333096405177204f;
    p = p * z + 0.28550802553276710f;
    p = p * z + 0.40000122000816881f;
    p = p * z + 0.66666666554300180f;
    float half = 0.5f * f * f;
    return k * 0.693145751953125f - ((half - (s * (half + z * p) + k * 1.42860682030941723212e-6f)) - f);
}
VM_INLINE double vm_log_normal_f64(double x, double shift) {
    uint64_t u = vm_bits_f64(x), biased = (u + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu)) >> 52;
    /* The whole number as a double without a conversion, which AVX2 lacks for 64 bits. */
    double k = vm_from_f64(biased | 0x4330000000000000u) - (4503599627370496.0 + 1023.0) + shift;
    double f = vm_from_f64(u - ((biased - 1023u) << 52)) - 1.0;
    double s = f / (2.0 + f), z = s * s, p = 0.14617037548791650146;
    p = p * z + 0.15331674030167861852;
    p = p * z + 0.18182890556695603528;
    p = p * z + 0.22222211115144161503;
    p = p * z + 0.28571428626095891537;
    p = p * z + 0.39999999999899238978;
    p = p * z + 0.66666666666666696955;
    double half = 0.5 * f * f;
    return k * 6.93147180369123816490e-01 - ((half - (s * (half + z * p) + k * 1.90821492927058770002e-10)) - f);
}

VM_INLINE float vm_log_f32(float x) {
    int tiny = x < FLT_MIN;
    float y = vm_log_normal_f32(tiny ? x * 8388608.0f : x, tiny ? -23.0f : 0.0f);
    y = x < INFINITY ? y : x;
    y = x == 0 ? -INFINITY : y;
    return x < 0 ? NAN : y;
}
VM_INLINE double vm_log_f64(double x) {
    int tiny = x < DBL_MIN;
    double y = vm_log_normal_f64(tiny ? x * 18014398509481984.0 : x, tiny ? -54.0 : 0.0);
    y = x < INFINITY ? y : x;
    y = x == 0 ? -INFINITY : y;
    return x < 0 ? NAN : y;
}

/* log(1 + x) = log(u) + (what u = 1 + x lost to rounding) / u. */
VM_INLINE float vm_log1p_f32(float x) {
    float u = 1.0f + x, y = vm_log_f32(u), c = (x - (u - 1.0f)) / u;
    return u > 0 && u < INFINITY ? (x == 0 ? x : y + c) : y;
}
VM_INLINE double vm_log1p_f64(double x) {
    double u = 1.0 + x, y = vm_log_f64(u), c = (x - (u - 1.0)) / u;
    return u > 0 && u < INFINITY ? (x == 0 ? x : y + c) : y;
}

/* log(1 + exp(x)), with an exponential that is at most 1 and so needs no special case in its logarithm. */
VM_INLINE float vm_softplus_f32(float x) {
    float e = vm_exp_f32(-vm_abs_f32(x)), u = 1.0f + e;
    return (x > 0 ? x : 0.0f) + (vm_log_normal_f32(u, 0.0f) + (e - (u - 1.0f)) / u);
}
VM_INLINE double vm_softplus_f64(double x) {
    double e = vm_exp_f64(-vm_abs_f64(x)), u = 1.0 + e;
    return (x > 0 ? x : 0.0) + (vm_log_normal_f64(u, 0.0) + (e - (u - 1.0)) / u);
}

/* e / (e + 2) with e = exp(2|x|) - 1 keeps the relative accuracy near 0; beyond the clamp tanh rounds to 1. */
VM_INLINE float vm_tanh_f32(float x) {
    float a = vm_abs_f32(x);
    float e = vm_expm1_f32(2.0f * (a > 10.0f ? 10.0f : a));
    return vm_copysign_f32(e / (e + 2.0f), x);
}
VM_INLINE double vm_tanh_f64(double x) {
    double a = vm_abs_f64(x);
    double e = vm_expm1_f64(2.0 * (a > 20.0 ? 20.0 : a));
    return vm_copysign_f64(e / (e + 2.0), x);
}

VM_INLINE float vm_sigmoid_f32(float x) { return 1.0f / (1.0f + vm_exp_f32(-x)); }
VM_INLINE double vm_sigmoid_f64(double x) { return 1.0 / (1.0 + vm_exp_f64(-x)); }

/* x + x P(x^2) below 0.92; above it 1 - exp(-t - t R(t)), where the fit of -log(erfc(t)) is good to 4 (erf(4) rounds to 1). */
VM_INLINE float vm_erf_f32(float x) {
    float t = vm_abs_f32(x), z = x * x, p = 8.3997777945e-5f;
    t = t > 4.0f ? 4.0f : t;
    p = p * z - 0.000815005048755f;
    p = p * z + 0.00520171456911f;
    p = p * z - 0.0268596906549f;
    p = p * z + 0.112837011702f;
    p = p * z - 0.376126341397f;
    p = p * z + 0.128379166685f;
    float r = 1.65886844606e-5f;
    r = r * t - 0.000373447802024f;
    r = r * t + 0.00383162444039f;
    r = r * t - 0.0241165435326f;
    r = r * t + 0.106584698249f;
    r = r * t + 0.634984461977f;
    r = r * t + 0.128678209751f;
    float large = 1.0f - vm_exp_f32(-t - t * r), small = x + x * p;
    return t > 0.92f ? vm_copysign_f32(large, x) : small;
}
VM_INLINE double vm_erf_f64(double x) { return erf(x); }

/* One name for both types, for formulas that are written once. */
#define vm_abs(x) _Generic((x), float: vm_abs_f32, double: vm_abs_f64)(x)
#define vm_exp(x) _Generic((x), float: vm_exp_f32, double: vm_exp_f64)(x)
#define vm_expm1(x) _Generic((x), float: vm_expm1_f32, double: vm_expm1_f64)(x)
#define vm_log(x) _Generic((x), float: vm_log_f32, double: vm_log_f64)(x)
#define vm_log1p(x) _Generic((x), float: vm_log1p_f32, double: vm_log1p_f64)(x)
#define vm_softplus(x) _Generic((x), float: vm_softplus_f32, double: vm_softplus_f64)(x)
#define vm_tanh(x) _Generic((x), float: vm_tanh_f32, double: vm_tanh_f64)(x)
#define vm_sigmoid(x) _Generic((x), float: vm_sigmoid_f32, double: vm_sigmoid_f64)(x)
#define vm_erf(x) _Generic((x), float: vm_erf_f32, double: vm_erf_f64)(x)
#define vm_sqrt(x) _Generic((x), float: sqrtf, double: sqrt)(x)

#endif
