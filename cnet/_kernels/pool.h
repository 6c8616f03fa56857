/* Maxima of 2x2 windows, the commonest pooling, by vectors: rows are too short for loops that leave their ends to scalar code. */
#ifndef CNET_POOL_H
#define CNET_POOL_H
#include "vec_pairs.h"

/* m and its place become v's where v is greater or not a number: ties go to the first, the last NaN wins. */
static inline void pool_offer(vf v, vfi place, vf *m, vfi *at)
{
    const vfi take = (v > *m) | (v != v);
    *m = vf_sel(take, v, *m);
    *at = (take & place) | (~take & *at);
}

/* y[n] = the maxima of a row of windows whose two rows of pixels are x0 and x1, `width` apart; at[n] = their places, the first
 * pixel's being `start`. */
static inline void vf_max_quads(const float *x0, const float *x1, float *y, int *at, int start, int width, ptrdiff_t n)
{
    enum { L = vf_lanes };
    for (ptrdiff_t i = 0; i < n; i += L) {
        const ptrdiff_t count = n - i < L ? n - i : L, low = 2 * count < L ? 2 * count : L, high = 2 * count - low;
        const vf a0 = vf_load_n(x0 + 2 * i, low), b0 = high ? vf_load_n(x0 + 2 * i + L, high) : a0;
        const vf a1 = vf_load_n(x1 + 2 * i, low), b1 = high ? vf_load_n(x1 + 2 * i + L, high) : a1;
        vfi place = VF_IOTA * 2 + (start + 2 * (int)i);
        vf m = vf_even(a0, b0);
        pool_offer(vf_odd(a0, b0), VF_IOTA * 2 + (start + 2 * (int)i + 1), &m, &place);
        pool_offer(vf_even(a1, b1), VF_IOTA * 2 + (start + 2 * (int)i + width), &m, &place);
        pool_offer(vf_odd(a1, b1), VF_IOTA * 2 + (start + 2 * (int)i + width + 1), &m, &place);
        vf_store_n(y + i, m, count);
        vf_store_n((float *)at + i, (vf)place, count);
    }
}
#endif
