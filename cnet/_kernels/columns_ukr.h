/* Sums along the columns of a block of rows, and maps with numbers of their own for every column, for float (vf_*) and double
 * (vd_*): this file includes itself once for each. x[rows, n] with `step` numbers from row to row. Four vectors of columns at
 * once, whose sums and factors stay in registers, then one, then its first lanes.
 */
#ifndef T
#ifndef CNET_COLUMNS_UKR_H
#define CNET_COLUMNS_UKR_H
#include <stddef.h>
#include "vec.h"

#define COLUMNS_INLINE static inline __attribute__((always_inline))
#define COLUMNS_GET(p, k) (whole ? FN(load)((p) + (k) * FN(lanes)) : FN(load_n)(p, m))
#define COLUMNS_PUT(p, k, v)                                                                                           \
    do {                                                                                                               \
        if (whole) FN(store)((p) + (k) * FN(lanes), v);                                                                \
        else FN(store_n)(p, v, m);                                                                                     \
    } while (0)

/* CALL(whole, vectors, m, c) for the vectors of n columns from column c on. */
#define COLUMNS_ALL(CALL)                                                                                              \
    do {                                                                                                               \
        enum { L = FN(lanes) };                                                                                        \
        ptrdiff_t c = 0;                                                                                               \
        for (; c + 4 * L <= n; c += 4 * L) CALL(1, 4, L, c);                                                           \
        for (; c + L <= n; c += L) CALL(1, 1, L, c);                                                                   \
        if (c < n) CALL(0, 1, n - c, c);                                                                               \
    } while (0)
#define COLUMNS_EACH _Pragma("GCC unroll 4") for (int k = 0; k < K; k++)

#define BOTH_TYPES "columns_ukr.h"
#include "both_types.h"
#endif
#else

COLUMNS_INLINE void FN(spread_lanes)(const int whole, const int K, long m, const T *x, ptrdiff_t rows, ptrdiff_t step, T *c,
                                     T *r, T *q)
{
    V s[4], mid[4], t[4];
    COLUMNS_EACH s[k] = t[k] = (V){0};
    for (ptrdiff_t i = 0; i < rows; i++)
        COLUMNS_EACH s[k] += COLUMNS_GET(x + i * step, k);
    COLUMNS_EACH {
        mid[k] = s[k] / FN(set1)((T)rows);
        s[k] = (V){0};
    }
    for (ptrdiff_t i = 0; i < rows; i++)
        COLUMNS_EACH {
            const V d = COLUMNS_GET(x + i * step, k) - mid[k];
            s[k] += d;
            t[k] += d * d;
        }
    COLUMNS_EACH {
        COLUMNS_PUT(c, k, mid[k]);
        COLUMNS_PUT(r, k, s[k]);
        COLUMNS_PUT(q, k, t[k]);
    }
}

/* c = the means of the columns, rounded, and the sums of what deviates from them, r, and of its squares, q. */
static inline void FN(columns_spread)(const T *x, ptrdiff_t rows, ptrdiff_t step, ptrdiff_t n, T *mid, T *r, T *q)
{
#define CALL(whole, K, m, c) FN(spread_lanes)(whole, K, m, x + (c), rows, step, mid + (c), r + (c), q + (c))
    COLUMNS_ALL(CALL);
#undef CALL
}

COLUMNS_INLINE void FN(grad_sums_lanes)(const int whole, const int K, long m, const T *g, const T *x, const T *mean,
                                        ptrdiff_t rows, ptrdiff_t step, T *s, T *d)
{
    V sum[4], dot[4], mid[4];
    COLUMNS_EACH {
        sum[k] = dot[k] = (V){0};
        mid[k] = COLUMNS_GET(mean, k);
    }
    for (ptrdiff_t i = 0; i < rows; i++)
        COLUMNS_EACH {
            const V v = COLUMNS_GET(g + i * step, k);
            sum[k] += v;
            dot[k] += v * (COLUMNS_GET(x + i * step, k) - mid[k]);
        }
    COLUMNS_EACH {
        COLUMNS_PUT(s, k, sum[k]);
        COLUMNS_PUT(d, k, dot[k]);
    }
}

/* s = the sums of g, and d those of g (x - mean). */
static inline void FN(columns_grad_sums)(const T *g, const T *x, const T *mean, ptrdiff_t rows, ptrdiff_t step, ptrdiff_t n, T *s,
                                         T *d)
{
#define CALL(whole, K, m, c) FN(grad_sums_lanes)(whole, K, m, g + (c), x + (c), mean + (c), rows, step, s + (c), d + (c))
    COLUMNS_ALL(CALL);
#undef CALL
}

COLUMNS_INLINE void FN(affine_lanes)(const int whole, const int K, long m, const T *x, T *y, const T *mean, const T *a, const T *b,
                                     int relu, ptrdiff_t rows, ptrdiff_t step)
{
    V mid[4], p[4], q[4];
    COLUMNS_EACH {
        mid[k] = COLUMNS_GET(mean, k);
        p[k] = COLUMNS_GET(a, k);
        q[k] = COLUMNS_GET(b, k);
    }
    for (ptrdiff_t i = 0; i < rows; i++)
        COLUMNS_EACH {
            const V v = (COLUMNS_GET(x + i * step, k) - mid[k]) * p[k] + q[k];
            COLUMNS_PUT(y + i * step, k, relu ? FN(max)((V){0}, v) : v);
        }
}

/* y = (x - mean) a + b, or with `relu` 0 where that is negative. y may be x. */
static inline void FN(columns_affine)(const T *x, T *y, const T *mean, const T *a, const T *b, int relu, ptrdiff_t rows,
                                      ptrdiff_t step, ptrdiff_t n)
{
#define CALL(whole, K, m, c) FN(affine_lanes)(whole, K, m, x + (c), y + (c), mean + (c), a + (c), b + (c), relu, rows, step)
    COLUMNS_ALL(CALL);
#undef CALL
}

COLUMNS_INLINE void FN(combine_lanes)(const int whole, const int K, long m, const T *g, const T *x, T *gx, const T *mean,
                                      const T *a, const T *b, const T *c, ptrdiff_t rows, ptrdiff_t step)
{
    V mid[4], p[4], q[4], r[4];
    COLUMNS_EACH {
        mid[k] = COLUMNS_GET(mean, k);
        p[k] = COLUMNS_GET(a, k);
        q[k] = COLUMNS_GET(b, k);
        r[k] = COLUMNS_GET(c, k);
    }
    for (ptrdiff_t i = 0; i < rows; i++)
        COLUMNS_EACH COLUMNS_PUT(gx + i * step, k, COLUMNS_GET(g + i * step, k) * p[k]
                                                       + (COLUMNS_GET(x + i * step, k) - mid[k]) * q[k] + r[k]);
}

/* gx = a g + b (x - mean) + r. gx may be g. */
static inline void FN(columns_combine)(const T *g, const T *x, T *gx, const T *mean, const T *a, const T *b, const T *r,
                                       ptrdiff_t rows, ptrdiff_t step, ptrdiff_t n)
{
#define CALL(whole, K, m, c)                                                                                           \
    FN(combine_lanes)(whole, K, m, g + (c), x + (c), gx + (c), mean + (c), a + (c), b + (c), r + (c), rows, step)
    COLUMNS_ALL(CALL);
#undef CALL
}
#endif
