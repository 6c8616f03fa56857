import numpy as np
from specs import *
def unary(make, dtype):
    yield Sample(make(3,4))
    yield Sample(make())
    yield Sample(make(2,0))
    yield Sample(make(300))
def binary(make, dtype):
    yield Sample(make(3,4), make(4))
    yield Sample(make(3,1), make(1,4))
    yield Sample(make(3,1), 2)
    yield Sample(make(3,1), 2.5, alpha=2)
def bad(make):
    yield Error(RuntimeError, Sample(make(3,4), make(5)), match='must match the size')
SPECS=[OpSpec('exp', unary, FLOATS+COMPLEXES+INTS, ref=np.exp, inplace='exp_'), OpSpec('add', binary, inplace='add_', errors=bad), OpSpec('tanh', unary, inplace='tanh_')]
