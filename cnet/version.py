"""The version of the package."""

__version__ = '0.1.0'
debug = False
# Which GPU libraries the package was built with: none.
cuda = hip = xpu = None
