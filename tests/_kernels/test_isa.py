"""Every instruction set gives the same results, up to the rounding that FMA and the width of sums change."""
from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from specs import load

from cnet import _kernels as K
from cnet.testing._tolerance import tolerance

SCRIPT = '''
import pickle, sys
import cnet
from calling import Call, gradients, to_numpy
from specs import load
result = {}
for i, spec in enumerate(load()[0]):
    for dtype in {'float32', 'float64'} & set(spec.dtypes):
        if not spec.random_memory:
            for n, sample in enumerate(spec.cases(dtype)):
                try:
                    call = Call(cnet, spec, sample, grad=spec.grad)
                    values = [*call(), *(gradients(call) or () if spec.grad else ())]
                    result[i, spec.name, dtype, n] = repr(sample), [to_numpy(value) for value in values]
                except Exception as error:      # the generic tests say what is wrong with it
                    result[i, spec.name, dtype, n] = repr(sample), [type(error).__name__]
with open(sys.argv[1], 'wb') as f:
    pickle.dump(result, f)
'''


@pytest.fixture(scope='module')
def results() -> dict[str, Any]:
    return {}


@pytest.mark.skipif(len(K.LEVELS) < 2, reason='one instruction set only')
@pytest.mark.parametrize('level', K.LEVELS)
def test_levels_agree(level: str, results: dict[str, Any], run_python: Callable, tmp_path: Path) -> None:
    for name in {level, 'base'} - results.keys():
        target = tmp_path / name
        run_python(SCRIPT.replace('sys.argv[1]', repr(str(target))), CNET_ISA=name)
        results[name] = pickle.loads(target.read_bytes())
    specs = load()[0]
    for (i, name, dtype, n), (sample, expected) in results['base'].items():
        tol = specs[i].tol
        for a, e in zip(results[level][i, name, dtype, n][1], expected, strict=True):
            where = f'{name} {dtype} {sample}'
            if isinstance(e, np.ndarray) and e.dtype.kind == 'f':
                np.testing.assert_allclose(a, e, *(tol[dtype][:2] if dtype in tol else tolerance(e.dtype)), err_msg=where)
            else:
                np.testing.assert_array_equal(a, e, err_msg=where)
