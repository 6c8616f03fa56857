"""Every instruction set gives the same results, up to the rounding that FMA and the width of sums change."""
from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

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
                call = Call(cnet, spec, sample, grad=spec.grad)
                ys = call()
                gs = gradients(call) or () if spec.grad else ()
                result[i, spec.name, dtype, n] = repr(sample), [to_numpy(v) for v in [*ys, *gs]]
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
    for key, (sample, expected) in results['base'].items():
        print(key, sample)
        for a, e in zip(results[level][key][1], expected, strict=True):
            if isinstance(e, np.ndarray) and e.dtype.kind == 'f':
                np.testing.assert_allclose(a, e, *tolerance(e.dtype))
            else:
                np.testing.assert_array_equal(a, e)
