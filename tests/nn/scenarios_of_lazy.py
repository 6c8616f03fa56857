"""Scenarios about layers that wait for their first input."""
import copy
import pickle

from nn.scenario import SCENARIOS

LAZY = {
    'LazyLinear': ((2,), (2, 3)), 'LazyConv1d': ((4, 3), (2, 3, 8)), 'LazyConv2d': ((4, 3, 2), (2, 3, 8, 8)),
    'LazyConv3d': ((4, 2), (2, 3, 4, 4, 4)), 'LazyConvTranspose1d': ((4, 3), (2, 3, 8)),
    'LazyConvTranspose2d': ((4, 3, 2), (2, 3, 4, 4)), 'LazyConvTranspose3d': ((4, 2), (2, 3, 2, 2, 2)),
    'LazyBatchNorm1d': ((), (2, 3)), 'LazyBatchNorm2d': ((1e-3,), (2, 3, 4, 4)), 'LazyBatchNorm3d': ((), (2, 3, 2, 2, 2)),
    'LazyInstanceNorm1d': ((), (2, 3, 4)), 'LazyInstanceNorm2d': ((), (2, 3, 4, 4)), 'LazyInstanceNorm3d': ((), (2, 3, 2, 2, 2)),
}


def life(name, args, shape):
    """Before and after the first input, loaded from a state, copied, pickled, and loaded into one that is ready."""
    def run(lib, nn):
        make = getattr(nn, name)
        x = lib.arange(float(lib.zeros(shape).numel())).reshape(shape) % 7 / 7
        m = make(*args)
        before = repr(m), list(m.state_dict()), [repr(p) for p in m.parameters()], m.has_uninitialized_params()
        # PyTorch cannot copy uninitialized buffers.
        copies = (copy.deepcopy(m), pickle.loads(pickle.dumps(m))) if 'Norm' not in name else ()
        out = m(x)
        loaded = make(*args)
        loaded.load_state_dict(m.state_dict())
        loaded_state = loaded.state_dict()
        for c in copies:
            c(x)
        try:
            m.load_state_dict(make(*args).state_dict())
            refusal = None
        except RuntimeError as error:
            refusal = str(error)
        return (before, out, repr(m), type(m).__name__, m.state_dict(), loaded_state, [repr(c) for c in copies], refusal)
    return run


def wrong_rank(lib, nn):
    nn.LazyConv2d(2, 3)(lib.zeros(3))


def wrong_groups(lib, nn):
    nn.LazyConv2d(4, 3, groups=2)(lib.zeros(1, 3, 5, 5))


def chain(lib, nn):
    m = nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.LazyLinear(2)).to(lib.float64)
    return str(m(lib.ones(1, 3, dtype=lib.float64)).dtype), m


SCENARIOS.update({f'lazy.{name}': life(name, *how) for name, how in LAZY.items()})
SCENARIOS.update({f'lazy.{f.__name__}': f for f in (wrong_rank, wrong_groups, chain)})
