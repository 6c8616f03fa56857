/* Order within rows, by radix sort of keys: numbers of an element's width whose unsigned order is that of the elements.
 *
 * Equal elements keep their order, also from the largest down; -0 equals 0, and every NaN is larger than all numbers. The
 * file includes itself once per element type, with T, KEY, SRT and what makes a key defined.
 */
#ifndef T
#ifndef CNET_SORT_H
#define CNET_SORT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Rows up to SRT_SHORT are sorted by insertion; SRT_TOP is the most that `top` keeps in order while it looks. */
enum { SRT_SHORT = 24, SRT_TOP = 64, SRT_RUN = 64 };

static inline uint32_t srt_float_key(float x)
{
    int32_t b;
    x += 0.0f;  /* -0 becomes 0 */
    memcpy(&b, &x, 4);
    return x != x ? UINT32_MAX : (uint32_t)b ^ ((uint32_t)(b >> 31) | 0x80000000u);
}
static inline uint64_t srt_double_key(double x)
{
    int64_t b;
    x += 0.0;
    memcpy(&b, &x, 8);
    return x != x ? UINT64_MAX : (uint64_t)b ^ ((uint64_t)(b >> 63) | 0x8000000000000000u);
}
static inline uint32_t srt_int_key(int32_t x) { return (uint32_t)x ^ 0x80000000u; }
static inline uint64_t srt_long_key(int64_t x) { return (uint64_t)x ^ 0x8000000000000000u; }

#define T float
#define KEY uint32_t
#define KEY_OF srt_float_key
#define NANS 1
#define SRT(name) srt_##name##_f
#include "sort.h"
#define T double
#define KEY uint64_t
#define KEY_OF srt_double_key
#define NANS 1
#define SRT(name) srt_##name##_d
#include "sort.h"
#define T int32_t
#define KEY uint32_t
#define KEY_OF srt_int_key
#define NANS 0
#define SRT(name) srt_##name##_i
#include "sort.h"
#define T int64_t
#define KEY uint64_t
#define KEY_OF srt_long_key
#define NANS 0
#define SRT(name) srt_##name##_l
#include "sort.h"
#endif
#else

typedef struct { KEY key, at; } SRT(pair);

/* The pairs of n elements in order, in one of the two halves of `room` (2 n pairs). flip: all ones from the largest down. */
static SRT(pair) *SRT(order)(const T *x, ptrdiff_t n, KEY flip, SRT(pair) *room)
{
    SRT(pair) *a = room, *b = room + n;
    uint32_t count[sizeof(KEY)][256];
    if (n <= SRT_SHORT) {
        for (ptrdiff_t i = 0; i < n; i++) {
            const KEY k = KEY_OF(x[i]) ^ flip;
            ptrdiff_t j = i;
            for (; j > 0 && a[j - 1].key > k; j--) a[j] = a[j - 1];
            a[j].key = k, a[j].at = (KEY)i;
        }
        return a;
    }
    memset(count, 0, sizeof count);
    for (ptrdiff_t i = 0; i < n; i++) {
        const KEY k = KEY_OF(x[i]) ^ flip;
        a[i].key = k, a[i].at = (KEY)i;
        for (int d = 0; d < (int)sizeof(KEY); d++) count[d][k >> (8 * d) & 255]++;
    }
    for (int d = 0; d < (int)sizeof(KEY); d++) {
        uint32_t total = 0, *c = count[d];
        SRT(pair) *done;
        if (c[a[0].key >> (8 * d) & 255] == (uint32_t)n) continue;  /* all are alike here */
        for (int i = 0; i < 256; i++) {
            const uint32_t here = c[i];
            c[i] = total;
            total += here;
        }
        for (ptrdiff_t i = 0; i < n; i++) {
            const SRT(pair) p = a[i];
            b[c[p.key >> (8 * d) & 255]++] = p;
        }
        done = b, b = a, a = done;
    }
    return a;
}

/* A row's values (unless NULL) and places in order. */
static void SRT(row)(const void *xs, ptrdiff_t n, int down, void *values, int64_t *where, void *room)
{
    const T *x = (const T *)xs;
    const SRT(pair) *a = SRT(order)(x, n, down ? (KEY)-1 : 0, (SRT(pair) *)room);
    for (ptrdiff_t i = 0; i < n; i++) where[i] = (int64_t)a[i].at;
    if (values)
        for (ptrdiff_t i = 0; i < n; i++) ((T *)values)[i] = x[a[i].at];
}

/* The k <= SRT_TOP largest or smallest of a row, in order. Most runs of elements hold none of them, and are only compared
 * with the last of those found so far. */
static void SRT(top)(const void *xs, ptrdiff_t n, ptrdiff_t k, int largest, void *values, int64_t *where)
{
    const T *x = (const T *)xs;
    const KEY flip = largest ? (KEY)-1 : 0;
    KEY best[SRT_TOP];
    ptrdiff_t found = 0;
    for (ptrdiff_t b = 0; b < n; b += SRT_RUN) {
        const ptrdiff_t e = b + SRT_RUN < n ? b + SRT_RUN : n;
        if (found == k) {
            const KEY last = best[k - 1];
            int hit = 0;
            for (ptrdiff_t i = b; i < e; i++) hit |= (KEY_OF(x[i]) ^ flip) < last;
            if (!hit) continue;
        }
        for (ptrdiff_t i = b; i < e; i++) {
            const KEY key = KEY_OF(x[i]) ^ flip;
            ptrdiff_t j;
            if (found == k && key >= best[k - 1]) continue;
            j = found < k ? found++ : k - 1;
            for (; j > 0 && best[j - 1] > key; j--) best[j] = best[j - 1], where[j] = where[j - 1];
            best[j] = key, where[j] = i;
        }
    }
    for (ptrdiff_t j = 0; j < k; j++) ((T *)values)[j] = x[where[j]];
}

/* The smallest of a row's most frequent values, and where it comes last. Each NaN is a value of its own. */
static void SRT(mode)(const void *xs, ptrdiff_t n, void *value, int64_t *where, void *room)
{
    const T *x = (const T *)xs;
    const SRT(pair) *a = SRT(order)(x, n, 0, (SRT(pair) *)room);
    ptrdiff_t longest = 0, run = 0, at = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        run = i > 0 && a[i].key == a[i - 1].key && !(NANS && a[i].key == (KEY)-1) ? run + 1 : 1;
        if (run > longest) longest = run, at = (ptrdiff_t)a[i].at;
    }
    *(T *)value = x[at];
    *where = at;
}

#undef T
#undef KEY
#undef KEY_OF
#undef NANS
#undef SRT
#endif
