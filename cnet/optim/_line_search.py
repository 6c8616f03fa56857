"""A line search for the strong Wolfe conditions (Nocedal & Wright, Numerical Optimization, section 3.5)."""

from typing import Any, NamedTuple


class Point(NamedTuple):
    """A step length, and there the loss, the gradient and its component along the direction."""
    t: float
    f: float
    g: Any
    slope: float


def cubic_minimum(a, b, low=None, high=None):
    """Where the cubic through two points with their slopes is least, kept within bounds (by default the points)."""
    if low is None:
        low, high = min(a.t, b.t), max(a.t, b.t)
    if a.t > b.t:
        a, b = b, a
    d = a.slope + b.slope - 3 * (a.f - b.f) / (a.t - b.t)
    square = d * d - a.slope * b.slope
    if not square >= 0:
        return (low + high) / 2
    root = square ** 0.5
    return min(max(b.t - (b.t - a.t) * ((b.slope + root - d) / (b.slope - a.slope + 2 * root)), low), high)


def strong_wolfe(evaluate, t, f, g, slope, longest, most, armijo=1e-4, curvature=0.9, tolerance=1e-9):
    """A step length with enough descent and a flat enough slope.

    Args:
        evaluate (callable): step length to `Point`.
        t (float): the first length to try.
        f, g, slope: loss, gradient and slope at 0.
        longest (float): the largest component of the direction.
        most (int): how many more points may be tried.

    Returns:
        tuple: the `Point` found and how often `evaluate` was called.
    """
    start = Point(0, f, g, slope)

    def too_high(point):
        return point.f > f + armijo * point.t * slope

    def flat(point):
        return abs(point.slope) <= -curvature * slope

    # Lengthen the step until it and the one before bracket a minimum.
    before, now = start, evaluate(t)
    calls, tries = 1, 0
    bracket = None
    while tries < most:
        if too_high(now) or (tries > 1 and now.f >= before.f):
            bracket = [before, now]
            break
        if flat(now):
            return now, calls
        if now.slope >= 0:
            bracket = [before, now]
            break
        t = cubic_minimum(before, now, now.t + 0.01 * (now.t - before.t), now.t * 10)
        before, now = now, evaluate(t)
        calls += 1
        tries += 1
    if bracket is None:
        bracket = [start, now]

    # Narrow the bracket.
    low, high = (0, 1) if bracket[0].f <= bracket[1].f else (1, 0)
    stalled = False
    while tries < most and not abs(bracket[1].t - bracket[0].t) * longest < tolerance:
        t = cubic_minimum(*bracket)
        left, right = sorted((bracket[0].t, bracket[1].t))
        margin = 0.1 * (right - left)
        near = min(right - t, t - left) < margin
        if near and (stalled or t >= right or t <= left):  # step away from the end that attracts the cubic
            t = right - margin if abs(t - right) < abs(t - left) else left + margin
            near = False
        stalled = near
        now = evaluate(t)
        calls += 1
        tries += 1
        if too_high(now) or now.f >= bracket[low].f:
            bracket[high] = now
            low, high = (0, 1) if bracket[0].f <= bracket[1].f else (1, 0)
            continue
        done = flat(now)
        if not done and now.slope * (bracket[high].t - bracket[low].t) >= 0:
            bracket[high] = bracket[low]
        bracket[low] = now
        if done:
            break
    return bracket[low], calls
