"""Write cnet/_ops/_chebyshev.py: Chebyshev coefficients of special functions, computed with 50 digits (needs mpmath).

    python tools/chebyshev.py > cnet/_ops/_chebyshev.py
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


def product(x: mp.mpf, zeros: list[mp.mpf]) -> mp.mpf:
    return (x * x - zeros[0] ** 2) * (x * x - zeros[1] ** 2)


TABLES = {
    'ERFCX': ('(1 + 2x) exp(x^2) erfc(x), x from 0 to infinity; t = (x - 3.75) / (x + 3.75)', erfcx),
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
}


def main() -> None:
    print('"""Chebyshev coefficients of special functions. Written by tools/chebyshev.py; the variable t goes from -1 to 1."""')
    for name, (text, f) in TABLES.items():
        print(f'\n# {text}\n{name} = (')
        line = '   '
        for c in coefficients(f):
            word = f' {c!r},'
            if len(line) + len(word) > 120:
                print(line)
                line = '   '
            line += word
        print(line + '\n)')
    for name, zeros in (('J0_ZEROS', J0_ZEROS), ('J1_ZEROS', J1_ZEROS)):
        # Each zero as a float and the rest, so that x - zero keeps its digits.
        pairs = ', '.join(f'({float(z)!r}, {float(z - float(z))!r})' for z in zeros)
        print(f'{name} = ({pairs})')


if __name__ == '__main__':
    main()
