/* Activations of a linear layer's result, in place, for float (act_*_f) and double (act_*_d): the formulas of pointwise.h. */
#ifndef CNET_LINEAR_H
#define CNET_LINEAR_H
#include <stddef.h>
#include "vecmath.h"
#include "vmath.h"

#define LINEAR_ACTIVATIONS(T, S)                                                                                       \
    static inline void act_relu_##S(T *x, ptrdiff_t n)                                                                 \
    {                                                                                                                  \
        for (ptrdiff_t i = 0; i < n; i++) x[i] = x[i] < 0 ? 0 : x[i];                                                  \
    }                                                                                                                  \
    /* g becomes the gradient of what the activation saw; y is relu's result, times `gain` where dropout kept it. */   \
    static inline void act_relu_grad_##S(T *restrict g, const T *restrict y, T gain, ptrdiff_t n)                      \
    {                                                                                                                  \
        for (ptrdiff_t i = 0; i < n; i++) g[i] = y[i] <= 0 ? 0 : g[i] * gain;                                          \
    }

LINEAR_ACTIVATIONS(float, f)
LINEAR_ACTIVATIONS(double, d)

static inline void act_gelu_f(const float *z, float *y, ptrdiff_t n)
{
    for (; n >= vf_lanes; n -= vf_lanes, z += vf_lanes, y += vf_lanes) vf_store(y, vf_gelu(vf_load(z)));
    if (n) vf_store_n(y, vf_gelu(vf_load_n(z, n)), n);
}
static inline void act_gelu_grad_f(float *g, const float *z, ptrdiff_t n)
{
    for (; n >= vf_lanes; n -= vf_lanes, g += vf_lanes, z += vf_lanes)
        vf_store(g, vf_load(g) * vf_gelu_slope(vf_load(z)));
    if (n) vf_store_n(g, vf_load_n(g, n) * vf_gelu_slope(vf_load_n(z, n)), n);
}
static inline void act_gelu_d(const double *z, double *y, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) y[i] = 0.5 * z[i] * (1 + vm_erf(z[i] * 0.70710678118654752440));
}
static inline void act_gelu_grad_d(double *restrict g, const double *restrict z, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        double x = z[i], slope = 0.39894228040143267794 * x * vm_exp(-0.5 * x * x);
        g[i] *= 0.5 * (1 + vm_erf(x * 0.70710678118654752440)) + slope;
    }
}

#endif
