/* Running logarithms of sums of exponentials, in double. LS is defined once per element type below. */
#ifndef CNET_LOGSCAN_H
#define CNET_LOGSCAN_H

#include <stddef.h>
#include "vtrig.h"

/* Elements that share a reference, and how far a total may lie below it: exp(-600) is still a normal number. */
enum { LS_BLOCK = 64, LS_COLUMNS = 256 };
#define LS_REACH 600.0

/* A row: within a block the exponentials of the distances to its largest element are added up, and one logarithm taken of
 * each sum, instead of an exponential and a logarithm that wait for the element before. A total far below, infinite
 * elements and NaN go one by one. */
#define LS_ROW(NAME, T)                                                                                       \
    static void NAME(const T *x, T *y, ptrdiff_t n)                                                           \
    {                                                                                                         \
        double e[LS_BLOCK], total = x[0];                                                                     \
        y[0] = x[0];                                                                                          \
        for (ptrdiff_t b = 1; b < n; b += LS_BLOCK) {                                                         \
            const ptrdiff_t m = n - b < LS_BLOCK ? n - b : LS_BLOCK;                                          \
            double top = total, sum;                                                                          \
            int wild = 0;                                                                                     \
            for (ptrdiff_t i = 0; i < m; i++) {                                                               \
                const double v = x[b + i];                                                                    \
                top = v > top ? v : top;                                                                      \
                wild |= !(v < INFINITY);                                                                      \
            }                                                                                                 \
            if (wild || !(total - top > -LS_REACH)) {                                                         \
                for (ptrdiff_t i = 0; i < m; i++) {                                                           \
                    const double v = x[b + i];                                                                \
                    total = v == -INFINITY ? total : vm_logaddexp_f64(total, v);                              \
                    y[b + i] = (T)total;                                                                      \
                }                                                                                             \
                continue;                                                                                     \
            }                                                                                                 \
            for (ptrdiff_t i = 0; i < m; i++) e[i] = vm_exp_f64(x[b + i] - top);                              \
            sum = vm_exp_f64(total - top);                                                                    \
            for (ptrdiff_t i = 0; i < m; i++) e[i] = sum += e[i];                                             \
            for (ptrdiff_t i = 0; i < m; i++) e[i] = top + vm_log_f64(e[i]);                                  \
            for (ptrdiff_t i = 0; i < m; i++) y[b + i] = (T)e[i];                                             \
            total = e[m - 1];                                                                                 \
        }                                                                                                     \
    }
LS_ROW(ls_row_f, float)
LS_ROW(ls_row_d, double)

/* w <= LS_COLUMNS columns of n rows that are `step` elements apart. */
#define LS_COLS(NAME, T)                                                                                      \
    static void NAME(const T *x, T *y, ptrdiff_t n, ptrdiff_t step, ptrdiff_t w)                              \
    {                                                                                                         \
        double total[LS_COLUMNS];                                                                             \
        for (ptrdiff_t j = 0; j < w; j++) total[j] = x[j], y[j] = x[j];                                       \
        for (ptrdiff_t i = 1; i < n; i++)                                                                     \
            for (ptrdiff_t j = 0; j < w; j++) {                                                               \
                const double v = x[i * step + j], t = total[j], sum = vm_logaddexp_f64(t, v);                 \
                total[j] = v == -INFINITY ? t : sum;                                                          \
                y[i * step + j] = (T)total[j];                                                                \
            }                                                                                                 \
    }
LS_COLS(ls_cols_f, float)
LS_COLS(ls_cols_d, double)

#endif
