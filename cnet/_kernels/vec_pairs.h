/* Numbers that lie two by two, taken apart and put together; v is vf or vd of vec.h:
 *
 *   v_even(a, b) v_odd(a, b)             every second number of a, then of b
 *   v_zip_low(a, b) v_zip_high(a, b)     the inverse: a[0], b[0], a[1], ... and the second half of that
 */
#ifndef CNET_VEC_PAIRS_H
#define CNET_VEC_PAIRS_H
#include "vec.h"

#define VEC_PAIRS(v, IOTA)                                                                                             \
    static inline v v##_even(v a, v b) { return VEC_SHUFFLE(v, a, b, IOTA * 2); }                                      \
    static inline v v##_odd(v a, v b) { return VEC_SHUFFLE(v, a, b, IOTA * 2 + 1); }                                   \
    static inline v v##_zip_low(v a, v b) { return VEC_SHUFFLE(v, a, b, (IOTA >> 1) + (IOTA & 1) * v##_lanes); }       \
    static inline v v##_zip_high(v a, v b) {                                                                           \
        return VEC_SHUFFLE(v, a, b, (IOTA >> 1) + (IOTA & 1) * v##_lanes + v##_lanes / 2);                             \
    }

VEC_PAIRS(vf, VF_IOTA)
VEC_PAIRS(vd, VD_IOTA)

#endif
