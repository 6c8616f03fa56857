/* Activations of a linear layer's result, in place, for float (act_*_f) and double (act_*_d): the formulas of pointwise.h. */
#ifndef CNET_LINEAR_H
#define CNET_LINEAR_H
#include <stddef.h>
#include "vmath.h"

#define LINEAR_ACTIVATIONS(T, S)                                                                                       \
    static inline void act_relu_##S(T *x, ptrdiff_t n)                                                                 \
    {                                                                                                                  \
        for (ptrdiff_t i = 0; i < n; i++) x[i] = x[i] < 0 ? 0 : x[i];                                                  \
    }                                                                                                                  \
    static inline void act_gelu_##S(const T *restrict z, T *restrict y, ptrdiff_t n)                                   \
    {                                                                                                                  \
        for (ptrdiff_t i = 0; i < n; i++) y[i] = (T)0.5 * z[i] * (1 + vm_erf(z[i] * (T)0.70710678118654752440));       \
    }                                                                                                                  \
    /* g becomes the gradient of what the activation saw; y is relu's result, times `gain` where dropout kept it. */   \
    static inline void act_relu_grad_##S(T *restrict g, const T *restrict y, T gain, ptrdiff_t n)                      \
    {                                                                                                                  \
        for (ptrdiff_t i = 0; i < n; i++) g[i] = y[i] <= 0 ? 0 : g[i] * gain;                                          \
    }                                                                                                                  \
    static inline void act_gelu_grad_##S(T *restrict g, const T *restrict z, ptrdiff_t n)                              \
    {                                                                                                                  \
        for (ptrdiff_t i = 0; i < n; i++) {                                                                            \
            T x = z[i], slope = (T)0.39894228040143267794 * x * vm_exp((T)-0.5 * x * x);                               \
            g[i] *= (T)0.5 * (1 + vm_erf(x * (T)0.70710678118654752440)) + slope;                                      \
        }                                                                                                              \
    }

LINEAR_ACTIVATIONS(float, f)
LINEAR_ACTIVATIONS(double, d)

#endif
