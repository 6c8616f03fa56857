"""Scenarios about nn.utils: weight norms, parametrizations, pruning, fusion, calls with other parameters."""
import copy
import importlib
import pickle

from nn.scenario import SCENARIOS


def tool(lib, name):
    return importlib.import_module(f'{lib.__name__}.nn.utils.{name}')


def layers(lib, nn):
    return {'linear': (nn.Linear(4, 3), lib.ones(2, 4)), 'wide': (nn.Linear(3, 5), lib.ones(2, 3)),
            'square': (nn.Linear(4, 4), lib.ones(2, 4)), 'conv': (nn.Conv2d(2, 3, 3), lib.ones(1, 2, 5, 5) / 9),
            'transposed': (nn.ConvTranspose1d(2, 3, 3), lib.ones(1, 2, 5) / 9)}


def trained(lib, m, x):
    optimizer = lib.optim.SGD(m.parameters(), 0.01)
    for _ in range(3):
        optimizer.zero_grad()
        y = (m(x) ** 2).sum()
        y.backward()
        optimizer.step()
    return y


def hooked(which, dim):
    def run(lib, nn):
        m, x = layers(lib, nn)[which]
        m = nn.utils.weight_norm(m, dim=dim)
        y, state, text = trained(lib, m, x), m.state_dict(), repr(m)
        nn.utils.remove_weight_norm(m)
        return y, state, text, m.state_dict()
    return run


def spectral(which):
    def run(lib, nn):
        m, x = layers(lib, nn)[which]
        m = nn.utils.spectral_norm(m)
        y, state, text = trained(lib, m, x), m.state_dict(), repr(m)
        again = nn.utils.spectral_norm(layers(lib, nn)[which][0])
        again.load_state_dict(state)
        z = again.eval()(x)
        nn.utils.remove_spectral_norm(m)
        return y, state, list(state._metadata.values()), text, z, m.state_dict()
    return run


def parametrized(method, which, **options):
    def run(lib, nn):
        m, x = layers(lib, nn)[which]
        m = getattr(tool(lib, 'parametrizations'), method)(m, **options)
        y, state, text = trained(lib, m, x), m.state_dict(), repr(m)
        z = copy.deepcopy(m).eval()(x)
        tool(lib, 'parametrize').remove_parametrizations(m, 'weight')
        return y, state, text, z, m.state_dict(), type(m).__name__
    return run


def own_parametrizations(lib, nn):
    class Exp(nn.Module):
        def forward(self, x):
            return x.exp()

        def right_inverse(self, x):
            return x.log()

    class Symmetric(nn.Module):
        def forward(self, x):
            return x.triu() + x.triu(1).T

    tools = tool(lib, 'parametrize')
    m, n = nn.Linear(3, 3), nn.Linear(3, 3)
    tools.register_parametrization(m, 'weight', Symmetric())
    tools.register_parametrization(m, 'weight', Exp())
    result = [m.weight, repr(m), m.state_dict(), tools.is_parametrized(m, 'bias'), tools.type_before_parametrizations(m).__name__]
    tools.transfer_parametrizations_and_params(m, n)
    with tools.cached():
        result += [n.weight, n.weight is n.weight]
    try:
        pickle.dumps(m)
    except RuntimeError:
        result.append('refused')
    tools.remove_parametrizations(m, 'weight', leave_parametrized=False)
    return result, m.state_dict()


def bad_parametrization(change):
    def run(lib, nn):
        class Bad(nn.Module):
            def forward(self, x):
                return change(x)
        tool(lib, 'parametrize').register_parametrization(nn.Linear(3, 2), 'weight', Bad())
    return run


def pruned(*steps):
    def run(lib, nn):
        prune = tool(lib, 'prune')
        m = nn.Linear(6, 5)
        for method, *args in steps:
            getattr(prune, method)(m, *args)
        return trained(lib, m, lib.ones(1, 6)), m.state_dict(), prune.is_pruned(m), repr(m)
    return run


def pruned_globally(lib, nn):
    prune = tool(lib, 'prune')
    m = nn.Linear(6, 5)
    prune.global_unstructured([(m, 'weight'), (m, 'bias')], prune.L1Unstructured, amount=0.4)
    prune.remove(m, 'bias')
    return m.state_dict()


def fused(lib, nn):
    results = []
    for layer, bn, shape, transpose in (
            (nn.Conv2d(2, 3, 2, bias=False), nn.BatchNorm2d(3), (2, 2, 4, 4), False),
            (nn.ConvTranspose1d(2, 3, 2), nn.BatchNorm1d(3, affine=False), (2, 2, 4), True),
            (nn.Linear(4, 3), nn.BatchNorm1d(3), (5, 4), None)):
        x = lib.randn(*shape)
        bn(layer(x))
        layer.eval(), bn.eval()
        fuse = nn.utils.fuse_linear_bn_eval if transpose is None else nn.utils.fuse_conv_bn_eval
        one = fuse(layer, bn) if transpose is None else fuse(layer, bn, transpose)
        results += [one(x) - bn(layer(x)), one.state_dict(), [p.requires_grad for p in one.parameters()], repr(one)]
    return results


def other_parameters(lib, nn):
    call = importlib.import_module(f'{lib.__name__}.func').functional_call
    m = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    given = {'0.weight': lib.ones(2, 2, requires_grad=True), '1.running_mean': lib.zeros(2)}
    y = call(m, given, (lib.tensor([[1., 2.], [3., 5.], [0., 1.]]),))
    (y ** 2).sum().backward()
    refusals = []
    for bad, strict in (({'x': lib.ones(1)}, True), (3, False), ([{'0.bias': lib.ones(2)}] * 2, False)):
        try:
            call(m, bad, (lib.ones(3, 2),), strict=strict)
        except (RuntimeError, ValueError) as error:
            refusals.append([type(error).__name__, str(error)])
    return given['1.running_mean'], m.state_dict(), refusals


SCENARIOS.update({f'utils.weight_norm.{w}.{d}': hooked(w, d) for w in ('linear', 'conv', 'transposed') for d in (0, None, 1)})
SCENARIOS.update({f'utils.spectral_norm.{w}': spectral(w) for w in ('linear', 'conv', 'transposed')})
SCENARIOS.update({f'utils.parametrizations.{m}.{w}': parametrized(m, w) for m in ('weight_norm', 'spectral_norm', 'orthogonal')
                  for w in ('linear', 'square', 'wide', 'conv')})
SCENARIOS.update({f'utils.parametrizations.orthogonal.{w}.{m}.{t}': parametrized(
    'orthogonal', w, orthogonal_map=m, use_trivialization=t) for w in ('linear', 'square')
    for m, t in (('cayley', True), ('householder', False), ('matrix_exp', False), ('other', True))})
SCENARIOS.update({f'utils.parametrize.{name}': bad_parametrization(f) for name, f in {
    'shape': lambda x: x[0], 'dtype': lambda x: x.double(), 'type': lambda x: 3}.items()})
SCENARIOS.update({f'utils.prune.{i}': pruned(*steps) for i, steps in enumerate((
    [('random_unstructured', 'weight', 0.3), ('l1_unstructured', 'weight', 4)],
    [('random_structured', 'weight', 2, 1), ('ln_structured', 'weight', 1, 2, 0)],
    [('identity', 'bias')], [('l1_unstructured', 'weight', 100)], [('l1_unstructured', 'weight', -1)],
    [('l1_unstructured', 'weight', 'all')], [('random_structured', 'bias', 1, 0)], [('remove', 'weight')],
    [('ln_structured', 'weight', 0.5, float('inf'), -1), ('remove', 'weight')]))})
SCENARIOS.update({f'utils.{f.__name__}': f for f in (own_parametrizations, pruned_globally, fused, other_parameters)})
