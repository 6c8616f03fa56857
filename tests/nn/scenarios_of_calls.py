"""Scenarios about hooks and containers."""
from nn.scenario import SCENARIOS, scenario

# ---- hooks

@scenario
def forward_hooks(lib, nn):
    m, seen = nn.Identity(), []
    m.register_forward_pre_hook(lambda mod, args: args[0] + 1)
    m.register_forward_pre_hook(lambda mod, args: (args[0] * 10,), prepend=True)
    m.register_forward_hook(lambda mod, args, out: seen.append((args, out)))
    h = m.register_forward_hook(lambda mod, args, kwargs, out: out - kwargs.get('k', 1), with_kwargs=True, prepend=True)
    first = m(lib.ones(1))
    h.remove()
    return first, m(lib.ones(1)), seen


@scenario
def pre_hook_with_kwargs(lib, nn):
    class Net(nn.Module):
        def forward(self, x, k=0):
            return x + k
    m = Net()
    m.register_forward_pre_hook(lambda mod, args, kwargs: (args, {'k': kwargs['k'] + 1}), with_kwargs=True)
    return m(lib.ones(1), k=2)


@scenario
def pre_hook_with_kwargs_bad_result(lib, nn):
    m = nn.Identity()
    m.register_forward_pre_hook(lambda mod, args, kwargs: 3, with_kwargs=True)
    m(lib.ones(1))


@scenario
def always_called_hook(lib, nn):
    class Net(nn.Module):
        def forward(self, x):
            raise ValueError('no')
    m, seen = Net(), []
    m.register_forward_hook(lambda mod, args, out: seen.append('plain'))
    m.register_forward_hook(lambda mod, args, out: seen.append(('always', out)), always_call=True)
    try:
        m(1)
    except ValueError as error:
        seen.append(str(error))
    return seen


@scenario
def global_hooks(lib, nn):
    module, seen = lib.nn.modules.module, []
    handles = [
        module.register_module_forward_pre_hook(lambda m, args: seen.append(('pre', type(m).__name__))),
        module.register_module_forward_hook(lambda m, args, out: seen.append(('post', type(m).__name__))),
        module.register_module_full_backward_hook(lambda m, gi, go: seen.append(('back', type(m).__name__, gi, go))),
        module.register_module_full_backward_pre_hook(lambda m, go: seen.append(('pre-back', type(m).__name__, go)))]
    nn.Sequential(nn.Tanh(), nn.Identity())(lib.zeros(2, requires_grad=True)).sum().backward()
    for handle in handles:
        handle.remove()
    nn.Tanh()(lib.zeros(1))
    return seen


@scenario
def full_backward_hooks(lib, nn):
    class Net(nn.Module):
        def forward(self, x, y, n):
            return x * y * n, n
    m, seen = Net(), []
    m.register_full_backward_pre_hook(lambda mod, go: seen.append(('pre', go)))
    m.register_full_backward_hook(lambda mod, gi, go: seen.append((gi, go)))
    x, y = lib.tensor([2.], requires_grad=True), lib.tensor([3.])
    m(x, y, 5)[0].sum().backward()
    return seen, x.grad


@scenario
def backward_hook_replaces(lib, nn):
    m = nn.Identity()
    m.register_full_backward_hook(lambda mod, gi, go: (gi[0] * 2,))
    m.register_full_backward_pre_hook(lambda mod, go: (go[0] * 10,))
    x = lib.ones(2, requires_grad=True)
    y = m(x)
    y.sum().backward()
    return x.grad, type(y.grad_fn).__name__


@scenario
def backward_hook_wrong_length(lib, nn):
    m = nn.Identity()
    m.register_full_backward_hook(lambda mod, gi, go: gi * 2)
    m(lib.ones(2, requires_grad=True)).sum().backward()


@scenario
def backward_hook_without_input_gradient(lib, nn):
    m, seen = nn.Linear(1, 1, bias=False), []
    m.register_full_backward_hook(lambda mod, gi, go: seen.append((gi, go)))
    m(lib.ones(1, 1)).sum().backward()
    return seen


@scenario
def mixed_backward_hooks(lib, nn):
    m = nn.Identity()
    m.register_backward_hook(lambda *args: None)
    m.register_full_backward_hook(lambda *args: None)


@scenario
def legacy_backward_hook(lib, nn):
    m, seen = nn.Tanh(), []
    m.register_backward_hook(lambda mod, gi, go: seen.append((gi, go)))
    m(lib.zeros(1, requires_grad=True)).sum().backward()
    return seen


@scenario
def in_place_behind_a_backward_hook(lib, nn):
    m = nn.ReLU(inplace=True)
    m.register_full_backward_hook(lambda mod, gi, go: None)
    x = lib.ones(2, requires_grad=True) * 2
    try:
        m(x)
    except RuntimeError:
        return 'refused'


@scenario
def forward_replaced_on_the_instance(lib, nn):
    m = nn.Identity()
    m.forward = lambda x: x + 1
    return m(lib.ones(1))


# ---- containers

@scenario
def sequential(lib, nn):
    m = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1))
    sliced = m[1:]
    m.append(nn.Tanh()).extend(nn.Sequential(nn.ELU()))
    m.insert(1, nn.SELU())
    m[0] = nn.Identity()
    del m[2]
    popped = m.pop(-1)
    m += nn.Sequential(nn.CELU())
    return m, sliced, popped, len(m), m + nn.Sequential(nn.Mish()), nn.Sequential(nn.ReLU()) * 2, m[-1], m[1], \
        2 * nn.Sequential(nn.ReLU(), nn.Tanh()), [type(x).__name__ for x in m]


for i, bad in enumerate((lambda nn: nn.Sequential(nn.ReLU())[3], lambda nn: nn.Sequential(nn.ReLU()) + [nn.ReLU()],
            lambda nn: nn.Sequential(nn.ReLU()) * 0, lambda nn: nn.Sequential(nn.ReLU()).insert(5, nn.ReLU()),
            lambda nn: nn.Sequential(nn.ReLU()).insert(0, 3), lambda nn: nn.Sequential(3),
            lambda nn: nn.ModuleList([nn.ReLU()])[3], lambda nn: nn.ModuleList(3), lambda nn: nn.ModuleList([3]),
            lambda nn: nn.ModuleDict(3), lambda nn: nn.ModuleDict([(1, 2, 3)]),
            lambda nn: nn.ModuleDict({'a': nn.ReLU()})['b'], lambda nn: nn.ParameterList(3),
            lambda nn: nn.ParameterList([])(), lambda nn: nn.ParameterDict({})(1),
            lambda nn: nn.ModuleList([nn.ReLU()])(1))):
    def refused_by_container(lib, nn, bad=bad):
        return bad(nn)
    SCENARIOS[f'refused_by_container_{i}'] = refused_by_container


@scenario
def module_list(lib, nn):
    m = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
    m.append(nn.ReLU())
    m.insert(1, nn.Tanh())
    m.insert(2, nn.ELU())
    m += [nn.ReLU()]
    m[0] = nn.Identity()
    del m[1:2]
    nested = nn.ModuleList([nn.ModuleList([nn.Sequential(nn.ReLU(), nn.ReLU())]) for _ in range(2)])
    return m, m[1:3], m[-1], len(m), m.pop(0), m + [nn.SELU()], nn.ModuleList(), nested, list(nested.state_dict())


@scenario
def module_dict(lib, nn):
    m = nn.ModuleDict({'a': nn.Linear(1, 1), 'b': nn.ReLU()})
    m['c'] = nn.Tanh()
    m.update([('d', nn.ELU())])
    del m['a']
    popped = m.pop('b')
    return m, list(m.keys()), len(m), 'c' in m, popped, [k for k, _ in m.items()], [repr(v) for v in m.values()], list(m)


@scenario
def parameter_list(lib, nn):
    m = nn.ParameterList([lib.zeros(2, 3), nn.Parameter(lib.ones(1))])
    m.append(lib.ones(2)).extend([lib.ones(1)])
    m += [lib.ones(4)]
    m[0] = lib.ones(1)
    m.append('text')
    return m, len(m), list(m.state_dict()), m[-1], len(m[1:3]), isinstance(m[0], nn.Parameter)


@scenario
def parameter_dict(lib, nn):
    m = nn.ParameterDict({'b': lib.ones(1), 'a': nn.Parameter(lib.zeros(2))})
    m['c'] = lib.ones(3)
    m.update({'d': 3})
    del m['b']
    return repr(m), list(m.keys()), len(m), 'a' in m, m.get('x', 1), m.pop('d'), m.setdefault('e', lib.ones(1)), \
        list(reversed(m)), list((m | {'z': 1}).keys()), m.popitem()[0], list(m.copy()), list(m.fromkeys(['q'], 1).items())
