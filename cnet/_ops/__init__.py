"""The operations, one file per family that is closed under differentiation."""
import importlib, os
FAMILIES = []
for _f in sorted(os.listdir(os.path.dirname(__file__))):
    if _f.endswith('.py') and not _f.startswith('_'):
        try:
            FAMILIES.append(importlib.import_module('cnet._ops.' + _f[:-3]))
        except Exception as e:
            print('TRANSITION: skipping family', _f, type(e).__name__, e)
FAMILIES = [f for f in FAMILIES if hasattr(f, 'METHODS')]
