"""How close two results of a dtype have to be: the one table, for `assert_close` and for the project's own tests."""
from __future__ import annotations

# dtype -> (relative, absolute). A few units in the last place, and an absolute part for sums that cancel.
TOLERANCE: dict[str, tuple[float, float]] = {
    'float16': (1e-3, 1e-5),
    'bfloat16': (1.6e-2, 1e-5),
    'float32': (1.3e-6, 1e-5),
    'float64': (1e-7, 1e-7),
    'complex64': (1.3e-6, 1e-5),
    'complex128': (1e-7, 1e-7),
}


def tolerance(*dtypes: object) -> tuple[float, float]:
    """Return (rtol, atol) for comparing results of these dtypes: those of the least precise; zero for exact ones.

    Example:
        >>> from cnet.testing._tolerance import tolerance
        >>> tolerance('float64', 'float32')
        (1.3e-06, 1e-05)
        >>> tolerance('int64')
        (0.0, 0.0)
    """
    found = [TOLERANCE.get(str(dtype).rpartition('.')[2], (0.0, 0.0)) for dtype in dtypes]
    return max(rtol for rtol, _ in found), max(atol for _, atol in found)
