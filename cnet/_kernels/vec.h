/* One vector of floats (vf) and one of doubles (vd), as wide as the instruction set of this compilation.
 *
 * The only file that knows instruction sets. Arithmetic and comparison are the C operators (`a * b + c` contracts to one
 * FMA; `a < b` is a vector of all-ones or all-zeros integers, vfi or vdi). The rest is here, with the prefix vf_ or vd_:
 *
 *   load(p) store(p, x)              a whole vector, no alignment needed
 *   load_n(p, n) store_n(p, x, n)    the first n lanes, 0 <= n <= lanes; the other lanes are loaded as 0
 *   mask first(n)                    the first n lanes, n >= 0 (all of them from n = lanes on), for
 *   load_m(p, m) store_m(p, x, m)    as load_n and store_n; if vec_masks, at the price of whole vectors
 *   set1(number)                     the same number in every lane
 *   max(a, b) min(a, b)              lane by lane; b where either is NaN, so max(zero, x) keeps a NaN in x
 *   sel(m, a, b)                     a where the comparison m holds, b elsewhere
 *   abs(x)                           clears the sign bit
 *   sum(x) hmax(x) hmin(x)           over the lanes of x, always in the same order
 *   sum4(s, out)                     out[j] = sum(s[j]) for four vectors at once, in another order
 *   sums(r)                          the vector of sum(r[j]) for r[lanes], which it overwrites
 *   transpose(r)                     the square of numbers in r[lanes]
 *   interleave(r, rows)              the same for `rows` vectors, a power of two: column after column
 *
 * and for floats only:
 *
 *   vf_ratio(a, b)                   a / b for 2^-126 <= b < 2^126, within one unit in the last place
 *   vf_all(m)                        whether the comparison m holds in all lanes
 *   vf_ldexp(p, k)                   p * 2^k, for p in [1/2, 2) and whole k in -151..128
 *   vf_frexp(x, &e)                  m in [3/4, 3/2) with x = m * 2^e; e = -inf for 0, +inf for inf; NaN for negative x
 *
 * Code for both types is written once and included twice; gemm_ukr.h shows how.
 */
#ifndef CNET_VEC_H
#define CNET_VEC_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef __GNUC__
#error "vec.h is written in the vector extensions of GCC and Clang"
#endif
#ifdef __SSE2__
#include <immintrin.h>
#endif

#if defined(__AVX512F__) && defined(__AVX512DQ__)
#define VEC_BYTES 64
#define VEC_X86(name) _mm512_##name
#define VF_IOTA ((vfi){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15})
#define VD_IOTA ((vdi){0, 1, 2, 3, 4, 5, 6, 7})
#elif defined(__AVX2__)
#define VEC_BYTES 32
#define VEC_X86(name) _mm256_##name
#define VEC_REGISTER __m256
#define VF_IOTA ((vfi){0, 1, 2, 3, 4, 5, 6, 7})
#define VD_IOTA ((vdi){0, 1, 2, 3})
#else
#define VEC_BYTES 16
#define VEC_X86(name) _mm_##name
#define VEC_REGISTER __m128
#define VF_IOTA ((vfi){0, 1, 2, 3})
#define VD_IOTA ((vdi){0, 1})
#endif

enum { vf_lanes = VEC_BYTES / 4, vd_lanes = VEC_BYTES / 8 };
typedef float vf __attribute__((vector_size(VEC_BYTES)));
typedef double vd __attribute__((vector_size(VEC_BYTES)));
typedef int32_t vfi __attribute__((vector_size(VEC_BYTES)));
typedef uint32_t vfu __attribute__((vector_size(VEC_BYTES)));
typedef int64_t vdi __attribute__((vector_size(VEC_BYTES)));

/* Clang has no shuffle by a vector of indices, but makes one of this loop. */
#ifdef __clang__
#define VEC_SHUFFLE(v, a, b, index)                                                                                    \
    ({                                                                                                                 \
        const v##i at_ = (index);                                                                                      \
        v out_;                                                                                                        \
        for (int j_ = 0; j_ < v##_lanes; j_++) out_[j_] = at_[j_] < v##_lanes ? (a)[at_[j_]] : (b)[at_[j_] - v##_lanes]; \
        out_;                                                                                                          \
    })
#else
#define VEC_SHUFFLE(v, a, b, index) __builtin_shuffle(a, b, index)
#endif

#ifdef __SSE2__
static inline vf vf_max(vf a, vf b) { return VEC_X86(max_ps)(a, b); }
static inline vf vf_min(vf a, vf b) { return VEC_X86(min_ps)(a, b); }
static inline vd vd_max(vd a, vd b) { return VEC_X86(max_pd)(a, b); }
static inline vd vd_min(vd a, vd b) { return VEC_X86(min_pd)(a, b); }
#else
#define VEC_PICK(v, name, op)                                                                                          \
    static inline v v##_##name(v a, v b) { v##i m = a op b; return (v)((m & (v##i)a) | (~m & (v##i)b)); }
VEC_PICK(vf, max, >)
VEC_PICK(vf, min, <)
VEC_PICK(vd, max, >)
VEC_PICK(vd, min, <)
#endif

#if VEC_BYTES == 64
static inline vf vf_load_n(const float *p, long n) { return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p); }
static inline vd vd_load_n(const double *p, long n) { return _mm512_maskz_loadu_pd((__mmask8)((1u << n) - 1), p); }
static inline void vf_store_n(float *p, vf x, long n) { _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), x); }
static inline void vd_store_n(double *p, vd x, long n) { _mm512_mask_storeu_pd(p, (__mmask8)((1u << n) - 1), x); }
#elif VEC_BYTES == 32
static inline vf vf_load_n(const float *p, long n) { return _mm256_maskload_ps(p, (__m256i)(VF_IOTA < (int32_t)n)); }
static inline vd vd_load_n(const double *p, long n) { return _mm256_maskload_pd(p, (__m256i)(VD_IOTA < (int64_t)n)); }
static inline void vf_store_n(float *p, vf x, long n) { _mm256_maskstore_ps(p, (__m256i)(VF_IOTA < (int32_t)n), x); }
static inline void vd_store_n(double *p, vd x, long n) { _mm256_maskstore_pd(p, (__m256i)(VD_IOTA < (int64_t)n), x); }
#else
static inline vf vf_load_n(const float *p, long n) { vf x = {0}; for (long i = 0; i < n; i++) x[i] = p[i]; return x; }
static inline vd vd_load_n(const double *p, long n) { vd x = {0}; for (long i = 0; i < n; i++) x[i] = p[i]; return x; }
static inline void vf_store_n(float *p, vf x, long n) { for (long i = 0; i < n; i++) p[i] = x[i]; }
static inline void vd_store_n(double *p, vd x, long n) { for (long i = 0; i < n; i++) p[i] = x[i]; }
#endif

#if VEC_BYTES == 64
enum { vec_masks = 1 };
typedef __mmask16 vf_mask;
typedef __mmask8 vd_mask;
static inline vf vf_load_m(const float *p, vf_mask m) { return _mm512_maskz_loadu_ps(m, p); }
static inline vd vd_load_m(const double *p, vd_mask m) { return _mm512_maskz_loadu_pd(m, p); }
static inline void vf_store_m(float *p, vf x, vf_mask m) { _mm512_mask_storeu_ps(p, m, x); }
static inline void vd_store_m(double *p, vd x, vd_mask m) { _mm512_mask_storeu_pd(p, m, x); }
static inline vf_mask vf_first(long n) { return (vf_mask)((1u << (n < vf_lanes ? n : vf_lanes)) - 1); }
static inline vd_mask vd_first(long n) { return (vd_mask)((1u << (n < vd_lanes ? n : vd_lanes)) - 1); }
#else
enum { vec_masks = 0 };
typedef long vf_mask, vd_mask;
static inline vf vf_load_m(const float *p, vf_mask m) { return vf_load_n(p, m); }
static inline vd vd_load_m(const double *p, vd_mask m) { return vd_load_n(p, m); }
static inline void vf_store_m(float *p, vf x, vf_mask m) { vf_store_n(p, x, m); }
static inline void vd_store_m(double *p, vd x, vd_mask m) { vd_store_n(p, x, m); }
static inline vf_mask vf_first(long n) { return n < vf_lanes ? n : vf_lanes; }
static inline vd_mask vd_first(long n) { return n < vd_lanes ? n : vd_lanes; }
#endif

/* set1 is x - 0 and not 0 + x: the latter turns -0 into +0, so the compiler would have to keep the addition. */
#define VEC_DEFINE(v, T, IOTA, MAGNITUDE)                                                                              \
    static inline v v##_load(const T *p) { v x; memcpy(&x, p, sizeof x); return x; }                                   \
    static inline void v##_store(T *p, v x) { memcpy(p, &x, sizeof x); }                                               \
    static inline v v##_set1(T x) { return x - (v){0}; }                                                               \
    static inline v v##_sel(v##i m, v a, v b) { return (v)((m & (v##i)a) | (~m & (v##i)b)); }                          \
    static inline v v##_abs(v x) { return (v)((v##i)x & MAGNITUDE); }                                                  \
    static inline T v##_sum(v x) {                                                                                     \
        for (int w = v##_lanes / 2; w; w /= 2) x += VEC_SHUFFLE(v, x, x, IOTA ^ w);                                    \
        return x[0];                                                                                                   \
    }                                                                                                                  \
    /* Halves of different vectors share an addition, then quarters. */                                                \
    static inline void v##_sum4(const v *s, T *out) {                                                                  \
        enum { L = v##_lanes, h = L / 2, q = L > 2 ? L / 4 : 1 };                                                      \
        const v##i half = IOTA % h + IOTA / h * L, quarter = IOTA % q + IOTA / q * h;                                  \
        v a = VEC_SHUFFLE(v, s[0], s[1], half) + VEC_SHUFFLE(v, s[0], s[1], half + h);                                 \
        v b = VEC_SHUFFLE(v, s[2], s[3], half) + VEC_SHUFFLE(v, s[2], s[3], half + h);                                 \
        if (L == 2) {                                                                                                  \
            v##_store(out, a);                                                                                         \
            v##_store(out + 2, b);                                                                                     \
            return;                                                                                                    \
        }                                                                                                              \
        a = VEC_SHUFFLE(v, a, b, quarter) + VEC_SHUFFLE(v, a, b, quarter + q);                                         \
        for (int w = q / 2; w; w /= 2) a += VEC_SHUFFLE(v, a, a, IOTA ^ w);                                            \
        for (int j = 0; j < 4; j++) out[j] = a[j * q];                                                                 \
    }                                                                                                                  \
    static inline T v##_hmax(v x) {                                                                                    \
        for (int w = v##_lanes / 2; w; w /= 2) x = v##_max(x, VEC_SHUFFLE(v, x, x, IOTA ^ w));                         \
        return x[0];                                                                                                   \
    }                                                                                                                  \
    static inline T v##_hmin(v x) {                                                                                    \
        for (int w = v##_lanes / 2; w; w /= 2) x = v##_min(x, VEC_SHUFFLE(v, x, x, IOTA ^ w));                         \
        return x[0];                                                                                                   \
    }                                                                                                                  \
    /* Interleaving the two halves of the rows, log2(rows) times, puts columns in place of rows. */                     \
    static inline void v##_interleave(v *r, const int rows) {                                                          \
        for (int w = 1; w < rows; w *= 2) {                                                                            \
            v s[v##_lanes];                                                                                            \
            for (int i = 0; i < rows; i++) s[i] = r[i];                                                                \
            for (int i = 0; i < rows / 2; i++) {                                                                       \
                r[2 * i] = VEC_SHUFFLE(v, s[i], s[i + rows / 2], (IOTA >> 1) + (IOTA & 1) * v##_lanes);                \
                r[2 * i + 1] = VEC_SHUFFLE(v, s[i], s[i + rows / 2], (IOTA >> 1) + (IOTA & 1) * v##_lanes + v##_lanes / 2); \
            }                                                                                                          \
        }                                                                                                              \
    }                                                                                                                  \
    static inline void v##_transpose(v *r) { v##_interleave(r, v##_lanes); }                                           \
    /* The same interleaving of two rows at a time, added up: half the shuffles of a transposition. */                 \
    static inline v v##_sums(v *r) {                                                                                   \
        const v##i low = (IOTA >> 1) + (IOTA & 1) * v##_lanes, high = low + v##_lanes / 2;                             \
        if (v##_lanes > 8)                                                                                             \
            for (int i = 0; i < 8; i++) r[i] = VEC_SHUFFLE(v, r[i], r[i + 8], low) + VEC_SHUFFLE(v, r[i], r[i + 8], high); \
        if (v##_lanes > 4)                                                                                             \
            for (int i = 0; i < 4; i++) r[i] = VEC_SHUFFLE(v, r[i], r[i + 4], low) + VEC_SHUFFLE(v, r[i], r[i + 4], high); \
        if (v##_lanes > 2)                                                                                             \
            for (int i = 0; i < 2; i++) r[i] = VEC_SHUFFLE(v, r[i], r[i + 2], low) + VEC_SHUFFLE(v, r[i], r[i + 2], high); \
        return VEC_SHUFFLE(v, r[0], r[1], low) + VEC_SHUFFLE(v, r[0], r[1], high);                                     \
    }

VEC_DEFINE(vf, float, VF_IOTA, 0x7fffffff)
VEC_DEFINE(vd, double, VD_IOTA, INT64_MAX)

#if VEC_BYTES == 64
static inline int vf_all(vfi m) { return _mm512_movepi32_mask((__m512i)m) == 0xffff; }
#elif defined(__SSE2__)
static inline int vf_all(vfi m) { return VEC_X86(movemask_ps)((VEC_REGISTER)m) == (1 << vf_lanes) - 1; }
#else
static inline int vf_all(vfi m) { int all = -1; for (int j = 0; j < vf_lanes; j++) all &= m[j]; return all; }
#endif

/* A few instructions in AVX-512, elsewhere integer arithmetic on the exponents. */
#if VEC_BYTES == 64
static inline vf vf_ldexp(vf p, vf k) { return _mm512_scalef_ps(p, k); }
static inline vf vf_frexp(vf x, vf *e)
{
    vf m = _mm512_getmant_ps(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_nan);
    *e = _mm512_getexp_ps(x) - _mm512_getexp_ps(m);
    return m;
}
#else
/* Less one with a factor 2 behind it, as 2^128 is no float; near the least exponent 2^64 in reserve, to round once only. */
static inline vf vf_ldexp(vf p, vf k)
{
    vfi low = k < -120.0f, shift = __builtin_convertvector(k, vfi) + ((low & 64) - 1);
    vf y = (vf)((vfi)p + (shift << 23)) * vf_sel(low, vf_set1(0x1p-63f), vf_set1(2.0f));
    return vf_sel(p == p, y, p);
}
static inline vf vf_frexp(vf x, vf *e)
{
    vfi u = (vfi)x, k = (u - 0x3f400000) >> 23;
    vf m = (vf)(u - (k << 23)), ke = __builtin_convertvector(k, vf);
    if (!__builtin_expect(vf_all((vfi)((vfu)u - 0x00800000u < 0x7f000000u)), 1)) { /* not all positive and normal */
        vfi tiny = x < 0x1p-126f, none = x == 0.0f, end = none | ~(x < __builtin_inff());
        u = (vfi)vf_sel(tiny, x * 0x1p24f, x), k = (u - 0x3f400000) >> 23;
        m = vf_sel(end, vf_set1(1.0f), (vf)(u - (k << 23)));
        ke = __builtin_convertvector(k, vf) - vf_sel(tiny, vf_set1(24.0f), vf_set1(0.0f));
        ke = vf_sel(end, vf_sel(none, vf_set1(-__builtin_inff()), x), ke);
        m = vf_sel(x < 0.0f, vf_set1(__builtin_nanf("")), m);
    }
    *e = ke;
    return m;
}
#endif

/* 512-bit divisions come 16 cycles apart, and all of this takes four; narrower ones come 5 apart. */
#if VEC_BYTES == 64
static inline vf vf_ratio(vf a, vf b)
{
    vf r = _mm512_rcp14_ps(b), q = a * r;
    return q + q * (1.0f - b * r);
}
#else
static inline vf vf_ratio(vf a, vf b) { return a / b; }
#endif

/* vd_lanes words picked by as many indices, and the same added where the index is not negative: if vec_picks, at half the
 * price of one after the other (64x256 from columns: 5 instead of 11 us). */
#if VEC_BYTES == 64
enum { vec_picks = 1 };
static inline void vec_pick_4(const uint32_t *s, vdi i, uint32_t *out)
{
    _mm256_storeu_si256((__m256i *)out, _mm512_i64gather_epi32((__m512i)i, s, 4));
}
static inline void vec_pick_8(const uint64_t *s, vdi i, uint64_t *out)
{
    _mm512_storeu_si512(out, _mm512_i64gather_epi64((__m512i)i, s, 8));
}
static inline void vf_pick_add(const float *s, vdi i, float *out)
{
    const __mmask8 m = (__mmask8)~_mm512_movepi64_mask((__m512i)i);
    const __m256 y = _mm256_loadu_ps(out);
    _mm256_storeu_ps(out, _mm256_mask_add_ps(y, m, y, _mm512_mask_i64gather_ps(y, m, (__m512i)i, s, 4)));
}
static inline void vd_pick_add(const double *s, vdi i, double *out)
{
    const __mmask8 m = (__mmask8)~_mm512_movepi64_mask((__m512i)i);
    const __m512d y = _mm512_loadu_pd(out);
    _mm512_storeu_pd(out, _mm512_mask_add_pd(y, m, y, _mm512_mask_i64gather_pd(y, m, (__m512i)i, s, 8)));
}
#else
enum { vec_picks = 0 };
#define VEC_PICK_ONE(NAME, T, CONDITION, OP)                                                                           \
    static inline void NAME(const T *s, vdi i, T *out) { for (int j = 0; j < vd_lanes; j++) if (CONDITION) out[j] OP s[i[j]]; }
VEC_PICK_ONE(vec_pick_4, uint32_t, 1, =)
VEC_PICK_ONE(vec_pick_8, uint64_t, 1, =)
VEC_PICK_ONE(vf_pick_add, float, i[j] >= 0, +=)
VEC_PICK_ONE(vd_pick_add, double, i[j] >= 0, +=)
#endif

/* One vector of half precision, in the CPU's own conversions. */
#if VEC_BYTES == 64
static inline vf vf_from_half(const uint16_t *p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p)); }
static inline void vf_to_half(uint16_t *p, vf x) { _mm256_storeu_si256((__m256i *)p, _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT)); }
#elif defined(__F16C__)
static inline vf vf_from_half(const uint16_t *p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)); }
static inline void vf_to_half(uint16_t *p, vf x) { _mm_storeu_si128((__m128i *)p, _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT)); }
#endif

/* Copies bytes past the caches, for results that are larger than those: a line that is only written need not be read first.
 * If `to` is not aligned to vectors, this is memcpy. vec_stream_end() before another thread reads them. */
static inline void vec_stream(void *to, const void *from, size_t bytes)
{
#ifdef __SSE2__
    char *d = (char *)to;
    const char *s = (const char *)from;
    if (((uintptr_t)to & (VEC_BYTES - 1)) == 0)
        for (; bytes >= VEC_BYTES; bytes -= VEC_BYTES, d += VEC_BYTES, s += VEC_BYTES)
            VEC_X86(stream_ps)((float *)d, VEC_X86(loadu_ps)((const float *)s));
    memcpy(d, s, bytes);
#else
    memcpy(to, from, bytes);
#endif
}
static inline void vec_stream_end(void)
{
#ifdef __SSE2__
    _mm_sfence();
#endif
}

#endif
