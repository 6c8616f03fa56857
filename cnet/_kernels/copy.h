/* Copying elements between layouts: rows of one stride, and tiles that turn rows into columns. Strides count bytes. */
#ifndef CNET_COPY_H
#define CNET_COPY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "vec.h"

typedef struct { uint64_t a, b; } copy_u128;

/* d[r][c] = s[c][r]: a row of d is adjacent in memory, as is a row of s. A few columns that fill d are woven by vectors. */
#define COPY_WEAVE(WORD, COLUMNS)                                                                                      \
    if (columns == COLUMNS && ds == COLUMNS * (ptrdiff_t)sizeof(WORD)) {                                               \
        for (ptrdiff_t r = 0; r < rows; r++)                                                                           \
            for (int c = 0; c < COLUMNS; c++)                                                                          \
                ((WORD *)d)[r * COLUMNS + c] = ((const WORD *)(s + c * ss))[r];                                        \
        return;                                                                                                        \
    }
#define COPY_TURN(SIZE, WORD)                                                                                          \
    static void copy_turn_##SIZE(const char *s, ptrdiff_t ss, char *restrict d, ptrdiff_t ds, ptrdiff_t rows, ptrdiff_t columns) \
    {                                                                                                                  \
        COPY_WEAVE(WORD, 2)                                                                                            \
        COPY_WEAVE(WORD, 3)                                                                                            \
        COPY_WEAVE(WORD, 4)                                                                                            \
        for (ptrdiff_t r = 0; r < rows; r++)                                                                           \
            for (ptrdiff_t c = 0; c < columns; c++)                                                                    \
                ((WORD *)(d + r * ds))[c] = ((const WORD *)(s + c * ss))[r];                                           \
    }
COPY_TURN(1, uint8_t)
COPY_TURN(2, uint16_t)
COPY_TURN(4, uint32_t)
COPY_TURN(8, uint64_t)
COPY_TURN(16, copy_u128)

/* The same in squares of vectors. */
#define COPY_SQUARES(SIZE, V, T)                                                                                       \
    static void copy_squares_##SIZE(const char *s, ptrdiff_t ss, char *d, ptrdiff_t ds, ptrdiff_t rows, ptrdiff_t columns) \
    {                                                                                                                  \
        enum { L = V##_lanes };                                                                                        \
        ptrdiff_t r = 0, c = 0;                                                                                        \
        for (r = 0; r + L <= rows; r += L)                                                                             \
            for (c = 0; c + L <= columns; c += L) {                                                                    \
                V square[L];                                                                                           \
                for (int j = 0; j < L; j++) square[j] = V##_load((const T *)(s + (c + j) * ss) + r);                   \
                V##_transpose(square);                                                                                 \
                for (int j = 0; j < L; j++) V##_store((T *)(d + (r + j) * ds) + c, square[j]);                         \
            }                                                                                                          \
        c = columns / L * L;                                                                                           \
        copy_turn_##SIZE(s + c * ss, ss, d + c * SIZE, ds, r, columns - c);                                            \
        copy_turn_##SIZE(s + r * SIZE, ss, d + r * ds, ds, rows - r, columns);                                         \
    }
COPY_SQUARES(4, vf, float)
COPY_SQUARES(8, vd, double)

static void copy_tile(const char *s, ptrdiff_t ss, char *d, ptrdiff_t ds, ptrdiff_t rows, ptrdiff_t columns, int size)
{
    switch (size) {
    case 1: copy_turn_1(s, ss, d, ds, rows, columns); break;
    case 2: copy_turn_2(s, ss, d, ds, rows, columns); break;
    case 4: copy_squares_4(s, ss, d, ds, rows, columns); break;
    case 8: copy_squares_8(s, ss, d, ds, rows, columns); break;
    default: copy_turn_16(s, ss, d, ds, rows, columns);
    }
}

#define COPY_RUN(WORD)                                                                                                 \
    if (ds == sizeof(WORD) && ss == 0)                                                                                 \
        for (ptrdiff_t i = 0; i < n; i++) ((WORD *)d)[i] = *(const WORD *)s;                                           \
    else if (ds == sizeof(WORD) && ss == -(ptrdiff_t)sizeof(WORD))                                                     \
        for (ptrdiff_t i = 0; i < n; i++) ((WORD *)d)[i] = ((const WORD *)s)[-i];                                      \
    else if (ds == sizeof(WORD))                                                                                       \
        for (ptrdiff_t i = 0; i < n; i++) ((WORD *)d)[i] = *(const WORD *)(s + i * ss);                                \
    else                                                                                                               \
        for (ptrdiff_t i = 0; i < n; i++) *(WORD *)(d + i * ds) = *(const WORD *)(s + i * ss);                         \
    break

/* n elements, each `ss` and `ds` bytes after the one before. */
static void copy_run(const char *s, ptrdiff_t ss, char *d, ptrdiff_t ds, ptrdiff_t n, int size)
{
    if (ss == size && ds == size) {
        memcpy(d, s, (size_t)n * size);
        return;
    }
    switch (size) {
    case 1: COPY_RUN(uint8_t);
    case 2: COPY_RUN(uint16_t);
    case 4: COPY_RUN(uint32_t);
    case 8: COPY_RUN(uint64_t);
    default: COPY_RUN(copy_u128);
    }
}

#define COPY_FAN(WORD)                                                                                                 \
    for (ptrdiff_t i = 0; i < n; i++) {                                                                                \
        const WORD w = *(const WORD *)(s + i * ss);                                                                    \
        for (ptrdiff_t k = 0; k < times; k++) ((WORD *)d)[i * times + k] = w;                                          \
    }                                                                                                                  \
    break

/* n elements, each as often as `times` says. */
static void copy_fan(const char *s, ptrdiff_t ss, char *d, ptrdiff_t n, ptrdiff_t times, int size)
{
    switch (size) {
    case 1: COPY_FAN(uint8_t);
    case 2: COPY_FAN(uint16_t);
    case 4: COPY_FAN(uint32_t);
    case 8: COPY_FAN(uint64_t);
    default: COPY_FAN(copy_u128);
    }
}

/* Conversions as C makes them: toward zero, and whatever comes of what does not fit. */
typedef void (*copy_cast)(const void *, void *, ptrdiff_t);
#define COPY_CAST(NAME, FROM, TO, FORMULA)                                                                             \
    static void copy_cast_##NAME(const void *from, void *to, ptrdiff_t n)                                              \
    {                                                                                                                  \
        const FROM *s = (const FROM *)from;                                                                            \
        TO *d = (TO *)to;                                                                                              \
        for (ptrdiff_t i = 0; i < n; i++) {                                                                            \
            const FROM x = s[i];                                                                                       \
            d[i] = FORMULA;                                                                                            \
        }                                                                                                              \
    }
#define COPY_CASTS(F, FROM)                                                                                            \
    COPY_CAST(F##_b, FROM, uint8_t, x != 0)                                                                            \
    COPY_CAST(F##_i, FROM, int32_t, (int32_t)x)                                                                        \
    COPY_CAST(F##_l, FROM, int64_t, (int64_t)x)                                                                        \
    COPY_CAST(F##_f, FROM, float, (float)x)                                                                            \
    COPY_CAST(F##_d, FROM, double, (double)x)
COPY_CASTS(b, uint8_t)
COPY_CASTS(i, int32_t)
COPY_CASTS(l, int64_t)
COPY_CASTS(f, float)
COPY_CASTS(d, double)

#if VEC_BYTES == 64 || defined(__F16C__)
static void copy_cast_e_f(const void *from, void *to, ptrdiff_t n)
{
    const uint16_t *s = (const uint16_t *)from;
    float *d = (float *)to;
    uint16_t rest[vf_lanes] = {0};
    for (; n >= vf_lanes; n -= vf_lanes, s += vf_lanes, d += vf_lanes)
        vf_store(d, vf_from_half(s));
    memcpy(rest, s, (size_t)n * sizeof *s);
    vf_store_n(d, vf_from_half(rest), n);
}
static void copy_cast_f_e(const void *from, void *to, ptrdiff_t n)
{
    const float *s = (const float *)from;
    uint16_t *d = (uint16_t *)to, rest[vf_lanes];
    for (; n >= vf_lanes; n -= vf_lanes, s += vf_lanes, d += vf_lanes)
        vf_to_half(d, vf_load(s));
    vf_to_half(rest, vf_load_n(s, n));
    memcpy(d, rest, (size_t)n * sizeof *d);
}
#else
#define copy_cast_e_f NULL
#define copy_cast_f_e NULL
#endif

/* By the places of types in the order bool, uint8, int32, int64, float32, float64, float16; NULL: there is no loop. */
#define COPY_CAST_ROW(F, HALF) {copy_cast_##F##_b, NULL, copy_cast_##F##_i, copy_cast_##F##_l, copy_cast_##F##_f, copy_cast_##F##_d, HALF}
static const copy_cast copy_casts[7][7] = {
    COPY_CAST_ROW(b, NULL), COPY_CAST_ROW(b, NULL), COPY_CAST_ROW(i, NULL), COPY_CAST_ROW(l, NULL),
    COPY_CAST_ROW(f, copy_cast_f_e), COPY_CAST_ROW(d, NULL), {NULL, NULL, NULL, NULL, copy_cast_e_f, NULL, NULL},
};

#define COPY_CHOOSE(SIZE, WORD)                                                                                        \
    static void copy_choose_##SIZE(const uint8_t *c, const WORD *x, int sx, const WORD *y, int sy, WORD *out, ptrdiff_t n) \
    {                                                                                                                  \
        if (sx && sy)                                                                                                  \
            for (ptrdiff_t i = 0; i < n; i++) { WORD a = x[i], b = y[i]; out[i] = c[i] ? a : b; }                      \
        else if (sx)                                                                                                   \
            for (ptrdiff_t i = 0; i < n; i++) { WORD a = x[i], b = y[0]; out[i] = c[i] ? a : b; }                      \
        else if (sy)                                                                                                   \
            for (ptrdiff_t i = 0; i < n; i++) { WORD a = x[0], b = y[i]; out[i] = c[i] ? a : b; }                      \
        else                                                                                                           \
            for (ptrdiff_t i = 0; i < n; i++) { WORD a = x[0], b = y[0]; out[i] = c[i] ? a : b; }                      \
    }
COPY_CHOOSE(1, uint8_t)
COPY_CHOOSE(2, uint16_t)
COPY_CHOOSE(4, uint32_t)
COPY_CHOOSE(8, uint64_t)

/* The elements of x where c holds, of which there are `total`, one after the other; and the reverse. No branches: a mask
 * is seldom what a CPU can guess. */
#define COPY_PACK(SIZE, WORD)                                                                                          \
    static void copy_pack_##SIZE(const uint8_t *c, const WORD *x, WORD *out, ptrdiff_t total)                          \
    {                                                                                                                  \
        for (ptrdiff_t i = 0, k = 0; k < total; i++) { out[k] = x[i]; k += c[i] != 0; }                                \
    }                                                                                                                  \
    static void copy_unpack_##SIZE(const uint8_t *c, const WORD *x, WORD *out, ptrdiff_t total)                        \
    {                                                                                                                  \
        for (ptrdiff_t i = 0, k = 0; k < total; i++) { WORD t = (WORD)-(WORD)(c[i] != 0); out[i] = (WORD)((x[k] & t) | (out[i] & ~t)); k += c[i] != 0; } \
    }
COPY_PACK(1, uint8_t)
COPY_PACK(2, uint16_t)
COPY_PACK(4, uint32_t)
COPY_PACK(8, uint64_t)

static void copy_pack(const uint8_t *c, const char *x, char *out, ptrdiff_t total, int size, int back)
{
#define COPY_PACK_CALL(SIZE, WORD)                                                                                     \
    case SIZE:                                                                                                         \
        (back ? copy_unpack_##SIZE : copy_pack_##SIZE)(c, (const WORD *)x, (WORD *)out, total);                        \
        break
    switch (size) {
        COPY_PACK_CALL(1, uint8_t);
        COPY_PACK_CALL(2, uint16_t);
        COPY_PACK_CALL(4, uint32_t);
        COPY_PACK_CALL(8, uint64_t);
    }
}

/* out[i] = c[i] ? x[i * sx] : y[i * sy] for i in start..stop-1 and strides 0 or 1. */
static void copy_choose(const uint8_t *c, const char *x, int sx, const char *y, int sy, char *out, ptrdiff_t start,
                        ptrdiff_t stop, int size)
{
#define COPY_CALL(SIZE, WORD)                                                                                          \
    case SIZE:                                                                                                         \
        copy_choose_##SIZE(c + start, (const WORD *)x + start * sx, sx, (const WORD *)y + start * sy, sy,              \
                           (WORD *)out + start, stop - start);                                                         \
        break
    switch (size) {
        COPY_CALL(1, uint8_t);
        COPY_CALL(2, uint16_t);
        COPY_CALL(4, uint32_t);
        COPY_CALL(8, uint64_t);
    }
}

#endif
