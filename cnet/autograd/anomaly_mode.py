"""Anomaly detection under PyTorch's module name."""

from .._core.mode import detect_anomaly, set_detect_anomaly

__all__ = ['detect_anomaly', 'set_detect_anomaly']
