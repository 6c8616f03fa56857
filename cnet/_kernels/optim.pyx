"""Update rules of optimizers, over all parameters of a group in one parallel loop.

Lists hold one array per parameter. A parameter is updated if it and its state are contiguous and of one type, float32 or
float64; the positions of the others are returned, untouched.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.math cimport pow
from cpython.list cimport PyList_GET_SIZE

from cnet._kernels.optim_lists cimport Job, Jobs, add, alike, at, dense, mad, part, plain, room, root, threads_of
from cnet._kernels.types cimport real

cnp.import_array()

cdef enum:
    SIZE = 0               # Adam's constants of one parameter, which depend on its step
    CORRECTION = 1

cdef struct SGD:           # constants of one step
    double lr
    double momentum
    double undamped        # 1 - dampening
    double decay
    bint nesterov
    bint maximize
    bint fresh             # the momentum buffers are to be set, not updated

cdef struct Adam:
    double lr
    double beta1
    double beta2
    double eps
    double decay
    bint decoupled
    bint maximize


def sgd(list params, list grads, list buffers, double lr, double momentum, double dampening, double decay, bint nesterov,
        bint maximize, bint fresh):
    """One step of gradient descent. `buffers`: the momenta, or None without momentum; `fresh`: they hold nothing yet."""
    cdef SGD k = SGD(lr, momentum, 1 - dampening, decay, nesterov, maximize, fresh)
    cdef Py_ssize_t i
    cdef cnp.ndarray p, g, b
    cdef list left = [], copies = []
    cdef Jobs jobs = room(PyList_GET_SIZE(params))
    cdef Job *job
    for i in range(PyList_GET_SIZE(params)):
        p, g = at(params, i), dense(at(grads, i), copies)
        b = None if buffers is None else at(buffers, i)
        if not plain(p) or not alike(g, p) or (b is not None and not alike(b, p)):
            left.append(i)
            continue
        job = add(&jobs, p)
        job.g = <char *>cnp.PyArray_DATA(g)
        if b is not None:
            job.state[0] = <char *>cnp.PyArray_DATA(b)
    for i in prange(jobs.pieces, nogil=True, schedule='static', num_threads=threads_of(&jobs, 3 if buffers is None else 5)):
        sgd_piece(part(&jobs, i), &k)
    return left


cdef void sgd_piece(Job job, SGD *k) noexcept nogil:
    if job.single:
        sgd_loop(<float *>job.p, <float *>job.g, <float *>job.state[0], job.n, k)
    else:
        sgd_loop(<double *>job.p, <double *>job.g, <double *>job.state[0], job.n, k)


cdef void sgd_loop(real *p, const real *g, real *b, Py_ssize_t n, SGD *k) noexcept nogil:
    cdef Py_ssize_t i
    cdef real d
    cdef real step = <real>-k.lr, momentum = <real>k.momentum, undamped = <real>k.undamped, decay = <real>k.decay
    cdef real sign = -1 if k.maximize else 1
    if b == NULL:
        if decay == 0:
            step = step * sign
            for i in range(n):
                p[i] = mad(g[i], step, p[i])
        else:
            for i in range(n):
                p[i] = mad(mad(p[i], decay, sign * g[i]), step, p[i])
    elif k.fresh:
        for i in range(n):
            d = mad(p[i], decay, sign * g[i]) if decay != 0 else sign * g[i]
            b[i] = d
            p[i] = mad(mad(d, momentum, d) if k.nesterov else d, step, p[i])
    elif k.nesterov:
        for i in range(n):
            d = mad(p[i], decay, sign * g[i]) if decay != 0 else sign * g[i]
            b[i] = mad(d, undamped, momentum * b[i])
            p[i] = mad(mad(b[i], momentum, d), step, p[i])
    else:
        for i in range(n):
            d = mad(p[i], decay, sign * g[i]) if decay != 0 else sign * g[i]
            b[i] = mad(d, undamped, momentum * b[i])
            p[i] = mad(b[i], step, p[i])


def adam(list params, list grads, list means, list squares, list maxima, list steps, double lr, double beta1, double beta2,
         double eps, double decay, bint decoupled, bint maximize):
    """One step of Adam. `means`, `squares`: running means of gradient and square; `maxima`: of AMSGrad, or None;
    `steps`: 0-dimensional arrays counting steps, float32 or float64; they are increased."""
    cdef Adam k = Adam(lr, beta1, beta2, eps, decay, decoupled, maximize)
    cdef Py_ssize_t i
    cdef cnp.ndarray p, g, m, v, x, t
    cdef double step, before = 0, size = 0, correction = 0
    cdef list left = [], copies = []
    cdef Jobs jobs = room(PyList_GET_SIZE(params))
    cdef Job *job
    for i in range(PyList_GET_SIZE(params)):
        p, g, m, v, t = at(params, i), dense(at(grads, i), copies), at(means, i), at(squares, i), at(steps, i)
        x = None if maxima is None else at(maxima, i)
        if (not plain(p) or not alike(g, p) or not alike(m, p) or not alike(v, p) or (x is not None and not alike(x, p))
                or not plain(t) or cnp.PyArray_SIZE(t) != 1):
            left.append(i)
            continue
        if cnp.PyArray_TYPE(t) == cnp.NPY_FLOAT:
            (<float *>cnp.PyArray_DATA(t))[0] += 1
            step = (<float *>cnp.PyArray_DATA(t))[0]
        else:
            (<double *>cnp.PyArray_DATA(t))[0] += 1
            step = (<double *>cnp.PyArray_DATA(t))[0]
        if step != before:         # nearly always that of the parameter before
            size, correction = lr / (1 - pow(beta1, step)), pow(1 - pow(beta2, step), 0.5)
            before = step
        job = add(&jobs, p)
        job.g = <char *>cnp.PyArray_DATA(g)
        job.state[0] = <char *>cnp.PyArray_DATA(m)
        job.state[1] = <char *>cnp.PyArray_DATA(v)
        if x is not None:
            job.state[2] = <char *>cnp.PyArray_DATA(x)
        job.k[SIZE], job.k[CORRECTION] = size, correction
    for i in prange(jobs.pieces, nogil=True, schedule='static', num_threads=threads_of(&jobs, 10)):
        adam_piece(part(&jobs, i), &k)
    return left


cdef void adam_piece(Job job, Adam *k) noexcept nogil:
    if job.single:
        adam_loop(<float *>job.p, <float *>job.g, <float *>job.state[0], <float *>job.state[1], <float *>job.state[2], job.n,
                  job.k[SIZE], job.k[CORRECTION], k)
    else:
        adam_loop(<double *>job.p, <double *>job.g, <double *>job.state[0], <double *>job.state[1], <double *>job.state[2],
                  job.n, job.k[SIZE], job.k[CORRECTION], k)


cdef void adam_loop(real *p, const real *g, real *m, real *v, real *x, Py_ssize_t n, double size, double correction,
                    Adam *k) noexcept nogil:
    cdef Py_ssize_t i
    cdef real d, s, w = <real>(1 - k.beta1), beta2 = <real>k.beta2, rest2 = <real>(1 - k.beta2)
    cdef real decay = <real>k.decay, shrink = <real>(1 - k.lr * k.decay), eps = <real>k.eps
    cdef real step = <real>-size, by = <real>correction, sign = -1 if k.maximize else 1
    cdef bint decays = k.decay != 0 and not k.decoupled, shrinks = k.decay != 0 and k.decoupled
    cdef bint near = w < 0.5       # interpolation starts from the nearer end
    cdef real past = w - 1
    if x != NULL:
        for i in range(n):
            if shrinks:
                p[i] = p[i] * shrink
            d = mad(p[i], decay, sign * g[i]) if decays else sign * g[i]
            m[i] = mad(w, d - m[i], m[i]) if near else mad(past, d - m[i], d)
            v[i] = mad(rest2 * d, d, v[i] * beta2)
            x[i] = v[i] if not v[i] < x[i] else x[i]   # a NaN stays
            p[i] = p[i] + step * m[i] / (root(x[i]) / by + eps)
    elif decays or shrinks or not near:
        for i in range(n):
            if shrinks:
                p[i] = p[i] * shrink
            d = mad(p[i], decay, sign * g[i]) if decays else sign * g[i]
            m[i] = mad(w, d - m[i], m[i]) if near else mad(past, d - m[i], d)
            v[i] = mad(rest2 * d, d, v[i] * beta2)
            p[i] = p[i] + step * m[i] / (root(v[i]) / by + eps)
    else:
        for i in range(n):
            d = sign * g[i]
            m[i] = mad(w, d - m[i], m[i])
            v[i] = mad(rest2 * d, d, v[i] * beta2)
            p[i] = p[i] + step * m[i] / (root(v[i]) / by + eps)


def sum_of_squares(list arrays):
    """The sum of the squares of all elements, in double precision; None if an array is not contiguous or not real."""
    cdef Py_ssize_t i
    cdef cnp.npy_intp pieces
    cdef cnp.ndarray a
    cdef Jobs jobs = room(PyList_GET_SIZE(arrays))
    for i in range(PyList_GET_SIZE(arrays)):
        a = at(arrays, i)
        if not plain(a):
            return None
        add(&jobs, a)
    pieces = jobs.pieces
    cdef cnp.ndarray sums = cnp.PyArray_EMPTY(1, &pieces, cnp.NPY_DOUBLE, 0)
    cdef double *parts = <double *>cnp.PyArray_DATA(sums)
    cdef double total = 0
    for i in prange(jobs.pieces, nogil=True, schedule='static', num_threads=threads_of(&jobs, 1)):
        parts[i] = squares_piece(part(&jobs, i))
    for i in range(jobs.pieces):
        total += parts[i]
    return total


cdef double squares_piece(Job job) noexcept nogil:
    if job.single:
        return squares_loop(<float *>job.p, job.n)
    else:
        return squares_loop(<double *>job.p, job.n)


cdef double squares_loop(const real *x, Py_ssize_t n) noexcept nogil:
    cdef double lanes[32]        # as many sums as hide the latency of an addition in the widest vectors
    cdef double total = 0
    cdef Py_ssize_t i, j
    for j in range(32):
        lanes[j] = 0
    for i from 0 <= i < n - 31 by 32:
        for j in range(32):
            lanes[j] += <double>x[i + j] * x[i + j]
    for i in range(n // 32 * 32, n):
        total += <double>x[i] * x[i]
    for j in range(32):
        total += lanes[j]
    return total


def scale(list arrays, double factor):
    """Multiply arrays in place. Returns the positions of those that are not contiguous or not real, untouched."""
    cdef Py_ssize_t i
    cdef cnp.ndarray a
    cdef list left = []
    cdef Jobs jobs = room(PyList_GET_SIZE(arrays))
    for i in range(PyList_GET_SIZE(arrays)):
        a = at(arrays, i)
        if plain(a):
            add(&jobs, a)
        else:
            left.append(i)
    for i in prange(jobs.pieces, nogil=True, schedule='static', num_threads=threads_of(&jobs, 2)):
        scale_piece(part(&jobs, i), factor)
    return left


cdef void scale_piece(Job job, double factor) noexcept nogil:
    if job.single:
        scale_loop(<float *>job.p, job.n, <float>factor)
    else:
        scale_loop(<double *>job.p, job.n, factor)


cdef void scale_loop(real *x, Py_ssize_t n, real factor) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        x[i] = x[i] * factor
