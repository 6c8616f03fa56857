"""Public functions without a spec, with the reason: what they do is no function of tensors and is tested where it says."""
from __future__ import annotations

_REASONS: dict[str, str] = {
}

WITHOUT_SPEC = {name: reason for reason, names in _REASONS.items() for name in names.split()}
