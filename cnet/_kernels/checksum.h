/* CRC-32 as zip files have it: the remainder of the bytes, taken as a polynomial with the lowest bits first.
 *
 * Sixteen bytes per step by tables (Kounavis and Berry, 2005), in several lanes that do not wait for each other. The
 * remainders of neighbouring stretches are joined by a multiplication: CRC(ab) = CRC(a) * x^(8 * length of b) + CRC(b). */
#ifndef CNET_CHECKSUM_H
#define CNET_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define CNET_CRC_POLYNOMIAL 0xEDB88320u
#define CNET_CRC_LANES 4

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
}

/* The remainder of a stretch that is followed by n bytes of zeros. */
static uint32_t cnet_crc_shift(uint32_t crc, size_t n)
{
    for (int k = 0; n; k++, n >>= 1)
        if (n & 1)
            crc = cnet_crc_times(crc, cnet_crc_powers[k]);
    return crc;
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

static uint32_t cnet_crc_piece(const uint8_t *p, size_t n)
{
    size_t lane = n / CNET_CRC_LANES / 16 * 16;
    uint32_t c[CNET_CRC_LANES] = {0}, all = 0;
    for (size_t i = 0; i < lane; i += 16)
        for (int k = 0; k < CNET_CRC_LANES; k++)
            c[k] = cnet_crc_sixteen(p + k * lane + i, c[k]);
    for (int k = 0; k < CNET_CRC_LANES; k++)
        all = cnet_crc_shift(all, lane) ^ c[k];
    return cnet_crc_plain(p + CNET_CRC_LANES * lane, n - CNET_CRC_LANES * lane, all);
}

#endif
