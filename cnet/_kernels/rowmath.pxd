"""The row functions of rowmath.h, one name for both types."""

from cnet._kernels.types cimport real

cdef extern from "rowmath.h" nogil:
    float vm_exp_f32(float x)
    double vm_exp_f64(double x)
    float vm_log_f32(float x)
    double vm_log_f64(double x)
    float row_max_f(const float *x, Py_ssize_t n)
    double row_max_d(const double *x, Py_ssize_t n)
    double row_sum_f(const float *x, Py_ssize_t n)
    double row_sum_d(const double *x, Py_ssize_t n)
    double row_total_f(const float *x, Py_ssize_t n)
    double row_total_d(const double *x, Py_ssize_t n)
    double row_dot_f(const float *x, const float *y, Py_ssize_t n)
    double row_dot_d(const double *x, const double *y, Py_ssize_t n)
    double row_deviation_f(const float *x, float c, Py_ssize_t n)
    double row_deviation_d(const double *x, double c, Py_ssize_t n)
    void row_moments_f(const float *x, Py_ssize_t n, double *count, double *mean, double *m2)
    void row_moments_d(const double *x, Py_ssize_t n, double *count, double *mean, double *m2)
    void row_grad_sums_f(const float *g, const float *x, float mean, Py_ssize_t n, double *sum, double *dot)
    void row_grad_sums_d(const double *g, const double *x, double mean, Py_ssize_t n, double *sum, double *dot)
    void row_weighted_grad_sums_f(const float *g, const float *w, const float *x, float mean, Py_ssize_t n, double *sum,
                                  double *dot)
    void row_weighted_grad_sums_d(const double *g, const double *w, const double *x, double mean, Py_ssize_t n, double *sum,
                                  double *dot)
    void row_exp_scale_f(const float *x, float *y, float m, float l, float k, Py_ssize_t n)
    void row_exp_scale_d(const double *x, double *y, double m, double l, double k, Py_ssize_t n)
    void row_less_exp_f(const float *g, const float *x, float *y, float s, Py_ssize_t n)
    void row_less_exp_d(const double *g, const double *x, double *y, double s, Py_ssize_t n)
    float row_exp_sum_f(const float *x, float m, Py_ssize_t n)
    double row_exp_sum_d(const double *x, double m, Py_ssize_t n)
    float row_exp_store_f(const float *x, float *y, float m, Py_ssize_t n)
    double row_exp_store_d(const double *x, double *y, double m, Py_ssize_t n)
    void row_affine_f(const float *x, float *y, float mean, float a, float b, bint relu, Py_ssize_t n)
    void row_affine_d(const double *x, double *y, double mean, double a, double b, bint relu, Py_ssize_t n)
    void row_combine_f(const float *g, const float *x, float *gx, float mean, float a, float b, float c, Py_ssize_t n)
    void row_combine_d(const double *g, const double *x, double *gx, double mean, double a, double b, double c, Py_ssize_t n)
    void row_copy_f(const float *x, float *y, Py_ssize_t n)
    void row_copy_d(const double *x, double *y, Py_ssize_t n)
    void row_relu_grad_f(const float *g, const float *y, float *gx, Py_ssize_t n)
    void row_relu_grad_d(const double *g, const double *y, double *gx, Py_ssize_t n)


cdef inline real row_log(real x) noexcept nogil:
    if real is float:
        return vm_log_f32(x)
    else:
        return vm_log_f64(x)


cdef inline void row_exp_scale(const real *x, real *y, real m, real l, real k, Py_ssize_t n) noexcept nogil:
    """y = k exp((x - m) - l)."""
    if real is float:
        row_exp_scale_f(x, y, m, l, k, n)
    else:
        row_exp_scale_d(x, y, m, l, k, n)


cdef inline void row_less_exp(const real *g, const real *x, real *y, real s, Py_ssize_t n) noexcept nogil:
    """y = g - s exp(x)."""
    if real is float:
        row_less_exp_f(g, x, y, s, n)
    else:
        row_less_exp_d(g, x, y, s, n)


cdef inline real row_exp(real x) noexcept nogil:
    if real is float:
        return vm_exp_f32(x)
    else:
        return vm_exp_f64(x)


cdef inline real row_max(const real *x, Py_ssize_t n) noexcept nogil:
    if real is float:
        return row_max_f(x, n)
    else:
        return row_max_d(x, n)


cdef inline double row_total(const real *x, Py_ssize_t n) noexcept nogil:
    if real is float:
        return row_total_f(x, n)
    else:
        return row_total_d(x, n)


cdef inline double row_sum(const real *x, Py_ssize_t n) noexcept nogil:
    if real is float:
        return row_sum_f(x, n)
    else:
        return row_sum_d(x, n)


cdef inline double row_dot(const real *x, const real *y, Py_ssize_t n) noexcept nogil:
    if real is float:
        return row_dot_f(x, y, n)
    else:
        return row_dot_d(x, y, n)


cdef inline double row_deviation(const real *x, real c, Py_ssize_t n) noexcept nogil:
    if real is float:
        return row_deviation_f(x, c, n)
    else:
        return row_deviation_d(x, c, n)


cdef inline void row_moments(const real *x, Py_ssize_t n, double *count, double *mean, double *m2) noexcept nogil:
    if real is float:
        row_moments_f(x, n, count, mean, m2)
    else:
        row_moments_d(x, n, count, mean, m2)


cdef inline void row_grad_sums(const real *g, const real *w, const real *x, real mean, Py_ssize_t n, double *sum,
                               double *dot) noexcept nogil:
    """Adds sum u and sum u (x - mean) for u = g w, or u = g if w is NULL."""
    if real is float:
        if w == NULL:
            row_grad_sums_f(g, x, mean, n, sum, dot)
        else:
            row_weighted_grad_sums_f(g, w, x, mean, n, sum, dot)
    else:
        if w == NULL:
            row_grad_sums_d(g, x, mean, n, sum, dot)
        else:
            row_weighted_grad_sums_d(g, w, x, mean, n, sum, dot)


cdef inline real row_exp_sum(const real *x, real m, Py_ssize_t n) noexcept nogil:
    if real is float:
        return row_exp_sum_f(x, m, n)
    else:
        return row_exp_sum_d(x, m, n)


cdef inline real row_exp_store(const real *x, real *y, real m, Py_ssize_t n) noexcept nogil:
    if real is float:
        return row_exp_store_f(x, y, m, n)
    else:
        return row_exp_store_d(x, y, m, n)


cdef inline void row_affine(const real *x, real *y, real mean, real a, real b, bint relu, Py_ssize_t n) noexcept nogil:
    """y = (x - mean) a + b, or with `relu` 0 where that is negative. y may be x."""
    if real is float:
        row_affine_f(x, y, mean, a, b, relu, n)
    else:
        row_affine_d(x, y, mean, a, b, relu, n)


cdef inline void row_combine(const real *g, const real *x, real *gx, real mean, real a, real b, real c,
                             Py_ssize_t n) noexcept nogil:
    """gx = a g + b (x - mean) + c. gx may be g."""
    if real is float:
        row_combine_f(g, x, gx, mean, a, b, c, n)
    else:
        row_combine_d(g, x, gx, mean, a, b, c, n)


cdef inline void row_relu_grad(const real *g, const real *y, real *gx, Py_ssize_t n) noexcept nogil:
    """gx = g where relu's result y is positive, else 0."""
    if real is float:
        row_relu_grad_f(g, y, gx, n)
    else:
        row_relu_grad_d(g, y, gx, n)


cdef inline void row_copy(const real *x, real *y, Py_ssize_t n) noexcept nogil:
    """y = x for a short row."""
    if real is float:
        row_copy_f(x, y, n)
    else:
        row_copy_d(x, y, n)
