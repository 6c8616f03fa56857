"""Scenarios about what modules own, save and convert."""
import copy
import pickle

from nn.scenario import SCENARIOS, sample_net, scenario

# ---- attributes

@scenario
def registration_order_and_walks(lib, nn):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(lib.ones(2))
            self.register_buffer('b', lib.zeros(1))
            self.register_buffer('t', lib.zeros(1), persistent=False)
            self.register_parameter('none', None)
            self.sub = sample_net(nn)
            self.again = self.sub
            self.tied = self.sub.a.weight
            self.number = 3
    m = Net()
    return (list(m.state_dict()), [n for n, _ in m.named_parameters()], [n for n, _ in m.named_buffers()],
            [n for n, _ in m.named_modules()], [n for n, _ in m.named_children()],
            [n for n, _ in m.named_parameters(remove_duplicate=False)], [n for n, _ in m.named_parameters(recurse=False)],
            [n for n, _ in m.named_modules(prefix='p', remove_duplicate=False)], len(list(m.parameters())),
            m.none, m.number, sorted(n for n in dir(m) if n in ('w', 'b', 'sub', 'number')))


@scenario
def unknown_attribute(lib, nn):
    return nn.Linear(2, 2).wight


@scenario
def assign_before_init(lib, nn):
    class Net(nn.Module):
        def __init__(self):
            self.a = nn.Linear(1, 1)
    return Net()


@scenario
def assign_parameter_before_init(lib, nn):
    class Net(nn.Module):
        def __init__(self):
            self.a = nn.Parameter(lib.ones(1))
    return Net()


@scenario
def register_buffer_before_init(lib, nn):
    class Net(nn.Module):
        def __init__(self):
            self.register_buffer('a', lib.ones(1))
    return Net()


@scenario
def init_with_arguments(lib, nn):
    return nn.Module(1)


@scenario
def init_with_keyword(lib, nn):
    return nn.Module(a=1)


@scenario
def no_forward(lib, nn):
    return nn.Module()(1)


@scenario
def tensor_for_parameter(lib, nn):
    nn.Linear(1, 1).weight = lib.ones(1)


@scenario
def number_for_parameter(lib, nn):
    nn.Linear(1, 1).weight = 3


@scenario
def number_for_module(lib, nn):
    nn.Sequential(nn.Identity()).__setattr__('0', 3)


@scenario
def number_for_buffer(lib, nn):
    nn.BatchNorm1d(1).running_mean = 3


@scenario
def tensor_for_buffer_keeps_it_a_buffer(lib, nn):
    m = nn.BatchNorm1d(1)
    m.running_mean = lib.ones(1)
    return dict(m.named_buffers())


@scenario
def none_for_members(lib, nn):
    m = nn.Linear(1, 1)
    m.weight = None
    m.sub = nn.Identity()
    m.sub = None
    return m.weight, m.sub, list(m.state_dict()), list(m._modules)


@scenario
def parameter_replaces_plain_attribute(lib, nn):
    m = nn.Module()
    m.x = 1
    m.x = nn.Parameter(lib.ones(1))
    return 'x' in m.__dict__, list(m._parameters)


@scenario
def module_replaces_parameter(lib, nn):
    m = nn.Linear(1, 1)
    m.weight = nn.Identity()


@scenario
def module_replaces_buffer_and_attribute(lib, nn):
    m = nn.Module()
    m.register_buffer('x', lib.ones(1))
    m.x = nn.Identity()
    m.y = 1
    m.y = nn.Identity()
    return list(m._buffers), list(m._modules), 'y' in m.__dict__


@scenario
def parameter_replaces_module(lib, nn):
    m = nn.Sequential(nn.Identity())
    m.__setattr__('0', nn.Parameter(lib.ones(1)))
    return list(m._modules), list(m._parameters)


@scenario
def delete_members(lib, nn):
    m = nn.BatchNorm1d(1)
    del m.weight, m.running_mean
    m.sub = nn.Identity()
    del m.sub
    m.n = 1
    del m.n
    return list(m._parameters), list(m._buffers), list(m._modules)


@scenario
def delete_unknown(lib, nn):
    del nn.Linear(1, 1).nothing


@scenario
def buffer_class(lib, nn):
    m = nn.Module()
    m.a = nn.Buffer(lib.ones(1))
    m.b = nn.Buffer(lib.ones(1), persistent=False)
    return list(m.state_dict()), [n for n, _ in m.named_buffers()], isinstance(m.a, nn.Buffer), \
        isinstance(lib.ones(1), nn.Buffer)


for name, arguments in {
    'register_parameter': [('a.b', None), ('', None), (3, None), ('training', None), ('x', 3), ('forward', None)],
    'register_buffer': [('a.b', None), ('', None), (3, None), ('training', None), ('x', 3)],
    'add_module': [('a.b', None), ('', None), (3, None), ('training', None), ('x', 3)],
    'register_module': [('x', None)],
    'get_submodule': [('',), ('c.0',), ('c.5',), ('a.weight',)],
    'get_parameter': [('c.1.weight',), ('a.nothing',), ('b.running_mean',)],
    'get_buffer': [('b.running_mean',), ('a.weight',), ('b.nothing',)],
    'set_submodule': [('', None), ('a', 3), ('a.weight', None)],
    'train': [(1,)],
    'load_state_dict': [(3,), ({},), ({'a.weight': 1},)],
}.items():
    for given in arguments:
        def refused(lib, nn, name=name, given=given):
            return getattr(sample_net(nn), name)(*given)
        SCENARIOS[f'{name}{given}'] = refused


@scenario
def non_leaf_parameter(lib, nn):
    p = nn.Parameter(lib.ones(1), requires_grad=False)
    p.mul_(nn.Parameter(lib.ones(1)))
    return nn.Module().register_parameter('x', p)


@scenario
def set_submodule(lib, nn):
    m = sample_net(nn)
    m.set_submodule('c.0', nn.Tanh())
    m.set_submodule('d', nn.Tanh())
    return m


@scenario
def set_submodule_strict(lib, nn):
    sample_net(nn).set_submodule('d', nn.Tanh(), strict=True)


@scenario
def registration_hooks(lib, nn):
    seen = []
    from_module = lib.nn.modules.module
    handles = [from_module.register_module_parameter_registration_hook(lambda m, n, p: seen.append(n)),
               from_module.register_module_buffer_registration_hook(lambda m, n, p: seen.append(n)),
               from_module.register_module_module_registration_hook(lambda m, n, p: seen.append(n))]
    nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1))
    for handle in handles:
        handle.remove()
    nn.Linear(1, 1)
    return seen


# ---- state

@scenario
def state_dict_metadata(lib, nn):
    m = sample_net(nn)
    state = m.state_dict(prefix='p.')
    return list(state), state._metadata, m.state_dict(keep_vars=True)['a.weight'] is m.a.weight, \
        m.state_dict()['a.weight'].requires_grad


@scenario
def state_dict_positional(lib, nn):
    return list(sample_net(nn).state_dict({}, 'p.'))


@scenario
def state_dict_is_a_view(lib, nn):
    m = nn.Linear(1, 1)
    m.state_dict()['weight'].fill_(3)
    return m.weight


@scenario
def load_all_match(lib, nn):
    m, other = sample_net(nn), sample_net(nn)
    result = m.load_state_dict(other.state_dict())
    return repr(result), str(result), result.missing_keys, m.a.weight


@scenario
def load_everything_wrong_at_once(lib, nn):
    state = sample_net(nn).state_dict()
    state['a.weight'] = lib.ones(2, 2)
    state['a.bias'] = lib.ones(5)
    del state['b.running_mean'], state['b.weight']
    state['x'] = lib.ones(1)
    state['c.9.y'] = lib.ones(1)
    state['nothing.here'] = lib.ones(1)
    sample_net(nn).load_state_dict(state)


@scenario
def load_not_strict(lib, nn):
    state = sample_net(nn).state_dict()
    del state['b.weight']
    state['x'] = lib.ones(1)
    return repr(sample_net(nn).load_state_dict(state, strict=False))


@scenario
def load_not_strict_size_mismatch(lib, nn):
    sample_net(nn).load_state_dict({'a.bias': lib.ones(5)}, strict=False)


@scenario
def load_assign(lib, nn):
    m = nn.BatchNorm1d(2).double()
    state = nn.BatchNorm1d(2).state_dict()
    m.load_state_dict(state, assign=True)
    return str(m.weight.dtype), type(m.weight).__name__, m.running_mean is state['running_mean'], m.weight.requires_grad


@scenario
def load_copies_into_dtype(lib, nn):
    m = nn.Linear(1, 1).double()
    m.load_state_dict({'weight': lib.ones(1, 1), 'bias': lib.ones(1)})
    return str(m.weight.dtype), m.weight


@scenario
def load_one_element_into_scalar(lib, nn):
    m = nn.Module()
    m.x = nn.Parameter(lib.tensor(1.0))
    m.load_state_dict({'x': lib.tensor([2.0])})
    return m.x


@scenario
def load_unbroadcastable(lib, nn):
    nn.Linear(2, 1).load_state_dict({'weight': [1, 2], 'bias': lib.ones(1)})


@scenario
def old_batch_norm_state(lib, nn):
    state = nn.BatchNorm1d(2).state_dict()
    del state['num_batches_tracked'], state._metadata
    return repr(nn.BatchNorm1d(2).load_state_dict(state))


@scenario
def new_batch_norm_state_without_count(lib, nn):
    state = nn.BatchNorm1d(2).state_dict()
    del state['num_batches_tracked']
    nn.BatchNorm1d(2).load_state_dict(state)


@scenario
def old_instance_norm_state(lib, nn):
    nn.InstanceNorm1d(2).load_state_dict({'running_mean': lib.ones(2), 'running_var': lib.ones(2)})


@scenario
def extra_state(lib, nn):
    class Net(nn.Module):
        note = 'a'

        def get_extra_state(self):
            return {'note': self.note}

        def set_extra_state(self, state):
            self.note = state['note']

    m, other = Net(), Net()
    m.note = 'b'
    other.load_state_dict(m.state_dict())
    missing = other.load_state_dict({}, strict=False)
    return dict(m.state_dict()), other.note, repr(missing)


@scenario
def unexpected_extra_state(lib, nn):
    nn.Linear(1, 1, bias=False).load_state_dict({'weight': lib.ones(1, 1), '_extra_state': 1})


@scenario
def state_hooks(lib, nn):
    m, seen = sample_net(nn), []
    m.a.register_state_dict_pre_hook(lambda module, prefix, keep: seen.append(('pre', prefix, keep)))
    m.a.register_state_dict_post_hook(lambda module, state, prefix, meta: seen.append(('post', sorted(state), prefix)))
    m._register_state_dict_hook(lambda module, state, prefix, meta: {'only': 1})
    m.c.register_load_state_dict_pre_hook(
        lambda module, state, prefix, meta, strict, missing, unexpected, errors: seen.append((prefix, sorted(state))))
    m.c.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.append('mine'))
    state = m.state_dict()
    result = m.load_state_dict(sample_net(nn).state_dict(), strict=False)
    return seen, state, repr(result)


@scenario
def post_hook_must_return_none(lib, nn):
    m = nn.Linear(1, 1)
    m.register_state_dict_post_hook(lambda *args: {})
    m.state_dict()


@scenario
def pickle_and_copy(lib, nn):
    m = sample_net(nn).eval()
    m.a.weight.grad = lib.ones(4, 3)
    for twin in (copy.deepcopy(m), pickle.loads(pickle.dumps(m))):
        assert twin.a.weight is not m.a.weight
        assert isinstance(twin.a.weight, nn.Parameter)
    shallow = copy.copy(m)
    tied = copy.deepcopy(nn.ModuleList([m.a, m.a]))
    return twin, twin.state_dict(), twin.training, shallow.a is m.a, tied[0] is tied[1], \
        copy.deepcopy(m).a.weight.grad, copy.deepcopy(m.a.weight).requires_grad


# ---- conversions and modes

@scenario
def conversions(lib, nn):
    m = sample_net(nn)
    weight = m.a.weight
    m.a.weight.grad = lib.ones(4, 3)
    same = m.double()
    dtypes = [str(v.dtype) for v in m.state_dict().values()]
    return same is m, weight is m.a.weight, dtypes, str(weight.grad.dtype), str(m.half().a.weight.dtype), \
        str(m.float().a.weight.dtype), str(m.to(lib.float64).a.bias.dtype), str(m.to('cpu', lib.float32).a.bias.dtype), \
        str(m.to(lib.ones(1, dtype=lib.float64)).a.bias.dtype), str(m.type(lib.float32).b.num_batches_tracked.dtype), \
        m.cpu() is m, m.to_empty(device='cpu') is m, str(m.to(dtype=lib.float64, device='cpu').a.bias.dtype)


@scenario
def to_integer(lib, nn):
    nn.Linear(1, 1).to(lib.int64)


@scenario
def to_complex(lib, nn):
    return str(nn.Linear(1, 1).to(lib.complex64).weight.dtype)


@scenario
def modes(lib, nn):
    m = sample_net(nn)
    m.eval()
    flags = [x.training for x in m.modules()]
    m.train()
    m.requires_grad_(False)
    frozen = [p.requires_grad for p in m.parameters()]
    seen = []
    m.apply(lambda x: seen.append(type(x).__name__))
    return flags, [x.training for x in m.modules()], frozen, seen


@scenario
def zero_grad(lib, nn):
    m = nn.Linear(1, 1)
    m(lib.ones(1, 1)).sum().backward()
    grad = m.weight.grad
    m.zero_grad(set_to_none=False)
    zeroed = m.weight.grad is grad, grad
    m.zero_grad()
    return zeroed, m.weight.grad
