"""Names that PyTorch keeps for old programs: they warn and do what the new ones do."""
from __future__ import annotations

import pytest

import cnet
from cnet import nn
from cnet.nn import functional as F


@pytest.mark.parametrize('name', ['upsample', 'upsample_nearest', 'upsample_bilinear'])
def test_upsample(name: str) -> None:
    x = cnet.rand(1, 2, 3, 4)
    words = {'mode': 'bilinear', 'align_corners': True} if name == 'upsample_bilinear' else {}
    with pytest.warns(UserWarning, match='deprecated'):
        assert getattr(F, name)(x, 5).equal(F.interpolate(x, 5, **words))


def test_modules() -> None:
    with pytest.warns(FutureWarning, match='NLLLoss'):
        loss = nn.NLLLoss2d(reduction='sum')
    assert isinstance(loss, nn.NLLLoss) and loss.reduction == 'sum'
    with pytest.warns(FutureWarning, match='Container'):
        container = nn.Container(a=nn.Identity())
    assert list(container._modules) == ['a']


def test_functional_call() -> None:
    layer = nn.Linear(2, 1)
    with pytest.warns(FutureWarning, match='drop-in replacement'):
        y = nn.utils.stateless.functional_call(layer, {'weight': cnet.zeros(1, 2)}, cnet.ones(2))
    assert y.equal(layer.bias)


def test_data_parallel() -> None:
    model = nn.DataParallel(nn.Linear(2, 1))
    assert list(model.state_dict()) == ['module.weight', 'module.bias']
    assert model(cnet.ones(3, 2)).shape == (3, 1)
    with pytest.raises(RuntimeError, match='DataParallel'):
        cnet.func.functional_call(model, {}, cnet.ones(3, 2))
