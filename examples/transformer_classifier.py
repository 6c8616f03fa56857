"""Classify handwritten digits with a transformer encoder that reads an image row by row.

    python examples/transformer_classifier.py [--epochs 8] [--seed 0] [--out DIR]

A digit is a sequence of 28 rows of 28 pixels, after a learned first position from whose last state the class is told.
Trains on 4,000 real digits, prints the accuracy on 1,000 others, saves the weights to OUT/transformer_classifier.pt, checks
that a fresh model that loads them scores the same, and draws OUT/transformer_classifier.png: the loss curve, and for some
test digits how much the first position attends to each row.
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


class RowReader(nn.Module):
    """A transformer encoder over the rows of images of shape (batch, 28, 28)."""

    def __init__(self, width, heads, layers, dropout):
        super().__init__()
        self.rows = nn.Linear(28, width)
        self.first = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(torch.randn(1, 29, width) * 0.02)
        layer = nn.TransformerEncoderLayer(width, heads, 2 * width, dropout, 'gelu', batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, nn.LayerNorm(width), enable_nested_tensor=False)
        self.head = nn.Linear(width, 10)

    def embedded(self, x):
        return torch.cat([self.first.expand(len(x), 1, -1), self.rows(x)], dim=1) + self.places

    def forward(self, x):
        return self.head(self.encoder(self.embedded(x))[:, 0])

    def attention(self, x):
        """How much the first position attends to each row in the last layer, (batch, 28): the mean over heads."""
        x = self.embedded(x)
        for layer in self.encoder.layers[:-1]:
            x = layer(x)
        last = self.encoder.layers[-1]
        x = last.norm1(x)
        return last.self_attn(x, x, x, need_weights=True)[1][:, 0, 1:]


def load_digits():
    """Images as (N, 28, 28) with zero mean and unit variance over the training part, and their labels."""
    with np.load(DATA) as data:
        images, labels = data['images'], data['labels']
    x = images.reshape(-1, 28, 28).astype(np.float32) / 255
    x = (x - x[:TRAIN].mean()) / x[:TRAIN].std()
    return torch.from_numpy(x), torch.from_numpy(labels.astype(np.int64))


def train(model, x, y, epochs, batch, rate):
    """AdamW with one rise and fall of the rate. Returns the loss of every step."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.05)
    steps = epochs * ((len(x) + batch - 1) // batch)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    losses = []
    model.train()
    with tqdm(total=steps, unit='step') as bar:
        for epoch in range(epochs):
            bar.set_description(f'epoch {epoch + 1}/{epochs}')
            for rows in torch.randperm(len(x)).split(batch):
                loss = F.cross_entropy(model(x[rows]), y[rows], label_smoothing=0.05)
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                scheduler.step()
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


def draw(path, losses, x, y, probabilities, attention):
    """The loss curve, and 16 test digits beside bars of attention, one per row."""
    guess, labels = probabilities.argmax(dim=1).tolist(), y.tolist()
    figure = plt.figure(figsize=(11, 8), layout='constrained')
    top, bottom = figure.subfigures(2, 1, height_ratios=(1, 1.4))
    axes = top.subplots()
    axes.plot(losses, lw=0.8)
    axes.set(xlabel='step', ylabel='cross-entropy (nats)', title='Training loss of a transformer that reads rows')
    for i, axes in enumerate(bottom.subplots(2, 8).flat):
        axes.imshow(x[i].numpy(), cmap='gray_r')
        weights = attention[i].numpy()
        axes.barh(range(28), -8 * weights / weights.max(), left=-1, color='tab:orange', height=1)
        axes.set_xlim(-10, 28)
        axes.axis('off')
        text = f'{guess[i]}' + ('' if guess[i] == labels[i] else f' is {labels[i]}')
        axes.set_title(text, fontsize=9, color='black' if guess[i] == labels[i] else 'red')
    figure.savefig(path, dpi=100)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--epochs', type=int, default=8, help='passes over the training digits (default: %(default)s)')
    parser.add_argument('--batch', type=int, default=32, help='digits per step (default: %(default)s)')
    parser.add_argument('--width', type=int, default=64, help='length of a position (default: %(default)s)')
    parser.add_argument('--heads', type=int, default=4, help='heads per layer (default: %(default)s)')
    parser.add_argument('--layers', type=int, default=2, help='encoder layers (default: %(default)s)')
    parser.add_argument('--dropout', type=float, default=0.1, help='probability to drop (default: %(default)s)')
    parser.add_argument('--lr', type=float, default=3e-3, help='highest learning rate (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='seed of weights and order (default: %(default)s)')
    parser.add_argument('--out', type=Path, default=Path('out'), help='folder for weights and picture (default: %(default)s)')
    args = parser.parse_args()
    if min(args.epochs, args.batch, args.layers, args.heads) < 1 or args.width % args.heads:
        parser.error('numbers must be at least 1, and --width a multiple of --heads')
    args.out.mkdir(parents=True, exist_ok=True)

    x, y = load_digits()
    sizes = args.width, args.heads, args.layers, args.dropout
    torch.manual_seed(args.seed)
    model = RowReader(*sizes)
    print(model)
    start = time.perf_counter()
    losses = train(model, x[:TRAIN], y[:TRAIN], args.epochs, args.batch, args.lr)
    seconds = time.perf_counter() - start

    probabilities = predict(model, x[TRAIN:])
    score = accuracy(probabilities, y[TRAIN:])
    print(f'trained {args.epochs} epochs in {seconds:.1f} s, {args.epochs * TRAIN / seconds:.0f} images/s '
          f'on {torch.get_num_threads()} threads; last loss {losses[-1]:.4f}')
    print(f'accuracy on {len(x) - TRAIN} held-out digits: {score:.1%}')

    weights = args.out / 'transformer_classifier.pt'
    torch.save(model.state_dict(), weights)
    fresh = RowReader(*sizes)
    fresh.load_state_dict(torch.load(weights))
    again = accuracy(predict(fresh, x[TRAIN:]), y[TRAIN:])
    print(f'accuracy of a fresh model with the weights from {weights}: {again:.1%}')
    if again != score:
        raise SystemExit('the loaded model does not score the same')

    picture = args.out / 'transformer_classifier.png'
    with torch.no_grad():
        attention = model.attention(x[TRAIN:TRAIN + 16])
    draw(picture, losses, x[TRAIN:], y[TRAIN:], probabilities, attention)
    print(f'picture: {picture}')


if __name__ == '__main__':
    main()
