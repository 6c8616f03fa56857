"""Public functions without a spec, with the reason: what they do is no function of tensors and is tested where it says."""
from __future__ import annotations

_REASONS: dict[str, str] = {
    'types, not tensors: tests/_core/test_dtype.py, tests/parity/test_promotion.py':
        'promote_types result_type can_cast get_default_dtype set_default_dtype',
    'state of the thread: tests/_core/test_device.py': 'get_default_device set_default_device',
    'old names that warn: tests/nn/test_old_names.py':
        'nn.functional.upsample nn.functional.upsample_nearest nn.functional.upsample_bilinear',
    'texts: tests/test_tensor_str.py': 'set_printoptions',
    'modes of the thread: tests/autograd/programs.py': 'is_anomaly_enabled is_grad_enabled is_inference_mode_enabled',
    'random streams: tests/_ops/test_random.py, tests/parity/test_random.py':
        'get_rng_state initial_seed manual_seed seed set_rng_state',
    'Tensor methods that are functions too: tests/autograd/programs.py, tests/_ops/test_memory.py':
        'detach detach_ get_device zero_',
    'files: tests/test_serialization.py': 'load save',
    'functions of functions: tests/autograd/programs_func.py': 'vmap',
    'threads and memory: tests/_kernels/test_threads.py, tests/_kernels/test_alloc.py':
        'empty_cache get_num_threads memory_stats set_flush_denormal set_num_threads',
    'settings that ported programs ask for: tests/test_compatibility.py':
        'are_deterministic_algorithms_enabled compile get_autocast_dtype get_deterministic_debug_mode '
        'get_float32_matmul_precision get_num_interop_threads is_autocast_enabled '
        'is_deterministic_algorithms_warn_only_enabled is_warn_always_enabled set_default_tensor_type '
        'set_deterministic_debug_mode set_float32_matmul_precision set_num_interop_threads set_warn_always typename '
        'use_deterministic_algorithms',
}

WITHOUT_SPEC = {name: reason for reason, names in _REASONS.items() for name in names.split()}
