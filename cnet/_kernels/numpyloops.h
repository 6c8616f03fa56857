/* NumPy's inner loops as loops of ours (loops.h): in blocks, on our threads, into our memory.
 *
 * On x86-64 Linux NumPy brings Intel's vector library for AVX-512, which is up to 4 times quicker than our text for all
 * instruction sets (bench/lab/surface.md). The table of the functions concerned is in elementary.pyx.
 */
#ifndef CNET_NUMPYLOOPS_H
#define CNET_NUMPYLOOPS_H

#include <Python.h>
#include <numpy/ufuncobject.h>
#include "loops.h"

/* Stands where an operation's constants are handed on. */
typedef struct { PyUFuncGenericFunction f32, f64; void *data32, *data64; } numpy_loops;

#if defined(__AVX512F__) && defined(__linux__)
enum { NL_QUICKER = 1 };
#else
enum { NL_QUICKER = 0 };
#endif

/* The loop of a ufunc whose arguments are all of a type; NULL if it has none. */
static PyUFuncGenericFunction nl_find(PyObject *ufunc, int type, void **data) {
    const PyUFuncObject *u = (const PyUFuncObject *)ufunc;
    for (int i = 0; i < u->ntypes; i++) {
        int same = 1;
        for (int j = 0; j < u->nargs; j++) same &= u->types[i * u->nargs + j] == type;
        if (same) {
            *data = u->data ? (void *)u->data[i] : NULL;
            return u->functions[i];
        }
    }
    return NULL;
}

#define NL_LOOPS(NAME, T)                                                                                              \
    static void nl_unary_##NAME(const void *x, void *o, ptrdiff_t n, const double *p) {                                \
        const numpy_loops *l = (const numpy_loops *)(const void *)p;                                                   \
        char *args[2] = {(char *)x, (char *)o};                                                                        \
        npy_intp size = n, steps[2] = {sizeof(T), sizeof(T)};                                                          \
        l->f##NAME(args, &size, steps, l->data##NAME);                                                                 \
    }                                                                                                                  \
    static void nl_binary_##NAME(const void *x, ptrdiff_t sx, const void *y, ptrdiff_t sy, void *o, ptrdiff_t n,       \
                                 const double *p) {                                                                    \
        const numpy_loops *l = (const numpy_loops *)(const void *)p;                                                   \
        char *args[3] = {(char *)x, (char *)y, (char *)o};                                                             \
        npy_intp size = n, steps[3] = {sx * (ptrdiff_t)sizeof(T), sy * (ptrdiff_t)sizeof(T), sizeof(T)};               \
        l->f##NAME(args, &size, steps, l->data##NAME);                                                                 \
    }
NL_LOOPS(32, float)
NL_LOOPS(64, double)

/* Put NumPy's loops for float32 and float64, whichever are wanted, in the places of a kernel's. */
#define NL_TAKE(KIND)                                                                                    \
    static void nl_take_##KIND(KIND##_kernel *k, numpy_loops *l, PyObject *ufunc, int f32, int f64) {    \
        if (!NL_QUICKER) return;                                                                         \
        l->f32 = f32 ? nl_find(ufunc, NPY_FLOAT, &l->data32) : NULL;                                     \
        l->f64 = f64 ? nl_find(ufunc, NPY_DOUBLE, &l->data64) : NULL;                                    \
        if (l->f32) k->f32 = nl_##KIND##_32;                                                             \
        if (l->f64) k->f64 = nl_##KIND##_64;                                                             \
    }
NL_TAKE(unary)
NL_TAKE(binary)

#endif
