/* Elementwise losses: value and gradient formulas, from which three loops per type are made.
 *
 *   value(x, y, out, n, p)               out[i] = VALUE
 *   sum(x, y, n, p)                      the sum of VALUE, in blocks that are added in double
 *   grad(x, y, g, step, scale, out, n, p)   out[i] = g[i * step] * scale * GRAD, the gradient of x; step is 0 or 1
 *
 * Formulas see x (the prediction), y (the target), the element type T and p (the loss's constant). COST is flops per
 * element, for the choice of thread count.
 */
#ifndef CNET_LOSS_H
#define CNET_LOSS_H

#include <stddef.h>
#include "vmath.h"

typedef void (*loss_value)(const void *, const void *, void *, ptrdiff_t, double);
typedef double (*loss_sum)(const void *, const void *, ptrdiff_t, double);
typedef void (*loss_grad)(const void *, const void *, const void *, ptrdiff_t, double, void *, ptrdiff_t, double);
typedef struct { loss_value value[2]; loss_sum sum[2]; loss_grad grad[2]; double cost; } loss_kernel;

/* Values are stored before they are added: formulas with branches do not vectorise together with a reduction. 2 or 4 KB stay
 * in the first-level cache. */
enum { LOSS_BLOCK = 512 };

#define LOSS_LOOPS(NAME, TYPE, VALUE, GRAD)                                                                             \
    static void NAME##_value(const void *xs, const void *ys, void *os, ptrdiff_t n, double constant) {                 \
        typedef TYPE T;                                                                                                \
        const T *restrict xp = (const T *)xs, *restrict yp = (const T *)ys, p = (T)constant;                           \
        T *restrict op = (T *)os;                                                                                      \
        (void)p;                                                                                                       \
        for (ptrdiff_t i = 0; i < n; i++) { const T x = xp[i], y = yp[i]; op[i] = (T)(VALUE); }                        \
    }                                                                                                                  \
    static double NAME##_sum(const void *xs, const void *ys, ptrdiff_t n, double constant) {                           \
        typedef TYPE T;                                                                                                \
        T part[LOSS_BLOCK];                                                                                            \
        double total = 0;                                                                                              \
        for (ptrdiff_t b = 0; b < n; b += LOSS_BLOCK) {                                                                \
            ptrdiff_t k = n - b < LOSS_BLOCK ? n - b : LOSS_BLOCK;                                                     \
            T s = 0;                                                                                                   \
            NAME##_value((const T *)xs + b, (const T *)ys + b, part, k, constant);                                     \
            _Pragma("omp simd reduction(+ : s)")                                                                       \
            for (ptrdiff_t i = 0; i < k; i++) s += part[i];                                                            \
            total += s;                                                                                                \
        }                                                                                                              \
        return total;                                                                                                  \
    }                                                                                                                  \
    static void NAME##_grad(const void *xs, const void *ys, const void *gs, ptrdiff_t step, double scale, void *os,    \
                            ptrdiff_t n, double constant) {                                                            \
        typedef TYPE T;                                                                                                \
        const T *restrict xp = (const T *)xs, *restrict yp = (const T *)ys, *restrict gp = (const T *)gs;              \
        const T p = (T)constant, k = (T)scale;                                                                         \
        T *restrict op = (T *)os;                                                                                      \
        (void)p;                                                                                                       \
        if (step) {                                                                                                    \
            for (ptrdiff_t i = 0; i < n; i++) { const T x = xp[i], y = yp[i]; op[i] = gp[i] * k * (T)(GRAD); }         \
        } else {                                                                                                       \
            const T g = gp[0] * k;                                                                                     \
            for (ptrdiff_t i = 0; i < n; i++) { const T x = xp[i], y = yp[i]; op[i] = g * (T)(GRAD); }                 \
        }                                                                                                              \
    }

#define LOSS(NAME, COST, VALUE, GRAD)                                                                                   \
    LOSS_LOOPS(loss_##NAME##_f32, float, VALUE, GRAD)                                                                  \
    LOSS_LOOPS(loss_##NAME##_f64, double, VALUE, GRAD)                                                                 \
    static const loss_kernel LOSS_##NAME = {{loss_##NAME##_f32_value, loss_##NAME##_f64_value},                        \
                                            {loss_##NAME##_f32_sum, loss_##NAME##_f64_sum},                            \
                                            {loss_##NAME##_f32_grad, loss_##NAME##_f64_grad}, COST};

#define SIGN(d) ((T)((d) > 0) - (T)((d) < 0))
#define AT_LEAST(a, b) ((a) < (b) ? (b) : (a)) /* a if it is NaN */

LOSS(mse, 3, (x - y) * (x - y), 2 * (x - y))
LOSS(l1, 3, vm_abs(x - y), SIGN(x - y))
LOSS(smooth_l1, 8, vm_abs(x - y) < p ? (T)0.5 * (x - y) * (x - y) / p : vm_abs(x - y) - (T)0.5 * p,
     vm_abs(x - y) < p ? (x - y) / p : SIGN(x - y))
LOSS(huber, 8, vm_abs(x - y) < p ? (T)0.5 * (x - y) * (x - y) : p * (vm_abs(x - y) - (T)0.5 * p),
     vm_abs(x - y) < p ? x - y : p * SIGN(x - y))
/* The logarithms stop at -100, so that a wrong certainty costs a finite amount; the gradient's divisor accordingly. */
LOSS(bce, 60, (y - 1) * AT_LEAST(vm_log1p(-x), (T)-100) - y * AT_LEAST(vm_log(x), (T)-100),
     (x - y) / AT_LEAST((1 - x) * x, (T)1e-12))
/* Not softplus(x) - x y, which cancels where the prediction is right. */
LOSS(bce_logits, 60, (1 - y) * x + vm_softplus(-x), vm_sigmoid(x) - y)
LOSS(soft_margin, 60, vm_softplus(-x * y), -y * vm_sigmoid(-x * y))

#endif
