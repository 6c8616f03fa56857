"""Warnings that name the user's line, however many functions of ours lie between, compiled (without frames) or not."""

import sys
import warnings


def warn(text, category=UserWarning):
    """Issue a warning at the innermost line of the program that does not belong to cnet."""
    level, frame = 2, sys._getframe(1)
    while frame is not None and frame.f_globals.get('__name__', '').partition('.')[0] == 'cnet':
        level, frame = level + 1, frame.f_back
    warnings.warn(text, category, level)
