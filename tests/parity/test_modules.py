"""Modules behave as PyTorch's: each scenario runs with both libraries, and the outcomes are compared.

An outcome is what the scenario returns, or the type and text of the exception it raises. Tensors become lists, and
'torch.' in texts becomes 'cnet.'.
"""

import copy
import inspect
import pickle
import warnings
from collections import OrderedDict

import numpy as np
import pytest

import cnet

torch = pytest.importorskip('torch')


def plain(value, lib):
    """`value` without anything that belongs to one library."""
    if isinstance(value, lib.Tensor):
        return np.round(value.detach().numpy(), 5).tolist()
    if isinstance(value, lib.nn.Module):
        return repr(value)
    if isinstance(value, dict):
        return {key: plain(v, lib) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v, lib) for v in value]
    if isinstance(value, str):
        return value.replace('torch.', 'cnet.')
    return value


def outcome(scenario, lib):
    lib.manual_seed(0)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        try:
            result = plain(scenario(lib, lib.nn), lib)
        except Exception as error:
            result = type(error).__name__, str(error).replace('torch.', 'cnet.')
    return result, [w.category.__name__ for w in caught]


SCENARIOS = []


def scenario(function):
    SCENARIOS.append(function)
    return function


def sample_net(nn):
    return nn.Sequential(OrderedDict(
        a=nn.Linear(3, 4), b=nn.BatchNorm1d(4), c=nn.Sequential(nn.ReLU(), nn.Linear(4, 2, bias=False))))


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
def call_before_init(lib, nn):
    class Net(nn.Module):
        def __init__(self):
            pass

        def forward(self, x):
            return x
    return isinstance_of_attribute_error(Net())


def isinstance_of_attribute_error(module):
    try:
        module(1)
    except AttributeError:
        return 'AttributeError'


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
        refused.__name__ = f'{name}{given}'
        SCENARIOS.append(refused)


@scenario
def non_leaf_parameter(lib, nn):
    p = nn.Parameter(lib.ones(1)) * 2
    p = p.as_subclass(nn.Parameter) if lib is torch else p
    return nn.Module().register_parameter('x', nn.Parameter(lib.ones(1)))


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


for bad in (lambda nn: nn.Sequential(nn.ReLU())[3], lambda nn: nn.Sequential(nn.ReLU()) + [nn.ReLU()],
            lambda nn: nn.Sequential(nn.ReLU()) * 0, lambda nn: nn.Sequential(nn.ReLU()).insert(5, nn.ReLU()),
            lambda nn: nn.Sequential(nn.ReLU()).insert(0, 3), lambda nn: nn.Sequential(3),
            lambda nn: nn.ModuleList([nn.ReLU()])[3], lambda nn: nn.ModuleList(3), lambda nn: nn.ModuleList([3]),
            lambda nn: nn.ModuleDict(3), lambda nn: nn.ModuleDict([1]), lambda nn: nn.ModuleDict([(1, 2, 3)]),
            lambda nn: nn.ModuleDict({'a': nn.ReLU()})['b'], lambda nn: nn.ParameterList(3),
            lambda nn: nn.ParameterList([])(), lambda nn: nn.ParameterDict({1: 2}), lambda nn: nn.ParameterDict({})(1),
            lambda nn: nn.ModuleList([nn.ReLU()])(1)):
    def refused_by_container(lib, nn, bad=bad):
        return bad(nn)
    refused_by_container.__name__ = 'refused_' + str(len(SCENARIOS))
    SCENARIOS.append(refused_by_container)


@scenario
def module_list(lib, nn):
    m = nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
    m.append(nn.ReLU())
    m.insert(1, nn.Tanh())
    m.insert(-1, nn.ELU())
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


# ---- initial weights and repr of every layer

LAYERS = {
    'Linear': (3, 2), 'Bilinear': (2, 3, 4), 'Conv1d': (4, 6, 3, 1, 0, 1, 2), 'Conv2d': (2, 3, (3, 2), 2, 1),
    'Conv3d': (1, 2, 2), 'ConvTranspose1d': (4, 6, 3, 2, 1, 1, 2), 'ConvTranspose2d': (2, 3, 3, 2, 1, 1),
    'ConvTranspose3d': (1, 2, 2), 'Embedding': (4, 3, 1), 'EmbeddingBag': (4, 3), 'BatchNorm1d': (3,), 'BatchNorm2d': (3,),
    'BatchNorm3d': (3,), 'InstanceNorm1d': (3,), 'InstanceNorm2d': (3, 1e-4, 0.2, True, True), 'InstanceNorm3d': (3,),
    'LayerNorm': ((2, 3),), 'GroupNorm': (2, 4), 'RMSNorm': (3,), 'LocalResponseNorm': (2,), 'PReLU': (2,), 'ReLU': (True,),
    'RReLU': (), 'Hardtanh': (), 'ReLU6': (), 'Sigmoid': (), 'Hardsigmoid': (True,), 'Tanh': (), 'SiLU': (True,),
    'Mish': (), 'Hardswish': (), 'ELU': (0.5, True), 'CELU': (), 'SELU': (True,), 'GLU': (), 'GELU': ('tanh',),
    'Hardshrink': (), 'LeakyReLU': (0.2, True), 'LogSigmoid': (), 'Softplus': (), 'Softshrink': (), 'Softsign': (),
    'Tanhshrink': (), 'Threshold': (1, 2, True), 'Softmax': (), 'Softmin': (1,), 'LogSoftmax': (1,), 'Softmax2d': (),
    'Dropout': (), 'Dropout1d': (), 'Dropout2d': (0.1, True), 'Dropout3d': (), 'AlphaDropout': (),
    'FeatureAlphaDropout': (), 'MaxPool1d': (2,), 'MaxPool2d': ((2, 3), 1), 'MaxPool3d': (2,), 'AvgPool1d': (2,),
    'AvgPool2d': (2,), 'AvgPool3d': (2,), 'LPPool1d': (2, 3), 'LPPool2d': (2, 3), 'LPPool3d': (2, 3),
    'MaxUnpool1d': (2,), 'MaxUnpool2d': (2, 3), 'MaxUnpool3d': (2,), 'AdaptiveAvgPool1d': (2,),
    'AdaptiveAvgPool2d': ((1, None),), 'AdaptiveAvgPool3d': (2,), 'AdaptiveMaxPool1d': (2,), 'AdaptiveMaxPool2d': (2,),
    'AdaptiveMaxPool3d': (2,), 'Flatten': (), 'Unflatten': (1, (2, 3)), 'Fold': (4, 2), 'Unfold': (2,),
    'CircularPad1d': (1,), 'CircularPad2d': (1,), 'CircularPad3d': (1,), 'ConstantPad1d': (1, 2.0),
    'ConstantPad2d': ((1, 2, 3, 4), 2), 'ConstantPad3d': (1, 2), 'ReflectionPad1d': (1,), 'ReflectionPad2d': (1,),
    'ReflectionPad3d': (1,), 'ReplicationPad1d': (1,), 'ReplicationPad2d': (1,), 'ReplicationPad3d': (1,),
    'ZeroPad1d': (1,), 'ZeroPad2d': ((1, 2, 0, 0),), 'ZeroPad3d': (1,), 'PixelShuffle': (2,), 'PixelUnshuffle': (2,),
    'ChannelShuffle': (2,), 'Upsample': (None, 2), 'UpsamplingNearest2d': ((2, 3),), 'UpsamplingBilinear2d': (None, 2),
    'CosineSimilarity': (), 'PairwiseDistance': (), 'L1Loss': (), 'MSELoss': (), 'SmoothL1Loss': (), 'HuberLoss': (),
    'NLLLoss': (), 'CrossEntropyLoss': (), 'PoissonNLLLoss': (), 'GaussianNLLLoss': (), 'KLDivLoss': (), 'BCELoss': (),
    'BCEWithLogitsLoss': (), 'CTCLoss': (), 'HingeEmbeddingLoss': (), 'SoftMarginLoss': (), 'MultiLabelMarginLoss': (),
    'MultiLabelSoftMarginLoss': (), 'MultiMarginLoss': (), 'MarginRankingLoss': (), 'CosineEmbeddingLoss': (),
    'TripletMarginLoss': (), 'TripletMarginWithDistanceLoss': (), 'Identity': (),
}


@pytest.mark.parametrize('name', LAYERS)
def test_layer_as_torch_makes_it(name):
    def build(lib, nn):
        layer = getattr(nn, name)(*LAYERS[name])
        return repr(layer), layer.state_dict(), layer.training
    assert outcome(build, cnet) == outcome(build, torch)


@pytest.mark.parametrize('name', LAYERS)
def test_constructor_arguments(name):
    def arguments(lib):
        parameters = inspect.signature(getattr(lib.nn, name).__init__).parameters.values()
        return [(p.name, p.default, p.kind) for p in parameters]
    assert arguments(cnet) == arguments(torch)


@pytest.mark.parametrize('run', SCENARIOS, ids=lambda f: f.__name__)
def test_scenario(run):
    assert outcome(run, cnet) == outcome(run, torch)
