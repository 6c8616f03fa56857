/* Uniform to normal in single precision, eight pairs at a time.
 *
 * Values are defined to the last bit, whatever the instruction set, because seeds must reproduce: every fused step is an
 * explicit fmaf, every other step has one rounding and nothing that a compiler may contract. Logarithm, sine and cosine
 * are the polynomials of the Cephes library (S. L. Moshier: logf, sinf, cosf; below 2 ulp over the ranges used here), in
 * the order of operations that PyTorch's vectorised randn has on x86, so that equal seeds give equal numbers.
 */
#ifndef CNET_BOXMULLER_H
#define CNET_BOXMULLER_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* log(x) for 0 < x <= 1; the smallest argument is 2**-24, so no subnormal is met. */
static inline float cnet_log_unit(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    float e = (float)((int32_t)(bits >> 23) - 126);
    bits = (bits & 0x007fffffu) | 0x3f000000u;
    float m;                                           /* x = m * 2**e with 0.5 <= m < 1 */
    memcpy(&m, &bits, sizeof m);
    int low = m < 0.707106781186547524f;
    e = low ? e - 1.0f : e;
    m = (m - 1.0f) + (low ? m : 0.0f);
    float z = m * m;
    float y = 7.0376836292e-2f;
    y = fmaf(y, m, -1.1514610310e-1f);
    y = fmaf(y, m, 1.1676998740e-1f);
    y = fmaf(y, m, -1.2420140846e-1f);
    y = fmaf(y, m, 1.4249322787e-1f);
    y = fmaf(y, m, -1.6668057665e-1f);
    y = fmaf(y, m, 2.0000714765e-1f);
    y = fmaf(y, m, -2.4999993993e-1f);
    y = fmaf(y, m, 3.3333331174e-1f);
    y = y * m;
    y = fmaf(y, z, e * -2.12194440e-4f);               /* log 2 = 0.693359375 - 2.12194440e-4 */
    y = fmaf(-z, 0.5f, y);
    return fmaf(e, 0.693359375f, m + y);
}

/* sin and cos of x for 0 <= x < 2 pi. */
static inline void cnet_sincos(float x, float *s, float *c)
{
    int32_t j = (int32_t)(x * 1.27323954473516f);      /* octant, 4 / pi */
    j = (j + 1) & ~1;
    float q = (float)j;
    x = fmaf(q, -0.78515625f, x);                      /* pi / 4 in three parts */
    x = fmaf(q, -2.4187564849853515625e-4f, x);
    x = fmaf(q, -3.77489497744594108e-8f, x);
    float z = x * x;
    float a = 2.443315711809948e-5f;
    a = fmaf(a, z, -1.388731625493765e-3f);
    a = fmaf(a, z, 4.166664568298827e-2f);
    a = a * z;
    a = fmaf(a, z, -0.5f * z);
    a = a + 1.0f;
    float b = -1.9515295891e-4f;
    b = fmaf(b, z, 8.3321608736e-3f);
    b = fmaf(b, z, -1.6666654611e-1f);
    b = b * z;
    b = fmaf(b, x, x);
    int swap = j & 2;
    float sine = swap ? a : b, cosine = swap ? b : a;
    *s = j & 4 ? -sine : sine;
    *c = (j + 2) & 4 ? -cosine : cosine;
}

/* x: 16 uniforms in [0, 1), the first eight giving radii and the other eight angles; replaced by 16 normals. */
static inline void cnet_box_muller_16(float *x, float mean, float std)
{
    float r[8], s[8], c[8];
    for (int k = 0; k < 8; k++) r[k] = sqrtf(-2.0f * cnet_log_unit(1.0f - x[k]));
    for (int k = 0; k < 8; k++) cnet_sincos(6.283185307179586f * x[k + 8], s + k, c + k);
    for (int k = 0; k < 8; k++) x[k] = fmaf(r[k] * c[k], std, mean);
    for (int k = 0; k < 8; k++) x[k + 8] = fmaf(r[k] * s[k], std, mean);
}

static void cnet_box_muller(float *x, ptrdiff_t blocks, float mean, float std)
{
    for (ptrdiff_t i = 0; i < blocks; i++) cnet_box_muller_16(x + 16 * i, mean, std);
}

#endif
