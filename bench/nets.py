"""Whole networks, a train step and inference: LeNet, ResNet-18 for CIFAR, a MobileNet-like net, a VAE, a small U-Net.

Operations are those of the convolutions and linear layers; a train step is three forward passes.
"""

from .cases import Cases

cases = Cases()


def lenet(torch):
    """LeNet-5 on 28x28 digits: 0.83 million operations."""
    nn = torch.nn
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(),
                         nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
                         nn.Linear(84, 10))


def residual(torch):
    """The class of ResNet-18's blocks."""
    nn = torch.nn

    class Block(nn.Module):
        def __init__(self, c, m, stride):
            super().__init__()
            self.main = nn.Sequential(nn.Conv2d(c, m, 3, stride, 1, bias=False), nn.BatchNorm2d(m), nn.ReLU(),
                                      nn.Conv2d(m, m, 3, 1, 1, bias=False), nn.BatchNorm2d(m))
            self.skip = nn.Identity() if c == m else nn.Sequential(nn.Conv2d(c, m, 1, stride, bias=False), nn.BatchNorm2d(m))
            self.relu = nn.ReLU()

        def forward(self, x):
            return self.relu(self.main(x) + self.skip(x))
    return Block


def resnet18(torch):
    """ResNet-18 with a 3x3 stem for 32x32 images."""
    nn, block = torch.nn, residual(torch)
    layers, c = [nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU()], 64
    for m in (64, 128, 256, 512):
        layers += [block(c, m, 1 if m == 64 else 2), block(m, m, 1)]
        c = m
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))


def mobilenet(torch):
    """Depthwise separable convolutions for 32x32 images."""
    nn = torch.nn
    layers, c = [nn.Conv2d(3, 32, 3, 1, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU()], 32
    for m, stride in ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)):
        layers += [nn.Conv2d(c, c, 3, stride, 1, groups=c, bias=False), nn.BatchNorm2d(c), nn.ReLU(),
                   nn.Conv2d(c, m, 1, bias=False), nn.BatchNorm2d(m), nn.ReLU()]
        c = m
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(c, 10))


def vae(torch):
    """A variational autoencoder 784-400-20; its result is the reconstruction, the mean and the log variance."""
    nn = torch.nn

    class VAE(nn.Module):
        def __init__(self):
            super().__init__()
            self.encode, self.mean, self.log_variance = nn.Linear(784, 400), nn.Linear(400, 20), nn.Linear(400, 20)
            self.decode = nn.Sequential(nn.Linear(20, 400), nn.ReLU(), nn.Linear(400, 784), nn.Sigmoid())

        def forward(self, x):
            h = torch.relu(self.encode(x))
            mean, log_variance = self.mean(h), self.log_variance(h)
            # The same noise in every call: the result is compared.
            noise = torch.linspace(-1, 1, mean.numel()).view(mean.shape)
            return self.decode(mean + noise * torch.exp(0.5 * log_variance)), mean, log_variance
    return VAE()


def unet(torch):
    """Two levels down and up again, 16 to 64 channels, on one-channel images."""
    nn = torch.nn

    def two(c, m):
        return nn.Sequential(nn.Conv2d(c, m, 3, padding=1), nn.ReLU(), nn.Conv2d(m, m, 3, padding=1), nn.ReLU())

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.down1, self.down2, self.middle = two(1, 16), two(16, 32), two(32, 64)
            self.pool = nn.MaxPool2d(2)
            self.up2, self.up1 = nn.ConvTranspose2d(64, 32, 2, 2), nn.ConvTranspose2d(32, 16, 2, 2)
            self.join2, self.join1, self.head = two(64, 32), two(32, 16), nn.Conv2d(16, 1, 1)

        def forward(self, x):
            a = self.down1(x)
            b = self.down2(self.pool(a))
            c = self.middle(self.pool(b))
            b = self.join2(torch.cat([self.up2(c), b], 1))
            return self.head(self.join1(torch.cat([self.up1(b), a], 1)))
    return UNet()


def net(name, build, shape, flops, loss, target):
    """A train step (SGD) and inference of a network, by its operations per image."""
    n = shape[0]

    @cases(f'{name}, batch {n}, train step', flops=3 * n * flops)
    def _(torch):
        model, x = build(torch), torch.rand(*shape)
        y = target(torch, x)
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)

        def call():
            optimizer.zero_grad()
            error = loss(torch.nn.functional, model(x), y)
            error.backward()
            optimizer.step()
            return error
        return call

    @cases(f'{name}, batch {n}, inference', flops=n * flops)
    def _(torch):
        model, x = build(torch).eval(), torch.rand(*shape)

        def call():
            with torch.no_grad():
                return model(x)
        return call


def classes(torch, x):
    return torch.arange(len(x)) % 10


def entropy(F, y, target):
    return F.cross_entropy(y, target)


def evidence(F, y, x):
    """The negative lower bound of a VAE."""
    made, mean, log_variance = y
    divergence = -0.5 * (1 + log_variance - mean.pow(2) - log_variance.exp()).sum()
    return F.binary_cross_entropy(made, x, reduction='sum') + divergence


for _batch in (1, 16, 64, 256):
    net('LeNet', lenet, (_batch, 1, 28, 28), 0.833e6, entropy, classes)
net('ResNet-18 for CIFAR', resnet18, (16, 3, 32, 32), 1.11e9, entropy, classes)
net('MobileNet-like', mobilenet, (32, 3, 32, 32), 45.9e6, entropy, classes)
net('VAE 784-400-20', vae, (128, 784), 1.3e6, evidence, lambda torch, x: x)
net('U-Net', unet, (4, 1, 64, 64), 198e6, lambda F, y, target: F.mse_loss(y, target), lambda torch, x: x)
