"""Training beside the model: optimizer steps, clipping, batches of a data loader, saving and loading.

A step of cnet is one parallel loop over all parameters whatever `foreach` and `fused` say; the rows that name them are for what
PyTorch makes of them. Bytes are those of parameters, gradients and state, each read and written once.
"""

import io
import itertools
import math

from .cases import Cases

cases = Cases()


def _lenet():
    """The tutorial's: 10 tensors, 82 thousand parameters."""
    return [(6, 1, 5, 5), (6,), (16, 6, 3, 3), (16,), (120, 576), (120,), (84, 120), (84,), (10, 84), (10,)]


def _resnet18():
    """62 tensors, 11.7 million parameters."""
    shapes, inputs = [(64, 3, 7, 7), (64,), (64,)], 64
    for outputs in (64, 128, 256, 512):
        for block in range(2):
            shapes += [(outputs, inputs, 3, 3), (outputs,), (outputs,), (outputs, outputs, 3, 3), (outputs,), (outputs,)]
            shapes += [(outputs, inputs, 1, 1), (outputs,), (outputs,)] if inputs != outputs and not block else []
            inputs = outputs
    return shapes + [(1000, 512), (1000,)]


def _gpt():
    """Six layers of a transformer 512 wide: 76 tensors, 20 million parameters."""
    d = 512
    layer = [(d,), (d,), (3 * d, d), (3 * d,), (d, d), (d,), (d,), (d,), (4 * d, d), (4 * d,), (d, 4 * d), (d,)]
    return [(2000, d), (256, d), *layer * 6, (d,), (d,)]


LISTS = {'LeNet': _lenet(), 'ResNet-18': _resnet18(), '20 million': _gpt()}

# Options, and the arrays of the parameters' size that a step must read and write.
OPTIMIZERS = {
    'SGD': ({'lr': 1e-5, 'momentum': 0.9}, 3, 2), 'Adam': ({'lr': 1e-5}, 4, 3), 'AdamW': ({'lr': 1e-5}, 4, 3),
    'RMSprop': ({'lr': 1e-5}, 3, 2), 'Adagrad': ({'lr': 1e-5}, 3, 2), 'NAdam': ({'lr': 1e-5}, 4, 3),
}


def _parameters(torch, shapes):
    parameters = [torch.rand(shape) for shape in shapes]
    for p in parameters:
        p.requires_grad_()
        p.grad = torch.rand(p.shape) * 0.01
    return parameters


def _step(name, where, label='', **more):
    options, reads, writes = OPTIMIZERS[name]
    shapes = LISTS[where]
    size = 4 * sum(map(math.prod, shapes))

    @cases(f'{name}, {where}{label}', reads=reads * size, writes=writes * size)
    def _(torch):
        parameters = tuple(_parameters(torch, shapes))
        optimizer = getattr(torch.optim, name)(parameters, **options, **more)

        def call():
            optimizer.step()
            return parameters
        return call


for _where in LISTS:
    for _name in ('SGD', 'Adam', 'AdamW'):
        _step(_name, _where)
        _step(_name, _where, ', foreach', foreach=True)
        _step(_name, _where, ', fused', fused=True)
for _name in ('RMSprop', 'Adagrad', 'NAdam'):
    _step(_name, 'ResNet-18')


def _factored(where):
    size = 4 * sum(map(math.prod, LISTS[where]))

    @cases(f'Adafactor, {where}', reads=3 * size, writes=size)
    def _(torch):
        parameters = _parameters(torch, LISTS[where])
        optimizer = torch.optim.Adafactor(parameters, lr=1e-4)

        def call():
            optimizer.step()
            return parameters[0]
        return call


def _orthogonal(where):
    shapes = [(shape[0], math.prod(shape[1:])) for shape in LISTS[where] if len(shape) > 1]  # it takes matrices only

    @cases(f'Muon, {where}')
    def _(torch):
        parameters = _parameters(torch, shapes)
        optimizer = torch.optim.Muon(parameters, lr=1e-5)

        def call():
            optimizer.step()
            return parameters[-1].sum()
        return call


def _newton(where):
    @cases(f'LBFGS, 4 iterations, {where}')
    def _(torch):
        parameters = _parameters(torch, LISTS[where])
        optimizer = torch.optim.LBFGS(parameters, lr=1e-4, max_iter=4, history_size=10)
        losses = itertools.count()

        def closure():
            with torch.no_grad():
                for p in parameters:
                    torch.mul(p, 0.1, out=p.grad)
            return next(losses)

        def call():
            optimizer.step(closure)
            return parameters[0]
        return call


for _where in ('LeNet', 'ResNet-18'):
    _factored(_where)
    _orthogonal(_where)
    _newton(_where)


def _clip(where, factor, label):
    shapes = LISTS[where]
    size = 4 * sum(map(math.prod, shapes))

    @cases(f'clip_grad_norm_, {where}, {label}', reads=(2 if factor < 1 else 1) * size, writes=size if factor < 1 else 0)
    def _(torch):
        parameters = _parameters(torch, shapes)
        limit = factor * float(torch.nn.utils.clip_grad_norm_(parameters, 1e9))

        def call():
            nonlocal limit
            limit *= 0.9999 if factor < 1 else 1    # below what the last call left, so that this one has to clip too
            return torch.nn.utils.clip_grad_norm_(parameters, limit)
        return call


for _where in LISTS:
    _clip(_where, 2.0, 'short enough')
    _clip(_where, 0.5, 'too long')


def _loader(name, rows, batch, **options):
    @cases(f'DataLoader, {name}, {rows // batch} batches of {batch}')
    def _(torch):
        data = torch.utils.data
        images, labels = torch.rand(rows, 1, 28, 28), torch.arange(rows) % 10
        loader = data.DataLoader(data.TensorDataset(images, labels), batch, **options)

        def call():
            total = 0
            for _, labels in loader:
                total += len(labels)
            return total
        return call


_loader('in order', 3200, 32)
_loader('shuffled', 3200, 32, shuffle=True)
_loader('in order', 3200, 256, drop_last=True)


def _state(torch):
    return {str(i): torch.rand(shape) for i, shape in enumerate(LISTS['ResNet-18'])}


@cases('save to memory, ResNet-18')
def _(torch):
    state = _state(torch)
    return lambda: torch.save(state, io.BytesIO())


@cases('load from memory, ResNet-18')
def _(torch):
    file = io.BytesIO()
    torch.save(_state(torch), file)

    def call():
        file.seek(0)
        return torch.load(file)['0']
    return call
