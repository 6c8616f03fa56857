"""Members of modules as attributes: what is asked, in which order, and that programs can still step in."""

from collections import OrderedDict

import pytest

import cnet
from cnet import nn


def member():
    m = nn.Module()
    m.register_parameter('p', nn.Parameter(cnet.ones(1)))
    m.register_buffer('b', cnet.zeros(1))
    m.add_module('m', nn.Identity())
    return m


def test_members_of_every_store():
    m = member()
    assert m.p is m._parameters['p'] and m.b is m._buffers['b'] and m.m is m._modules['m']
    m._parameters = OrderedDict(p=None)
    assert m.p is None
    assert not {'p', 'b', 'm'} & set(vars(m))


def test_own_and_class_attributes_come_first():
    class Named(nn.Module):
        p = 'class'

    m = Named()
    m._parameters['p'] = nn.Parameter(cnet.ones(1))
    m._buffers['q'] = cnet.ones(1)
    vars(m)['q'] = 'own'
    assert m.p == 'class' and m.q == 'own'


def test_getattr_of_a_subclass_is_asked_for_members():
    class Asking(nn.Module):
        def __getattr__(self, name):
            return 'asked' if name == 'p' else super().__getattr__(name)

    m = Asking()
    m._parameters['p'] = m._parameters['q'] = nn.Parameter(cnet.ones(1))
    assert m.p == 'asked' and m.q is m._parameters['q']
    with pytest.raises(AttributeError, match="'Asking' object has no attribute 'r'"):
        m.r  # noqa: B018


def test_getattribute_of_a_subclass_is_asked():
    class Asking(nn.Module):
        def __getattribute__(self, name):
            return 'asked' if name == 'p' else super().__getattribute__(name)

    m = Asking()
    m._parameters['p'] = m._parameters['q'] = nn.Parameter(cnet.ones(1))
    assert m.p == 'asked' and m.q is m._parameters['q']


def test_getattr_that_is_given_to_a_class_later(monkeypatch):
    class Later(nn.Linear):
        pass

    m, other = Later(1, 1), nn.Identity()
    assert m.weight is m._parameters['weight']
    with monkeypatch.context() as patch:
        patch.setattr(nn.Linear, '__getattr__', lambda self, name: name.upper(), raising=False)
        assert m.weight == 'WEIGHT'
        with pytest.raises(AttributeError):
            other.weight  # noqa: B018
    assert m.weight is m._parameters['weight']


def test_property_that_fails():
    class Failing(nn.Module):
        @property
        def p(self):
            return self.absent

        @property
        def q(self):
            raise ValueError('q')

    m = Failing()
    with pytest.raises(AttributeError, match="no attribute 'p'"):
        m.p  # noqa: B018
    with pytest.raises(ValueError, match='q'):
        m.q  # noqa: B018


def test_before_init():
    m = nn.Linear.__new__(nn.Linear)
    with pytest.raises(AttributeError, match="'Linear' object has no attribute 'weight'"):
        m.weight  # noqa: B018
    with pytest.raises(AttributeError):
        m._parameters  # noqa: B018


def test_call_of_a_subclass(monkeypatch):
    class Called(nn.Linear):
        def __call__(self, x):
            return super().__call__(x), 'called'

    m, plain = Called(1, 1), nn.Linear(1, 1)
    x = cnet.ones(1)
    y, word = m(x)
    assert word == 'called' and y.shape == (1,)
    with monkeypatch.context() as patch:
        patch.setattr(nn.Module, '__call__', lambda self, *args: 'patched')
        assert plain(x) == 'patched' and m(x) == ('patched', 'called')
    plain.forward = lambda x, *, scale: x * scale
    assert plain(x, scale=3).item() == 3
    plain.register_forward_hook(lambda module, args, kwargs, y: (y, kwargs), with_kwargs=True)
    assert plain(x, scale=3)[1] == {'scale': 3}


def test_wrong_calls_name_forward():
    with pytest.raises(TypeError, match='forward'):
        nn.Linear(1, 1)()
    with pytest.raises(NotImplementedError, match='forward'):
        type('Empty', (nn.Module,), {})()(1)
