"""CPU features, asked once. Compiled with the baseline's flags: it runs before the instruction set is chosen."""

cdef extern from 'cpu.h':
    enum:
        CNET_AVX, CNET_AVX2, CNET_BMI1, CNET_BMI2, CNET_F16C, CNET_FMA, CNET_LZCNT
        CNET_AVX512F, CNET_AVX512BW, CNET_AVX512CD, CNET_AVX512DQ, CNET_AVX512VL
    int cnet_cpu_features() nogil


cdef int _found = cnet_cpu_features()

_FEATURES = frozenset(name for name, bit in (
    ('avx', CNET_AVX), ('avx2', CNET_AVX2), ('bmi1', CNET_BMI1), ('bmi2', CNET_BMI2), ('f16c', CNET_F16C),
    ('fma', CNET_FMA), ('lzcnt', CNET_LZCNT), ('avx512f', CNET_AVX512F), ('avx512bw', CNET_AVX512BW),
    ('avx512cd', CNET_AVX512CD), ('avx512dq', CNET_AVX512DQ), ('avx512vl', CNET_AVX512VL)) if _found & bit)


def features():
    """The vector features of x86-64 that CPU and operating system support; empty elsewhere."""
    return _FEATURES
