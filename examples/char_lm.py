"""Train a language model of characters on the documentation that comes with Python, and let it write.

    python examples/char_lm.py [--epochs 3] [--hidden 256] [--layers 2] [--out DIR]
    python examples/char_lm.py --resume                # go on from the last checkpoint in OUT

The text is that of Python's help topics (`pydoc_data.topics`, half a million characters on every machine). The model is an
embedding, an LSTM and a linear layer. Each row of a batch reads its own part of the text from beginning to end and keeps its
state from step to step. Prints the loss on the held-out end of the text in bits per character, with a sample, after every
epoch, and saves model, optimizer and progress to OUT/char_lm.pt.
"""

import argparse
import math
import time
from pathlib import Path
from pydoc_data import topics

import numpy as np
from tqdm import tqdm

import cnet as torch
import cnet.nn.functional as F
from cnet import nn

HELD_OUT = 0.05


class CharLM(nn.Module):
    """Scores of the next character at every step: (T, B) to (T, B, V), and the state to go on from."""

    def __init__(self, vocabulary, embedding, hidden, layers, dropout):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, embedding)
        self.lstm = nn.LSTM(embedding, hidden, layers, dropout=dropout if layers > 1 else 0)
        self.score = nn.Linear(hidden, vocabulary)

    def forward(self, x, state=None):
        y, state = self.lstm(self.embed(x), state)
        return self.score(y), state


def load_text():
    """All help topics, one below the other, in ASCII."""
    text = '\n\n'.join(topics.topics[name] for name in sorted(topics.topics))
    return text.encode('ascii', 'ignore').decode()


def columns(codes, batch):
    """A text of N characters as `batch` columns of consecutive text, (N // batch, batch)."""
    n = len(codes) // batch
    return codes[:n * batch].reshape(batch, n).t().contiguous()


def detached(state):
    """The state without its history: gradients end at the borders of steps."""
    return tuple(s.detach() for s in state)


def evaluate(model, data, steps):
    """Mean loss over all characters of (N, B), in bits."""
    model.eval()
    total, state = 0.0, None
    with torch.no_grad():
        for i in range(0, len(data) - 1, steps):
            x, y = data[i:i + steps], data[i + 1:i + 1 + steps]
            scores, state = model(x[:len(y)], state)
            total += F.cross_entropy(scores.flatten(0, 1), y.flatten(), reduction='sum').item()
    return total / ((len(data) - 1) * data.size(1)) / math.log(2)


def train_epoch(model, optimizer, data, steps, clip, label):
    """One pass over (N, B), `steps` characters at a time."""
    model.train()
    state = None
    with tqdm(total=(len(data) - 1) // steps, unit='step', desc=label) as bar:
        for i in range(0, len(data) - 1 - steps, steps):
            scores, state = model(data[i:i + steps], state)
            state = detached(state)
            loss = F.cross_entropy(scores.flatten(0, 1), data[i + 1:i + 1 + steps].flatten())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step()
            bar.set_postfix(bits=f'{loss.item() / math.log(2):.3f}', refresh=False)
            bar.update()


def sample(model, alphabet, start, length, temperature):
    """Text that the model writes after `start`."""
    model.eval()
    codes = [alphabet.index(c) for c in start]
    with torch.no_grad():
        scores, state = model(torch.tensor(codes)[:, None])
        for _ in range(length):
            p = F.softmax(scores[-1, 0] / temperature, dim=0)
            codes.append(torch.multinomial(p, 1).item())
            scores, state = model(torch.tensor([[codes[-1]]]), state)
    return ''.join(alphabet[code] for code in codes)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--epochs', type=int, default=3, help='passes over the text in all (default: %(default)s)')
    parser.add_argument('--batch', type=int, default=32, help='rows that read at the same time (default: %(default)s)')
    parser.add_argument('--steps', type=int, default=64, help='characters per training step (default: %(default)s)')
    parser.add_argument('--embedding', type=int, default=64, help='numbers per character (default: %(default)s)')
    parser.add_argument('--hidden', type=int, default=256, help='hidden units per layer (default: %(default)s)')
    parser.add_argument('--layers', type=int, default=2, help='LSTM layers (default: %(default)s)')
    parser.add_argument('--dropout', type=float, default=0.1, help='dropout between layers (default: %(default)s)')
    parser.add_argument('--lr', type=float, default=2e-3, help='learning rate of Adam (default: %(default)s)')
    parser.add_argument('--clip', type=float, default=1.0, help='largest norm of the gradient (default: %(default)s)')
    parser.add_argument('--characters', type=int, help='use only so many characters of the text')
    parser.add_argument('--temperature', type=float, default=0.7, help='of samples: lower is safer (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='seed of weights and samples (default: %(default)s)')
    parser.add_argument('--resume', action='store_true', help='go on from OUT/char_lm.pt')
    parser.add_argument('--out', type=Path, default=Path('out'), help='folder for the checkpoint (default: %(default)s)')
    args = parser.parse_args()
    text = load_text()[:args.characters]
    if min(args.epochs, args.batch, args.steps, args.embedding, args.hidden, args.layers) < 1:
        parser.error('sizes must be at least 1')
    if len(text) * HELD_OUT < 2 * args.batch or len(text) * (1 - HELD_OUT) < args.batch * (args.steps + 2):
        parser.error(f'{len(text)} characters are too few for --batch {args.batch} and --steps {args.steps}')

    torch.manual_seed(args.seed)
    alphabet = ''.join(sorted(set(text)))
    index = {c: i for i, c in enumerate(alphabet)}
    codes = torch.from_numpy(np.array([index[c] for c in text]))
    border = int(len(codes) * (1 - HELD_OUT))
    training, held_out = columns(codes[:border], args.batch), columns(codes[border:], args.batch)
    sizes = {'vocabulary': len(alphabet), 'embedding': args.embedding, 'hidden': args.hidden, 'layers': args.layers,
             'dropout': args.dropout}
    path, done = args.out / 'char_lm.pt', 0
    if args.resume:
        if not path.exists():
            parser.error(f'--resume: there is no {path}')
        checkpoint = torch.load(path)
        sizes, done = checkpoint['sizes'], checkpoint['epochs']
        if sizes['vocabulary'] != len(alphabet):
            parser.error(f'--resume: {path} was made from another text')
    model = CharLM(**sizes)
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    if args.resume:
        model.load_state_dict(checkpoint['model'])
        optimizer.load_state_dict(checkpoint['optimizer'])
        torch.set_rng_state(checkpoint['random'])
        print(f'resumed after epoch {done} from {path}')
    print(model)
    print(f'{len(text)} characters, {len(alphabet)} different ones; {sum(p.numel() for p in model.parameters())} parameters')
    args.out.mkdir(parents=True, exist_ok=True)
    for epoch in range(done + 1, args.epochs + 1):
        start = time.perf_counter()
        train_epoch(model, optimizer, training, args.steps, args.clip, f'epoch {epoch}/{args.epochs}')
        seconds = time.perf_counter() - start
        print(f'epoch {epoch}: {evaluate(model, held_out, args.steps):.3f} bits per held-out character, '
              f'{training.numel() / seconds:.0f} characters/s on {torch.get_num_threads()} threads')
        print('  ' + sample(model, alphabet, 'The ', 200, args.temperature).replace('\n', '\n  '))
        torch.save({'model': model.state_dict(), 'optimizer': optimizer.state_dict(), 'sizes': sizes, 'epochs': epoch,
                    'random': torch.get_rng_state()}, path)
        print(f'saved {path}')
    if done >= args.epochs:
        print(f'nothing to do: {done} epochs are done; ask for more with --epochs')


if __name__ == '__main__':
    main()
