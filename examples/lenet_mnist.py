"""Train the tutorial's LeNet on 4,000 real handwritten digits and test it on 1,000 others.

    python examples/lenet_mnist.py [--epochs 20] [--seed 0] [--out DIR]

Prints the accuracy on the held-out digits and the speed, saves the weights to OUT/lenet.pt, checks that a fresh model
that loads them scores the same, and draws OUT/lenet_mnist.png: the loss curve and a grid of test digits with prediction
and confidence, mistakes in red. The same seed gives the same numbers on every run and for any number of threads.
"""

import argparse
import time
from pathlib import Path

import matplotlib
import numpy as np
from tqdm import tqdm

import cnet as torch
import cnet.nn.functional as F
from cnet import nn

matplotlib.use('Agg')  # a file is drawn, no window
import matplotlib.pyplot as plt

DATA = Path(__file__).parent / 'data' / 'mnist5k.npz'
TRAIN = 4000


class LeNet(nn.Module):
    """Two convolutions and three linear layers for images of shape (batch, 1, 32, 32)."""

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
        x = x.view(-1, self.num_flat_features(x))
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)

    def num_flat_features(self, x):
        count = 1
        for size in x.size()[1:]:
            count *= size
        return count


def load_digits(device):
    """Images as (N, 1, 32, 32) with zero mean and unit variance over the training part, and their labels."""
    with np.load(DATA) as data:
        images, labels = data['images'], data['labels']
    x = np.zeros((len(images), 1, 32, 32), np.float32)
    x[:, 0, 2:30, 2:30] = images / np.float32(255)
    x = (x - x[:TRAIN].mean()) / x[:TRAIN].std()
    return torch.from_numpy(x).to(device), torch.from_numpy(labels.astype(np.int64)).to(device)


def shifted(x):
    """The images moved by up to two pixels, all alike: the border of two pixels is background."""
    down, right = torch.randint(-2, 3, (2,)).tolist()
    return torch.roll(x, (down, right), (2, 3))


def train(model, x, y, epochs, batch, rate):
    """Adam with a rate that falls linearly to zero, on randomly shifted digits. Returns the loss of every step."""
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    steps = epochs * ((len(x) + batch - 1) // batch)
    losses = []
    model.train()
    with tqdm(total=steps, unit='step') as bar:
        for epoch in range(epochs):
            bar.set_description(f'epoch {epoch + 1}/{epochs}')
            for rows in torch.randperm(len(x)).split(batch):
                for group in optimizer.param_groups:
                    group['lr'] = rate * (1 - len(losses) / steps)
                loss = F.cross_entropy(model(shifted(x[rows])), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
                bar.set_postfix(loss=f'{losses[-1]:.4f}', refresh=False)
                bar.update()
    return losses


def predict(model, x):
    """Class probabilities, (N, 10)."""
    model.eval()
    with torch.no_grad():
        return torch.cat([F.softmax(model(part), dim=1) for part in x.split(250)])


def accuracy(probabilities, y):
    """Share of rows whose most probable class is the label."""
    return (probabilities.argmax(dim=1) == y).float().mean().item()


def draw(path, losses, x, y, probabilities):
    """The loss curve, and 40 test digits: all mistakes that fit in the first half, then the first digits."""
    confidence, guess = (t.numpy() for t in probabilities.max(dim=1))
    labels, images = y.numpy(), x[:, 0, 2:30, 2:30].numpy()
    wrong = np.flatnonzero(guess != labels)[:20]
    right = np.flatnonzero(guess == labels)[:40 - len(wrong)]
    figure = plt.figure(figsize=(11, 9), layout='constrained')
    top, bottom = figure.subfigures(2, 1, height_ratios=(1, 2))
    axes = top.subplots()
    axes.plot(losses, lw=0.8)
    axes.set(xlabel='step', ylabel='cross-entropy (nats)', yscale='log', title='Training loss of LeNet')
    for axes, i in zip(bottom.subplots(4, 10).flat, [*wrong, *right]):
        axes.imshow(images[i], cmap='gray_r')
        axes.axis('off')
        ok = guess[i] == labels[i]
        text = f'{guess[i]}  {confidence[i]:.0%}' + ('' if ok else f'\nis {labels[i]}')
        axes.set_title(text, fontsize=9, color='black' if ok else 'red')
    figure.savefig(path, dpi=100)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--epochs', type=int, default=20, help='passes over the training digits (default: %(default)s)')
    parser.add_argument('--batch', type=int, default=32, help='digits per step (default: %(default)s)')
    parser.add_argument('--lr', type=float, default=3e-3, help='learning rate of Adam (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='seed of weights and order (default: %(default)s)')
    parser.add_argument('--device', default='cpu', help='where to compute; cnet knows the CPU (default: %(default)s)')
    parser.add_argument('--out', type=Path, default=Path('out'), help='folder for weights and picture (default: %(default)s)')
    args = parser.parse_args()
    if args.epochs < 1 or args.batch < 1:
        parser.error('--epochs and --batch must be at least 1')
    try:
        device = torch.device(args.device)
        x, y = load_digits(device)
    except (RuntimeError, AssertionError) as error:
        parser.error(f'--device {args.device}: {error}')
    args.out.mkdir(parents=True, exist_ok=True)

    torch.manual_seed(args.seed)
    model = LeNet().to(device)
    print(model)
    start = time.perf_counter()
    losses = train(model, x[:TRAIN], y[:TRAIN], args.epochs, args.batch, args.lr)
    seconds = time.perf_counter() - start

    probabilities = predict(model, x[TRAIN:])
    score = accuracy(probabilities, y[TRAIN:])
    print(f'trained {args.epochs} epochs in {seconds:.1f} s, {args.epochs * TRAIN / seconds:.0f} images/s '
          f'on {torch.get_num_threads()} threads; last loss {losses[-1]:.4f}')
    print(f'accuracy on {len(x) - TRAIN} held-out digits: {score:.1%}')

    weights = args.out / 'lenet.pt'
    torch.save(model.state_dict(), weights)
    fresh = LeNet().to(device)
    fresh.load_state_dict(torch.load(weights))
    again = accuracy(predict(fresh, x[TRAIN:]), y[TRAIN:])
    print(f'accuracy of a fresh model with the weights from {weights}: {again:.1%}')
    if again != score:
        raise SystemExit('the loaded model does not score the same')

    picture = args.out / 'lenet_mnist.png'
    draw(picture, losses, x[TRAIN:], y[TRAIN:], probabilities)
    print(f'picture: {picture}')


if __name__ == '__main__':
    main()
