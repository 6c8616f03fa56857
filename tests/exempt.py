"""Public functions without a spec, with the reason: what they do is no function of tensors and is tested where it says."""
from __future__ import annotations

_REASONS: dict[str, str] = {
    'types, not tensors: tests/_core/test_dtype.py, tests/parity/test_promotion.py':
        'promote_types result_type can_cast get_default_dtype set_default_dtype',
    'state of the thread: tests/_core/test_device.py': 'get_default_device set_default_device',
    'texts: tests/test_tensor_str.py': 'get_printoptions set_printoptions',
}

WITHOUT_SPEC = {name: reason for reason, names in _REASONS.items() for name in names.split()}
