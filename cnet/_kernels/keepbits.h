/* Dropout from bits, for float (vf_drop) and double (vd_drop). */
#ifndef CNET_KEEPBITS_H
#define CNET_KEEPBITS_H
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "vec.h"

/* y = x gain where bit number `at` and the following ones of `bits` are set, else x 0 (which keeps NaN); y may be x. Reads
 * four bytes past the last bit. */
#define KEEPBITS_DROP(v, T, IOTA)                                                                                      \
    static inline void v##_drop(const T *x, T *y, ptrdiff_t n, const unsigned char *bits, ptrdiff_t at, T gain)         \
    {                                                                                                                  \
        for (ptrdiff_t j = 0; j < n; j += v##_lanes, at += v##_lanes) {                                                \
            uint32_t word;                                                                                             \
            memcpy(&word, bits + at / 8, sizeof word);                                                                 \
            v##i kept = (((v##i){0} + (int32_t)(word >> at % 8)) & (((v##i){0} + 1) << IOTA)) != 0;                     \
            v noise = v##_sel(kept, v##_set1(gain), (v){0});                                                           \
            if (n - j >= v##_lanes) v##_store(y + j, v##_load(x + j) * noise);                                          \
            else v##_store_n(y + j, v##_load_n(x + j, n - j) * noise, n - j);                                          \
        }                                                                                                              \
    }

KEEPBITS_DROP(vf, float, VF_IOTA)
KEEPBITS_DROP(vd, double, VD_IOTA)

#endif
