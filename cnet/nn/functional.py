from .._ops import FAMILIES
for _f in FAMILIES:
    for _n in (*_f.__all__, *getattr(_f, 'FUNCTIONAL', ())):
        if hasattr(_f, _n):
            globals()[_n] = getattr(_f, _n)
