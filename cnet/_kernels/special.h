/* Special functions in float64, also for float32 arguments. Those of one number are free of branches, so that loops over them
 * become vector code; the others go on until their sums have converged.
 *
 * Sources: DLMF 5.5 and 5.11 (gamma), 8.7, 8.9 and 8.12 (incomplete gamma), 10.17 and 10.40 (Bessel), 25.11 (Hurwitz zeta).
 * erfcx is one series from 0 to infinity, in the variable of Shepherd and Laframboise (Mathematics of Computation 36, 1981).
 * Errors, relative to the larger of 1 and the result for gamma's relatives: erf, erfc, erfcx 1e-15, their inverses 2e-15,
 * log-gamma and digamma 3e-15, zeta and polygamma 2e-14, incomplete gamma 1e-13; I and K 2e-15; J and Y 2e-15 of the modulus.
 */
#ifndef CNET_SPECIAL_H
#define CNET_SPECIAL_H

#include "chebyshev.h"
#include "loops.h"
#include "vtrig.h"

#define SP_PI 3.14159265358979323846
#define SP_ROOT_HALF 0.70710678118654752440
#define SP_HALF_LOG_TAU 0.91893853320467274178

/* --- the error function's relatives --- */

/* exp(sign x^2) to full precision: the square of the leading bits of x is exact. Beyond 60 it is 0 or infinite. */
VM_INLINE double sp_exp_square(double x, double sign) {
    x = x > 60 ? 60 : x;
    double lead = vm_round_f64(x * 16) / 16;
    return vm_exp_f64(sign * lead * lead) * vm_exp_f64(sign * (x - lead) * (x + lead));
}
VM_INLINE double sp_erfcx_right(double x) { return cheb_erfcx(1 - 7.5 / (x + 3.75)) / (1 + 2 * x); }
VM_INLINE double sp_erf_near(double x) {
    double z = x * x, p = -7.7958988270021422e-10;
    p = p * z + 1.3720064546977686e-8;
    p = p * z - 1.6208483801871706e-7;
    p = p * z + 1.6447424703317362e-6;
    p = p * z - 0.000014924736907419660;
    p = p * z + 0.00012055294904839708;
    p = p * z - 0.00085483259753896921;
    p = p * z + 0.0052239776071164227;
    p = p * z - 0.026866170643237770;
    p = p * z + 0.11283791670945006;
    p = p * z - 0.37612638903183540;
    return x * 1.1283791670955126 + x * z * p;
}
VM_INLINE double sp_erf(double x) {
    double a = vm_abs_f64(x), far = 1 - sp_exp_square(a, -1) * sp_erfcx_right(a);
    return a < 1 ? sp_erf_near(x) : vm_copysign_f64(far, x);
}
VM_INLINE double sp_erfc(double x) {
    double a = vm_abs_f64(x), right = sp_exp_square(a, -1) * sp_erfcx_right(a);
    return a < 0.5 ? 1 - sp_erf_near(x) : x < 0 ? 2 - right : right;
}
VM_INLINE double sp_erfcx(double x) {
    double right = sp_erfcx_right(vm_abs_f64(x));
    return x < 0 ? 2 * sp_exp_square(-x, 1) - right : right;
}
VM_INLINE double sp_log_ndtr(double x) {
    double a = vm_abs_f64(x) * SP_ROOT_HALF, tail = sp_erfcx_right(a) / 2;
    double below = (a < 0.5 ? 0.5 - sp_erf_near(a) / 2 : sp_exp_square(a, -1) * tail);
    double far = vm_log_f64(tail) - x * x / 2, y = x > 0 ? -below : below - 1;
    return x < -1 ? far : vm_log1p_f64(y);
}
/* x > 0 with erf(x) = y and erfc(x) = q; y + q = 1, and both are exact. */
VM_INLINE double sp_inverse(double y, double q) {
    double r = vm_sqrt(-vm_log_f64(q)), s = y * y;
    double near = y * cheb_erfinv_near(s * (2 / 0.5625) - 1), tail = r * cheb_erfinv_tail((r - 1.15) * (2 / 2.85) - 1);
    double far = r * cheb_erfinv_far((4 / r - 0.14) * (2 / 0.86) - 1);
    return y <= 0.75 ? near : r <= 4 ? tail : far;
}
VM_INLINE double sp_erfinv(double y) {
    double a = vm_abs_f64(y), x = sp_inverse(a, 1 - a);
    x = a == 1 ? INFINITY : x;
    return a <= 1 ? vm_copysign_f64(x, y) : NAN;
}
VM_INLINE double sp_ndtri(double p) {
    double q = 2 * (p < 0.5 ? p : 1 - p), x = sp_inverse(1 - q, q) / SP_ROOT_HALF;
    x = q == 0 ? INFINITY : x;
    return q >= 0 ? (p < 0.5 ? -x : x) : NAN;
}
VM_INLINE double sp_entr(double x) {
    double y = -x * vm_log_f64(x);
    return x > 0 ? y : x == 0 ? 0 : x < 0 ? -INFINITY : x;
}

/* --- the gamma function's relatives --- */

/* log-gamma minus its leading terms, for x from 8; s = 1 / x^2. */
VM_INLINE double sp_stirling(double x, double s) {
    double p = -0.029550653594771241;
    p = p * s + 0.0064102564102564103;
    p = p * s - 0.0019175269175269176;
    p = p * s + 0.00084175084175084175;
    p = p * s - 0.00059523809523809524;
    p = p * s + 0.00079365079365079365;
    p = p * s - 0.0027777777777777778;
    return (p * s + 0.083333333333333333) / x;
}
#define SP_STEP_DOWN above = w > 2.5 ? 1 : 0, w -= above, product *= above > 0 ? w : 1;
/* From 0 up: a series around its zeros 1 and 2, steps down to it, and the asymptotic form. */
VM_INLINE double sp_lgamma_right(double x) {
    double w = x < 8 ? x : 2, product = 1, above, sign;
    /* Six steps bring 8 down to 2.5. Written out: the loop around this becomes vector code only without another in it. */
    SP_STEP_DOWN SP_STEP_DOWN SP_STEP_DOWN SP_STEP_DOWN SP_STEP_DOWN SP_STEP_DOWN
    product = w < 0.5 ? w : product;
    sign = w < 0.5 ? -1 : 1;
    w = w < 0.5 ? w + 1 : w;
    double near = (w - 1) * (w - 2) * cheb_lgamma(w - 1.5), log = vm_log_f64(x < 8 ? product : x);
    double far = (x - 0.5) * log - x + SP_HALF_LOG_TAU + sp_stirling(x, 1 / (x * x));
    far = x < INFINITY ? far : x;
    return x < 8 ? near + sign * log : far;
}
VM_INLINE double sp_lgamma(double x) {
    double r = vm_abs_f64(x - VM_OF(rint, x)(x)), sine = vm_sin_f64(SP_PI * r);
    double right = sp_lgamma_right(x > 0 ? x : 1 - (x < -1e300 ? -1e300 : x)), left = vm_log_f64(SP_PI / sine) - right;
    left = (sine == 0) | (x == -INFINITY) ? INFINITY : left;
    return x > 0 ? right : x <= 0 ? left : x;
}
/* Eight steps of the recurrence bring x to where the asymptotic series is good; their fractions become one. */
VM_INLINE double sp_digamma(double x) {
    double z = x > 0 ? x : 1 - x, top = 0, bottom = 1;
    for (int k = 0; k < 8; k++) {
        int near = z < 8;
        top = near ? top * z + bottom : top;
        bottom = near ? bottom * z : bottom;
        z = near ? z + 1 : z;
    }
    double s = 1 / (z * z), p = -0.44325980392156863;
    p = p * s + 0.083333333333333333;
    p = p * s - 0.021092796092796093;
    p = p * s + 0.0075757575757575758;
    p = p * s - 0.0041666666666666667;
    p = p * s + 0.0039682539682539683;
    p = p * s - 0.0083333333333333333;
    p = p * s + 0.083333333333333333;
    double right = vm_log_f64(z) - 0.5 / z - s * p - top / bottom;
    double r = x - VM_OF(rint, x)(x), a = SP_PI * r, left = right - SP_PI * vm_cos_f64(a) / vm_sin_f64(a);
    left = r == 0 ? NAN : left;
    left = x == 0 ? vm_copysign_f64(INFINITY, -x) : left;
    return x > 0 ? right : left;
}
VM_INLINE double sp_trigamma(double x) {
    double z = x < 0.5 ? 1 - x : x, top = 0, bottom = 1;
    for (int k = 0; k < 8; k++) {
        int near = z < 8;
        top = near ? top * (z * z) + bottom : top;
        bottom = near ? bottom * (z * z) : bottom;
        z = near ? z + 1 : z;
    }
    double s = 1 / (z * z), p = -7.0921568627450980;
    p = p * s + 1.1666666666666667;
    p = p * s - 0.25311355311355311;
    p = p * s + 0.075757575757575758;
    p = p * s - 0.033333333333333333;
    p = p * s + 0.023809523809523810;
    p = p * s - 0.033333333333333333;
    p = p * s + 0.16666666666666667;
    double right = 1 / z + s * (0.5 + p / z) + top / bottom;
    double sine = vm_sin_f64(SP_PI * (x - VM_OF(rint, x)(x))), over = SP_PI / sine;
    return x < 0.5 ? over * over - right : right;
}

/* Bernoulli numbers B2, B4, ... B24 divided by the factorials of 2, 4, ... 24. */
static const double sp_bernoulli[12] = {
    0.083333333333333333, -0.0013888888888888889, 3.3068783068783069e-5, -8.2671957671957672e-7, 2.0876756987868099e-8,
    -5.2841901386874932e-10, 1.3382536530684679e-11, -3.3896802963225829e-13, 8.5860620562778446e-15,
    -2.1748686985580619e-16, 5.5090028283602295e-18, -1.3954464685812523e-19};

/* a^-s; small whole powers by multiplication, which is ten times quicker. */
static double sp_power(double a, double s) {
    if (s > 8 || s != (int)s) return pow(a, -s);
    double r = a;
    for (int k = 1; k < (int)s; k++) r *= a;
    return 1 / r;
}
/* The sum of (a + k)^-s for k from 0 to 7, a > 1. */
static double sp_eight_powers(double a, double s) {
    double term[8];
    for (int k = 0; k < 8; k++) term[k] = vm_exp_f64(-s * vm_log_f64(a + k));
    return ((term[0] + term[1]) + (term[2] + term[3])) + ((term[4] + term[5]) + (term[6] + term[7]));
}
/* The sum of (q + k)^-s by Euler and Maclaurin. NaN for q below -10,000, where the sum is too long. */
static double sp_zeta(double s, double q) {
    if (s != s || q != q || s < 1 || q < -10000) return NAN;
    if (q <= 0 && q != floor(q) && s != floor(s)) return NAN;
    if (s == 1 || (q <= 0 && q == floor(q))) return INFINITY;
    double start = 10 + s / 2, sum = 0, a = q; /* the terms of the tail fall as s / (2 pi a) */
    if (start > 200) start = 200;
    for (; a <= 1; a += 1) sum += a < 0 ? pow(a, -s) : sp_power(a, s);
    for (; a < start; a += 8) sum += sp_eight_powers(a, s);
    double power = sp_power(a, s), tail = power * a / (s - 1) + power / 2, factor = s * power / a;
    for (int k = 0; k < 12; k++) {
        double term = sp_bernoulli[k] * factor;
        tail += term;
        if (!(vm_abs_f64(term) > 1e-17 * tail)) break;
        factor *= (s + 2 * k + 1) * (s + 2 * k + 2) / (a * a);
    }
    return power > 0 ? sum + tail : sum;
}
/* p: n and (-1)^(n + 1) n!. */
VM_INLINE double sp_polygamma(double x, const double *p) { return p[1] * sp_zeta(p[0] + 1, x); }

/* log of gamma(x) for x from 1, to an absolute error of 1e-15 of the larger of 1 and the result. */
static double sp_lgamma_steps(double x) {
    double product = 1;
    for (; x < 8; x += 1) product *= x;
    return (x - 0.5) * vm_log_f64(x) - x + SP_HALF_LOG_TAU + sp_stirling(x, 1 / (x * x)) - vm_log_f64(product);
}
/* x^a e^-x / gamma(a + 1). */
static double sp_gamma_factor(double a, double x) {
    if (a < 8) return vm_exp_f64(a * vm_log_f64(x) - x - (a < 1 ? sp_lgamma_right(a + 1) : sp_lgamma_steps(a + 1)));
    double mu = (x - a) / a;
    return vm_exp_f64(a * (vm_log1p_f64(mu) - mu) - 0.5 * vm_log_f64(2 * SP_PI * a) - sp_stirling(a, 1 / (a * a)));
}
static double sp_lower_series(double a, double x) {
    double term = 1, total = 1;
    for (double k = a + 1; term > 1e-17 * total; k += 1) total += term *= x / k;
    return sp_gamma_factor(a, x) * total;
}
/* Lentz's method on DLMF 8.9.2. */
static double sp_upper_fraction(double a, double x) {
    double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
    for (int k = 1; k < 10000; k++) {
        double n = -k * (k - a);
        b += 2;
        d = 1 / (n * d + b);
        c = b + n / c;
        h *= c * d;
        if (vm_abs_f64(c * d - 1) < 3e-16) break;
    }
    return sp_gamma_factor(a, x) * a * h;
}
/* Temme's expansion for a from 1e5: the first two terms, as Taylor series in eta (DLMF 8.12.7 and after). */
static double sp_upper_temme(double a, double x) {
    double mu = (x - a) / a, half = mu - vm_log1p_f64(mu);
    if (vm_abs_f64(mu) < 1e-2) {
        half = 1.0 / 9;
        for (int k = 8; k >= 2; k--) half = 1.0 / k - mu * half;
        half *= mu * mu;
    }
    double eta = vm_copysign_f64(sqrt(2 * half), mu);
    double first = ((((-139.0 / 777600 * eta + 1.0 / 2835) * eta + 1.0 / 864) * eta - 2.0 / 135) * eta + 1.0 / 12) * eta - 1.0 / 3;
    double second = ((-77.0 / 77760 * eta + 1.0 / 378) * eta - 1.0 / 288) * eta - 1.0 / 540;
    return sp_erfc(eta * sqrt(a / 2)) / 2 + vm_exp_f64(-a * half) / sqrt(2 * SP_PI * a) * (first + second / a);
}
/* The regularized incomplete gamma functions, by whichever of the two is small. */
static double sp_incomplete(double a, double x, int upper) {
    if (!(a >= 0 && x >= 0) || (a == 0 && x == 0) || (a == INFINITY && x == INFINITY)) return NAN;
    if (a == 0 || x == INFINITY) return !upper;
    if (x == 0 || a == INFINITY) return upper;
    int large = a >= 1e5 && vm_abs_f64(x - a) < 0.5 * a, low = !large && x <= a + 1;
    double part = large ? sp_upper_temme(a, x) : low ? sp_lower_series(a, x) : sp_upper_fraction(a, x);
    return low != upper ? part : part < 1 ? 1 - part : 0;
}

/* --- Bessel functions --- */

VM_INLINE double sp_i0e(double x) {
    double a = vm_abs_f64(x);
    return a <= 8 ? cheb_i0_near(a / 4 - 1) : cheb_i0_far(16 / a - 1) / vm_sqrt(a);
}
VM_INLINE double sp_i1e(double x) {
    double a = vm_abs_f64(x), r = a <= 8 ? a * cheb_i1_near(a / 4 - 1) : cheb_i1_far(16 / a - 1) / vm_sqrt(a);
    return vm_copysign_f64(r, x);
}
/* exp in two steps, as it overflows before the product does. */
VM_INLINE double sp_i0(double x) {
    double half = vm_exp_f64(vm_abs_f64(x) / 2), r = sp_i0e(x) * half * half;
    return vm_abs_f64(x) == INFINITY ? INFINITY : r;
}
VM_INLINE double sp_i1(double x) {
    double half = vm_exp_f64(vm_abs_f64(x) / 2), r = sp_i1e(x) * half * half;
    return vm_abs_f64(x) == INFINITY ? x : r;
}
VM_INLINE double sp_k_limits(double x, double y) { return x > 0 ? y : x == 0 ? INFINITY : NAN; }
VM_INLINE double sp_k0_near(double x) { return cheb_k0_near(x * x / 2 - 1) - vm_log_f64(x / 2) * sp_i0(x); }
VM_INLINE double sp_k1_near(double x) { return cheb_k1_near(x * x / 2 - 1) / x + vm_log_f64(x / 2) * sp_i1(x); }
VM_INLINE double sp_k0(double x) {
    double far = vm_exp_f64(-x) * cheb_k0_far(4 / x - 1) / vm_sqrt(x);
    return sp_k_limits(x, x <= 2 ? sp_k0_near(x) : far);
}
VM_INLINE double sp_k1(double x) {
    double far = vm_exp_f64(-x) * cheb_k1_far(4 / x - 1) / vm_sqrt(x);
    return sp_k_limits(x, x <= 2 ? sp_k1_near(x) : far);
}
VM_INLINE double sp_k0e(double x) {
    return sp_k_limits(x, x <= 2 ? vm_exp_f64(x) * sp_k0_near(x) : cheb_k0_far(4 / x - 1) / vm_sqrt(x));
}
VM_INLINE double sp_k1e(double x) {
    return sp_k_limits(x, x <= 2 ? vm_exp_f64(x) * sp_k1_near(x) : cheb_k1_far(4 / x - 1) / vm_sqrt(x));
}

/* A series times the factors of the first zeros; each zero is a float and its rest, so that x - zero is exact. */
VM_INLINE double sp_with_zeros(double x, double r, const double *z) {
    return r * (((x - z[0]) - z[1]) * (x + z[0])) * (((x - z[2]) - z[3]) * (x + z[2]));
}
VM_INLINE double sp_j0_near(double x) { return sp_with_zeros(x, cheb_j0_near(x * x / 32 - 1), cheb_j0_zeros); }
VM_INLINE double sp_j1_near(double x) { return x * sp_with_zeros(x, cheb_j1_near(x * x / 32 - 1), cheb_j1_zeros); }

/* J or Y beyond 8: sqrt(2 / (pi x)) times P and Q, with the sine and cosine of x - pi/4 (minus pi/2 for order 1). */
VM_INLINE double sp_wave(double x, int order, int second, int wild) {
    double sine = wild ? sin(x) : vm_sin_f64(x), cosine = wild ? cos(x) : vm_cos_f64(x);
    double c = (cosine + sine) * SP_ROOT_HALF, s = (sine - cosine) * SP_ROOT_HALF, t = 128 / (x * x) - 1;
    double p = order ? cheb_p1_far(t) : cheb_p0_far(t), q = (order ? cheb_q1_far(t) : cheb_q0_far(t)) / x;
    double cc = order ? s : c, ss = order ? -c : s;
    double r = vm_sqrt(2 / SP_PI / x) * (second ? p * ss + q * cc : p * cc - q * ss);
    return x == INFINITY ? 0 : r;
}
VM_INLINE double sp_j0(double x, int wild) {
    double a = vm_abs_f64(x);
    return a <= 8 ? sp_j0_near(a) : sp_wave(a, 0, 0, wild);
}
VM_INLINE double sp_j1(double x, int wild) {
    double a = vm_abs_f64(x), r = a <= 8 ? sp_j1_near(a) : sp_wave(a, 1, 0, wild);
    return x < 0 ? -r : r;
}
VM_INLINE double sp_y_limits(double x, double y) { return x > 0 ? y : x == 0 ? -INFINITY : NAN; }
VM_INLINE double sp_y0(double x, int wild) {
    double near = cheb_y0_near(x * x / 32 - 1) + 2 / SP_PI * vm_log_f64(x) * sp_j0_near(x);
    return sp_y_limits(x, x <= 8 ? near : sp_wave(x, 0, 1, wild));
}
VM_INLINE double sp_y1(double x, int wild) {
    double near = x * cheb_y1_near(x * x / 32 - 1) + 2 / SP_PI * (vm_log_f64(x) * sp_j1_near(x) - 1 / x);
    return sp_y_limits(x, x <= 8 ? near : sp_wave(x, 1, 1, wild));
}
VM_INLINE double sp_spherical_j0(double x, int wild) {
    double s = x * x, near = 1 - s / 6 * (1 - s / 20 * (1 - s / 42 * (1 - s / 72 * (1 - s / 110 * (1 - s / 156)))));
    double far = (wild ? sin(x) : vm_sin_f64(x)) / x;
    return vm_abs_f64(x) < 0.5 ? near : vm_abs_f64(x) == INFINITY ? 0 : far;
}

/* Ai; NaN at both infinities, as in PyTorch. Beyond the series the argument is z = 2/3 |x|^(3/2). */
VM_INLINE double sp_airy_ai(double x, int wild) {
    double a = vm_abs_f64(x), root = vm_sqrt(a), z = 2.0 / 3 * a * root, fourth = vm_sqrt(root);
    double sine = wild ? sin(z) : vm_sin_f64(z), cosine = wild ? cos(z) : vm_cos_f64(z), t = 32 / (z * z) - 1;
    double c = (cosine + sine) * SP_ROOT_HALF, s = (sine - cosine) * SP_ROOT_HALF;
    double left = (c * cheb_ai_p(t) + s * cheb_ai_q(t) / z) / (1.7724538509055160273 * fourth);
    double right = vm_exp_f64(-z) * cheb_ai_right(4 / z - 1) / fourth;
    double near = cheb_ai_near((x + 0.625) / 2.875), far = x > 0 ? right : left;
    far = a < INFINITY ? far : NAN;
    return (x >= -3.5) & (x <= 2.25) ? near : far;
}

/* --- orthogonal polynomials --- */

/* P(k + 1) = (a x + b) P(k) - c P(k - 1) with the a, b and c of degree k. */
typedef struct { double a, b, c; } sp_step;
static sp_step sp_recurrence(int kind, double k) {
    switch (kind) {
    case 0: return (sp_step){2, 0, 1};                                            /* Chebyshev */
    case 1: return (sp_step){2, 0, 2 * k};                                        /* Hermite, of physicists */
    case 2: return (sp_step){1, 0, k};                                            /* Hermite, of probabilists */
    case 3: return (sp_step){-1 / (k + 1), (2 * k + 1) / (k + 1), k / (k + 1)};   /* Laguerre */
    default: return (sp_step){(2 * k + 1) / (k + 1), 0, k / (k + 1)};             /* Legendre */
    }
}
/* Of degree n at up to 128 places, which go through the recurrence together. Below degree 0 they are 0. */
static void sp_polynomial(const double *x, double n, double *now, ptrdiff_t size, const double *p) {
    double before[128];
    n = trunc(n);
    for (ptrdiff_t i = 0; i < size; i++) {
        before[i] = 1;
        now[i] = n >= 1 ? p[1] * x[i] + p[2] : n == 0 ? 1 : n < 0 ? 0 : NAN;
    }
    for (double k = 1; k < n && n < INFINITY; k += 1) {
        const sp_step s = sp_recurrence((int)p[0], k);
        for (ptrdiff_t i = 0; i < size; i++) {
            const double next = (s.a * x[i] + s.b) * now[i] - s.c * before[i];
            before[i] = now[i];
            now[i] = next;
        }
    }
    if (n == INFINITY) for (ptrdiff_t i = 0; i < size; i++) now[i] = NAN;
}
/* x: argument, y: degree, p: recurrence, then slope and offset of the polynomial of degree 1. */
#define SP_POLYNOMIAL_LOOP(NAME, T)                                                                           \
    static void NAME(const void *xs, ptrdiff_t sx, const void *ys, ptrdiff_t sy, void *os, ptrdiff_t n,       \
                     const double *p) {                                                                       \
        const T *xp = (const T *)xs, *yp = (const T *)ys;                                                     \
        T *op = (T *)os;                                                                                      \
        double x[128], r[128];                                                                                \
        for (ptrdiff_t begin = 0; begin < n;) {                                                               \
            ptrdiff_t size = n - begin < 128 ? n - begin : 128;                                               \
            const T degree = yp[begin * sy];                                                                  \
            if (sy) for (ptrdiff_t i = 1; i < size; i++) if (yp[begin + i] != degree) size = i;               \
            for (ptrdiff_t i = 0; i < size; i++) x[i] = xp[(begin + i) * sx];                                 \
            sp_polynomial(x, degree, r, size, p);                                                             \
            for (ptrdiff_t i = 0; i < size; i++) op[begin + i] = (T)r[i];                                     \
            begin += size;                                                                                    \
        }                                                                                                     \
    }
SP_POLYNOMIAL_LOOP(pw_polynomial_f32, float)
SP_POLYNOMIAL_LOOP(pw_polynomial_f64, double)
static const binary_kernel PW_polynomial = {pw_polynomial_f32, pw_polynomial_f64, NULL, 50, 0};

/* --- loops --- */

#define SP_UNARY(NAME, COST) PW_UNARY(NAME, COST, sp_##NAME(x))
SP_UNARY(erfc, 110)
SP_UNARY(erfcx, 90)
SP_UNARY(log_ndtr, 140)
SP_UNARY(erfinv, 200)
SP_UNARY(ndtri, 200)
SP_UNARY(entr, 26)
/* Reflection takes half of the time, and most arguments need none: blocks in which all are positive do without. */
#define SP_LGAMMA_LOOP(NAME, TYPE)                                                                            \
    static void NAME(const void *xs, void *os, ptrdiff_t n, const double *p) {                                \
        const TYPE *xp = (const TYPE *)xs;                                                                    \
        TYPE *op = (TYPE *)os;                                                                                \
        (void)p;                                                                                              \
        for (ptrdiff_t begin = 0; begin < n; begin += 256) {                                                  \
            const ptrdiff_t end = begin + 256 < n ? begin + 256 : n;                                          \
            int left = 0;                                                                                     \
            for (ptrdiff_t i = begin; i < end; i++) left |= !(xp[i] > 0);                                     \
            if (left) {                                                                                       \
                PW_IVDEP for (ptrdiff_t i = begin; i < end; i++) op[i] = (TYPE)sp_lgamma(xp[i]);              \
            } else {                                                                                          \
                PW_IVDEP for (ptrdiff_t i = begin; i < end; i++) op[i] = (TYPE)sp_lgamma_right(xp[i]);        \
            }                                                                                                 \
        }                                                                                                     \
    }                                                                                                         \
    /* p: the dimension, and p (p - 1) / 4 log(pi). */                                                        \
    static void NAME##_many(const void *xs, void *os, ptrdiff_t n, const double *p) {                         \
        const TYPE *xp = (const TYPE *)xs;                                                                    \
        TYPE *op = (TYPE *)os;                                                                                \
        double total[256];                                                                                    \
        for (ptrdiff_t begin = 0; begin < n; begin += 256) {                                                  \
            const ptrdiff_t size = n - begin < 256 ? n - begin : 256;                                         \
            int left = 0;                                                                                     \
            for (ptrdiff_t i = 0; i < size; i++) left |= !(xp[begin + i] > 0.5 * (p[0] - 1)), total[i] = p[1]; \
            for (int k = 0; k < (int)p[0]; k++) {                                                             \
                const double down = 0.5 * k;                                                                  \
                if (left) {                                                                                   \
                    for (ptrdiff_t i = 0; i < size; i++) total[i] += sp_lgamma(xp[begin + i] - down);         \
                } else {                                                                                      \
                    for (ptrdiff_t i = 0; i < size; i++) total[i] += sp_lgamma_right(xp[begin + i] - down);   \
                }                                                                                             \
            }                                                                                                 \
            for (ptrdiff_t i = 0; i < size; i++) op[begin + i] = (TYPE)total[i];                              \
        }                                                                                                     \
    }
SP_LGAMMA_LOOP(pw_lgamma_f32, float)
SP_LGAMMA_LOOP(pw_lgamma_f64, double)
static const unary_kernel PW_lgamma = {pw_lgamma_f32, pw_lgamma_f64, NULL, 100, 0};
static const unary_kernel PW_mvlgamma = {pw_lgamma_f32_many, pw_lgamma_f64_many, NULL, 300, 0};
SP_UNARY(digamma, 120)
SP_UNARY(trigamma, 100)
SP_UNARY(i0e, 100)
SP_UNARY(i1e, 100)
SP_UNARY(i0, 120)
SP_UNARY(i1, 120)
SP_UNARY(k0, 200)
SP_UNARY(k1, 200)
SP_UNARY(k0e, 200)
SP_UNARY(k1e, 200)
PW_UNARY(polygamma, 300, sp_polygamma(x, p))
PW_BINARY(zeta, 500, sp_zeta(x, y))
PW_BINARY(gammainc, 300, sp_incomplete(x, y, 0))
PW_BINARY(gammaincc, 300, sp_incomplete(x, y, 1))

/* The sines of these are for arguments up to VM_TRIG_LIMIT, which guarded loops are for. */
#define SP_GUARDED(NAME, COST, LIMIT)                                                                                \
    PW_GUARDED_LOOP(pw_##NAME##_f32, float, (T)sp_##NAME(x, 0), vm_abs(x) <= (T)LIMIT, (T)sp_##NAME(x, 1))           \
    PW_GUARDED_LOOP(pw_##NAME##_f64, double, (T)sp_##NAME(x, 0), vm_abs(x) <= (T)LIMIT, (T)sp_##NAME(x, 1))          \
    static const unary_kernel PW_##NAME = {pw_##NAME##_f32, pw_##NAME##_f64, NULL, COST, 0};
SP_GUARDED(j0, 160, VM_TRIG_LIMIT)
SP_GUARDED(j1, 160, VM_TRIG_LIMIT)
SP_GUARDED(y0, 200, VM_TRIG_LIMIT)
SP_GUARDED(y1, 200, VM_TRIG_LIMIT)
SP_GUARDED(spherical_j0, 60, VM_TRIG_LIMIT)
SP_GUARDED(airy_ai, 250, 1e4)

#endif
