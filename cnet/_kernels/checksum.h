/* CRC-32 as zip files have it: the remainder of the bytes, taken as a polynomial with the lowest bits first.
 *
 * Sixteen bytes per step by tables (Kounavis and Berry, 2005), in several lanes that do not wait for each other, or 64 by
 * products without carries where the processor has them (Gopal et al., 2009). The remainders of neighbouring stretches are
 * joined by a multiplication: CRC(ab) = CRC(a) * x^(8 * length of b) + CRC(b). */
#ifndef CNET_CHECKSUM_H
#define CNET_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CNET_CRC_POLYNOMIAL 0xEDB88320u
#define CNET_CRC_LANES 4

#if defined(__x86_64__) && defined(__GNUC__)
#define CNET_CRC_FOLDS 1
typedef long long cnet_crc_pair __attribute__((vector_size(16)));
static cnet_crc_pair cnet_crc_fold_four, cnet_crc_fold_one;   /* what carries 16 bytes over 64 and over 16 bytes */
static int cnet_crc_folds;                                    /* whether the processor has the products */
#endif

static uint32_t cnet_crc_table[16][256];
static uint32_t cnet_crc_powers[64];      /* x^(8 * 2^k) */

/* a * b modulo the polynomial; bit 31 is the coefficient of x^0. */
static uint32_t cnet_crc_times(uint32_t a, uint32_t b)
{
    uint32_t product = 0, bit;
    for (bit = 1u << 31; bit; bit >>= 1) {
        product ^= a & bit ? b : 0;
        b = b >> 1 ^ (b & 1 ? CNET_CRC_POLYNOMIAL : 0);
    }
    return product;
}

/* The remainder of a stretch that is followed by n bytes of zeros. */
static uint32_t cnet_crc_shift(uint32_t crc, size_t n)
{
    for (int k = 0; n; k++, n >>= 1)
        if (n & 1)
            crc = cnet_crc_times(crc, cnet_crc_powers[k]);
    return crc;
}

#ifdef CNET_CRC_FOLDS
/* What the two halves of 16 bytes are multiplied by to stand n bytes later: x^(8n + 32) and x^(8n - 32), shifted by the bit that
 * a product of mirrored numbers lacks. */
static cnet_crc_pair cnet_crc_over(size_t n)
{
    return (cnet_crc_pair){(long long)cnet_crc_shift(1u << 31, n + 4) << 1, (long long)cnet_crc_shift(1u << 31, n - 4) << 1};
}
#endif

static void cnet_crc_prepare(void)
{
    for (int i = 0; i < 256; i++) {
        uint32_t c = (uint32_t)i;
        for (int bit = 0; bit < 8; bit++)
            c = c >> 1 ^ (c & 1 ? CNET_CRC_POLYNOMIAL : 0);
        cnet_crc_table[0][i] = c;
    }
    for (int k = 1; k < 16; k++)
        for (int i = 0; i < 256; i++) {
            uint32_t c = cnet_crc_table[k - 1][i];
            cnet_crc_table[k][i] = c >> 8 ^ cnet_crc_table[0][c & 255];
        }
    cnet_crc_powers[0] = 1u << 23;
    for (int k = 1; k < 64; k++)
        cnet_crc_powers[k] = cnet_crc_times(cnet_crc_powers[k - 1], cnet_crc_powers[k - 1]);
#ifdef CNET_CRC_FOLDS
    __builtin_cpu_init();
    cnet_crc_folds = __builtin_cpu_supports("pclmul");
    cnet_crc_fold_four = cnet_crc_over(64);
    cnet_crc_fold_one = cnet_crc_over(16);
#endif
}

static inline uint64_t cnet_crc_word(const uint8_t *p)
{
    uint64_t word;
    memcpy(&word, p, 8);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline uint32_t cnet_crc_sixteen(const uint8_t *p, uint32_t c)
{
    uint64_t low = cnet_crc_word(p) ^ c, high = cnet_crc_word(p + 8);
    uint32_t next = 0;
    for (int k = 0; k < 8; k++)
        next ^= cnet_crc_table[15 - k][low >> 8 * k & 255] ^ cnet_crc_table[7 - k][high >> 8 * k & 255];
    return next;
}

/* The remainder of n bytes, without the complements at both ends. */
static uint32_t cnet_crc_plain(const uint8_t *p, size_t n, uint32_t c)
{
    for (; n >= 16; n -= 16, p += 16)
        c = cnet_crc_sixteen(p, c);
    for (; n; n--, p++)
        c = c >> 8 ^ cnet_crc_table[0][(c ^ *p) & 255];
    return c;
}

#ifdef CNET_CRC_FOLDS
__attribute__((target("pclmul")))
static inline cnet_crc_pair cnet_crc_fold(cnet_crc_pair a, cnet_crc_pair by)
{
    return (cnet_crc_pair)__builtin_ia32_pclmulqdq128(a, by, 0x00) ^ (cnet_crc_pair)__builtin_ia32_pclmulqdq128(a, by, 0x11);
}

/* The remainder of n >= 64 bytes: four times 16 of them are carried along, joined at the end, and divided by the tables. On the
 * way they are copied, if there is somewhere to; past the caches, if that is asked for. */
__attribute__((target("pclmul"), always_inline))
static inline uint32_t cnet_crc_folded(const uint8_t *p, size_t n, uint8_t *to, int past)
{
    cnet_crc_pair a[4], next[4];
    uint8_t rest[16];
    for (size_t first = 1; n >= 64; first = 0, n -= 64, p += 64) {
        __builtin_prefetch(p + 4096);   /* the next page, which the processor does not fetch by itself: 18 GB/s after 8 */
        memcpy(next, p, 64);
        for (int k = 0; k < 4; k++)
            a[k] = first ? next[k] : cnet_crc_fold(a[k], cnet_crc_fold_four) ^ next[k];
        if (past)
            for (int k = 0; k < 4; k++)
                __builtin_ia32_movntdq((cnet_crc_pair *)to + k, next[k]);
        else if (to)
            memcpy(to, next, 64);
        to += to ? 64 : 0;
    }
    if (past)
        __builtin_ia32_sfence();
    if (to)
        memcpy(to, p, n);
    for (int k = 1; k < 4; k++)
        a[k] ^= cnet_crc_fold(a[k - 1], cnet_crc_fold_one);
    memcpy(rest, &a[3], 16);
    return cnet_crc_plain(p, n, cnet_crc_sixteen(rest, 0));
}

__attribute__((target("pclmul")))
static uint32_t cnet_crc_products(const uint8_t *p, size_t n, uint8_t *to, int past)
{
    if (!to)
        return cnet_crc_folded(p, n, NULL, 0);
    return past ? cnet_crc_folded(p, n, to, 1) : cnet_crc_folded(p, n, to, 0);
}
#endif

/* The remainder of n bytes, which are copied if there is somewhere to. */
static uint32_t cnet_crc_piece(const uint8_t *p, size_t n, uint8_t *to, int past)
{
    size_t lane = n / CNET_CRC_LANES / 16 * 16;
    uint32_t c[CNET_CRC_LANES] = {0}, all = 0;
#ifdef CNET_CRC_FOLDS
    if (cnet_crc_folds && n >= 64)
        return cnet_crc_products(p, n, to, past && (size_t)to % 16 == 0);
#endif
    if (to)
        memcpy(to, p, n);
    for (size_t i = 0; i < lane; i += 16)
        for (int k = 0; k < CNET_CRC_LANES; k++)
            c[k] = cnet_crc_sixteen(p + k * lane + i, c[k]);
    for (int k = 0; k < CNET_CRC_LANES; k++)
        all = cnet_crc_shift(all, lane) ^ c[k];
    return cnet_crc_plain(p + CNET_CRC_LANES * lane, n - CNET_CRC_LANES * lane, all);
}

#endif
