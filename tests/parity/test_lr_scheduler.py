"""Schedules against PyTorch: rates, momenta, states in both directions, refusals."""

import numpy as np
import pytest
from schedules import SCHEDULES, follow, optimizer

import cnet

torch = pytest.importorskip('torch')


@pytest.mark.parametrize('name', SCHEDULES)
def test_rates(name):
    ours, a, s = follow(cnet, SCHEDULES[name], 20)
    theirs, b, t = follow(torch, SCHEDULES[name], 20)
    np.testing.assert_allclose(np.array(ours), np.array(theirs), 1e-12)
    for mine, other in zip(a.param_groups, b.param_groups):
        assert set(mine) == set(other)
    state, other = s.state_dict(), t.state_dict()
    assert set(other) - set(state) <= {'_is_initial', '_get_lr_called_within_step', '_scale_fn_ref'}
    for key in set(other) & set(state):
        if not isinstance(other[key], list) or key in ('base_lrs', '_last_lr'):
            assert state[key] == pytest.approx(other[key]), key


@pytest.mark.parametrize('name', SCHEDULES)
def test_states_load_in_both_directions(name):
    through, _, _ = follow(torch, SCHEDULES[name], 12)
    for source, target in ((torch, cnet), (cnet, torch)):
        _, o, s = follow(source, SCHEDULES[name], 7)
        saved = s.state_dict()
        fresh = optimizer(target)
        schedule = SCHEDULES[name](target, fresh)
        for group, old in zip(fresh.param_groups, o.param_groups):
            group.update({key: value for key, value in old.items() if key != 'params'})
        schedule.load_state_dict(saved)
        rest, _, _ = follow(target, None, 5, (fresh, schedule), first=7)
        np.testing.assert_allclose(np.array(rest), np.array(through[7:]), 1e-12)
