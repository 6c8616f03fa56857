"""Random numbers from the Mersenne Twister mt19937, in the order and to the bit in which PyTorch's CPU generator makes them.

Single copy: results must not depend on the instruction set. Every method fills a contiguous array and holds the GIL, so
that two threads sharing an engine interleave whole calls, never single draws.

A 32-bit draw x gives a float32 uniform as (x mod 2**24) / 2**24; two draws, high word first, give a 64-bit draw y and a
float64 uniform (y mod 2**53) / 2**53.
"""

cimport cython
cimport numpy as cnp
from libc.math cimport NAN, ceil, cos, exp, fabs, floor, fma, fmaf, lgamma, log, log1p, pow, sin, sqrt, tan
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

cnp.import_array()

cdef enum:
    N = 624               # words of state
    M = 397
    BLOCK = 512           # draws converted at a time: the scratch stays in the first-level cache
    STATE_BYTES = 5056    # the saved form, see `save`

cdef double PI = 3.141592653589793
cdef double TO_UNIT53 = 1.0 / 9007199254740992.0
cdef float TO_UNIT24 = 1.0 / 16777216.0, THIRD = 1.0 / 3, SQUEEZE = 0.0331
cdef uint64_t MASK53 = 9007199254740991u
cdef uint32_t MASK24 = 16777215u

cdef struct Saved:        # little-endian layout of PyTorch's generator state, so that saved states are exchangeable
    uint64_t seed
    int left
    int seeded
    uint64_t at
    uint64_t words[624]
    double normal_x
    double normal_y
    double normal_rho
    int has_double
    int pad
    float next_float
    uint8_t has_float
    uint8_t pad2[3]


cdef class Engine:
    """One stream of numbers: the twister's state and the second half of the last pair of scalar normals."""

    cdef uint32_t words[N]
    cdef int left         # draws left in `words`, plus one
    cdef uint32_t at      # index of the next word
    cdef uint64_t seed_
    cdef double kept      # the second normal of a pair, if `has_kept`
    cdef bint has_kept
    cdef float kept_float  # carried through save and load for PyTorch's sake, never used
    cdef bint has_kept_float

    def __cinit__(self, uint64_t seed):
        self.reseed(seed)

    cpdef void reseed(self, uint64_t seed):
        """Start the stream of this seed (its low 32 bits count)."""
        cdef uint32_t i
        self.seed_ = seed
        self.words[0] = <uint32_t>seed
        for i in range(1, N):
            self.words[i] = 1812433253u * (self.words[i - 1] ^ (self.words[i - 1] >> 30)) + i
        self.left = 1
        self.at = 0
        self.has_kept = False
        self.has_kept_float = False

    @property
    def seed(self):
        """The seed this stream was started with."""
        return self.seed_

    # ------------------------------------------------------------------------------------------------- saving

    def save(self, cnp.ndarray out):
        """Write the state into `out`, uint8 of 5056 bytes."""
        cdef Saved *s = <Saved *>cnp.PyArray_DATA(out)
        cdef int i
        memset(s, 0, sizeof(Saved))
        s.seed = self.seed_
        s.left = self.left
        s.seeded = 1
        s.at = self.at
        for i in range(N):
            s.words[i] = self.words[i]
        s.has_double = self.has_kept
        s.normal_y = self.kept if self.has_kept else 0.0
        s.has_float = self.has_kept_float
        s.next_float = self.kept_float if self.has_kept_float else 0.0

    def load(self, cnp.ndarray saved):
        """Take the state out of `saved`, contiguous uint8 of 5056 bytes. Returns whether it was a valid one."""
        cdef Saved s
        cdef int i
        memcpy(&s, cnp.PyArray_DATA(saved), sizeof(Saved))
        if s.seeded != 1 or s.left < 1 or s.left > N or s.at > N:
            return False
        self.seed_ = s.seed
        self.left = s.left
        self.at = <uint32_t>s.at
        for i in range(N):
            self.words[i] = <uint32_t>s.words[i]
        self.has_kept = s.has_double != 0
        self.kept = s.normal_y
        self.has_kept_float = s.has_float != 0
        self.kept_float = s.next_float
        return True

    # -------------------------------------------------------------------------------------------------- drawing

    cdef void refill(self) noexcept nogil:
        cdef uint32_t *w = self.words
        cdef int i
        for i in range(N - M):
            w[i] = twist(w[i], w[i + 1], w[i + M])
        for i in range(N - M, N - 1):
            w[i] = twist(w[i], w[i + 1], w[i + M - N])
        w[N - 1] = twist(w[N - 1], w[0], w[M - 1])
        self.left = N + 1
        self.at = 0

    cdef inline uint32_t draw(self) noexcept nogil:
        if self.left == 1:
            self.refill()
        self.left -= 1
        self.at += 1
        return temper(self.words[self.at - 1])

    cdef inline uint64_t draw64(self) noexcept nogil:
        cdef uint64_t high = self.draw()
        return high << 32 | self.draw()

    cdef inline double unit(self) noexcept nogil:
        return <double>(self.draw64() & MASK53) * TO_UNIT53

    cdef void draws(self, uint32_t *out, Py_ssize_t n) noexcept nogil:
        """The next n draws."""
        cdef Py_ssize_t i, take
        cdef uint32_t *w
        while n > 0:
            if self.left == 1:
                self.refill()
            take = min(n, self.left - 1)
            w = self.words + self.at
            for i in range(take):
                out[i] = temper(w[i])
            self.left -= <int>take
            self.at += <uint32_t>take
            out += take
            n -= take

    cdef void units(self, double *out, Py_ssize_t n) noexcept nogil:
        """The next n float64 uniforms."""
        cdef uint32_t raw[BLOCK]
        cdef Py_ssize_t i, take
        while n > 0:
            take = min(n, BLOCK // 2)
            self.draws(raw, 2 * take)
            for i in range(take):
                out[i] = <double>((<uint64_t>raw[2 * i] << 32 | raw[2 * i + 1]) & MASK53) * TO_UNIT53
            out += take
            n -= take

    cdef void units_float(self, float *out, Py_ssize_t n) noexcept nogil:
        """The next n float32 uniforms."""
        cdef uint32_t raw[BLOCK]
        cdef Py_ssize_t i, take
        while n > 0:
            take = min(n, BLOCK)
            self.draws(raw, take)
            for i in range(take):
                out[i] = <float><int>(raw[i] & MASK24) * TO_UNIT24
            out += take
            n -= take

    cdef inline double normal_pair(self) noexcept nogil:
        """A standard normal; its twin is kept for the next call."""
        cdef double angle, radius
        if self.has_kept:
            self.has_kept = False
            return self.kept
        angle = 2.0 * PI * self.unit()
        radius = sqrt(-2.0 * log1p(-self.unit()))
        self.kept = radius * sin(angle)
        self.has_kept = True
        return radius * cos(angle)

    # ---------------------------------------------------------------------------------------- filling arrays

    def uniform(self, cnp.ndarray out, double low, double high):
        """Uniforms of [low, high) into contiguous float32 or float64."""
        cdef Py_ssize_t i, n = cnp.PyArray_SIZE(out)
        cdef double *d
        cdef float *f
        cdef float flow, frange
        if cnp.PyArray_TYPE(out) == cnp.NPY_DOUBLE:
            d = <double *>cnp.PyArray_DATA(out)
            self.units(d, n)
            if low != 0.0 or high != 1.0:
                for i in range(n):
                    d[i] = fma(d[i], high - low, low)
            return
        f = <float *>cnp.PyArray_DATA(out)
        self.units_float(f, n)
        if low != 0.0 or high != 1.0:
            flow = <float>low
            frange = <float>high - flow
            for i in range(n):
                f[i] = fmaf(f[i], frange, flow)

    def normal_blocks(self, cnp.ndarray out, double mean, double std):
        """Normals into contiguous float64 of at least 16 elements, 8 pairs a block; a rest remakes the last 16."""
        cdef Py_ssize_t i, n = cnp.PyArray_SIZE(out)
        cdef double *d = <double *>cnp.PyArray_DATA(out)
        self.units(d, n)
        for i from 0 <= i < n - 15 by 16:
            box_muller_16(d + i, mean, std)
        if n % 16:
            self.units(d + n - 16, 16)
            box_muller_16(d + n - 16, mean, std)

    def normal(self, cnp.ndarray out, double mean, double std):
        """Normals one after the other into contiguous float64."""
        cdef Py_ssize_t i
        cdef double *d = <double *>cnp.PyArray_DATA(out)
        for i in range(cnp.PyArray_SIZE(out)):
            d[i] = fma(self.normal_pair(), std, mean)

    def log_normal(self, cnp.ndarray out, double mean, double std):
        """Exponentials of normals into contiguous float64."""
        cdef Py_ssize_t i
        cdef double *d = <double *>cnp.PyArray_DATA(out)
        for i in range(cnp.PyArray_SIZE(out)):
            d[i] = exp(fma(self.normal_pair(), std, mean))

    def exponential(self, cnp.ndarray out, double rate):
        """Exponentials into contiguous float64."""
        cdef Py_ssize_t i, n = cnp.PyArray_SIZE(out)
        cdef double *d = <double *>cnp.PyArray_DATA(out)
        self.units(d, n)
        for i in range(n):
            d[i] = -1.0 / rate * log1p(-d[i])

    def cauchy(self, cnp.ndarray out, double median, double sigma):
        """Cauchy numbers into contiguous float64."""
        cdef Py_ssize_t i, n = cnp.PyArray_SIZE(out)
        cdef double *d = <double *>cnp.PyArray_DATA(out)
        self.units(d, n)
        for i in range(n):
            d[i] = fma(sigma, tan(PI * (d[i] - 0.5)), median)

    def geometric(self, cnp.ndarray out, double p):
        """Numbers of trials up to the first success, into contiguous float64."""
        cdef Py_ssize_t i, n = cnp.PyArray_SIZE(out)
        cdef double *d = <double *>cnp.PyArray_DATA(out)
        self.units(d, n)
        for i in range(n):
            d[i] = ceil(log(d[i]) / log1p(-p))

    def bernoulli(self, cnp.ndarray out, double p):
        """Ones with probability p, else zeros, into contiguous uint8."""
        cdef Py_ssize_t i, take, n = cnp.PyArray_SIZE(out)
        cdef uint8_t *o = <uint8_t *>cnp.PyArray_DATA(out)
        cdef uint64_t below = <uint64_t>ceil(p * 9007199254740992.0)   # u < p, compared as integers
        cdef uint32_t raw[BLOCK]
        while n > 0:
            take = min(n, BLOCK // 2)
            self.draws(raw, 2 * take)
            for i in range(take):
                o[i] = ((<uint64_t>raw[2 * i] << 32 | raw[2 * i + 1]) & MASK53) < below
            o += take
            n -= take

    def integers(self, cnp.ndarray out, uint64_t span, int64_t low, bint wide):
        """low + draw mod span into contiguous int64; `wide` takes 64-bit draws, else span < 2**32; span 0 is all 64 bits."""
        cdef Py_ssize_t i
        cdef int64_t *o = <int64_t *>cnp.PyArray_DATA(out)
        cdef uint32_t narrow = <uint32_t>span
        if span == 0:
            for i in range(cnp.PyArray_SIZE(out)):
                o[i] = <int64_t>self.draw64()
        elif wide:
            for i in range(cnp.PyArray_SIZE(out)):
                o[i] = <int64_t>(self.draw64() % span + <uint64_t>low)
        else:
            for i in range(cnp.PyArray_SIZE(out)):
                o[i] = self.draw() % narrow + low

    def permutation(self, cnp.ndarray out):
        """A random order of 0 .. n-1 into contiguous int64."""
        cdef Py_ssize_t i, j, n = cnp.PyArray_SIZE(out)
        cdef int64_t *o = <int64_t *>cnp.PyArray_DATA(out)
        cdef int64_t kept
        # From a twentieth of 2**32 on, the remainder of a 32-bit draw would favour small indices noticeably.
        cdef bint wide = n >= 214748364
        for i in range(n):
            o[i] = i
        for i in range(n - 1):
            j = i + <Py_ssize_t>(self.draw64() % <uint64_t>(n - i) if wide else self.draw() % <uint32_t>(n - i))
            kept = o[i]
            o[i] = o[j]
            o[j] = kept

    def choose(self, cnp.ndarray cumulative, cnp.ndarray out):
        """Indices drawn with replacement. cumulative: (rows, k), contiguous float64, rising to 1; out: (rows, n) int64."""
        cdef Py_ssize_t rows = cnp.PyArray_DIM(out, 0), n = cnp.PyArray_DIM(out, 1)
        cdef Py_ssize_t k = cnp.PyArray_DIM(cumulative, 1), row, i, low, high, middle
        cdef double *c = <double *>cnp.PyArray_DATA(cumulative)
        cdef int64_t *o = <int64_t *>cnp.PyArray_DATA(out)
        cdef double u
        for row in range(rows):
            for i in range(n):
                u = self.unit()
                low, high = 0, k
                while low < high:
                    middle = low + (high - low) // 2
                    if c[middle] < u:
                        low = middle + 1
                    else:
                        high = middle
                o[i] = low
            c += k
            o += n

    def poisson(self, cnp.ndarray rates, cnp.ndarray out):
        """Poisson numbers of the given rates; contiguous float64."""
        cdef double *r = <double *>cnp.PyArray_DATA(rates)
        cdef double *o = <double *>cnp.PyArray_DATA(out)
        cdef Py_ssize_t i
        for i in range(cnp.PyArray_SIZE(out)):
            o[i] = poisson_large(self, r[i]) if r[i] >= 10 else poisson_small(self, r[i])

    def gamma(self, cnp.ndarray shapes, cnp.ndarray out, bint single):
        """Gamma numbers of rate 1; contiguous float64. single: the shapes were float32 and count in that precision."""
        cdef Py_ssize_t i
        for i in range(cnp.PyArray_SIZE(out)):
            (<double *>cnp.PyArray_DATA(out))[i] = gamma_one(self, (<double *>cnp.PyArray_DATA(shapes))[i], single)

    def binomial(self, cnp.ndarray counts, cnp.ndarray probs, cnp.ndarray out):
        """Successes among counts[i] trials of probability probs[i]; contiguous float32 or float64, all of one type."""
        if cnp.PyArray_TYPE(out) == cnp.NPY_DOUBLE:
            binomial_fill(self, <double *>cnp.PyArray_DATA(counts), <double *>cnp.PyArray_DATA(probs),
                          <double *>cnp.PyArray_DATA(out), cnp.PyArray_SIZE(out))
        else:
            binomial_fill(self, <float *>cnp.PyArray_DATA(counts), <float *>cnp.PyArray_DATA(probs),
                          <float *>cnp.PyArray_DATA(out), cnp.PyArray_SIZE(out))


cdef inline uint32_t twist(uint32_t u, uint32_t v, uint32_t far) noexcept nogil:
    cdef uint32_t y = (u & 0x80000000u) | (v & 0x7fffffffu)
    return far ^ (y >> 1) ^ ((0u - (v & 1u)) & 0x9908b0dfu)


cdef inline uint32_t temper(uint32_t y) noexcept nogil:
    y ^= y >> 11
    y ^= (y << 7) & 0x9d2c5680u
    y ^= (y << 15) & 0xefc60000u
    return y ^ (y >> 18)


cdef inline void box_muller_16(double *d, double mean, double std) noexcept nogil:
    cdef double radius, angle
    cdef int k
    for k in range(8):
        radius = sqrt(-2.0 * log(1.0 - d[k]))
        angle = 2.0 * PI * d[k + 8]
        d[k] = fma(radius * cos(angle), std, mean)
        d[k + 8] = fma(radius * sin(angle), std, mean)


cdef double poisson_small(Engine e, double rate) noexcept nogil:
    """Uniforms are multiplied until their product falls below exp(-rate)."""
    cdef double product = 1.0, floor_ = exp(-rate)
    cdef double count = 0
    if rate == 0:
        return 0
    while True:
        product *= e.unit()
        if product <= floor_:
            return count
        count += 1


cdef double poisson_large(Engine e, double rate) noexcept nogil:
    """Transformed rejection (W. Hoermann, 1993, PTRS)."""
    cdef double root = sqrt(rate), log_rate = log(rate)
    cdef double b = 0.931 + 2.53 * root
    cdef double a = -0.059 + 0.02483 * b
    cdef double inv_alpha = 1.1239 + 1.1328 / (b - 3.4)
    cdef double v_r = 0.9277 - 3.6224 / (b - 2)
    cdef double u, v, us, k
    while True:
        u = e.unit() - 0.5
        v = e.unit()
        us = 0.5 - fabs(u)
        k = floor((2 * a / us + b) * u + rate + 0.43)
        if us >= 0.07 and v <= v_r:
            return k
        if k < 0 or (us < 0.013 and v > us):
            continue
        if log(v) + log(inv_alpha) - log(a / (us * us) + b) <= -rate + k * log_rate - lgamma(k + 1):
            return k


cdef double gamma_one(Engine e, double a, bint single) noexcept nogil:
    """Cubes of shifted normals, some rejected (G. Marsaglia, W. W. Tsang, 2000). PyTorch's 1/3 is of single precision."""
    cdef double scale = 1.0, d, c, x, v, u
    if a < 1:                          # a number of a + 1 times a power of a uniform
        if a == 0:
            return 0
        scale = pow(1.0 - e.unit(), <float>(1.0 / a) if single else 1.0 / a)
        a = <float>(a + 1) if single else a + 1
    d = <float>(a - THIRD) if single else a - THIRD
    if not d > 0:
        return NAN                     # of a shape below -2/3, or NaN: nothing would be accepted
    c = 1.0 / sqrt(9.0 * d)
    while True:
        x = e.normal_pair()
        v = 1.0 + c * x
        if v > 0:
            v, u, x = v * v * v, 1.0 - e.unit(), x * x
            if u < 1.0 - SQUEEZE * x * x or log(u) < 0.5 * x + d * (1.0 - v + log(v)):
                return scale * d * v


cdef void binomial_fill(Engine e, cython.floating *counts, cython.floating *probs, cython.floating *out,
                        Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef cython.floating count, p, q
    for i in range(n):
        count, p = counts[i], probs[i]
        if count <= 0 or p <= 0:
            out[i] = 0
        elif p >= 1:
            out[i] = count
        elif p <= 0.5:
            out[i] = binomial_large(e, count, p) if count * p >= 10 else binomial_small(e, count, p)
        elif p > 0.5:
            q = 1 - p
            out[i] = count - (binomial_large(e, count, q) if count * q >= 10 else binomial_small(e, count, q))
        else:
            out[i] = p                 # NaN


cdef cython.floating binomial_small(Engine e, cython.floating count, cython.floating p) noexcept nogil:
    """Gaps between successes are geometric; they are added up until they pass `count`."""
    cdef cython.floating total = 0, successes = 0, log_q = <cython.floating>log1p(-p), u
    while True:
        u = <cython.floating>e.unit()
        total += <cython.floating>ceil(<cython.floating>log(u) / log_q)
        if total > count:
            return successes
        successes += 1


cdef inline cython.floating stirling_tail(cython.floating k) noexcept nogil:
    """log(k!) minus its Stirling approximation."""
    cdef double *table = [0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509,
                          0.0166446911898211, 0.0138761288230707, 0.0118967099458917, 0.0104112652619720,
                          0.00925546218271273, 0.00833056343336287]
    cdef cython.floating square
    if k <= 9:
        return <cython.floating>table[<size_t>k]
    square = (k + 1) * (k + 1)
    return <cython.floating>((1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1))


cdef cython.floating binomial_large(Engine e, cython.floating count, cython.floating p) noexcept nogil:
    """Transformed rejection (W. Hoermann, 1993, BTRS)."""
    cdef cython.floating spread = <cython.floating>sqrt(count * p * (1 - p))
    cdef cython.floating b = <cython.floating>(1.15 + 2.53 * spread)
    cdef cython.floating a = <cython.floating>(-0.0873 + 0.0248 * b + 0.01 * p)
    cdef cython.floating c = <cython.floating>(count * p + 0.5)
    cdef cython.floating v_r = <cython.floating>(0.92 - 4.2 / b)
    cdef cython.floating odds = p / (1 - p)
    cdef cython.floating alpha = <cython.floating>((2.83 + 5.1 / b) * spread)
    cdef cython.floating m = <cython.floating>floor((count + 1) * p)
    cdef cython.floating u, v, us, k, bound
    while True:
        u = <cython.floating>(e.unit() - 0.5)
        v = <cython.floating>e.unit()
        us = <cython.floating>(0.5 - fabs(u))
        k = <cython.floating>floor((2 * a / us + b) * u + c)
        if us >= 0.07 and v <= v_r:
            return k
        if k < 0 or k > count:
            continue
        v = <cython.floating>log(v * alpha / (a / (us * us) + b))
        bound = <cython.floating>((m + 0.5) * log((m + 1) / (odds * (count - m + 1)))
                                  + (count + 1) * log((count - m + 1) / (count - k + 1))
                                  + (k + 0.5) * log(odds * (count - k + 1) / (k + 1))
                                  + stirling_tail(m) + stirling_tail(count - m) - stirling_tail(k)
                                  - stirling_tail(count - k))
        if v <= bound:
            return k
