/* Bilinear reading of images whose channels lie side by side in memory, for float (vf_*) and double (vd_*): this file includes
 * itself once for each. A tap is a vector of channels, at one address for all of them, where planes would take a gather for
 * each vector of places. The channels of a pixel are a whole number of vectors, or up to four in a short one; those that are
 * missing are 0. `pitch` of them lie between pixels. `at` and `w` are made by `quads`, and places outside are a pixel of zeros.
 */
#ifndef T
#ifndef CNET_GRIDSAMPLE_UKR_H
#define CNET_GRIDSAMPLE_UKR_H
#include <stddef.h>
#include <string.h>
#include "vec.h"

enum { GS_SHORT = 4, GS_TURNED = 256 };
typedef vfi vf_int;
typedef vdi vd_int;
typedef vfi vf_narrow;
typedef int32_t vd_narrow __attribute__((vector_size(VEC_BYTES / 2)));
static inline vf vf_evens(vf a, vf b) { return VEC_SHUFFLE(vf, a, b, VF_IOTA * 2); }
static inline vd vd_evens(vd a, vd b) { return VEC_SHUFFLE(vd, a, b, VD_IOTA * 2); }
static inline vf vf_odds(vf a, vf b) { return VEC_SHUFFLE(vf, a, b, VF_IOTA * 2 + 1); }
static inline vd vd_odds(vd a, vd b) { return VEC_SHUFFLE(vd, a, b, VD_IOTA * 2 + 1); }
typedef float vf_short __attribute__((vector_size(16)));
typedef double vd_short __attribute__((vector_size(32)));

#define GS_READ(W, p) __extension__({ W v_; memcpy(&v_, (p), sizeof v_); v_; })
#define GS_WRITE(p, v) do { const __typeof__(v) v_ = (v); memcpy((p), &v_, sizeof v_); } while (0)

#define GS_TAPS                                                                                                        \
    const T *nw = x + at[i] * pitch, *ne = x + at[GS_BLOCK + i] * pitch;                                               \
    const T *sw = x + at[2 * GS_BLOCK + i] * pitch, *se = x + at[3 * GS_BLOCK + i] * pitch;

#define GS_LOOPS(W, L, NAME)                                                                                           \
    static inline void FN(read_##NAME)(const T *x, ptrdiff_t pitch, const int *at, const T *w, ptrdiff_t n, ptrdiff_t C, T *y) \
    {                                                                                                                  \
        for (ptrdiff_t i = 0; i < n; i++, y += C) {                                                                    \
            GS_TAPS                                                                                                    \
            const W a = w[i] - (W){0}, b = w[GS_BLOCK + i] - (W){0};                                                   \
            const W c = w[2 * GS_BLOCK + i] - (W){0}, d = w[3 * GS_BLOCK + i] - (W){0};                                \
            for (ptrdiff_t j = 0; j < C; j += L)                                                                       \
                GS_WRITE(y + j, GS_READ(W, nw + j) * a + GS_READ(W, ne + j) * b + GS_READ(W, sw + j) * c + GS_READ(W, se + j) * d); \
        }                                                                                                              \
    }                                                                                                                  \
    /* One pixel may be two taps, so that each is stored before the next is read. */                                   \
    static inline void FN(write_##NAME)(T *gx, ptrdiff_t pitch, const int *at, const T *w, ptrdiff_t n, ptrdiff_t C, const T *g) \
    {                                                                                                                  \
        for (ptrdiff_t i = 0; i < n; i++, g += C)                                                                      \
            for (int k = 0; k < 4; k++) {                                                                              \
                T *p = gx + at[k * GS_BLOCK + i] * pitch;                                                              \
                const W a = w[k * GS_BLOCK + i] - (W){0};                                                              \
                for (ptrdiff_t j = 0; j < C; j += L)                                                                   \
                    GS_WRITE(p + j, GS_READ(W, p + j) + GS_READ(W, g + j) * a);                                        \
            }                                                                                                          \
    }                                                                                                                  \
    /* What channels of one place contribute to its derivatives by x and y, before the sum over lanes. */              \
    static inline __attribute__((always_inline)) void FN(slope_##NAME)(const T *x, ptrdiff_t pitch, const int *at, const T *t, \
                                                                       ptrdiff_t i, ptrdiff_t C, const T *g, W *across, W *along) \
    {                                                                                                                  \
        GS_TAPS                                                                                                        \
        const W right = t[i] - (W){0}, down = t[GS_BLOCK + i] - (W){0};                                                \
        W p = {0}, q = {0}, r = {0}, s = {0};                                                                          \
        for (ptrdiff_t j = 0; j < C; j += L) {                                                                         \
            const W v = GS_READ(W, g + j);                                                                             \
            p += GS_READ(W, nw + j) * v, q += GS_READ(W, ne + j) * v;                                                  \
            r += GS_READ(W, sw + j) * v, s += GS_READ(W, se + j) * v;                                                  \
        }                                                                                                              \
        *across = (q - p) + ((s - r) - (q - p)) * down;                                                                \
        *along = (r - p) + ((s - q) - (r - p)) * right;                                                                \
    }

#define BOTH_TYPES "gridsample_ukr.h"
#include "both_types.h"
#endif
#else

/* The left neighbour of coordinates and the distance from it. Far outside, any number that is outside will do. */
static inline FN(int) FN(half)(V g, int size, int align, int border, V *t, T *slope)
{
    const V zero = {0}, last = FN(set1)((T)(size - 1));
    V c = align ? (g + 1) / 2 * last : ((g + 1) * (T)size - 1) / 2;
    V s = FN(set1)((align ? (T)(size - 1) : (T)size) / 2);
    if (border) {
        s = FN(sel)((c > 0) & (c < last), s, zero);
        c = FN(sel)(c > 0, c, zero);
        c = FN(sel)(c < last, c, last);
    }
    V near = FN(sel)(c > -2, c, FN(set1)(-2));
    near = FN(sel)(near < last + 2, near, last + 2);
    FN(int) low = __builtin_convertvector(near, FN(int));
    low += near < __builtin_convertvector(low, V);
    *t = c - __builtin_convertvector(low, V);
    FN(store)(slope, s);
    return low;
}

static inline void FN(tap)(FN(int) inside, FN(int) place, int outside, V weight, int *at, T *in, T *w)
{
    const V m = (V)(inside & (FN(int))FN(set1)(1));
    const FN(narrow) p = __builtin_convertvector((inside & place) | (~inside & outside), FN(narrow));
    memcpy(at, &p, sizeof p);
    FN(store)(in, m);
    FN(store)(w, weight * m);   /* infinite or undefined if a coordinate is, even times 0: nothing says what is there */
}

/* Four taps for each of n places, with k * GS_BLOCK + i in every array: positions (`outside` for those that are), 1 or 0 for
   inside or outside, and weights, which are 0 outside. t and slope: of x, then of y. */
static inline void FN(quads)(const T *grid, int width, int height, int align, int border, int outside, ptrdiff_t n, int *at, T *in,
                             T *w, T *t, T *slope)
{
    enum { L = FN(lanes), B = GS_BLOCK };
    T rest[2 * L] = {0};
    for (ptrdiff_t i = 0; i < n; i += L) {
        const T *g = grid + 2 * i;
        if (i + L > n) {
            memcpy(rest, g, (size_t)(n - i) * 2 * sizeof *g);
            g = rest;
        }
        const V p = FN(load)(g), q = FN(load)(g + L);
        V a, b;
        const FN(int) x = FN(half)(FN(evens)(p, q), width, align, border, &a, slope + i);
        const FN(int) y = FN(half)(FN(odds)(p, q), height, align, border, &b, slope + B + i);
        const FN(int) left = (x >= 0) & (x < width), right = (x >= -1) & (x < width - 1);
        const FN(int) up = (y >= 0) & (y < height), down = (y >= -1) & (y < height - 1), place = y * width + x;
        FN(store)(t + i, a), FN(store)(t + B + i, b);
        FN(tap)(left & up, place, outside, (1 - a) * (1 - b), at + i, in + i, w + i);
        FN(tap)(right & up, place + 1, outside, a * (1 - b), at + B + i, in + B + i, w + B + i);
        FN(tap)(left & down, place + width, outside, (1 - a) * b, at + 2 * B + i, in + 2 * B + i, w + 2 * B + i);
        FN(tap)(right & down, place + width + 1, outside, a * b, at + 3 * B + i, in + 3 * B + i, w + 3 * B + i);
    }
}

/* d[rows, width] from channels of s that lie ss apart; rows <= GS_TURNED. */
static inline void FN(turn)(const T *s, ptrdiff_t ss, ptrdiff_t rows, ptrdiff_t channels, T *restrict d, ptrdiff_t width)
{
    static const T zeros[GS_TURNED];
    enum { L = FN(lanes) };
    ptrdiff_t r = 0;
    if (width == GS_SHORT) {
        const T *a = s, *b = channels > 1 ? s + ss : zeros, *c = channels > 2 ? s + 2 * ss : zeros;
        const T *e = channels > 3 ? s + 3 * ss : zeros;
        for (; r < rows; r++)
            d[4 * r] = a[r], d[4 * r + 1] = b[r], d[4 * r + 2] = c[r], d[4 * r + 3] = e[r];
        return;
    }
    for (; r + L <= rows; r += L)
        for (ptrdiff_t c = 0; c < width; c += L) {
            V square[L];
            for (int j = 0; j < L; j++)
                square[j] = FN(load)(c + j < channels ? s + (c + j) * ss + r : zeros);
            FN(transpose)(square);
            for (int j = 0; j < L; j++) FN(store)(d + (r + j) * width + c, square[j]);
        }
    for (; r < rows; r++)
        for (ptrdiff_t c = 0; c < width; c++)
            d[r * width + c] = c < channels ? s[c * ss + r] : 0;
}

/* Back: channels that lie ds apart from s[rows, width]. */
static inline void FN(turn_back)(const T *s, ptrdiff_t width, ptrdiff_t rows, ptrdiff_t channels, T *restrict d, ptrdiff_t ds)
{
    enum { L = FN(lanes) };
    ptrdiff_t r = 0;
    if (width == GS_SHORT) {
        for (ptrdiff_t c = 0; c < channels; c++)
            for (r = 0; r < rows; r++)
                d[c * ds + r] = s[4 * r + c];
        return;
    }
    for (; r + L <= rows; r += L)
        for (ptrdiff_t c = 0; c < channels; c += L) {
            V square[L];
            for (int j = 0; j < L; j++) square[j] = FN(load)(s + (r + j) * width + c);
            FN(transpose)(square);
            for (int j = 0; j < L && c + j < channels; j++) FN(store)(d + (c + j) * ds + r, square[j]);
        }
    for (; r < rows; r++)
        for (ptrdiff_t c = 0; c < channels; c++)
            d[c * ds + r] = s[r * width + c];
}

GS_LOOPS(V, FN(lanes), whole)
GS_LOOPS(FN(short), GS_SHORT, short)

/* How many channels of a pixel there are in memory. */
static inline ptrdiff_t FN(width)(ptrdiff_t C)
{
    return (int)FN(lanes) > GS_SHORT && C <= GS_SHORT ? GS_SHORT : (C + FN(lanes) - 1) / FN(lanes) * FN(lanes);
}

/* y[n, C] */
static inline void FN(read_pixels)(const T *x, ptrdiff_t pitch, const int *at, const T *w, ptrdiff_t n, ptrdiff_t C, T *y)
{
    (C < FN(lanes) ? FN(read_short) : FN(read_whole))(x, pitch, at, w, n, C, y);
}

/* gx += what g[n, C] gives back. */
static inline void FN(write_pixels)(T *gx, ptrdiff_t pitch, const int *at, const T *w, ptrdiff_t n, ptrdiff_t C, const T *g)
{
    (C < FN(lanes) ? FN(write_short) : FN(write_whole))(gx, pitch, at, w, n, C, g);
}

/* Adds what these channels contribute to the derivatives by x and y; t: distances from the left and the upper neighbours. */
static inline void FN(slope_pixels)(const T *x, ptrdiff_t pitch, const int *at, const T *t, ptrdiff_t n, ptrdiff_t C, const T *g,
                                    T *across, T *along)
{
    if (C < FN(lanes)) {
        T p[GS_SHORT * GS_BLOCK], q[GS_SHORT * GS_BLOCK];
        for (ptrdiff_t i = 0; i < n; i++) {
            FN(short) a, b;
            FN(slope_short)(x, pitch, at, t, i, C, g + i * C, &a, &b);
            GS_WRITE(p + GS_SHORT * i, a);
            GS_WRITE(q + GS_SHORT * i, b);
        }
        for (ptrdiff_t i = 0; i < n; i++) across[i] += (p[4 * i] + p[4 * i + 2]) + (p[4 * i + 1] + p[4 * i + 3]);
        for (ptrdiff_t i = 0; i < n; i++) along[i] += (q[4 * i] + q[4 * i + 2]) + (q[4 * i + 1] + q[4 * i + 3]);
        return;
    }
    for (ptrdiff_t i = 0; i < n; i++) {
        V a, b;
        FN(slope_whole)(x, pitch, at, t, i, C, g + i * C, &a, &b);
        across[i] += FN(sum)(a), along[i] += FN(sum)(b);
    }
}
#endif
