/* The loops of elementwise kernels, made from one formula each: what elementwise.pxd runs.
 *
 * A unary loop runs over n adjacent elements. A binary loop runs over n adjacent results; each argument advances with
 * them or stays (stride 1 or 0). p: three constants, of which an operation uses the first few. In- and output may be the
 * same memory unless the result is a truth value. Formulas see x (and y), the element type T, and p0, p1, p2. Costs are
 * flops per element, for the choice of thread count.
 */
#ifndef CNET_LOOPS_H
#define CNET_LOOPS_H

#include <stddef.h>
#include "vec.h"
#include "vmath.h"

typedef void (*unary_loop)(const void *, void *, ptrdiff_t, const double *);
typedef void (*binary_loop)(const void *, ptrdiff_t, const void *, ptrdiff_t, void *, ptrdiff_t, const double *);
/* A loop per element type, NULL where there is none; `truth`: the results are truth values of one byte. */
typedef struct { unary_loop f32, f64, i64; double cost; int truth; } unary_kernel;
typedef struct { binary_loop f32, f64, i64; double cost; int truth; } binary_kernel;
typedef void (*ternary_loop)(const void *, const void *, const void *, void *, ptrdiff_t, const double *);
typedef struct { ternary_loop f32, f64; double cost; } ternary_kernel;

#if defined(__GNUC__) && !defined(__clang__)
#define PW_IVDEP _Pragma("GCC ivdep")
#else
#define PW_IVDEP
#endif

/* Results beyond any cache are made in pieces in the first cache and sent past the others: writing them takes 2/3 of the time. */
enum { PW_PIECE = 8192, PW_STREAMED = 32 << 20 };

static inline void pw_run_unary(unary_loop f, const char *x, char *o, ptrdiff_t n, ptrdiff_t item, ptrdiff_t o_item,
                                const double *p, int streamed)
{
    char piece[PW_PIECE] __attribute__((aligned(64)));
    ptrdiff_t step = PW_PIECE / (item > o_item ? item : o_item);
    if (!streamed) {
        f(x, o, n, p);
        return;
    }
    for (ptrdiff_t i = 0; i < n; i += step) {
        ptrdiff_t k = n - i < step ? n - i : step;
        f(x + i * item, piece, k, p);
        vec_stream(o + i * o_item, piece, (size_t)(k * o_item));
    }
    vec_stream_end();
}

static inline void pw_run_binary(binary_loop f, const char *x, ptrdiff_t sx, const char *y, ptrdiff_t sy, char *o,
                                 ptrdiff_t n, ptrdiff_t item, ptrdiff_t o_item, const double *p, int streamed)
{
    char piece[PW_PIECE] __attribute__((aligned(64)));
    ptrdiff_t step = PW_PIECE / (item > o_item ? item : o_item);
    if (!streamed) {
        f(x, sx, y, sy, o, n, p);
        return;
    }
    for (ptrdiff_t i = 0; i < n; i += step) {
        ptrdiff_t k = n - i < step ? n - i : step;
        f(x + i * sx * item, sx, y + i * sy * item, sy, piece, k, p);
        vec_stream(o + i * o_item, piece, (size_t)(k * o_item));
    }
    vec_stream_end();
}

#define PW_UNARY_LOOP(NAME, TYPE, RESULT, FORMULA)                                                            \
    static void NAME(const void *xs, void *os, ptrdiff_t n, const double *p) {                                \
        typedef TYPE T;                                                                                       \
        const T *xp = (const T *)xs;                                                                          \
        RESULT *op = (RESULT *)os;                                                                            \
        const T p0 = (T)p[0], p1 = (T)p[1], p2 = (T)p[2];                                                     \
        (void)p0, (void)p1, (void)p2;                                                                         \
        PW_IVDEP for (ptrdiff_t i = 0; i < n; i++) { const T x = xp[i]; op[i] = (RESULT)(FORMULA); }          \
    }

#define PW_BINARY_LOOP(NAME, TYPE, RESULT, FORMULA)                                                           \
    static void NAME(const void *xs, ptrdiff_t sx, const void *ys, ptrdiff_t sy, void *os, ptrdiff_t n,       \
                     const double *p) {                                                                       \
        typedef TYPE T;                                                                                       \
        const T *xp = (const T *)xs, *yp = (const T *)ys;                                                     \
        RESULT *op = (RESULT *)os;                                                                            \
        const T p0 = (T)p[0], p1 = (T)p[1], p2 = (T)p[2];                                                     \
        (void)p0, (void)p1, (void)p2;                                                                         \
        if (sx && sy) {                                                                                       \
            PW_IVDEP for (ptrdiff_t i = 0; i < n; i++) {                                                      \
                const T x = xp[i], y = yp[i];                                                                 \
                op[i] = (RESULT)(FORMULA);                                                                    \
            }                                                                                                 \
        } else if (sx) {                                                                                      \
            const T y = yp[0];                                                                                \
            PW_IVDEP for (ptrdiff_t i = 0; i < n; i++) { const T x = xp[i]; op[i] = (RESULT)(FORMULA); }      \
        } else {                                                                                              \
            const T x = xp[0];                                                                                \
            PW_IVDEP for (ptrdiff_t i = 0; i < n; i++) { const T y = yp[i]; op[i] = (RESULT)(FORMULA); }      \
        }                                                                                                     \
    }

/* A loop in blocks: where one holds an argument that the formula is not made for (NaN counts), its elements are computed
 * one by one and the C library computes those. */
#define PW_GUARDED_LOOP(NAME, TYPE, FORMULA, FITS, SLOW)                                                      \
    static void NAME(const void *xs, void *os, ptrdiff_t n, const double *p) {                                \
        typedef TYPE T;                                                                                       \
        const T *xp = (const T *)xs;                                                                          \
        T *op = (T *)os;                                                                                      \
        (void)p;                                                                                              \
        for (ptrdiff_t begin = 0; begin < n; begin += 256) {                                                  \
            const ptrdiff_t end = begin + 256 < n ? begin + 256 : n;                                          \
            int wild = 0;                                                                                     \
            for (ptrdiff_t i = begin; i < end; i++) { const T x = xp[i]; wild |= !(FITS); }                   \
            if (!wild) {                                                                                      \
                PW_IVDEP for (ptrdiff_t i = begin; i < end; i++) { const T x = xp[i]; op[i] = FORMULA; }      \
            } else {                                                                                          \
                for (ptrdiff_t i = begin; i < end; i++) { const T x = xp[i]; op[i] = FITS ? FORMULA : SLOW; } \
            }                                                                                                 \
        }                                                                                                     \
    }

/* Formulas see x, y and z. */
#define PW_TERNARY_LOOP(NAME, TYPE, FORMULA)                                                                  \
    static void NAME(const void *xs, const void *ys, const void *zs, void *os, ptrdiff_t n, const double *p) { \
        typedef TYPE T;                                                                                       \
        const T *xp = (const T *)xs, *yp = (const T *)ys, *zp = (const T *)zs;                                \
        T *op = (T *)os;                                                                                      \
        const T p0 = (T)p[0];                                                                                 \
        (void)p0;                                                                                             \
        PW_IVDEP for (ptrdiff_t i = 0; i < n; i++) {                                                          \
            const T x = xp[i], y = yp[i], z = zp[i];                                                          \
            op[i] = (T)(FORMULA);                                                                             \
        }                                                                                                     \
    }

#define PW_TERNARY(NAME, COST, FORMULA)                          \
    PW_TERNARY_LOOP(pw_##NAME##_f32, float, FORMULA)             \
    PW_TERNARY_LOOP(pw_##NAME##_f64, double, FORMULA)            \
    static const ternary_kernel PW_##NAME = {pw_##NAME##_f32, pw_##NAME##_f64, COST};

#define PW_UNARY(NAME, COST, FORMULA)                            \
    PW_UNARY_LOOP(pw_##NAME##_f32, float, T, FORMULA)            \
    PW_UNARY_LOOP(pw_##NAME##_f64, double, T, FORMULA)           \
    static const unary_kernel PW_##NAME = {pw_##NAME##_f32, pw_##NAME##_f64, NULL, COST, 0};

#define PW_BINARY(NAME, COST, FORMULA)                           \
    PW_BINARY_LOOP(pw_##NAME##_f32, float, T, FORMULA)           \
    PW_BINARY_LOOP(pw_##NAME##_f64, double, T, FORMULA)          \
    static const binary_kernel PW_##NAME = {pw_##NAME##_f32, pw_##NAME##_f64, NULL, COST, 0};

#endif
