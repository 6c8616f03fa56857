"""The other optimizers against PyTorch: trajectories, states, saved forms, texts."""

import importlib
import itertools

import numpy as np
import pytest
from optim_states import compare, convert

import cnet

torch = pytest.importorskip('torch')


def grid(**choices):
    return [dict(zip(choices, values)) for values in itertools.product(*choices.values())]


CASES = [(name, options) for name, many in {
    'Adagrad': grid(lr_decay=(0, 0.1), weight_decay=(0, 0.1), initial_accumulator_value=(0, 0.5), maximize=(False, True)),
    'Adadelta': grid(rho=(0.9, 0.3), weight_decay=(0, 0.1), maximize=(False, True)),
    'RMSprop': grid(momentum=(0, 0.9), centered=(False, True), alpha=(0.99, 0.4), weight_decay=(0, 0.1), maximize=(False, True)),
    'Adamax': grid(betas=((0.9, 0.99), (0.3, 0.5)), weight_decay=(0, 0.1), maximize=(False, True)),
    'NAdam': grid(betas=((0.9, 0.99), (0.3, 0.5)), weight_decay=(0, 0.1), decoupled_weight_decay=(False, True),
                  momentum_decay=(4e-3, 0.2)),
    'RAdam': grid(betas=((0.9, 0.99), (0.3, 0.5)), weight_decay=(0, 0.1), decoupled_weight_decay=(False, True),
                  maximize=(False, True)),
    'Rprop': grid(etas=((0.5, 1.2), (0.3, 1.5)), step_sizes=((1e-6, 50), (1e-3, 0.02)), maximize=(False, True)),
    'ASGD': grid(lambd=(1e-4, 0.1), t0=(1e6, 2), weight_decay=(0, 0.1), maximize=(False, True)),
    'Adafactor': grid(weight_decay=(0, 0.1), d=(1.0, 2.0), maximize=(False, True)),
}.items() for options in many]
SHAPES = [(20, 10), (20,), (3, 5, 7), (), (9000,)]


def trajectory(lib, name, options, dtype, steps=6, order='C'):
    rng = np.random.default_rng(0)
    params = [lib.from_numpy(np.array(rng.standard_normal(s), dtype, order=order)).requires_grad_() for s in SHAPES]
    optimizer = getattr(lib.optim, name)(params, **options)
    for step in range(steps):
        for i, p in enumerate(params):
            g = lib.from_numpy(rng.standard_normal(tuple(p.shape)).astype(dtype))
            p.grad = None if step == 2 and i == 1 else g
        optimizer.step()
    return params, optimizer


@pytest.mark.parametrize('dtype', ['float32', 'float64'])
@pytest.mark.parametrize(('name', 'options'), CASES, ids=str)
def test_trajectory(name, options, dtype):
    ours, a = trajectory(cnet, name, options, dtype)
    theirs, b = trajectory(torch, name, options, dtype)
    # Adafactor's norms and means are sums; a variance of RMSprop (centered) loses digits by subtraction.
    eps = np.finfo(dtype).eps * (64 if name == 'Adafactor' or options.get('centered') else 8)
    for p, q in zip(ours, theirs):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), eps, eps)
    compare(a.state_dict(), b.state_dict(), 4 * eps)


@pytest.mark.parametrize(('name', 'options'), CASES[::7], ids=str)
def test_other_layouts_and_types(name, options):
    for dtype, order, tol in (('float64', 'F', 1e-13), ('float16', 'C', 3e-2), ('complex64', 'C', 1e-5)):
        if name == 'Adafactor' and dtype != 'float64':
            continue
        visible = {'eps': 1e-3} if dtype == 'float16' and name in ('Adamax', 'NAdam', 'RAdam') else {}  # 1e-8 is 0 there
        ours, _ = trajectory(cnet, name, options | visible, dtype, 3, order)
        theirs, _ = trajectory(torch, name, options | visible, dtype, 3, order)
        for p, q in zip(ours, theirs):
            np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), tol, tol)


@pytest.mark.parametrize(('name', 'options'), CASES[::5], ids=str)
def test_resume(name, options):
    """State saved by PyTorch continues here."""
    theirs, b = trajectory(torch, name, options, 'float64')
    ours, _ = trajectory(cnet, name, options, 'float64')
    saved = convert(b.state_dict())
    fresh = getattr(cnet.optim, name)(ours, lr=1.0)
    fresh.load_state_dict(saved)
    for p, q in zip(ours, theirs):
        g = np.random.default_rng(5).standard_normal(tuple(p.shape))
        p.grad, q.grad = cnet.tensor(g), torch.tensor(g)
    fresh.step()
    b.step()
    for p, q in zip(ours, theirs):
        np.testing.assert_allclose(p.detach().numpy(), q.detach().numpy(), 1e-12, 1e-12)


@pytest.mark.parametrize('options', [{}, {'nesterov': False}, {'adjust_lr_fn': 'match_rms_adamw', 'weight_decay': 0}], ids=str)
def test_muon(options):
    """Products are rounded to 8 bits, so that another order of summation shows: a fraction of a step of 0.01."""
    for shape in ((6, 6), (20, 10), (10, 20)):
        results = []
        for lib in (cnet, torch):
            rng = np.random.default_rng(0)
            p = lib.from_numpy(rng.standard_normal(shape).astype('f')).requires_grad_()
            optimizer = lib.optim.Muon([p], lr=0.01, **options)
            for _ in range(4):
                p.grad = lib.from_numpy(rng.standard_normal(shape).astype('f'))
                optimizer.step()
            results.append((p.detach().numpy(), optimizer.state_dict()))
        np.testing.assert_allclose(results[0][0], results[1][0], 0, 1e-3)
        compare(results[0][1], results[1][1], 1e-6)


@pytest.mark.parametrize('options', [{}, {'line_search_fn': 'strong_wolfe'}, {'lr': 0.5, 'history_size': 3},
                                     {'line_search_fn': 'strong_wolfe', 'max_eval': 5}], ids=str)
def test_lbfgs(options):
    """A smooth problem in float64: iterations, evaluations and parameters agree."""
    start = np.random.default_rng(0).standard_normal((2, 4))
    results = []
    for lib in (cnet, torch):
        params = [lib.from_numpy(row.copy()).requires_grad_() for row in start]
        optimizer = lib.optim.LBFGS(params, **{'max_iter': 8, **options})
        losses = []

        def closure():
            optimizer.zero_grad()  # noqa: B023  called within this round of the loop
            a, b = params  # noqa: B023
            loss = ((a - 1) ** 2).sum() + ((b - a) ** 4).sum()
            loss.backward()
            losses.append(loss.item())  # noqa: B023
            return loss

        for _ in range(3):
            optimizer.step(closure)
        state = optimizer.state[params[0]]
        results.append((losses, [p.detach().numpy() for p in params], state['n_iter'], state['func_evals'], set(state)))
    np.testing.assert_allclose(results[0][0], results[1][0], 1e-9, 1e-12)
    np.testing.assert_allclose(results[0][1], results[1][1], 1e-6, 1e-9)
    assert results[0][2:] == results[1][2:]


@pytest.mark.parametrize('name', ['Adagrad', 'Adadelta', 'RMSprop', 'Adamax', 'NAdam', 'RAdam', 'Rprop', 'ASGD', 'LBFGS',
                                  'Adafactor', 'Muon'])
def test_repr(name):
    assert repr(getattr(cnet.optim, name)([cnet.ones(2, 2)])) == repr(getattr(torch.optim, name)([torch.ones(2, 2)]))


@pytest.mark.parametrize('name', ['Adagrad', 'Adadelta', 'RMSprop', 'NAdam', 'RAdam', 'ASGD'])  # PyTorch's Adamax and Rprop fail
def test_differentiable(name):
    """A meta-gradient through two steps."""
    grads = []
    for lib in (cnet, torch):
        w = lib.tensor([1.0, -2.0, 3.0], dtype=lib.float64, requires_grad=True)
        p = w.clone()
        optimizer = getattr(lib.optim, name)([p], lr=0.1, differentiable=True)
        for _ in range(2):
            p.grad = p.clone() * w
            optimizer.step()
        p.sum().backward()
        grads.append(w.grad.numpy())
    np.testing.assert_allclose(grads[0], grads[1], 1e-6)


ZERO, ONE = (lambda p: p * 0), (lambda p: p * 0 + 1)
STEP = 'step'   # a count of steps
# Function: its lists of state (how each begins) and its options.
FUNCTIONS = {
    'sgd': ([None], {'weight_decay': 0.1, 'momentum': 0.9, 'lr': 0.1, 'dampening': 0.1, 'nesterov': False, 'maximize': True}),
    'adam': ([ZERO, ZERO, ZERO, STEP], {'amsgrad': True, 'beta1': 0.9, 'beta2': 0.99, 'lr': 0.1, 'weight_decay': 0.1, 'eps': 1e-8,
                                        'maximize': False}),
    'adamw': ([ZERO, ZERO, (), STEP], {'amsgrad': False, 'beta1': 0.9, 'beta2': 0.99, 'lr': 0.1, 'weight_decay': 0.1, 'eps': 1e-8,
                                       'maximize': True}),
    'adagrad': ([ZERO, STEP], {'lr': 0.1, 'weight_decay': 0.1, 'lr_decay': 0.1, 'eps': 1e-8, 'maximize': False}),
    'adadelta': ([ZERO, ZERO, STEP], {'lr': 0.1, 'rho': 0.9, 'eps': 1e-6, 'weight_decay': 0.1, 'maximize': False}),
    'adamax': ([ZERO, ZERO, STEP], {'eps': 1e-8, 'beta1': 0.9, 'beta2': 0.99, 'lr': 0.1, 'weight_decay': 0.1}),
    'asgd': ([ZERO, 1.0, 0.1, STEP], {'lambd': 1e-2, 'lr': 0.1, 't0': 1, 'alpha': 0.75, 'weight_decay': 0.1}),
    'nadam': ([ZERO, ZERO, 1.0, STEP], {'beta1': 0.9, 'beta2': 0.99, 'lr': 0.1, 'weight_decay': 0.1, 'momentum_decay': 4e-3,
                                        'eps': 1e-8}),
    'radam': ([ZERO, ZERO, STEP], {'beta1': 0.9, 'beta2': 0.99, 'lr': 0.1, 'weight_decay': 0.1, 'eps': 1e-8}),
    'rmsprop': ([ZERO, (), ZERO, STEP], {'lr': 0.1, 'alpha': 0.9, 'eps': 1e-8, 'weight_decay': 0.1, 'momentum': 0.9,
                                         'centered': False}),
    'rprop': ([ZERO, ONE, STEP], {'step_size_min': 1e-6, 'step_size_max': 50, 'etaminus': 0.5, 'etaplus': 1.2}),
}


@pytest.mark.parametrize('dtype', ['float64', 'complex64'])
@pytest.mark.parametrize('name', FUNCTIONS)
def test_functions_of_lists(name, dtype):
    lists, options = FUNCTIONS[name]
    results = []
    for lib in (cnet, torch):
        rng = np.random.default_rng(0)
        function = getattr(importlib.import_module(f'{lib.__name__}.optim.{name}'), name)

        def draw(lib=lib, rng=rng):
            return [lib.tensor(rng.standard_normal(shape), dtype=getattr(lib, dtype)) for shape in ((3, 4), (5,), ())]
        params = draw()
        state = []
        for begin in lists:
            if begin == STEP or isinstance(begin, float):
                state.append([lib.tensor(0.0 if begin == STEP else begin) for _ in params])
            else:
                state.append([begin and begin(p) for p in params] if begin != () else [])
        more = {'has_complex': True} if dtype == 'complex64' and name != 'sgd' else {}
        for _ in range(3):
            function(params, draw(), *state, **options, **more)
        results.append([x.detach().numpy() for values in [params, *state] for x in values])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, 1e-10 if dtype == 'float64' else 1e-5, 1e-6)


def test_functions_of_lists_refuse_scales():
    from cnet.optim.sgd import sgd
    p = cnet.ones(1)
    p.grad = cnet.zeros(1)
    with pytest.raises(AssertionError, match='grad_scale'):
        sgd([p], [p], [None], grad_scale=cnet.ones(1), weight_decay=0, momentum=0, lr=1, dampening=0, nesterov=False,
            maximize=False)
    assert p.grad.item() == 0
