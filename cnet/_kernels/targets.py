"""THE table of what is compiled: instruction sets, kernel families, single modules.

`setup.py` executes this file by path and `cnet._kernels` imports it, so it may import nothing from the package. To add
a kernel family, write `<family>.pyx` and one line in FAMILIES.
"""
from __future__ import annotations

from typing import NamedTuple


class ISA(NamedTuple):
    """One instruction set: its compiler flags and the CPU features that code made with them needs."""
    name: str
    gcc: tuple[str, ...]
    msvc: tuple[str, ...]
    needs: frozenset[str]


_V3 = frozenset('avx avx2 bmi1 bmi2 f16c fma lzcnt'.split())
_V4 = _V3 | frozenset('avx512f avx512bw avx512cd avx512dq avx512vl'.split())

# From the least to the most demanding. A compiler that refuses an entry's flags leaves it out, so that arm64, where
# `base` already is NEON, builds `base` alone from the same table.
ISAS = (
    ISA('base', (), (), frozenset()),
    ISA('v3', ('-mavx2', '-mfma', '-mbmi', '-mbmi2', '-mf16c', '-mlzcnt'), ('/arch:AVX2',), _V3),
    # GCC's default for these CPUs is 256-bit vectors, which halves the width of every loop that it vectorises itself.
    ISA('v4', ('-mavx2', '-mfma', '-mbmi', '-mbmi2', '-mf16c', '-mlzcnt', '-mavx512f', '-mavx512bw', '-mavx512cd',
               '-mavx512dq', '-mavx512vl', '-mprefer-vector-width=512'), ('/arch:AVX512',), _V4),
)

_ALL = tuple(isa.name for isa in ISAS)

# Kernel families: `<name>.pyx`, translated to C once and compiled once per instruction set named here.
FAMILIES: dict[str, tuple[str, ...]] = {
    'attention': _ALL,
    'boxmuller': _ALL,
    'conv': _ALL,
    'copy': _ALL,
    'depthwise': _ALL,
    'depthwise_last': _ALL,
    'dilated': _ALL,
    'direct': _ALL,
    'elementary': _ALL,
    'factor': _ALL,
    'gridsample': _ALL,
    'index': _ALL,
    'linear': _ALL,
    'loss': _ALL,
    'matmul': _ALL,
    'minimal': _ALL,
    'norm': _ALL,
    'onetap': _ALL,
    'optim': _ALL,
    'optim_rules': _ALL,
    'pairs': _ALL,
    'pairdist': _ALL,
    'pointwise': _ALL,
    'pool': _ALL,
    'reduce': _ALL,
    'residual': _ALL,
    'rnn': _ALL,
    'roofline': _ALL,
    'rows': _ALL,
    'resample': _ALL,
    'softmax': _ALL,
    'sort': _ALL,
    'special': _ALL,
}

# Compiled once, with the baseline's flags: shared state, what must not depend on the CPU (random streams), and what
# gains nothing from wide vectors. Families may cimport these.
SINGLE = ('_alloc', '_cpu', '_quiet', '_state', '_threads', '_workspace', 'checksum', 'implicit', 'random',
          'strided')

# Files of Python that are compiled as they are, by folder: those that every small call goes through. A `.pxd` beside one
# gives its variables C types. Each also runs uncompiled (CNET_COMPILE_CORE=0).
PURE = {
    'cnet/_core': ('arrays', 'base', 'checks', 'elementwise', 'engine', 'history', 'inplace', 'op'),
    'cnet/_ops': ('_activated', '_axes', '_conv_geometry', '_conv_kernels', '_keys', '_norm_ops', '_places', 'activation',
                  'addmm', 'attention', 'broadcast', 'compare', 'conv', 'convert', 'create', 'cross_entropy', 'embedding',
                  'gather', 'getitem', 'join', 'matmul', 'norm', 'permute', 'pointwise', 'reduce', 'rows', 'shape', 'slices',
                  'softmax', 'split', 'ternary', 'unary'),
    'cnet/nn/modules': ('_runs', 'linear', 'module', 'normalization', 'sparse'),
}

# Cython's memoryview type and helper functions, once for the whole package instead of 130 KB per module.
SHARED = '_cyutility'
