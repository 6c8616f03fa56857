"""Copies between memory layouts, and elements of two arrays by a third: what NumPy does element by element where rows become columns, and in new pages.

Dimensions are ordered by the strides of the destination and joined where both arrays allow it. What remains is rows that
are adjacent in both (memcpy), tiles that are turned, elements that repeat a few times, or runs of any strides; each is cut
by shape into tasks.
"""

cimport numpy as cnp
from cython.parallel cimport prange
from libc.string cimport memcpy

from cnet._kernels._alloc cimport new_array
from cnet._kernels._quiet import offer
from cnet._kernels._state cimport same_shape
from cnet._kernels._threads cimport threads_for
from cnet._kernels.layout cimport dense, dense_copy, new_like, same_layout

cnp.import_array()

cdef extern from "copy.h" nogil:
    void copy_tile(const char *s, Py_ssize_t ss, char *d, Py_ssize_t ds, Py_ssize_t rows, Py_ssize_t columns, int size)
    void copy_run(const char *s, Py_ssize_t ss, char *d, Py_ssize_t ds, Py_ssize_t n, int size)
    void copy_fan(const char *s, Py_ssize_t ss, char *d, Py_ssize_t n, Py_ssize_t times, int size)

    ctypedef void (*copy_cast)(const void *s, void *d, Py_ssize_t n) noexcept nogil
    const copy_cast[7][7] copy_casts
    void copy_choose(const unsigned char *c, const char *x, int sx, const char *y, int sy, char *out, Py_ssize_t start,
                     Py_ssize_t stop, int size)
    void copy_pack(const unsigned char *c, const char *x, char *out, Py_ssize_t total, int size, int back)

cdef extern from "numpy/arrayobject.h":
    enum:
        NPY_HALF
    int PyArray_CopyInto(cnp.ndarray d, cnp.ndarray s) except -1

cdef enum:
    TILE = 64           # rows and columns turned by one task: 16 KB of floats on either side; or as many elements
    SPAN = 65536        # bytes that one task copies
    FEW = 64            # most repetitions of an element that are written one by one
    CHOSEN = 16384      # elements that one task chooses
    MOST = 64           # NumPy's limit of dimensions

cdef struct Plan:
    int nd              # dimensions that are left, the last one innermost in the destination
    int size            # bytes of an element
    int turned          # the dimension that is innermost in the source, if that is another one and tiles are turned; or -1
    Py_ssize_t height   # rows of a tile: more of them where its columns are few
    Py_ssize_t[MOST] n
    Py_ssize_t[MOST] s  # strides of the source
    Py_ssize_t[MOST] d


cdef inline Py_ssize_t magnitude(Py_ssize_t n) noexcept nogil:
    return n if n >= 0 else -n


cdef void make_plan(Plan *p, cnp.ndarray d, cnp.ndarray s) noexcept:
    """For the shape of s, and the strides of d."""
    cdef int i, j, k = 0, nd = cnp.PyArray_NDIM(s)
    cdef Py_ssize_t n, step
    p.size = cnp.PyArray_ITEMSIZE(d)
    for i in range(nd):
        n = cnp.PyArray_DIM(s, i)
        if n == 1:
            continue
        step = cnp.PyArray_STRIDE(d, i)
        j = k
        while j > 0 and magnitude(p.d[j - 1]) < magnitude(step):
            p.n[j], p.d[j], p.s[j] = p.n[j - 1], p.d[j - 1], p.s[j - 1]
            j -= 1
        p.n[j], p.d[j], p.s[j] = n, step, cnp.PyArray_STRIDE(s, i)
        k += 1
    if k == 0:
        p.n[0], p.d[0], p.s[0], k = 1, p.size, p.size, 1
    i = 0
    for j in range(1, k):
        if p.d[i] == p.n[j] * p.d[j] and p.s[i] == p.n[j] * p.s[j]:
            p.n[i], p.d[i], p.s[i] = p.n[i] * p.n[j], p.d[j], p.s[j]
        else:
            i += 1
            p.n[i], p.d[i], p.s[i] = p.n[j], p.d[j], p.s[j]
    p.nd = i + 1
    p.turned = -1
    if p.d[i] == p.size and p.s[i] != p.size:
        for j in range(i):
            if p.s[j] == p.size and p.n[j] >= 4 and p.n[i] >= 2:
                p.turned = j
                p.height = TILE * max(<Py_ssize_t> 1, TILE // p.n[i])


cdef void locate(const Plan *p, Py_ssize_t index, Py_ssize_t *s, Py_ssize_t *d, int inner=1) noexcept nogil:
    """Offsets of the index-th of the outer elements: all dimensions but the last, or `inner` last, and the turned one."""
    cdef int i
    cdef Py_ssize_t k
    s[0] = d[0] = 0
    for i in range(p.nd - 1 - inner, -1, -1):
        if i != p.turned:
            k = index % p.n[i]
            index = index // p.n[i]
            s[0] += k * p.s[i]
            d[0] += k * p.d[i]


cdef void turn(const Plan *p, const char *s, char *d, Py_ssize_t task, Py_ssize_t down, Py_ssize_t across) noexcept nogil:
    """One tile."""
    cdef Py_ssize_t s_at = 0, d_at = 0, r = task // across % down * p.height, c = task % across * TILE
    cdef int last = p.nd - 1, t = p.turned
    locate(p, task // (down * across), &s_at, &d_at)
    copy_tile(s + s_at + c * p.s[last] + r * p.size, p.s[last], d + d_at + r * p.d[t] + c * p.size, p.d[t],
              min(p.height, p.n[t] - r), min(<Py_ssize_t> TILE, p.n[last] - c), p.size)


cdef void runs(const Plan *p, const char *s, char *d, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t pieces,
               Py_ssize_t piece) noexcept nogil:
    """Pieces of the innermost dimension, of `piece` elements at most."""
    cdef Py_ssize_t s_at = 0, d_at = 0, t, c
    cdef int last = p.nd - 1
    if last == 1 and pieces == 1:
        for t in range(start, stop):
            copy_run(s + t * p.s[0], p.s[1], d + t * p.d[0], p.d[1], p.n[1], p.size)
        return
    for t in range(start, stop):
        c = t % pieces * piece
        locate(p, t // pieces, &s_at, &d_at)
        copy_run(s + s_at + c * p.s[last], p.s[last], d + d_at + c * p.d[last], p.d[last], min(piece, p.n[last] - c), p.size)


cdef void fan(const Plan *p, const char *s, char *d, Py_ssize_t task, Py_ssize_t pieces, Py_ssize_t piece) noexcept nogil:
    """A piece of the last dimension but one, whose elements fill the last."""
    cdef Py_ssize_t s_at = 0, d_at = 0, c = task % pieces * piece
    cdef int i = p.nd - 2
    locate(p, task // pieces, &s_at, &d_at, 2)
    copy_fan(s + s_at + c * p.s[i], p.s[i], d + d_at + c * p.d[i], min(piece, p.n[i] - c), p.n[i + 1], p.size)


cdef void execute(const Plan *p, const char *s, char *d) noexcept nogil:
    cdef int i, threads
    cdef Py_ssize_t outer = 1, down, across, pieces, piece, group, tasks, t, last = p.n[p.nd - 1]
    for i in range(p.nd - 1):
        if i != p.turned:
            outer *= p.n[i]
    if p.turned >= 0:
        down = (p.n[p.turned] + p.height - 1) // p.height
        across = (last + TILE - 1) // TILE
        for t in prange(outer * down * across, schedule='static',
                        num_threads=threads_for(1.25 * outer * p.n[p.turned] * last * p.size)):
            turn(p, s, d, t, down, across)
        return
    i = p.nd - 2
    if i >= 0 and p.s[i + 1] == 0 and last <= FEW and p.d[i + 1] == p.size and p.d[i] == last * p.size:
        piece = SPAN // (p.size * last)
        pieces = (p.n[i] + piece - 1) // piece
        for t in prange(outer // p.n[i] * pieces, schedule='static', num_threads=threads_for(0.5 * outer * last * p.size)):
            fan(p, s, d, t, pieces, piece)
        return
    piece = SPAN // p.size
    pieces = (last + piece - 1) // piece
    group = 1 if pieces > 1 else 1 + SPAN // (last * p.size)
    threads = threads_for(0.5 * outer * last * p.size)
    if threads == 1:
        runs(p, s, d, 0, outer, 1, last)
        return
    tasks = (outer * pieces + group - 1) // group
    for t in prange(tasks, schedule='static', num_threads=threads):
        runs(p, s, d, t * group, min(outer * pieces, (t + 1) * group), pieces, piece)


cdef inline bint plain(cnp.ndarray a) noexcept:
    """Whether elements are bytes that can be moved."""
    cdef int size = cnp.PyArray_ITEMSIZE(a)
    return ((cnp.PyArray_TYPE(a) < cnp.NPY_OBJECT or cnp.PyArray_TYPE(a) == NPY_HALF)
            and (size == 1 or size == 2 or size == 4 or size == 8 or size == 16)
            and cnp.PyArray_ISALIGNED(a) and cnp.PyArray_ISNOTSWAPPED(a))


cdef void move(cnp.ndarray d, cnp.ndarray s) noexcept:
    cdef Plan p
    cdef const char *source = cnp.PyArray_BYTES(s)
    cdef char *destination = cnp.PyArray_BYTES(d)
    make_plan(&p, d, s)
    if cnp.PyArray_NBYTES(d) < 4096:
        execute(&p, source, destination)
    else:
        with nogil:
            execute(&p, source, destination)


def copied(cnp.ndarray a not None):
    """A new C-contiguous array with the elements of `a`."""
    cdef cnp.ndarray r
    if not plain(a):
        return a.copy()
    r = new_array(cnp.PyArray_NDIM(a), cnp.PyArray_DIMS(a), cnp.PyArray_TYPE(a))
    if cnp.PyArray_SIZE(a):
        move(r, a)
    return r


def contiguous(cnp.ndarray a not None):
    """`a` itself if it is C-contiguous, else `copied(a)`."""
    return a if cnp.PyArray_IS_C_CONTIGUOUS(a) else copied(a)


def ordered_like(cnp.ndarray a not None, cnp.ndarray like not None):
    """A copy of `a` in the order of the dimensions of `like`, an array of its shape without gaps."""
    cdef cnp.ndarray r = new_like(like, cnp.PyArray_TYPE(a))
    assign(r, a)
    return r


def assign(cnp.ndarray d not None, cnp.ndarray s not None):
    """d[...] = s for arrays of one shape and type that share no memory."""
    if plain(d) and plain(s):
        if cnp.PyArray_SIZE(d):
            move(d, s)
    else:
        PyArray_CopyInto(d, s)


cdef int place(cnp.ndarray a) noexcept:
    """Where `copy_casts` has the type of an array, or -1."""
    cdef int t = cnp.PyArray_TYPE(a)
    return (0 if t == cnp.NPY_BOOL else 1 if t == cnp.NPY_UINT8 else 2 if t == cnp.NPY_INT32 else 3 if t == cnp.NPY_INT64
            else 4 if t == cnp.NPY_FLOAT else 5 if t == cnp.NPY_DOUBLE else 6 if t == NPY_HALF else -1)


def recast(cnp.ndarray d not None, cnp.ndarray s not None):
    """d[...] = s for contiguous arrays of two types, without warnings; False for what there is no loop for."""
    cdef Py_ssize_t n = cnp.PyArray_SIZE(s), tasks = (n + CHOSEN - 1) // CHOSEN, t, from_item = cnp.PyArray_ITEMSIZE(s)
    cdef Py_ssize_t to_item = cnp.PyArray_ITEMSIZE(d)
    cdef int from_type = place(s), to_type = place(d)
    cdef copy_cast f = copy_casts[from_type][to_type] if from_type >= 0 and to_type >= 0 else NULL
    cdef char *x = cnp.PyArray_BYTES(s)
    cdef char *y = cnp.PyArray_BYTES(d)
    if f == NULL or not plain(d) or not plain(s) \
            or not (cnp.PyArray_IS_C_CONTIGUOUS(d) and cnp.PyArray_IS_C_CONTIGUOUS(s) and same_shape(d, s)):
        return False
    with nogil:
        for t in prange(tasks, schedule='static', num_threads=threads_for(n * (2.0 + from_item + to_item) / 4)):
            f(x + t * CHOSEN * from_item, y + t * CHOSEN * to_item, min(CHOSEN, n - t * CHOSEN))
    return True


cdef bint channels_last(cnp.ndarray a) noexcept:
    """True for images or volumes (N, C, ...) whose strides ascend from channels by the dimensions behind them to samples, with gaps
    or without; not for those in C order, which strides of dimensions of 1 may make look so."""
    cdef int d, nd = cnp.PyArray_NDIM(a)
    cdef cnp.npy_intp last
    if nd < 4 or nd > 5 or cnp.PyArray_IS_C_CONTIGUOUS(a) or cnp.PyArray_STRIDE(a, 1) <= 0:
        return False
    last = cnp.PyArray_STRIDE(a, 1) * cnp.PyArray_DIM(a, 1)
    for d in range(nd - 1, -1, -1):
        if d == 1 or cnp.PyArray_DIM(a, d) == 1:
            continue
        if cnp.PyArray_STRIDE(a, d) < last or cnp.PyArray_DIM(a, d) == 0:
            return False
        last = cnp.PyArray_STRIDE(a, d) * cnp.PyArray_DIM(a, d)
    return True


cdef cnp.ndarray new_pixels(int nd, const cnp.npy_intp *dims, int t):
    """An uninitialised array of type number t whose channels, dimension 1, come last in memory."""
    cdef cnp.npy_intp[5] shape
    cdef cnp.npy_intp step
    cdef cnp.ndarray a
    cdef int d
    shape[0], shape[nd - 1] = dims[0], dims[1]
    for d in range(2, nd):
        shape[d - 1] = dims[d]
    a = new_array(nd, shape, t)
    step = cnp.PyArray_ITEMSIZE(a)
    for d in range(nd):
        cnp.PyArray_DIMS(a)[d] = dims[d]
    cnp.PyArray_STRIDES(a)[1] = step
    step *= dims[1]
    for d in range(nd - 1, 1, -1):
        cnp.PyArray_STRIDES(a)[d] = step
        step *= dims[d]
    cnp.PyArray_STRIDES(a)[0] = step
    cnp.PyArray_UpdateFlags(a, cnp.NPY_ARRAY_C_CONTIGUOUS | cnp.NPY_ARRAY_F_CONTIGUOUS)
    return a


cdef struct Parts:
    int n
    Py_ssize_t whole            # bytes of a row of the result
    Py_ssize_t[MOST] bytes      # of each part of a row
    const char *source[MOST]


cdef bint make_parts(Parts *p, tuple arrays, int dim, bint pixels) noexcept:
    """Whether rows of the result are runs of memory of the arrays, one after the other: for arrays without gaps in its order."""
    cdef cnp.ndarray a
    cdef int i, d, nd
    cdef Py_ssize_t n
    if len(arrays) > MOST:
        return False
    p.n, p.whole = len(arrays), 0
    for i in range(p.n):
        a = <cnp.ndarray> arrays[i]
        nd, n = cnp.PyArray_NDIM(a), cnp.PyArray_ITEMSIZE(a)
        if not (dense(a) if pixels else cnp.PyArray_IS_C_CONTIGUOUS(a)):
            return False
        for d in range(nd):     # in the order of pixels channels come last, so that samples and places lie before them
            if d == dim or (d == 1 or dim != 1 and d > dim if pixels else d > dim):
                n *= cnp.PyArray_DIM(a, d)
        p.bytes[i], p.source[i] = n, cnp.PyArray_BYTES(a)
        p.whole += n
    return True


cdef void side_by_side(const Parts *p, char *d, Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    """Rows of the result."""
    cdef Py_ssize_t r
    cdef int i
    d = d + start * p.whole
    for r in range(start, stop):
        for i in range(p.n):
            memcpy(d, p.source[i] + r * p.bytes[i], p.bytes[i])
            d = d + p.bytes[i]


def join(tuple arrays not None, int dim):
    """Arrays of one type that are alike in all dimensions but `dim`, side by side in that; None if they are not, or cannot be
    moved. In C order, or with channels last if that is how all of them lie."""
    cdef cnp.npy_intp[MOST] shape
    cdef cnp.ndarray a, r, first = arrays[0]
    cdef int i, nd = cnp.PyArray_NDIM(first)
    cdef Py_ssize_t total = 0
    cdef bint pixels = True
    cdef Plan p
    cdef Parts parts
    cdef Py_ssize_t rows, group, t
    cdef char *at
    if dim < 0:
        dim += nd
    if dim < 0 or dim >= nd:
        return None
    for a in arrays:
        if not plain(a) or cnp.PyArray_TYPE(a) != cnp.PyArray_TYPE(first) or cnp.PyArray_NDIM(a) != nd:
            return None
        for i in range(nd):
            if i != dim and cnp.PyArray_DIM(a, i) != cnp.PyArray_DIM(first, i):
                return None
        total += cnp.PyArray_DIM(a, dim)
        pixels = pixels and channels_last(a)
    for i in range(nd):
        shape[i] = total if i == dim else cnp.PyArray_DIM(first, i)
    r = new_pixels(nd, shape, cnp.PyArray_TYPE(first)) if pixels else new_array(nd, shape, cnp.PyArray_TYPE(first))
    at = cnp.PyArray_BYTES(r)
    if cnp.PyArray_SIZE(r) and make_parts(&parts, arrays, dim, pixels):
        rows = cnp.PyArray_NBYTES(r) // parts.whole
        if rows > 1:
            group = 1 + SPAN // parts.whole
            with nogil:
                for t in prange((rows + group - 1) // group, schedule='static', num_threads=threads_for(0.5 * rows * parts.whole)):
                    side_by_side(&parts, at, t * group, min(rows, (t + 1) * group))
            return r
    for a in arrays:
        if cnp.PyArray_SIZE(a):
            make_plan(&p, r, a)
            with nogil:
                execute(&p, cnp.PyArray_BYTES(a), at)
        at += cnp.PyArray_DIM(a, dim) * cnp.PyArray_STRIDE(r, dim)
    return r


cdef cnp.ndarray alike(cnp.ndarray a, cnp.ndarray like):
    """The array in the order of the dimensions of another: itself, or a copy."""
    return a if same_layout(a, like) else ordered_like(a, like)


def choose(cnp.ndarray c not None, cnp.ndarray x not None, cnp.ndarray y not None, cnp.ndarray out=None):
    """Elements of x where the truth value in c holds, of y elsewhere; None for what this loop is not for.

    x and y have one type and the shape of c, or one element. `out` may be x or y, and else shares no memory with them. The result
    lies in memory as c does.
    """
    cdef cnp.ndarray r, like
    cdef Py_ssize_t n = cnp.PyArray_SIZE(c), tasks, t
    cdef int size = cnp.PyArray_ITEMSIZE(x), threads
    cdef int sx = not (cnp.PyArray_SIZE(x) == 1 and n != 1), sy = not (cnp.PyArray_SIZE(y) == 1 and n != 1)
    if not (cnp.PyArray_TYPE(c) == cnp.NPY_BOOL and cnp.PyArray_TYPE(x) == cnp.PyArray_TYPE(y) and plain(x) and plain(y)
            and size <= 8):
        return None
    if sx and not same_shape(c, x) or sy and not same_shape(c, y):
        return None
    if not sx and cnp.PyArray_NDIM(x) > cnp.PyArray_NDIM(c) or not sy and cnp.PyArray_NDIM(y) > cnp.PyArray_NDIM(c):
        return None
    if out is not None and not (dense(out) and cnp.PyArray_TYPE(out) == cnp.PyArray_TYPE(x) and plain(out)
                                and same_shape(c, out)):
        return None
    like = out if out is not None else c if dense(c) else dense_copy(c)
    c = alike(c, like)
    x = alike(x, like) if sx else x
    y = alike(y, like) if sy else y
    r = new_like(like, cnp.PyArray_TYPE(x)) if out is None else out
    cdef const unsigned char *cp = <const unsigned char *>cnp.PyArray_DATA(c)
    cdef const char *xp = cnp.PyArray_BYTES(x)
    cdef const char *yp = cnp.PyArray_BYTES(y)
    cdef char *rp = cnp.PyArray_BYTES(r)
    with nogil:
        threads = threads_for(n * (1.0 + 3 * size) / 4)
        tasks = (n + CHOSEN - 1) // CHOSEN
        if threads == 1:
            copy_choose(cp, xp, sx, yp, sy, rp, 0, n, size)
        else:
            for t in prange(tasks, schedule='static', num_threads=threads):
                copy_choose(cp, xp, sx, yp, sy, rp, t * CHOSEN, min(n, (t + 1) * CHOSEN), size)
    return r


def pack(cnp.ndarray x not None, cnp.ndarray c not None, Py_ssize_t total):
    """The `total` elements of x where the truth value in c, of its shape, holds; None for what this loop is not for."""
    cdef cnp.ndarray r
    cdef cnp.npy_intp n = total
    cdef int size = cnp.PyArray_ITEMSIZE(x)
    if not (cnp.PyArray_TYPE(c) == cnp.NPY_BOOL and same_shape(c, x) and plain(x) and size <= 8):
        return None
    c, x = contiguous(c), contiguous(x)
    r = new_array(1, &n, cnp.PyArray_TYPE(x))
    with nogil:
        copy_pack(<const unsigned char *>cnp.PyArray_DATA(c), cnp.PyArray_BYTES(x), cnp.PyArray_BYTES(r), total, size, 0)
    return r


def unpack(cnp.ndarray y not None, cnp.ndarray c not None, cnp.ndarray x not None, Py_ssize_t total):
    """y[c] = x[:total] for a contiguous x of at least `total` elements; False for what this loop is not for."""
    cdef int size = cnp.PyArray_ITEMSIZE(y)
    if not (cnp.PyArray_TYPE(c) == cnp.NPY_BOOL and same_shape(c, y) and plain(y) and size <= 8
            and cnp.PyArray_IS_C_CONTIGUOUS(y) and cnp.PyArray_TYPE(x) == cnp.PyArray_TYPE(y) and plain(x)):
        return False
    c, x = contiguous(c), contiguous(x)
    if cnp.PyArray_SIZE(x) < total:
        return False
    with nogil:
        copy_pack(<const unsigned char *>cnp.PyArray_DATA(c), cnp.PyArray_BYTES(x), cnp.PyArray_BYTES(y), total, size, 1)
    return True


offer(contiguous, ordered_like)
