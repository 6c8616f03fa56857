"""The whole training loop: epochs, validation, a schedule, the best checkpoint, and a resumed run.

    python examples/train_classifier.py [--epochs 12] [--workers 0] [--resume] [--out DIR] [--log DIR]

Trains a small residual network on 4,000 real handwritten digits, 500 of them for validation, and tests it on 1,000 others.
After each epoch it prints the losses and the accuracy on the validation digits, writes OUT/last.pt, and OUT/best.pt if the
accuracy is the best so far. With --resume it goes on from OUT/last.pt: a run that was stopped and resumed gives the same
numbers as one that was not. At the end the best checkpoint is tested. With --log it writes scalars, some digits, the weights'
histograms and the graph for TensorBoard (`pip install 'cnet[tensorboard]'`, then `tensorboard --logdir DIR`).
"""

import argparse
import time
from pathlib import Path

import numpy as np

import cnet as torch
import cnet.nn.functional as F
from cnet import nn
from cnet.utils.data import DataLoader, Dataset, Subset, random_split

DATA = Path(__file__).parent / 'data' / 'mnist5k.npz'
TRAIN, VALIDATION = 4000, 500


class Digits(Dataset):
    """Images of shape (1, 28, 28) from 0 to 1, and labels. Training images are shifted by up to two pixels at random."""

    def __init__(self, shift=0):
        with np.load(DATA) as data:
            self.images = torch.from_numpy(data['images'].astype(np.float32) / 255).unsqueeze(1)
            self.labels = torch.from_numpy(data['labels'].astype(np.int64))
        self.shift = shift

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        image = self.images[index]
        if self.shift:
            image = image.roll(torch.randint(-self.shift, self.shift + 1, (2,)).tolist(), (1, 2))
        return image, self.labels[index]


class Block(nn.Module):
    """Two convolutions beside a shortcut; it may halve the size of the image."""

    def __init__(self, inputs, outputs, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


def classifier():
    """28 x 28, then 14 x 14 and 7 x 7 pixels, then the mean of each channel."""
    return nn.Sequential(nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
                         Block(16, 32, 2), Block(32, 64, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def train(model, loader, optimizer, schedule):
    """One epoch. Returns the mean loss."""
    model.train()
    total = 0.0
    for images, labels in loader:
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        total += loss.item() * len(labels)
    return total / len(loader.dataset)


@torch.no_grad()
def evaluate(model, loader):
    """The mean loss and the share of digits that are recognised."""
    model.eval()
    loss, right = 0.0, 0
    for images, labels in loader:
        scores = model(images)
        loss += F.cross_entropy(scores, labels, reduction='sum').item()
        right += (scores.argmax(1) == labels).sum().item()
    return loss / len(loader.dataset), right / len(loader.dataset)


def logger(folder, epoch, model, digits):
    """A writer for TensorBoard, with the model's graph and some digits; entries of epochs that are run again are hidden."""
    from cnet.utils.tensorboard import SummaryWriter
    log = SummaryWriter(folder, purge_step=epoch + 1 if epoch else None)
    log.add_graph(model, digits.images[:1])
    log.add_images('digits', digits.images[:32])
    return log


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--epochs', type=int, default=12, help='passes over the training digits (default: %(default)s)')
    parser.add_argument('--stop-after', type=int, help='end the run after this epoch, to resume it later')
    parser.add_argument('--batch', type=int, default=50, help='digits per step (default: %(default)s)')
    parser.add_argument('--lr', type=float, default=1e-2, help='highest learning rate (default: %(default)s)')
    parser.add_argument('--workers', type=int, default=0, help='processes that load digits (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='seed of weights, order and shifts (default: %(default)s)')
    parser.add_argument('--resume', action='store_true', help='go on from OUT/last.pt')
    parser.add_argument('--out', type=Path, default=Path('out'), help='folder for the checkpoints (default: %(default)s)')
    parser.add_argument('--log', type=Path, help='folder for TensorBoard')
    args = parser.parse_args()
    if args.epochs < 1 or args.batch < 1:
        parser.error('--epochs and --batch must be at least 1')
    args.out.mkdir(parents=True, exist_ok=True)
    last, best = args.out / 'last.pt', args.out / 'best.pt'

    torch.manual_seed(args.seed)
    plain = Digits()
    fit, check = random_split(range(TRAIN), [TRAIN - VALIDATION, VALIDATION])
    training = DataLoader(Subset(Digits(shift=2), fit.indices), args.batch, shuffle=True, num_workers=args.workers)
    validation = DataLoader(Subset(plain, check.indices), 250)
    model = classifier()
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, args.lr, epochs=args.epochs, steps_per_epoch=len(training))
    epoch, top = 0, 0.0
    if args.resume:
        state = torch.load(last)
        model.load_state_dict(state['model'])
        optimizer.load_state_dict(state['optimizer'])
        schedule.load_state_dict(state['schedule'])
        torch.set_rng_state(state['random'])
        epoch, top = state['epoch'], state['top']

    log = logger(args.log, epoch, model, plain) if args.log else None
    print(f'{sum(p.numel() for p in model.parameters())} parameters, {len(fit)} digits to learn, {len(check)} to validate')
    while epoch < min(args.epochs, args.stop_after or args.epochs):
        epoch += 1
        begun = time.perf_counter()
        loss = train(model, training, optimizer, schedule)
        seconds = time.perf_counter() - begun
        other, score = evaluate(model, validation)
        print(f'epoch {epoch:2}: loss {loss:.4f}, validation loss {other:.4f}, accuracy {score:.1%}, '
              f'{len(fit) / seconds:.0f} digits/s')
        if log:
            log.add_scalars('loss', {'training': loss, 'validation': other}, epoch)
            log.add_scalar('accuracy', score, epoch)
            log.add_scalar('learning rate', schedule.get_last_lr()[0], epoch)
            for name, p in model.named_parameters():
                log.add_histogram(name, p, epoch)
            log.flush()
        if score > top:
            top = score
            torch.save(model.state_dict(), best)
        torch.save({'model': model.state_dict(), 'optimizer': optimizer.state_dict(), 'schedule': schedule.state_dict(),
                    'random': torch.get_rng_state(), 'epoch': epoch, 'top': top}, last)

    model.load_state_dict(torch.load(best))
    test = DataLoader(Subset(plain, range(TRAIN, len(plain))), 250)
    if log:
        log.close()
    print(f'accuracy of {best} on {len(test.dataset)} held-out digits: {evaluate(model, test)[1]:.1%}')


if __name__ == '__main__':
    main()
