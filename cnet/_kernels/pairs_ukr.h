/* The transforms of minimal filtering with pairs of neighbouring results of a row in the lanes of vectors, for float (vf_*) and
 * double (vd_*): this file includes itself once for each.
 *
 * Some taps w of a row and the pixels d that the pair's first result sees by them, and the second by one less:
 *
 *   3 taps: numbers d0 - d2, d1 + d2, d2 - d1, d3 - d1    factors w0, (w0 + w1 + w2) / 2, (w0 - w1 + w2) / 2, w2
 *   2 taps: numbers d0 - d1, d1, d2 - d1                  factors w0, w0 + w1, w1
 *   1 tap:  numbers d0, d1                                factor w0 twice
 *
 * A product belongs to the first result, to both, to their difference (added to the first, subtracted from the second) or to the
 * second: four sums a, b, c, d, of which results a + b + c and d + b - c are made at the end.
 */
#ifndef T
#ifndef CNET_PAIRS_UKR_H
#define CNET_PAIRS_UKR_H
#include "gemm_ukr.h"
#include "vec_pairs.h"
#define BOTH_TYPES "pairs_ukr.h"
#include "both_types.h"
#endif
#else

/* out[number] = a vector of the numbers of some taps whose pixels are d[0 .. taps]. */
GEMM_INLINE void FN(pair_numbers)(const int taps, const V *d, V *out)
{
    if (taps == 3) out[0] = d[0] - d[2], out[1] = d[1] + d[2], out[2] = d[2] - d[1], out[3] = d[3] - d[1];
    else if (taps == 2) out[0] = d[0] - d[1], out[1] = d[1], out[2] = d[2] - d[1];
    else out[0] = d[0], out[1] = d[1];
}

/* out[number * step + i] for pairs i < n, of a row's or of n's: d has their pixels i .. i + lanes. */
GEMM_INLINE void FN(put_numbers)(const int taps, const V *d, ptrdiff_t n, T *out, ptrdiff_t step)
{
    V numbers[4];
    FN(pair_numbers)(taps, d, numbers);
    for (int q = 0; q <= taps; q++)
        if (n >= FN(lanes)) FN(store)(out + q * step, numbers[q]);
        else FN(store_n)(out + q * step, numbers[q], n);
}

#define PAIR_ROWS(TAPS)                                                                                                \
    for (; rows > 0; rows--, x += pitch, out += n)                                                                     \
        for (ptrdiff_t i = 0; i < n; i += L) {                                                                         \
            const V a = FN(load)(x + 2 * i), b = n - i > L / 2 ? FN(load)(x + 2 * i + L) : a;                          \
            const V c = FN(load)(x + 2 * i + 2), e = n - i > L / 2 ? FN(load)(x + 2 * i + L + 2) : c;                  \
            const V d[4] = {FN(even)(a, b), FN(odd)(a, b), FN(even)(c, e), FN(odd)(c, e)};                             \
            FN(put_numbers)(TAPS, d, n - i, out + i, step);                                                            \
        }

/* out[number * step + row * n + i] for the pairs i < n of some rows of x, `pitch` apart, without a stride; x is read in whole
 * vectors. */
static void FN(pair_rows)(ptrdiff_t taps, ptrdiff_t rows, ptrdiff_t n, const T *x, ptrdiff_t pitch, T *out, ptrdiff_t step)
{
    enum { L = FN(lanes) };
    if (taps == 3) PAIR_ROWS(3)
    else if (taps == 2) PAIR_ROWS(2)
    else PAIR_ROWS(1)
}

#define PAIR_PHASES(TAPS)                                                                                              \
    for (; rows > 0; rows--, x += pitch, out += n)                                                                     \
        for (ptrdiff_t i = 0; i < n; i += FN(lanes)) {                                                                 \
            V d[4];                                                                                                    \
            for (int q = 0; q <= TAPS; q++) d[q] = FN(load)(x + at[q] + i);                                            \
            FN(put_numbers)(TAPS, d, n - i, out + i, step);                                                            \
        }

/* The same with a stride, where pixel q of the pairs lies at x + at[q]. */
static void FN(pair_phases)(ptrdiff_t taps, ptrdiff_t rows, ptrdiff_t n, const T *x, const ptrdiff_t *at, ptrdiff_t pitch, T *out,
                            ptrdiff_t step)
{
    if (taps == 3) PAIR_PHASES(3)
    else if (taps == 2) PAIR_PHASES(2)
    else PAIR_PHASES(1)
}

/* Asks for the lines of y that join_pairs will write. */
static void FN(ask_pairs)(ptrdiff_t m, ptrdiff_t n, const T *y, ptrdiff_t yrs)
{
    for (; m > 0; m--, y += yrs)
        for (ptrdiff_t i = 0; i < 2 * n; i += 64 / sizeof(T)) __builtin_prefetch(y + i, 1);
}

/* y[r * yrs + 2 i], y[r * yrs + 2 i + 1] = the results of pairs i < n of sums s[4, step], whose rows r < m are `srs` apart and
 * readable in whole vectors, plus bias[r] unless that is NULL; without the last number if `odd`. Returns 0 if all numbers are
 * finite, else NaN. */
static T FN(join_pairs)(ptrdiff_t m, ptrdiff_t n, int odd, const T *s, ptrdiff_t step, ptrdiff_t srs, const T *bias, T *y,
                        ptrdiff_t yrs)
{
    enum { L = FN(lanes) };
    V wrong = {0};
    for (ptrdiff_t r = 0; r < m; r++, s += srs, y += yrs) {
        const V add = bias ? FN(set1)(bias[r]) : (V){0};
        for (ptrdiff_t i = 0; i < n; i += L) {
            const ptrdiff_t left = 2 * (n - i) - odd;
            V sums[4];
            for (int q = 0; q < 4; q++)
                sums[q] = n - i >= L ? FN(load)(s + q * step + i) : FN(load_n)(s + q * step + i, n - i);
            const V b = sums[1] + add, first = sums[0] + (b + sums[2]), second = sums[3] + (b - sums[2]);
            const V low = FN(zip_low)(first, second), high = FN(zip_high)(first, second);
            wrong += (low + high) * (V){0};
            if (left >= L) FN(store)(y + 2 * i, low);
            else FN(store_n)(y + 2 * i, low, left);
            if (left >= 2 * L) FN(store)(y + 2 * i + L, high);
            else if (left > L) FN(store_n)(y + 2 * i + L, high, left - L);
        }
    }
    return FN(sum)(wrong);
}
#undef PAIR_ROWS
#undef PAIR_PHASES
#endif
