/* The formulas of arithmetic and activations; loops.h says what they see. */
#ifndef CNET_POINTWISE_H
#define CNET_POINTWISE_H

#include "loops.h"
#include "vecmath.h"

/* With vectors for float: VECTOR is the formula in the functions of vecmath.h. */
#define PW_UNARY_VECTOR(NAME, COST, FORMULA, VECTOR)             \
    VECMATH_UNARY(pw_##NAME##_f32, VECTOR)                       \
    PW_UNARY_LOOP(pw_##NAME##_f64, double, T, FORMULA)           \
    static const unary_kernel PW_##NAME = {pw_##NAME##_f32, pw_##NAME##_f64, NULL, COST, 0};
#define PW_BINARY_VECTOR(NAME, COST, FORMULA, VECTOR)            \
    VECMATH_BINARY(pw_##NAME##_f32, VECTOR)                      \
    PW_BINARY_LOOP(pw_##NAME##_f64, double, T, FORMULA)          \
    static const binary_kernel PW_##NAME = {pw_##NAME##_f32, pw_##NAME##_f64, NULL, COST, 0};

/* --- arithmetic --- */
PW_BINARY(add, 1, x + y)
PW_BINARY(sub, 1, x - y)
PW_BINARY(mul, 1, x * y)
PW_BINARY(div, 4, x / y)
PW_BINARY(maximum, 2, x > y || x != x ? x : y)
PW_BINARY(minimum, 2, x < y || x != x ? x : y)

PW_UNARY(neg, 1, -x)
PW_UNARY(abs, 1, vm_abs(x))
PW_UNARY(square, 1, x * x)
PW_UNARY(reciprocal, 4, 1 / x)
PW_UNARY(sqrt, 6, vm_sqrt(x))
PW_UNARY(rsqrt, 10, 1 / vm_sqrt(x))
PW_UNARY_VECTOR(exp, 20, vm_exp(x), vf_exp(x))
PW_UNARY(expm1, 24, vm_expm1(x))
PW_UNARY_VECTOR(log, 24, vm_log(x), vf_log(x))
PW_UNARY(log1p, 32, vm_log1p(x))
PW_UNARY_VECTOR(tanh, 32, vm_tanh(x), vf_tanh(x))
PW_UNARY_VECTOR(sigmoid, 26, vm_sigmoid(x), vf_sigmoid(x))
PW_UNARY(erf, 48, vm_erf(x))

PW_BINARY(tanh_grad, 3, x * (1 - y * y))
PW_BINARY(sigmoid_grad, 3, x * (y * (1 - y)))

/* --- activations; in a gradient x is the incoming gradient and y the saved value --- */
PW_UNARY(relu, 1, x < 0 ? 0 : x)
PW_BINARY(relu_grad, 1, y <= 0 ? 0 : x)
PW_UNARY(threshold, 1, x <= p0 ? p1 : x)
PW_BINARY(threshold_grad, 1, y <= p0 ? 0 : x)
PW_UNARY(leaky_relu, 2, x > 0 ? x : x * p0)
PW_BINARY(leaky_relu_grad, 2, y > 0 ? x : x * p0)
PW_BINARY(prelu, 2, x > 0 ? x : x * y)
PW_UNARY(hardtanh, 2, x < p0 ? p0 : x > p1 ? p1 : x)
PW_BINARY(hardtanh_grad, 2, y <= p0 || y >= p1 ? 0 : x)
PW_UNARY(hardshrink, 2, x >= -p0 && x <= p0 ? 0 : x)
PW_BINARY(hardshrink_grad, 2, y >= -p0 && y <= p0 ? 0 : x)
PW_UNARY(softshrink, 3, x > p0 ? x - p0 : x < -p0 ? x + p0 : x * 0)
PW_UNARY(hardsigmoid, 4, (x < -3 ? 0 : x > 3 ? 6 : x + 3) / 6)
PW_BINARY(hardsigmoid_grad, 4, y > -3 && y < 3 ? x / 6 : 0)
PW_UNARY(hardswish, 4, x * (x < -3 ? 0 : x > 3 ? 6 : x + 3) / 6)
PW_BINARY(hardswish_grad, 4, y <= -3 ? 0 : y < 3 ? x * (y / 3 + (T)0.5) : x)

/* p: scale of the negative side, scale of the positive side, scale of its input. */
PW_UNARY(elu, 26, x <= 0 ? vm_expm1(x * p2) * p0 : x * p1)
PW_BINARY(elu_grad, 26, y <= 0 ? x * p2 * p0 * vm_exp(y * p2) : x * p1)

PW_UNARY_VECTOR(silu, 27, x * vm_sigmoid(x), x * vf_sigmoid(x))
PW_BINARY_VECTOR(glu, 27, x * vm_sigmoid(y), x * vf_sigmoid(y))
PW_UNARY(logsigmoid, 45, -vm_softplus(-x))
PW_BINARY(logsigmoid_grad, 27, x * vm_sigmoid(-y))
/* p: beta, threshold. */
PW_UNARY(softplus, 45, x * p0 > p1 ? x : vm_softplus(x * p0) / p0)
PW_BINARY(softplus_grad, 27, y * p0 > p1 ? x : x * vm_sigmoid(y * p0))

#define PW_SQRT1_2 0.70710678118654752440
#define PW_SQRT2_PI 0.79788456080286535588
#define PW_1_SQRT2PI 0.39894228040143267794
PW_UNARY_VECTOR(gelu, 30, 0.5 * x * (1 + vm_erf(x * PW_SQRT1_2)), vf_gelu(x))
PW_UNARY(gelu_tanh, 40, (T)0.5 * x * (1 + vm_tanh((T)PW_SQRT2_PI * (x + (T)0.044715 * x * x * x))))
PW_BINARY_VECTOR(gelu_grad, 50, x * (0.5 * (1 + vm_erf(y * PW_SQRT1_2)) + y * PW_1_SQRT2PI * vm_exp(-0.5 * y * y)),
                 x * vf_gelu_slope(y))

/* Gradients whose formula uses an inner value more than once. */
#define PW_DERIVATIVES(T, S)                                                                                  \
    VM_INLINE T pw_silu_slope_##S(T x) {                                                                      \
        T s = vm_sigmoid(x);                                                                                  \
        return s * (1 + x * (1 - s));                                                                         \
    }                                                                                                         \
    VM_INLINE T pw_gelu_tanh_slope_##S(T x) {                                                                 \
        T t = vm_tanh((T)PW_SQRT2_PI * (x + (T)0.044715 * x * x * x));                                        \
        T inner = (T)PW_SQRT2_PI * (1 + (T)(3 * 0.044715) * x * x);                                           \
        return (T)0.5 * (1 + t) + (T)0.5 * x * (1 - t * t) * inner;                                           \
    }                                                                                                         \
    VM_INLINE T pw_sigmoid_slope_##S(T x) {                                                                   \
        T s = vm_sigmoid(x);                                                                                  \
        return s * (1 - s);                                                                                   \
    }                                                                                                         \
    /* tanh(log(1 + e)) = n / (n + 2) with n = e (e + 2), e = exp(x): no logarithm, no cancellation. */       \
    VM_INLINE T pw_mish_tanh_##S(T x) {                                                                       \
        T e = vm_exp(x > 20 ? 20 : x), n = e * (e + 2);                                                       \
        return n / (n + 2);                                                                                   \
    }                                                                                                         \
    VM_INLINE T pw_mish_slope_##S(T x) {                                                                      \
        T t = pw_mish_tanh_##S(x);                                                                            \
        return t + x * vm_sigmoid(x) * (1 - t * t);                                                           \
    }
PW_DERIVATIVES(float, f32)
PW_DERIVATIVES(double, f64)
static inline vf pw_silu_slope_vf(vf x)
{
    vf s = vf_sigmoid(x);
    return s * (1.0f + x * (1.0f - s));
}
#define PW_OF(F, x) _Generic((x), float: F##_f32, double: F##_f64)(x)
PW_BINARY_VECTOR(silu_grad, 30, x * pw_silu_slope_f64(y), x * pw_silu_slope_vf(y))
PW_BINARY(gelu_tanh_grad, 50, x * PW_OF(pw_gelu_tanh_slope, y))
/* g, a, b to the gradient of b in a sigmoid(b). */
PW_TERNARY(glu_gate_grad, 30, x * y * PW_OF(pw_sigmoid_slope, z))
PW_UNARY(mish, 30, x * PW_OF(pw_mish_tanh, x))
PW_BINARY(mish_grad, 60, x * PW_OF(pw_mish_slope, y))

#endif
