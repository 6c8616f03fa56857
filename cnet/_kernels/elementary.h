/* The formulas of elementary functions, comparisons and rounding; loops.h says what they see. */
#ifndef CNET_ELEMENTARY_H
#define CNET_ELEMENTARY_H

#include "loops.h"
#include "vtrig.h"

#define EL_TRIG(NAME, COST)                                                                                               \
    PW_GUARDED_LOOP(pw_##NAME##_f32, float, vm_##NAME##_f32(x), vm_abs_f32(x) <= (float)VM_TRIG_LIMIT, NAME##f(x))        \
    PW_GUARDED_LOOP(pw_##NAME##_f64, double, vm_##NAME##_f64(x), vm_abs_f64(x) <= VM_TRIG_LIMIT, NAME(x))                 \
    static const unary_kernel PW_##NAME = {pw_##NAME##_f32, pw_##NAME##_f64, NULL, COST, 0};
EL_TRIG(sin, 32)
EL_TRIG(cos, 32)
EL_TRIG(tan, 36)

#define EL_UNARY(NAME, COST) PW_UNARY(NAME, COST, VM_OF(NAME, x)(x))
EL_UNARY(exp2, 20)
EL_UNARY(log2, 26)
EL_UNARY(log10, 28)
EL_UNARY(asin, 24)
EL_UNARY(acos, 24)
EL_UNARY(atan, 28)
EL_UNARY(sinh, 36)
EL_UNARY(cosh, 26)
EL_UNARY(asinh, 48)
EL_UNARY(acosh, 44)
EL_UNARY(atanh, 40)
EL_UNARY(floor, 5)
EL_UNARY(ceil, 6)
EL_UNARY(trunc, 5)
PW_UNARY(round, 4, VM_OF(rint, x)(x))
PW_UNARY(frac, 6, x - VM_OF(trunc, x)(x))
PW_UNARY(sign, 2, x > 0 ? 1 : x < 0 ? -1 : 0)
/* Of a real number: pi left of 0. */
PW_UNARY(angle, 2, x < 0 ? (T)3.14159265358979323846 : x != x ? x : 0)
PW_UNARY(logit, 30, vm_log(x / (1 - x)))
/* p: the weight of y. */
PW_BINARY(lerp_number, 5, p0 < (T)0.5 && p0 > (T)-0.5 ? x + p0 * (y - x) : y - (y - x) * (1 - p0))
/* p: bounds; a NaN stays, and the upper bound wins over the lower one. */
PW_UNARY(clamp, 2, x < p0 ? (p1 < p0 ? p1 : p0) : x > p1 ? p1 : x)
/* x, or the constants where it is NaN, infinite and minus infinite. */
PW_UNARY(nan_to_num, 4, x != x ? p0 : x == (T)INFINITY ? p1 : x == (T)-INFINITY ? p2 : x)

/* From the nearer end. */
PW_TERNARY(lerp, 5, vm_abs(z) < (T)0.5 ? x + z * (y - x) : y - (y - x) * (1 - z))
PW_TERNARY(addcmul, 3, x + p0 * y * z)
PW_TERNARY(addcdiv, 6, x + p0 * y / z)
/* A NaN of any of the three stays, and the upper bound wins over the lower one. */
PW_TERNARY(between, 4, x != x ? x : y != y ? y : z != z ? z : (x < y ? y : x) > z ? z : x < y ? y : x)

#define EL_SINGLE(NAME, COST, FORMULA)                \
    PW_BINARY_LOOP(pw_##NAME##_f32, float, T, FORMULA) \
    static const binary_kernel PW_##NAME = {pw_##NAME##_f32, NULL, NULL, COST, 0};
/* Through buffers: of an argument that stays the same, the compiler would make branches, and no vector code. */
static void pw_pow_f32(const void *xs, ptrdiff_t sx, const void *ys, ptrdiff_t sy, void *os, ptrdiff_t n, const double *p) {
    const float *xp = (const float *)xs, *yp = (const float *)ys;
    float *op = (float *)os, xb[256], yb[256];
    (void)p;
    for (ptrdiff_t begin = 0; begin < n; begin += 256) {
        const ptrdiff_t size = n - begin < 256 ? n - begin : 256;
        for (ptrdiff_t i = 0; i < size; i++) xb[i] = xp[(begin + i) * sx], yb[i] = yp[(begin + i) * sy];
        for (ptrdiff_t i = 0; i < size; i++) op[begin + i] = vm_pow_f32(xb[i], yb[i]);
    }
}
static const binary_kernel PW_pow = {pw_pow_f32, NULL, NULL, 50, 0};
EL_SINGLE(hypot, 12, vm_hypot_f32(x, y))
PW_BINARY(atan2, 40, VM_OF(atan2, x)(x, y))
PW_BINARY(logaddexp, 60, VM_OF(logaddexp, x)(x, y))
PW_BINARY(logaddexp2, 60, VM_OF(logaddexp2, x)(x, y))
PW_BINARY(fmax, 3, x >= y || y != y ? x : y)
PW_BINARY(fmin, 3, x <= y || y != y ? x : y)
PW_BINARY(copysign, 2, VM_OF(copysign, x)(x, y))
/* The next number from x towards y: one more or less in the bits of its magnitude. */
VM_INLINE float vm_nextafter_f32(float x, float y) {
    const uint32_t u = vm_bits_f32(x), step = (x < y) == (x > 0) ? 1u : ~0u;
    const float r = vm_from_f32(x == 0 ? (vm_bits_f32(y) & 0x80000000u) | 1u : u + step);
    return x != x || y != y ? x + y : x == y ? y : r;
}
VM_INLINE double vm_nextafter_f64(double x, double y) {
    const uint64_t u = vm_bits_f64(x), step = (x < y) == (x > 0) ? 1u : ~(uint64_t)0;
    const double r = vm_from_f64(x == 0 ? (vm_bits_f64(y) & 0x8000000000000000u) | 1u : u + step);
    return x != x || y != y ? x + y : x == y ? y : r;
}
PW_BINARY(nextafter, 8, VM_OF(nextafter, x)(x, y))
PW_BINARY(heaviside, 3, x > 0 ? 1 : x < 0 ? 0 : x != x ? x : y)
PW_BINARY(xlogy, 26, x == 0 && y == y ? 0 : x * vm_log(y))
PW_BINARY(xlog1py, 36, x == 0 && y == y ? 0 : x * vm_log1p(y))

PW_BINARY(add_scaled, 2, x + p0 * y)
PW_BINARY(trunc_div, 9, VM_OF(trunc, x)(x / y))

/* Quotients of float32 in float64, where they are exact up to 2^28; the C library for the others, block by block. */
#define EL_QUOTIENT(NAME, FORMULA, SLOW)                                                                      \
    static void pw_##NAME##_f32(const void *xs, ptrdiff_t sx, const void *ys, ptrdiff_t sy, void *os, ptrdiff_t n, \
                                const double *p) {                                                            \
        const float *xp = (const float *)xs, *yp = (const float *)ys;                                         \
        float *op = (float *)os, xb[256], yb[256];                                                            \
        (void)p;                                                                                              \
        for (ptrdiff_t begin = 0; begin < n; begin += 256) {                                                  \
            const ptrdiff_t size = n - begin < 256 ? n - begin : 256;                                         \
            int wild = 0;                                                                                     \
            for (ptrdiff_t i = 0; i < size; i++) xb[i] = xp[(begin + i) * sx], yb[i] = yp[(begin + i) * sy];  \
            for (ptrdiff_t i = 0; i < size; i++) wild |= !el_exact(xb[i], yb[i]);                             \
            for (ptrdiff_t i = 0; i < size; i++) {                                                            \
                const double x = xb[i], y = yb[i];                                                            \
                op[begin + i] = (float)(FORMULA);                                                             \
            }                                                                                                 \
            if (wild) {                                                                                       \
                for (ptrdiff_t i = 0; i < size; i++)                                                          \
                    if (!el_exact(xb[i], yb[i])) op[begin + i] = SLOW(xb[i], yb[i]);                          \
            }                                                                                                 \
        }                                                                                                     \
    }                                                                                                         \
    static const binary_kernel PW_##NAME = {pw_##NAME##_f32, NULL, NULL, 16, 0};
VM_INLINE int el_exact(float x, float y) {
    return (vm_abs_f32(x) < 268435456.0f * vm_abs_f32(y)) & (vm_abs_f32(y) < INFINITY);
}
VM_INLINE double el_fmod(double x, double y) { return vm_copysign_f64(x - vm_trunc_f64(x / y) * y, x); }
VM_INLINE double el_remainder(double x, double y) {
    double r = x - vm_floor_f64(x / y) * y;
    return vm_copysign_f64(r, y);
}
VM_INLINE double el_floor_div(double x, double y) { return vm_copysign_f64(vm_floor_f64(x / y), x / y); }
static float el_slow_remainder(float x, float y) {
    float r = fmodf(x, y);
    return r == 0 ? vm_copysign_f32(0, y) : (r < 0) != (y < 0) ? r + y : r;
}
static float el_slow_floor_div(float x, float y) {
    if (y == 0) return x / y;
    float r = fmodf(x, y), q = (x - r) / y;
    if (r != 0 && (r < 0) != (y < 0)) q -= 1;
    if (q == 0) return vm_copysign_f32(0, x / y);
    return q - floorf(q) > 0.5f ? floorf(q) + 1 : floorf(q);
}
EL_QUOTIENT(fmod, el_fmod(x, y), fmodf)
EL_QUOTIENT(remainder, el_remainder(x, y), el_slow_remainder)
EL_QUOTIENT(floor_div, el_floor_div(x, y), el_slow_floor_div)

/* Comparisons of two numbers of one type. */
#define EL_COMPARE(NAME, FORMULA)                                     \
    PW_BINARY_LOOP(pw_##NAME##_f32, float, unsigned char, FORMULA)    \
    PW_BINARY_LOOP(pw_##NAME##_f64, double, unsigned char, FORMULA)   \
    PW_BINARY_LOOP(pw_##NAME##_i64, int64_t, unsigned char, FORMULA)  \
    static const binary_kernel PW_##NAME = {pw_##NAME##_f32, pw_##NAME##_f64, pw_##NAME##_i64, 1, 1};
EL_COMPARE(eq, x == y)
EL_COMPARE(ne, x != y)
EL_COMPARE(lt, x < y)
EL_COMPARE(le, x <= y)
EL_COMPARE(gt, x > y)
EL_COMPARE(ge, x >= y)

#define EL_QUESTION(NAME, FORMULA)                                    \
    PW_UNARY_LOOP(pw_##NAME##_f32, float, unsigned char, FORMULA)     \
    PW_UNARY_LOOP(pw_##NAME##_f64, double, unsigned char, FORMULA)    \
    static const unary_kernel PW_##NAME = {pw_##NAME##_f32, pw_##NAME##_f64, NULL, 1, 1};
EL_QUESTION(isnan, x != x)
EL_QUESTION(isinf, vm_abs(x) == (T)INFINITY)
EL_QUESTION(isfinite, vm_abs(x) < (T)INFINITY)
EL_QUESTION(isposinf, x == (T)INFINITY)
EL_QUESTION(isneginf, x == (T)-INFINITY)
EL_QUESTION(signbit, VM_OF(copysign, x)(1, x) < 0)

/* Whole-number arithmetic wraps around, which C leaves open for signed types. */
#define EL_WHOLE(NAME, FORMULA)                                       \
    PW_BINARY_LOOP(pw_##NAME##_i64, int64_t, T, FORMULA)              \
    static const binary_kernel PW_##NAME = {NULL, NULL, pw_##NAME##_i64, 1, 0};
EL_WHOLE(bit_and, x & y)
EL_WHOLE(bit_or, x | y)
EL_WHOLE(bit_xor, x ^ y)
/* Shifts by less than 0 or by 64 and more shift everything out, the sign aside. */
EL_WHOLE(shift_left, (uint64_t)y < 64 ? (int64_t)((uint64_t)x << (y & 63)) : 0)
EL_WHOLE(shift_right, x >> ((uint64_t)y < 64 ? y : 63))

#endif
