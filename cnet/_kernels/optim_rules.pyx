"""Elementwise update rules of optimizers, over all parameters of a group in one parallel loop.

A rule updates a parameter and up to three arrays of state from a gradient and a few constants. Lists hold one array per
parameter. A parameter is updated if it and its state are contiguous and of one type, float32 or float64; the positions of
the others are returned, untouched.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from cpython.list cimport PyList_GET_SIZE

from cnet._kernels.optim_lists cimport Job, Jobs, add, alike, at, dense, mad, part, plain, room, root, threads_of
from cnet._kernels.types cimport real

cnp.import_array()

cdef enum:
    SIGN = 0               # -1 to maximize; the constants that all rules have come first
    DECAY = 1              # this times the parameter is added to the gradient
    SHRINK = 2             # the parameter is multiplied by this

cpdef enum:
    ADAGRAD = 0
    ADADELTA = 1
    RMSPROP = 2
    ADAMAX = 3
    NADAM = 4
    RADAM = 5
    RPROP = 6
    ASGD = 7


def step(int rule, list params, list grads, tuple states, list constants):
    """One step of a rule. `states`: up to three lists of arrays; `constants`: a tuple of floats per parameter."""
    cdef Py_ssize_t i, j
    cdef cnp.ndarray p, g, s
    cdef bint fits
    cdef list left = [], copies = [], arrays
    cdef Jobs jobs = room(PyList_GET_SIZE(params))
    cdef Job *job
    for i in range(PyList_GET_SIZE(params)):
        p, g = at(params, i), dense(at(grads, i), copies)
        fits = plain(p) and alike(g, p)
        for arrays in states:
            fits = fits and (arrays is None or alike(at(arrays, i), p))
        if not fits:
            left.append(i)
            continue
        job = add(&jobs, p)
        job.g = <char *>cnp.PyArray_DATA(g)
        for j, arrays in enumerate(states):
            if arrays is not None:
                s = at(arrays, i)
                job.state[j] = <char *>cnp.PyArray_DATA(s)
        for j, x in enumerate(constants[i]):
            job.k[j] = x
    for i in prange(jobs.pieces, nogil=True, schedule='static', num_threads=threads_of(&jobs, 10)):
        update(rule, part(&jobs, i))
    return left


cdef void update(int rule, Job job) noexcept nogil:
    if job.single:
        loop(rule, <float *>job.p, <float *>job.g, <float *>job.state[0], <float *>job.state[1], <float *>job.state[2], job.n,
             job.k)
    else:
        loop(rule, <double *>job.p, <double *>job.g, <double *>job.state[0], <double *>job.state[1], <double *>job.state[2],
             job.n, job.k)


cdef void loop(int rule, real *p, const real *g, real *a, real *b, real *c, Py_ssize_t n, const double *k) noexcept nogil:
    if rule == ADAGRAD:
        adagrad(p, g, a, n, k)
    elif rule == ADADELTA:
        adadelta(p, g, a, b, n, k)
    elif rule == RMSPROP:
        rmsprop(p, g, a, b, c, n, k)
    elif rule == ADAMAX:
        adamax(p, g, a, b, n, k)
    elif rule == NADAM:
        nadam(p, g, a, b, n, k)
    elif rule == RADAM:
        radam(p, g, a, b, n, k)
    elif rule == RPROP:
        rprop(p, g, a, b, n, k)
    else:
        asgd(p, g, a, n, k)


cdef inline real slope(real p, real g, real sign, real decay) noexcept nogil:
    """What to descend along: the gradient with its sign and the decay of the parameter."""
    return mad(p, decay, sign * g) if decay != 0 else sign * g


cdef inline real toward(real m, real d, real w) noexcept nogil:
    """`m` moved towards `d` by the weight w, reckoned from the nearer end as PyTorch's lerp does."""
    return mad(w, d - m, m) if w < 0.5 else mad(w - 1, d - m, d)


cdef void adagrad(real *p, const real *g, real *total, Py_ssize_t n, const double *k) noexcept nogil:
    cdef Py_ssize_t i
    cdef real d, sign = <real>k[SIGN], decay = <real>k[DECAY], lr = <real>-k[3], eps = <real>k[4]
    for i in range(n):
        d = slope(p[i], g[i], sign, decay)
        total[i] = mad(d, d, total[i])
        p[i] = p[i] + lr * d / (root(total[i]) + eps)


cdef void adadelta(real *p, const real *g, real *square, real *moved, Py_ssize_t n, const double *k) noexcept nogil:
    cdef Py_ssize_t i
    cdef real d, t, sign = <real>k[SIGN], decay = <real>k[DECAY]
    cdef real lr = <real>-k[3], rho = <real>k[4], rest = <real>(1 - k[4]), eps = <real>k[5]
    for i in range(n):
        d = slope(p[i], g[i], sign, decay)
        square[i] = mad(rest * d, d, square[i] * rho)
        t = root(moved[i] + eps) / root(square[i] + eps) * d
        moved[i] = mad(rest * t, t, moved[i] * rho)
        p[i] = mad(lr, t, p[i])


cdef void rmsprop(real *p, const real *g, real *square, real *momentum, real *mean, Py_ssize_t n,
                  const double *k) noexcept nogil:
    # Constant flags make four loops of one text: a test of a pointer in the loop keeps compilers from vectorising it.
    if momentum == NULL and mean == NULL:
        rmsprop_kind(p, g, square, momentum, mean, n, k, False, False)
    elif mean == NULL:
        rmsprop_kind(p, g, square, momentum, mean, n, k, True, False)
    elif momentum == NULL:
        rmsprop_kind(p, g, square, momentum, mean, n, k, False, True)
    else:
        rmsprop_kind(p, g, square, momentum, mean, n, k, True, True)


cdef inline void rmsprop_kind(real *p, const real *g, real *square, real *momentum, real *mean, Py_ssize_t n, const double *k,
                              bint heavy, bint centered) noexcept nogil:
    cdef Py_ssize_t i
    cdef real d, t, sign = <real>k[SIGN], decay = <real>k[DECAY]
    cdef real lr = <real>-k[3], alpha = <real>k[4], rest = <real>(1 - k[4]), eps = <real>k[5], keep = <real>k[6]
    for i in range(n):
        d = slope(p[i], g[i], sign, decay)
        square[i] = mad(rest * d, d, square[i] * alpha)
        if centered:
            mean[i] = toward(mean[i], d, rest)
            t = root(mad(-mean[i], mean[i], square[i])) + eps
        else:
            t = root(square[i]) + eps
        if heavy:
            momentum[i] = momentum[i] * keep + d / t
            p[i] = mad(lr, momentum[i], p[i])
        else:
            p[i] = p[i] + lr * d / t


cdef void adamax(real *p, const real *g, real *mean, real *largest, Py_ssize_t n, const double *k) noexcept nogil:
    cdef Py_ssize_t i
    cdef real d, t, sign = <real>k[SIGN], decay = <real>k[DECAY]
    cdef real lr = <real>-k[3], w = <real>k[4], beta2 = <real>k[5], eps = <real>k[6]
    for i in range(n):
        d = slope(p[i], g[i], sign, decay)
        mean[i] = toward(mean[i], d, w)
        t = (d if d >= 0 else -d) + eps
        largest[i] = t if not t <= largest[i] * beta2 else largest[i] * beta2   # a NaN stays
        p[i] = p[i] + lr * mean[i] / largest[i]


cdef void nadam(real *p, const real *g, real *mean, real *square, Py_ssize_t n, const double *k) noexcept nogil:
    cdef Py_ssize_t i
    cdef real d, t, q, sign = <real>k[SIGN], decay = <real>k[DECAY], shrink = <real>k[SHRINK]
    cdef real by_gradient = <real>k[3], by_mean = <real>k[4], w = <real>k[5], beta2 = <real>k[6], rest = <real>(1 - k[6])
    cdef real correction = <real>k[7], eps = <real>k[8]
    for i in range(n):
        q = p[i] * shrink
        d = slope(p[i], g[i], sign, decay)
        mean[i] = toward(mean[i], d, w)
        square[i] = mad(rest * d, d, square[i] * beta2)
        t = root(square[i] / correction) + eps
        q = q + by_gradient * d / t
        p[i] = q + by_mean * mean[i] / t


cdef void radam(real *p, const real *g, real *mean, real *square, Py_ssize_t n, const double *k) noexcept nogil:
    cdef Py_ssize_t i
    cdef real d, q, sign = <real>k[SIGN], decay = <real>k[DECAY], shrink = <real>k[SHRINK]
    cdef real lr = <real>-k[3], scale = <real>k[4], w = <real>k[5], beta2 = <real>k[6], rest = <real>(1 - k[6])
    cdef real correction = <real>k[7], eps = <real>k[8]
    for i in range(n):
        q = p[i] * shrink
        d = slope(p[i], g[i], sign, decay)
        mean[i] = toward(mean[i], d, w)
        square[i] = mad(rest * d, d, square[i] * beta2)
        d = lr * (mean[i] / correction)
        p[i] = q + (d if scale == 0 else d * (scale / (root(square[i]) + eps)))


cdef void rprop(real *p, const real *g, real *before, real *size, Py_ssize_t n, const double *k) noexcept nogil:
    cdef Py_ssize_t i
    cdef real d, s, t, sign = <real>k[SIGN]
    cdef real minus = <real>k[3], plus = <real>k[4], low = <real>k[5], high = <real>k[6]
    for i in range(n):
        d = sign * g[i]
        s = d * before[i]
        t = size[i] * (plus if s > 0 else minus if s < 0 else 1 if s == 0 else s)
        t = low if t < low else t
        t = high if t > high else t
        d = 0 if s < 0 else d
        size[i] = t
        before[i] = d
        p[i] = p[i] - (t if d > 0 else -t if d < 0 else d * t)


cdef void asgd(real *p, const real *g, real *average, Py_ssize_t n, const double *k) noexcept nogil:
    cdef Py_ssize_t i
    cdef real d, sign = <real>k[SIGN], decay = <real>k[DECAY], shrink = <real>k[SHRINK]
    cdef real lr = <real>-k[3], mu = <real>k[4]
    for i in range(n):
        d = slope(p[i], g[i], sign, decay)
        p[i] = mad(lr, d, p[i] * shrink)
        average[i] = p[i] if mu == 1 else mad(p[i] - average[i], mu, average[i])
