/* Rows of a sum and its layer norm, for float (vf_*) and double (vd_*): this file includes itself once for each.
 *
 * Sums over a row run in blocks whose sums are added in double, as those of rowmath.h.
 */
#ifndef T
#ifndef CNET_RESIDUAL_H
#define CNET_RESIDUAL_H
#include <math.h>
#include <stddef.h>
#include <string.h>
#include "keepbits.h"
#include "vec.h"

#define RESIDUAL_BLOCK 1024

#define T float
#define V vf
#define FN(name) vf_##name
#define IOTA VF_IOTA
#include "residual.h"
#undef T
#undef V
#undef FN
#undef IOTA
#define T double
#define V vd
#define FN(name) vd_##name
#define IOTA VD_IOTA
#include "residual.h"
#undef T
#undef V
#undef FN
#undef IOTA
#endif
#else

/* For blocks of the row and vectors of a block, j being where they start and m the lanes they have. */
#define RESIDUAL_BLOCKS for (ptrdiff_t k = 0, e; e = n - k < RESIDUAL_BLOCK ? n : k + RESIDUAL_BLOCK, k < n; k = e)
#define RESIDUAL_VECTORS                                                                                               \
    for (ptrdiff_t j = k, m; m = e - j < FN(lanes) ? e - j : FN(lanes), j < e; j += FN(lanes))
#define LOAD(p) (m == FN(lanes) ? FN(load)(p) : FN(load_n)(p, m))
#define STORE(p, x) (m == FN(lanes) ? FN(store)(p, x) : FN(store_n)(p, x, m))

/* s = x + y, or x + dropout(y) if there are bits; out = (s - mean) rstd w + b. w and b may be NULL. */
static inline void FN(add_norm_row)(const T *x, const T *y, const unsigned char *bits, ptrdiff_t at, T gain, const T *w,
                                    const T *b, double eps, T *s, T *out, T *mean, T *rstd, ptrdiff_t n)
{
    double total = 0, squares = 0;
    T c, r;
    if (bits) FN(drop)(y, s, n, bits, at, gain), y = s;
    RESIDUAL_BLOCKS {
        V sum = {0};
        RESIDUAL_VECTORS {
            V v = LOAD(x + j) + LOAD(y + j);
            STORE(s + j, v);
            sum += v;
        }
        total += FN(sum)(sum);
    }
    *mean = c = (T)(total / n);
    RESIDUAL_BLOCKS {
        V sum = {0};
        RESIDUAL_VECTORS {
            V v = FN(sel)(IOTA < (int)m, LOAD(s + j) - c, (V){0});
            sum += v * v;
        }
        squares += FN(sum)(sum);
    }
    *rstd = r = (T)(1 / sqrt(squares / n + eps));
    RESIDUAL_BLOCKS RESIDUAL_VECTORS {
        V v = (LOAD(s + j) - c) * r;
        if (w) v *= LOAD(w + j);
        if (b) v += LOAD(b + j);
        STORE(out + j, v);
    }
}

/* The gradients of a row from g, that of `out`, and more (or NULL), that of s: gx, of s and x; gy, of y, unless it is gx.
 * Adds to gw and gb. */
static inline void FN(add_norm_grad_row)(const T *g, const T *more, const T *s, const T *w, T mean, T rstd,
                                         const unsigned char *bits, ptrdiff_t at, T gain, T *gx, T *gy, T *gw, T *gb,
                                         ptrdiff_t n)
{
    double sum = 0, dot = 0;
    T b, c;
    RESIDUAL_BLOCKS {
        V p = {0}, q = {0};
        RESIDUAL_VECTORS {
            V u = LOAD(g + j), d = LOAD(s + j) - mean;
            STORE(gw + j, LOAD(gw + j) + u * (d * rstd));
            STORE(gb + j, LOAD(gb + j) + u);
            if (w) u *= LOAD(w + j);
            p += u;
            q += u * d;
        }
        sum += FN(sum)(p);
        dot += FN(sum)(q);
    }
    b = (T)(-dot * rstd * rstd * rstd / n);
    c = (T)(-sum * rstd / n);
    RESIDUAL_BLOCKS RESIDUAL_VECTORS {
        V u = LOAD(g + j);
        if (w) u *= LOAD(w + j);
        u = u * rstd + (LOAD(s + j) - mean) * b + c;
        if (more) u += LOAD(more + j);
        STORE(gx + j, u);
    }
    if (bits) FN(drop)(gx, gy, n, bits, at, gain);
    else if (gy != gx) memcpy(gy, gx, n * sizeof *gx);
}
#undef LOAD
#undef STORE
#undef RESIDUAL_BLOCKS
#undef RESIDUAL_VECTORS
#endif
