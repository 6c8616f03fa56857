"""Update rules of optimizers, over all parameters of a group in one call.

Lists hold one array per parameter. A parameter is updated if it and its state are contiguous and of one type, float32 or
float64; the positions of the others are returned, untouched.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.math cimport pow
from cpython.list cimport PyList_GET_SIZE

from cnet._kernels._threads cimport threads_for
from cnet._kernels.optim_lists cimport alike, at, dense, mad, plain, root
from cnet._kernels.types cimport real

cnp.import_array()

cdef enum:
    CHUNK = 8192           # elements of one piece of work: cut by shape, so that results do not depend on threads

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
    cdef list left = []
    for i in range(PyList_GET_SIZE(params)):
        p, g = at(params, i), dense(at(grads, i))
        b = None if buffers is None else at(buffers, i)
        if not plain(p) or not alike(g, p) or (b is not None and not alike(b, p)):
            left.append(i)
        elif cnp.PyArray_TYPE(p) == cnp.NPY_FLOAT:
            sgd_array(<float *>cnp.PyArray_DATA(p), <float *>cnp.PyArray_DATA(g),
                      NULL if b is None else <float *>cnp.PyArray_DATA(b), cnp.PyArray_SIZE(p), &k)
        else:
            sgd_array(<double *>cnp.PyArray_DATA(p), <double *>cnp.PyArray_DATA(g),
                      NULL if b is None else <double *>cnp.PyArray_DATA(b), cnp.PyArray_SIZE(p), &k)
    return left


cdef void sgd_array(real *p, real *g, real *b, Py_ssize_t n, SGD *k):
    cdef Py_ssize_t i, chunks
    if n <= CHUNK:
        sgd_chunk(p, g, b, n, k)
        return
    chunks = (n + CHUNK - 1) // CHUNK
    for i in prange(chunks, nogil=True, schedule='static', num_threads=threads_for(16.0 * n)):
        sgd_chunk(p + i * CHUNK, g + i * CHUNK, NULL if b == NULL else b + i * CHUNK, min(CHUNK, n - i * CHUNK), k)


cdef void sgd_chunk(real *p, const real *g, real *b, Py_ssize_t n, SGD *k) noexcept nogil:
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
    cdef Py_ssize_t i, n
    cdef cnp.ndarray p, g, m, v, x, t
    cdef double step
    cdef list left = []
    for i in range(PyList_GET_SIZE(params)):
        p, g, m, v, t = at(params, i), dense(at(grads, i)), at(means, i), at(squares, i), at(steps, i)
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
        n = cnp.PyArray_SIZE(p)
        if cnp.PyArray_TYPE(p) == cnp.NPY_FLOAT:
            adam_array(<float *>cnp.PyArray_DATA(p), <float *>cnp.PyArray_DATA(g), <float *>cnp.PyArray_DATA(m),
                       <float *>cnp.PyArray_DATA(v), NULL if x is None else <float *>cnp.PyArray_DATA(x), n, step, &k)
        else:
            adam_array(<double *>cnp.PyArray_DATA(p), <double *>cnp.PyArray_DATA(g), <double *>cnp.PyArray_DATA(m),
                       <double *>cnp.PyArray_DATA(v), NULL if x is None else <double *>cnp.PyArray_DATA(x), n, step, &k)
    return left


cdef void adam_array(real *p, real *g, real *m, real *v, real *x, Py_ssize_t n, double step, Adam *k):
    cdef Py_ssize_t i, chunks
    cdef double size = k.lr / (1 - pow(k.beta1, step)), correction = pow(1 - pow(k.beta2, step), 0.5)
    if n <= CHUNK:
        adam_chunk(p, g, m, v, x, n, size, correction, k)
        return
    chunks = (n + CHUNK - 1) // CHUNK
    for i in prange(chunks, nogil=True, schedule='static', num_threads=threads_for(32.0 * n)):
        adam_chunk(p + i * CHUNK, g + i * CHUNK, m + i * CHUNK, v + i * CHUNK, NULL if x == NULL else x + i * CHUNK,
                   min(CHUNK, n - i * CHUNK), size, correction, k)


cdef void adam_chunk(real *p, const real *g, real *m, real *v, real *x, Py_ssize_t n, double size, double correction,
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
    cdef cnp.npy_intp i, n, longest = 1
    cdef cnp.ndarray a
    for i in range(PyList_GET_SIZE(arrays)):
        a = at(arrays, i)
        if not plain(a):
            return None
        longest = max(longest, (cnp.PyArray_SIZE(a) + CHUNK - 1) // CHUNK)
    cdef cnp.ndarray parts = cnp.PyArray_EMPTY(1, &longest, cnp.NPY_DOUBLE, 0)
    cdef double total = 0
    for i in range(PyList_GET_SIZE(arrays)):
        a = at(arrays, i)
        n = cnp.PyArray_SIZE(a)
        if cnp.PyArray_TYPE(a) == cnp.NPY_FLOAT:
            total += squares_array(<float *>cnp.PyArray_DATA(a), n, <double *>cnp.PyArray_DATA(parts))
        else:
            total += squares_array(<double *>cnp.PyArray_DATA(a), n, <double *>cnp.PyArray_DATA(parts))
    return total


cdef double squares_array(const real *x, Py_ssize_t n, double *parts):
    cdef Py_ssize_t i, chunks = (n + CHUNK - 1) // CHUNK
    cdef double total = 0
    if n <= CHUNK:
        return squares_chunk(x, n)
    for i in prange(chunks, nogil=True, schedule='static', num_threads=threads_for(4.0 * n)):
        parts[i] = squares_chunk(x + i * CHUNK, min(CHUNK, n - i * CHUNK))
    for i in range(chunks):
        total += parts[i]
    return total


cdef double squares_chunk(const real *x, Py_ssize_t n) noexcept nogil:
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
    for i in range(PyList_GET_SIZE(arrays)):
        a = at(arrays, i)
        if not plain(a):
            left.append(i)
        elif cnp.PyArray_TYPE(a) == cnp.NPY_FLOAT:
            scale_array(<float *>cnp.PyArray_DATA(a), cnp.PyArray_SIZE(a), <float>factor)
        else:
            scale_array(<double *>cnp.PyArray_DATA(a), cnp.PyArray_SIZE(a), factor)
    return left


cdef void scale_array(real *x, Py_ssize_t n, real factor):
    cdef Py_ssize_t i, chunks = (n + CHUNK - 1) // CHUNK
    if n <= CHUNK:
        scale_chunk(x, n, factor)
        return
    for i in prange(chunks, nogil=True, schedule='static', num_threads=threads_for(8.0 * n)):
        scale_chunk(x + i * CHUNK, min(CHUNK, n - i * CHUNK), factor)


cdef void scale_chunk(real *x, Py_ssize_t n, real factor) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        x[i] = x[i] * factor
