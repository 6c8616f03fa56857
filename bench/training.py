"""Whole models: forward passes and train steps."""

from .cases import Cases

cases = Cases()


def tiny(torch):
    """The tutorial's TinyModel."""
    nn = torch.nn

    class TinyModel(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear1 = nn.Linear(100, 200)
            self.activation = nn.ReLU()
            self.linear2 = nn.Linear(200, 10)
            self.softmax = nn.Softmax(dim=-1)

        def forward(self, x):
            x = self.linear1(x)
            x = self.activation(x)
            x = self.linear2(x)
            return self.softmax(x)
    return TinyModel()


def lenet(torch):
    """The tutorial's LeNet."""
    nn, F = torch.nn, torch.nn.functional

    class LeNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(1, 6, 5)
            self.conv2 = nn.Conv2d(6, 16, 3)
            self.fc1 = nn.Linear(16 * 6 * 6, 120)
            self.fc2 = nn.Linear(120, 84)
            self.fc3 = nn.Linear(84, 10)

        def forward(self, x):
            x = F.max_pool2d(F.relu(self.conv1(x)), (2, 2))
            x = F.max_pool2d(F.relu(self.conv2(x)), 2)
            x = x.view(-1, 16 * 6 * 6)
            x = F.relu(self.fc1(x))
            x = F.relu(self.fc2(x))
            return self.fc3(x)
    return LeNet()


def step(model, optimizer, loss, x, y):
    """A train step as a function without arguments."""
    def run():
        optimizer.zero_grad()
        loss(model(x), y).backward()
        optimizer.step()
    return run


@cases('TinyModel, forward, one row')
def _(torch):
    model, x = tiny(torch), torch.rand(1, 100)
    return lambda: model(x)


@cases('TinyModel, SGD step, one row')
def _(torch):
    model = tiny(torch)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    return step(model, optimizer, torch.nn.functional.mse_loss, torch.rand(1, 100), torch.rand(1, 10))


def _lenet(batch, optimizer):
    def build(torch):
        model = lenet(torch)
        x, y = torch.rand(batch, 1, 32, 32), torch.arange(batch) % 10
        return step(model, getattr(torch.optim, optimizer)(model.parameters(), lr=0.001), torch.nn.functional.cross_entropy, x, y)
    return build


@cases('LeNet, forward, batch 1')
def _(torch):
    model, x = lenet(torch), torch.rand(1, 1, 32, 32)
    return lambda: model(x)


for _batch in (1, 16, 64):
    for _optimizer in ('SGD', 'Adam'):
        cases(f'LeNet, {_optimizer} step, batch {_batch}')(_lenet(_batch, _optimizer))
