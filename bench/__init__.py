"""Comparisons of speed: `python -m bench --help`."""
