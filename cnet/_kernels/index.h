/* Numbers picked by an index, in vectors where the instruction set has loads for that. */
#ifndef CNET_INDEX_H
#define CNET_INDEX_H
#include "vec.h"

static inline vdi index_load(const int64_t *p) { vdi x; memcpy(&x, p, sizeof x); return x; }

/* out[j] = s[index[j] * step + j * (step > 1)]: from a row, or from the columns of a matrix with rows of `step` words. */
#define INDEX_PICK(SIZE, WORD)                                                                                         \
    static void index_pick_##SIZE(const WORD *s, const int64_t *index, ptrdiff_t step, WORD *out, ptrdiff_t n)         \
    {                                                                                                                  \
        ptrdiff_t j = 0;                                                                                               \
        if (vec_picks && step == 1)                                                                                    \
            for (; j + vd_lanes <= n; j += vd_lanes) vec_pick_##SIZE(s, index_load(index + j), out + j);               \
        else if (vec_picks)                                                                                            \
            for (; j + vd_lanes <= n; j += vd_lanes)                                                                   \
                vec_pick_##SIZE(s + j, index_load(index + j) * (int64_t)step + VD_IOTA, out + j);                      \
        if (step == 1)                                                                                                 \
            for (; j < n; j++) out[j] = s[index[j]];                                                                   \
        else                                                                                                           \
            for (; j < n; j++) out[j] = s[index[j] * step + j];                                                        \
    }
INDEX_PICK(4, uint32_t)
INDEX_PICK(8, uint64_t)

/* out[j] += s[index[j]] where the index is not negative. */
#define INDEX_PICK_ADD(v, T)                                                                                           \
    static void v##_pick_add_all(const T *s, const int64_t *index, T *out, ptrdiff_t n)                                \
    {                                                                                                                  \
        ptrdiff_t j = 0;                                                                                               \
        if (vec_picks)                                                                                                 \
            for (; j + vd_lanes <= n; j += vd_lanes) v##_pick_add(s, index_load(index + j), out + j);                  \
        for (; j < n; j++)                                                                                             \
            if (index[j] >= 0) out[j] += s[index[j]];                                                                  \
    }
INDEX_PICK_ADD(vf, float)
INDEX_PICK_ADD(vd, double)

#endif
