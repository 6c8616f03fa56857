"""Normalisation: running statistics."""
from __future__ import annotations

import numpy as np
import pytest

import cnet
import cnet.nn.functional as F


@pytest.mark.parametrize('shape', [(6, 4), (3, 4, 5), (2, 4, 300)])
@pytest.mark.parametrize('dtype', [cnet.float32, cnet.float64, cnet.float16])
def test_running_statistics_move(shape, dtype):
    x = cnet.randn(*shape).to(dtype)
    kind = cnet.float64 if dtype is cnet.float64 else cnet.float32
    mean, var = cnet.zeros(4, dtype=kind), cnet.ones(4, dtype=kind)
    F.batch_norm(x, mean, var, training=True, momentum=0.25)
    a = np.moveaxis(x.numpy().astype('f8'), 1, 0).reshape(4, -1)
    np.testing.assert_allclose(mean.numpy(), 0.25 * a.mean(1), 1e-5, 1e-6)
    np.testing.assert_allclose(var.numpy(), 0.75 + 0.25 * a.var(1, ddof=1), 1e-5)
    assert mean._version == var._version == 1
    F.batch_norm(x, mean, var)
    assert mean._version == 1


def test_instances_move_them_by_their_mean():
    x = cnet.randn(3, 4, 5)
    mean, var = cnet.zeros(4), cnet.ones(4)
    F.instance_norm(x, mean, var, momentum=0.5)
    np.testing.assert_allclose(mean.numpy(), 0.5 * x.numpy().mean((0, 2)), 1e-5, 1e-6)
    np.testing.assert_allclose(var.numpy(), 0.5 + 0.5 * x.numpy().var(2, ddof=1).mean(0), 1e-5)
    assert mean._version == var._version == 1


def test_a_failed_call_leaves_them_alone():
    mean, var = cnet.zeros(4), cnet.ones(4)
    with pytest.raises(RuntimeError, match='weight should contain'):
        F.batch_norm(cnet.randn(3, 4), mean, var, cnet.ones(3), training=True)
    assert mean.tolist() == [0.] * 4 and mean._version == 0


def test_nothing_to_normalise():
    y = F.batch_norm(cnet.empty(0, 3, 2), cnet.zeros(3), cnet.ones(3), cnet.ones(3), cnet.ones(3), training=True)
    assert y.shape == (0, 3, 2)
