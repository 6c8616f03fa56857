/* What a core can do at best: multiply and add in registers, read and copy memory. The measure that benches hold times to. */
#ifndef CNET_ROOFLINE_H
#define CNET_ROOFLINE_H
#include "vec.h"

/* As many sums at a time as hide the latency of an FMA (4 or 5 cycles, 2 a cycle) and still fit into the registers: 12 of
 * 16, 24 of 32. */
#if VEC_BYTES == 64
enum { limits_sums = 24 };
#else
enum { limits_sums = 12 };
#endif

/* Keeps a sum in its register and the loop from being solved at compile time. */
#if VEC_BYTES == 64
#define LIMITS_KEEP(s) "+v"(s)
#elif defined(__SSE2__)
#define LIMITS_KEEP(s) "+x"(s)
#elif defined(__aarch64__)
#define LIMITS_KEEP(s) "+w"(s)
#else
#define LIMITS_KEEP(s) "+m"(s)
#endif

#define LIMITS_DEFINE(v, T)                                                                                            \
    static inline T v##_fma_chain(ptrdiff_t rounds, T x, T y)                                                          \
    {                                                                                                                  \
        v s[limits_sums], a = v##_set1(x), b = v##_set1(y), t = {0};                                                   \
        _Pragma("GCC unroll 24") for (int i = 0; i < limits_sums; i++) s[i] = v##_set1((T)i);                          \
        for (ptrdiff_t r = 0; r < rounds; r++)                                                                         \
            _Pragma("GCC unroll 24") for (int i = 0; i < limits_sums; i++) {                                           \
                s[i] = s[i] * a + b;                                                                                   \
                __asm__ volatile("" : LIMITS_KEEP(s[i]));                                                              \
            }                                                                                                          \
        _Pragma("GCC unroll 24") for (int i = 0; i < limits_sums; i++) t += s[i];                                      \
        return v##_sum(t);                                                                                             \
    }

LIMITS_DEFINE(vf, float)
LIMITS_DEFINE(vd, double)

static inline float limits_read(const float *x, ptrdiff_t n)
{
    vf s[8] = {{0}};
    __asm__ volatile("" ::: "memory");  /* read again, as often as asked */
    for (ptrdiff_t i = 0; i + 8 * vf_lanes <= n; i += 8 * vf_lanes)
        for (int j = 0; j < 8; j++) s[j] += vf_load(x + i + j * vf_lanes);
    for (int j = 1; j < 8; j++) s[0] += s[j];
    return vf_sum(s[0]);
}
static inline void limits_copy(const float *x, float *y, ptrdiff_t n)
{
    for (ptrdiff_t i = 0; i + 4 * vf_lanes <= n; i += 4 * vf_lanes)
        for (int j = 0; j < 4; j++) vf_store(y + i + j * vf_lanes, vf_load(x + i + j * vf_lanes));
}
#endif
