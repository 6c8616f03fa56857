/* Activations of a linear layer's result and their gradients, for float (act_*_f) and double (act_*_d): the formulas of
 * pointwise.h. */
#ifndef CNET_LINEAR_H
#define CNET_LINEAR_H
#include <stddef.h>
#include "vecmath.h"
#include "vmath.h"

/* act_NAME_f(z, y, n): y = the activation of z; act_NAME_grad_f(g, s, to, n): to = the gradient of z, given s, which is y or
 * (gelu, silu) z. Two rows may be one. Formulas see x, or g and s, as vectors and as numbers of type T. */
#define ACT_LOOPS(NAME, FORMULA, SLOPE, VECTOR_FORMULA, VECTOR_SLOPE)                                                  \
    static inline void act_##NAME##_f(const float *z, float *y, ptrdiff_t n)                                           \
    {                                                                                                                  \
        for (; n >= vf_lanes; n -= vf_lanes, z += vf_lanes, y += vf_lanes) {                                           \
            vf x = vf_load(z);                                                                                         \
            vf_store(y, VECTOR_FORMULA);                                                                               \
        }                                                                                                              \
        if (n) {                                                                                                       \
            vf x = vf_load_n(z, n);                                                                                    \
            vf_store_n(y, VECTOR_FORMULA, n);                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    static inline void act_##NAME##_grad_f(const float *gs, const float *ss, float *to, ptrdiff_t n)                   \
    {                                                                                                                  \
        for (; n >= vf_lanes; n -= vf_lanes, gs += vf_lanes, ss += vf_lanes, to += vf_lanes) {                         \
            vf g = vf_load(gs), s = vf_load(ss);                                                                       \
            vf_store(to, VECTOR_SLOPE);                                                                                \
        }                                                                                                              \
        if (n) {                                                                                                       \
            vf g = vf_load_n(gs, n), s = vf_load_n(ss, n);                                                             \
            vf_store_n(to, VECTOR_SLOPE, n);                                                                           \
        }                                                                                                              \
    }                                                                                                                  \
    static inline void act_##NAME##_d(const double *z, double *y, ptrdiff_t n)                                         \
    {                                                                                                                  \
        _Pragma("omp simd")                                                                                            \
        for (ptrdiff_t i = 0; i < n; i++) {                                                                            \
            double x = z[i];                                                                                           \
            y[i] = FORMULA;                                                                                            \
        }                                                                                                              \
    }                                                                                                                  \
    static inline void act_##NAME##_grad_d(const double *gs, const double *ss, double *to, ptrdiff_t n)                \
    {                                                                                                                  \
        _Pragma("omp simd")                                                                                            \
        for (ptrdiff_t i = 0; i < n; i++) {                                                                            \
            double g = gs[i], s = ss[i];                                                                               \
            to[i] = SLOPE;                                                                                             \
        }                                                                                                              \
    }

static inline vf act_silu_slope_vf(vf x)
{
    vf s = vf_sigmoid(x);
    return s * (1.0f + x * (1.0f - s));
}
static inline double act_silu_slope(double x)
{
    double s = vm_sigmoid(x);
    return s * (1 + x * (1 - s));
}
static inline double act_gelu_slope(double x)
{
    return 0.5 * (1 + vm_erf(x * 0.70710678118654752440)) + 0.39894228040143267794 * x * vm_exp(-0.5 * x * x);
}

ACT_LOOPS(relu, x < 0 ? 0 : x, s <= 0 ? 0 : g, vf_sel(x < 0.0f, vf_set1(0), x), vf_sel(s <= 0.0f, vf_set1(0), g))
ACT_LOOPS(tanh, vm_tanh(x), g * (1 - s * s), vf_tanh(x), g * (1.0f - s * s))
ACT_LOOPS(sigmoid, vm_sigmoid(x), g * (s * (1 - s)), vf_sigmoid(x), g * (s * (1.0f - s)))
ACT_LOOPS(gelu, 0.5 * x * (1 + vm_erf(x * 0.70710678118654752440)), g * act_gelu_slope(s), vf_gelu(x), g * vf_gelu_slope(s))
ACT_LOOPS(silu, x * vm_sigmoid(x), g * act_silu_slope(s), x * vf_sigmoid(x), g * act_silu_slope_vf(s))

/* The activations by number. Rows are `step` apart, and so are those of the result. */
enum { ACT_RELU, ACT_TANH, ACT_SIGMOID, ACT_GELU, ACT_SILU };
#define ACT_ROWS(T, S)                                                                                                 \
    static void act_rows_##S(int kind, ptrdiff_t m, ptrdiff_t n, const T *z, T *y, ptrdiff_t step)                     \
    {                                                                                                                  \
        for (; m > 0; m--, z += step, y += step) {                                                                     \
            switch (kind) {                                                                                            \
            case ACT_RELU: act_relu_##S(z, y, n); break;                                                               \
            case ACT_TANH: act_tanh_##S(z, y, n); break;                                                               \
            case ACT_SIGMOID: act_sigmoid_##S(z, y, n); break;                                                         \
            case ACT_GELU: act_gelu_##S(z, y, n); break;                                                               \
            default: act_silu_##S(z, y, n);                                                                            \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    static void act_grad_##S(int kind, const T *g, const T *s, T *to, ptrdiff_t n)                                     \
    {                                                                                                                  \
        switch (kind) {                                                                                                \
        case ACT_RELU: act_relu_grad_##S(g, s, to, n); break;                                                          \
        case ACT_TANH: act_tanh_grad_##S(g, s, to, n); break;                                                          \
        case ACT_SIGMOID: act_sigmoid_grad_##S(g, s, to, n); break;                                                    \
        case ACT_GELU: act_gelu_grad_##S(g, s, to, n); break;                                                          \
        default: act_silu_grad_##S(g, s, to, n);                                                                       \
        }                                                                                                              \
    }
ACT_ROWS(float, f)
ACT_ROWS(double, d)

/* What relu and dropout leave of a gradient: y is their result, `gain` what dropout multiplied by. */
#define ACT_RELU_GAIN(T, S)                                                                                            \
    static inline void act_relu_gain_##S(T *restrict g, const T *restrict y, T gain, ptrdiff_t n)                      \
    {                                                                                                                  \
        for (ptrdiff_t i = 0; i < n; i++) g[i] = y[i] <= 0 ? 0 : g[i] * gain;                                          \
    }
ACT_RELU_GAIN(float, f)
ACT_RELU_GAIN(double, d)

#endif
