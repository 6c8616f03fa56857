"""Write cnet/_kernels/chebyshev.h: Chebyshev series of special functions, computed with 50 digits (needs mpmath).

    python tools/chebyshev.py > cnet/_kernels/chebyshev.h
"""
from __future__ import annotations

from collections.abc import Callable

import mpmath as mp

mp.mp.dps = 50
NODES = 90
SMALLEST = mp.mpf(10) ** -17  # of the largest coefficient: below half a unit in the last place of float64

J0_ZEROS = [mp.besseljzero(0, i) for i in (1, 2)]
J1_ZEROS = [mp.besseljzero(1, i) for i in (1, 2)]


def coefficients(f: Callable[[mp.mpf], mp.mpf]) -> list[float]:
    """Of the interpolation of f(t), -1 < t < 1, until they no longer matter."""
    angles = [(k + mp.mpf(1) / 2) * mp.pi / NODES for k in range(NODES)]
    values = [f(mp.cos(a)) for a in angles]
    series = [2 * mp.fsum(v * mp.cos(j * a) for v, a in zip(values, angles, strict=True)) / NODES for j in range(NODES)]
    series[0] /= 2
    least = SMALLEST * max(abs(c) for c in series)
    while abs(series[-1]) < least:
        series.pop()
    return [float(c) for c in series]


def erfcx(t: mp.mpf) -> mp.mpf:
    x = mp.mpf(15) / 4 * (1 + t) / (1 - t)
    return (1 + 2 * x) * mp.exp(x * x) * mp.erfc(x)


def lgamma(t: mp.mpf) -> mp.mpf:
    x = t + mp.mpf(3) / 2
    return mp.loggamma(x) / ((x - 1) * (x - 2))


def tail(r: mp.mpf) -> mp.mpf:
    """x / r at erfc(x) = exp(-r^2)."""
    guess = mp.sqrt(r * r - mp.log(r * mp.sqrt(mp.pi) + mp.mpf(1) / 2))
    return mp.findroot(lambda x: mp.log(mp.erfc(x)) + r * r, guess) / r


def on(low: float, high: float, f: Callable[[mp.mpf], mp.mpf]) -> Callable[[mp.mpf], mp.mpf]:
    return lambda t: f(low + (high - low) * (t + 1) / 2)


def beyond(low: float, f: Callable[[mp.mpf], mp.mpf]) -> Callable[[mp.mpf], mp.mpf]:
    """f from `low` to infinity, as a function of low / x."""
    return lambda t: f(2 * low / (t + 1))


def squared(high: float, f: Callable[[mp.mpf], mp.mpf]) -> Callable[[mp.mpf], mp.mpf]:
    """f from 0 to `high`, as a function of x * x."""
    return lambda t: f(high * mp.sqrt((t + 1) / 2))


def modulus(order: int, which: str) -> Callable[[mp.mpf], mp.mpf]:
    """P, or x Q, of the asymptotic form of J and Y beyond 8, as a function of (8 / x) ** 2."""
    def f(t: mp.mpf) -> mp.mpf:
        x = 8 / mp.sqrt((t + 1) / 2)
        angle = x - mp.pi / 4 - order * mp.pi / 2
        j, y, c, s = mp.besselj(order, x), mp.bessely(order, x), mp.cos(angle), mp.sin(angle)
        scale = mp.sqrt(mp.pi * x / 2)
        return scale * (j * c + y * s) if which == 'P' else x * scale * (y * c - j * s)
    return f


def airy(which: str) -> Callable[[mp.mpf], mp.mpf]:
    """P, or z Q, of Ai(-x) = (cos(z - pi/4) P + sin(z - pi/4) Q) / (sqrt(pi) x^(1/4)), z = 2/3 x^(3/2), by (4 / z) ** 2."""
    def f(t: mp.mpf) -> mp.mpf:
        z = 4 / mp.sqrt((t + 1) / 2)
        x = (3 * z / 2) ** (mp.mpf(2) / 3)
        a, b, c, s = mp.airyai(-x), mp.airybi(-x), mp.cos(z - mp.pi / 4), mp.sin(z - mp.pi / 4)
        scale = mp.sqrt(mp.pi) * mp.root(x, 4)
        return scale * (a * c - b * s) if which == 'P' else z * scale * (a * s + b * c)
    return f


def airy_decay(z: mp.mpf) -> mp.mpf:
    x = (3 * z / 2) ** (mp.mpf(2) / 3)
    return mp.airyai(x) * mp.exp(z) * mp.root(x, 4)


def product(x: mp.mpf, zeros: list[mp.mpf]) -> mp.mpf:
    return (x * x - zeros[0] ** 2) * (x * x - zeros[1] ** 2)


TABLES = {
    'ERFCX': ('(1 + 2x) exp(x^2) erfc(x), x from 0 to infinity; t = (x - 3.75) / (x + 3.75)', erfcx),
    'ERFINV_NEAR': ('erfinv(y) / y, y^2 from 0 to 0.5625', squared(0.75, lambda y: mp.erfinv(y) / y)),
    'ERFINV_TAIL': ('x / r with erfc(x) = exp(-r^2), r from 1.15 to 4', on(1.15, 4, tail)),
    'ERFINV_FAR': ('the same, 4 / r from 0.14 to 1', on(0.14, 1, lambda u: tail(4 / u))),
    'LGAMMA': ('log(gamma(x)) / ((x - 1) (x - 2)), x from 0.5 to 2.5', lgamma),
    'I0_NEAR': ('exp(-x) I0(x), x from 0 to 8', on(0, 8, lambda x: mp.exp(-x) * mp.besseli(0, x))),
    'I0_FAR': ('exp(-x) sqrt(x) I0(x), 8 / x from 0 to 1', beyond(8, lambda x: mp.exp(-x) * mp.sqrt(x) * mp.besseli(0, x))),
    'I1_NEAR': ('exp(-x) I1(x) / x, x from 0 to 8', on(0, 8, lambda x: mp.exp(-x) * mp.besseli(1, x) / x)),
    'I1_FAR': ('exp(-x) sqrt(x) I1(x), 8 / x from 0 to 1', beyond(8, lambda x: mp.exp(-x) * mp.sqrt(x) * mp.besseli(1, x))),
    'K0_NEAR': ('K0(x) + log(x / 2) I0(x), x^2 from 0 to 4',
                squared(2, lambda x: mp.besselk(0, x) + mp.log(x / 2) * mp.besseli(0, x))),
    'K0_FAR': ('exp(x) sqrt(x) K0(x), 2 / x from 0 to 1', beyond(2, lambda x: mp.exp(x) * mp.sqrt(x) * mp.besselk(0, x))),
    'K1_NEAR': ('x (K1(x) - log(x / 2) I1(x)), x^2 from 0 to 4',
                squared(2, lambda x: x * (mp.besselk(1, x) - mp.log(x / 2) * mp.besseli(1, x)))),
    'K1_FAR': ('exp(x) sqrt(x) K1(x), 2 / x from 0 to 1', beyond(2, lambda x: mp.exp(x) * mp.sqrt(x) * mp.besselk(1, x))),
    'J0_NEAR': ('J0(x) / ((x^2 - a^2) (x^2 - b^2)) with its first zeros a and b, x^2 from 0 to 64',
                squared(8, lambda x: mp.besselj(0, x) / product(x, J0_ZEROS))),
    'J1_NEAR': ('J1(x) / (x (x^2 - a^2) (x^2 - b^2)) with its first zeros a and b, x^2 from 0 to 64',
                squared(8, lambda x: mp.besselj(1, x) / (x * product(x, J1_ZEROS)))),
    'Y0_NEAR': ('Y0(x) - 2 / pi log(x) J0(x), x^2 from 0 to 64',
                squared(8, lambda x: mp.bessely(0, x) - 2 / mp.pi * mp.log(x) * mp.besselj(0, x))),
    'Y1_NEAR': ('(Y1(x) - 2 / pi (log(x) J1(x) - 1 / x)) / x, x^2 from 0 to 64',
                squared(8, lambda x: (mp.bessely(1, x) - 2 / mp.pi * (mp.log(x) * mp.besselj(1, x) - 1 / x)) / x)),
    'P0_FAR': ('P of J0 and Y0, (8 / x)^2 from 0 to 1', modulus(0, 'P')),
    'Q0_FAR': ('x Q of J0 and Y0, (8 / x)^2 from 0 to 1', modulus(0, 'Q')),
    'P1_FAR': ('P of J1 and Y1, (8 / x)^2 from 0 to 1', modulus(1, 'P')),
    'Q1_FAR': ('x Q of J1 and Y1, (8 / x)^2 from 0 to 1', modulus(1, 'Q')),
    'AI_NEAR': ('Ai(x), x from -3.5 to 2.25', on(mp.mpf('-3.5'), mp.mpf('2.25'), mp.airyai)),
    'AI_RIGHT': ('exp(z) x^(1/4) Ai(x), z = 2/3 x^(3/2), 2 / z from 0 to 1', beyond(2, airy_decay)),
    'AI_P': ('P of Ai(-x), z = 2/3 x^(3/2), (4 / z)^2 from 0 to 1', airy('P')),
    'AI_Q': ('z Q of Ai(-x), z = 2/3 x^(3/2), (4 / z)^2 from 0 to 1', airy('Q')),
}


HEAD = """/* Chebyshev series of special functions, t from -1 to 1, summed by Clenshaw's recurrence; from tools/chebyshev.py. */
#ifndef CNET_CHEBYSHEV_H
#define CNET_CHEBYSHEV_H

#include "vmath.h"

/* Coefficients from the last to the second; the first ends the sum. */
#define CB(c) next = twice * b + ((c) - before), before = b, b = next;
#define CHEBYSHEV(NAME, FIRST, SUM)                              \
    VM_INLINE double NAME(double t) {                            \
        double twice = t + t, b = 0, before = 0, next;           \
        SUM                                                      \
        return t * b + (FIRST - before);                         \
    }
"""


def main() -> None:
    print(HEAD)
    for name, (text, f) in TABLES.items():
        first, *rest = coefficients(f)
        lines, line = [], '   '
        for c in reversed(rest):
            word = f' CB({c!r})'
            if len(line) + len(word) > 116:
                lines.append(line)
                line = '   '
            line += word
        print(f'/* {text} */\nCHEBYSHEV(cheb_{name.lower()}, {first!r},')
        print('\n'.join([*lines, line]) + ')\n')
    for name, zeros in (('j0', J0_ZEROS), ('j1', J1_ZEROS)):
        # Each zero as a float and the rest, so that x - zero keeps its digits.
        pairs = ', '.join(f'{float(z)!r}, {float(z - float(z))!r}' for z in zeros)
        print(f'static const double cheb_{name}_zeros[4] = {{{pairs}}};')
    print('\n#endif')


if __name__ == '__main__':
    main()
