"""What programs written for many devices and compilers ask for, and get honest answers to."""
from __future__ import annotations

import math
from collections.abc import Callable

import pytest

import cnet

LAZY = ('accelerator', 'amp', 'backends', 'compiler', 'cpu', 'cuda', 'func', 'jit', 'mps', 'xpu')


def test_imported_when_asked_for(run_python: Callable) -> None:
    code = f'import sys, cnet; print([m for m in {LAZY} if f"cnet.{{m}}" in sys.modules])'
    assert run_python(code).stdout.strip() == '[]'
    assert {*LAZY, 'compile', 'autocast'} <= set(dir(cnet))


@pytest.mark.parametrize('name', ['cuda', 'mps', 'xpu', 'accelerator'])
def test_no_devices(name: str) -> None:
    module = getattr(cnet, name)
    assert not module.is_available() and module.device_count() == 0
    with pytest.raises((RuntimeError, AssertionError)):
        module.synchronize()


def test_cuda() -> None:
    cnet.cuda.manual_seed_all(0)
    cnet.cuda.empty_cache()
    assert cnet.cuda.memory_allocated() == 0 and cnet.version.cuda is None
    for refused in (cnet.cuda.current_device, cnet.cuda.get_device_name, cnet.cuda.init):
        with pytest.raises(AssertionError, match='no CUDA'):
            refused()
    with pytest.raises(RuntimeError):
        cnet.cuda.Event()


def test_switches() -> None:
    cudnn = cnet.backends.cudnn
    with cudnn.flags(enabled=False, deterministic=True):
        assert not cudnn.enabled and cudnn.deterministic
    assert cudnn.enabled and not cudnn.deterministic
    cnet.use_deterministic_algorithms(True, warn_only=True)
    assert cnet.are_deterministic_algorithms_enabled() and cnet.is_deterministic_algorithms_warn_only_enabled()
    cnet.set_deterministic_debug_mode('default')
    assert not cnet.are_deterministic_algorithms_enabled()
    with pytest.raises(RuntimeError, match='debug_mode'):
        cnet.set_deterministic_debug_mode('loud')
    with pytest.warns(UserWarning, match='is not one of'):
        cnet.set_float32_matmul_precision('low')
    assert cnet.get_float32_matmul_precision() == 'highest'
    with pytest.raises(RuntimeError, match='positive'):
        cnet.set_num_interop_threads(0)


def test_default_tensor_type() -> None:
    for given, wanted in (('torch.DoubleTensor', cnet.float64), (cnet.FloatTensor, cnet.float32)):
        with pytest.warns(UserWarning, match='set_default_dtype'):
            cnet.set_default_tensor_type(given)
        assert cnet.get_default_dtype() is wanted
    with pytest.warns(UserWarning), pytest.raises(TypeError, match='invalid type'):
        cnet.set_default_tensor_type('cnet.Tensor3')


def test_compile_is_the_identity() -> None:
    layer = cnet.nn.Linear(2, 2)
    assert cnet.compile(layer, mode='max-autotune') is layer
    assert cnet.compile(fullgraph=True)(len)([1]) == 1
    layer.compile()
    with pytest.raises(RuntimeError, match='TorchScript'):
        cnet.jit.script(layer)


def test_autocast_is_off() -> None:
    with pytest.warns(UserWarning, match='Disabling autocast'), cnet.autocast('cpu', dtype=cnet.float16):
        assert cnet.ones(2, 2).mm(cnet.ones(2, 2)).dtype is cnet.float32
        assert not cnet.is_autocast_enabled('cpu')
    with pytest.raises(RuntimeError):
        cnet.autocast('toaster')


def test_grad_scaler() -> None:
    p = cnet.ones(1, requires_grad=True)
    optimizer = cnet.optim.SGD([p], 1.0)
    scaler = cnet.amp.GradScaler('cpu', init_scale=8.0, growth_interval=2)
    for scale in (8.0, 16.0):
        optimizer.zero_grad()
        scaler.scale(p * 0.25).backward()
        scaler.unscale_(optimizer)
        assert p.grad.item() == 0.25
        scaler.step(optimizer)
        scaler.update()
        assert scaler.get_scale() == scale
    p.grad = cnet.tensor([math.inf])
    assert scaler.step(optimizer) is None and p.item() == 0.5
    with pytest.raises(RuntimeError, match='already been called'):
        scaler.step(optimizer)
    scaler.update()
    other = cnet.amp.GradScaler('cpu')
    other.load_state_dict(scaler.state_dict())
    assert other.get_scale() == 8.0


def test_grad_scaler_without_gpu() -> None:
    with pytest.warns(UserWarning, match='Disabling'):
        scaler = cnet.amp.GradScaler()
    loss = cnet.ones(())
    assert not scaler.is_enabled() and scaler.scale(loss) is loss and scaler.state_dict() == {}
