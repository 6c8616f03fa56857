"""The fused types of the kernels: the only place where they are defined."""

ctypedef fused real:
    float
    double

ctypedef fused index:
    int
    long long
