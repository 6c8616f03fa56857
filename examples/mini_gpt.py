"""Train a small GPT on the text of Python's own help topics, character by character, and let it write.

    python examples/mini_gpt.py [--steps 1000] [--resume] [--seed 0] [--prompt TEXT] [--out DIR]

The text comes with every Python (`pydoc_data.topics`, 0.5 MB). Prints the loss in nats per character on text that was not
trained on, writes with a cache of keys and values (and checks that the cache changes nothing), saves everything that
training needs to OUT/mini_gpt.pt, and draws OUT/mini_gpt.png: the loss curves and the learning rate. With --resume it goes
on from OUT/mini_gpt.pt, to the same numbers as a run that was never interrupted.
"""

import argparse
import math
import time
from pathlib import Path

import matplotlib
from tqdm import tqdm

import cnet as torch
import cnet.nn.functional as F
from cnet import nn

matplotlib.use('Agg')  # a file is drawn, no window
import matplotlib.pyplot as plt


class Block(nn.Module):
    """Causal attention, then two linear layers, each added to its normalized input."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def forward(self, x, cache=None):
        batch, length, width = x.shape
        qkv = self.qkv(self.norm1(x)).view(batch, length, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        if cache is not None:
            k, v = cache.extended(k, v)
        # A single new position sees all positions before it, so that it needs no mask.
        y = F.scaled_dot_product_attention(q, k, v, is_causal=length > 1)
        x = x + self.proj(y.transpose(1, 2).reshape(batch, length, width))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Cache:
    """Keys and values of the positions that one block has seen, in memory for `context` of them."""

    def __init__(self, context):
        self.context, self.length, self.k, self.v = context, 0, None, None

    def extended(self, k, v):
        """All keys and values, the new ones last."""
        if self.k is None:
            batch, heads, _, size = k.shape
            self.k, self.v = torch.empty(2, batch, heads, self.context, size).unbind(0)
        start, self.length = self.length, self.length + k.shape[2]
        self.k[:, :, start:self.length] = k
        self.v[:, :, start:self.length] = v
        return self.k[:, :, :self.length], self.v[:, :, :self.length]


class MiniGPT(nn.Module):
    """A decoder-only transformer over `symbols` characters with contexts of up to `context` of them."""

    def __init__(self, symbols, context, width, layers, heads):
        super().__init__()
        self.context = context
        self.embed = nn.Embedding(symbols, width)
        self.place = nn.Embedding(context, width)
        self.blocks = nn.ModuleList([Block(width, heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, symbols, bias=False)
        self.head.weight = self.embed.weight
        for name, p in self.named_parameters():
            if p.dim() == 2:
                # Every block adds two terms to x; this keeps their sum as large as one of them.
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * layers) if name.endswith(('proj.weight', 'down.weight')) else 0.02)
            elif name.endswith('bias'):
                nn.init.zeros_(p)

    def forward(self, tokens, caches=None):
        """Logits (batch, length, symbols) of the character after each one of tokens (batch, length)."""
        start = caches[0].length if caches else 0
        x = self.embed(tokens) + self.place(torch.arange(start, start + tokens.shape[1]))
        for i, block in enumerate(self.blocks):
            x = block(x, caches[i] if caches else None)
        return self.head(self.norm(x))

    def write(self, tokens, count, temperature=0.8):
        """`count` characters after `tokens` (a list), drawn by their probabilities to the power 1 / temperature."""
        tokens, caches, fresh = list(tokens), None, tokens
        with torch.no_grad():
            for _ in range(count):
                if caches is None or caches[0].length == self.context:
                    # The context is full: its second half is read again from position 0 on.
                    fresh = tokens[-self.context // 2:]
                    caches = [Cache(self.context) for _ in self.blocks]
                logits = self(torch.tensor([fresh]), caches)[0, -1]
                fresh = [torch.multinomial(F.softmax(logits / temperature, dim=0), 1).item()]
                tokens += fresh
        return tokens[-count:]


def load_text():
    """Python's help topics as one text."""
    from pydoc_data.topics import topics
    return '\n'.join(topics[name] for name in sorted(topics))


def batches(data, context, count):
    """`count` random pieces of the text, and the same pieces one character later."""
    starts = torch.randint(0, len(data) - context, (count, 1))
    places = starts + torch.arange(context)
    return data[places], data[places + 1]


def held_out_loss(model, data, context):
    """Mean loss over up to 128 pieces from the start of text that was not trained on."""
    pieces = min(128, (len(data) - 1) // context)
    x = data[:pieces * context].view(pieces, context)
    y = data[1:pieces * context + 1].view(pieces, context)
    with torch.no_grad():
        losses = [F.cross_entropy(model(a).flatten(0, 1), b.flatten(), reduction='sum') for a, b in
                  zip(x.split(32), y.split(32))]
    return (sum(losses) / y.numel()).item()


def cache_is_right(model, tokens):
    """Whether the logits of tokens (1, length) are the same one position at a time, with the cache."""
    caches = [Cache(model.context) for _ in model.blocks]
    with torch.no_grad():
        steps = [model(token, caches) for token in tokens.split(1, dim=1)]
        return torch.allclose(torch.cat(steps, dim=1), model(tokens), atol=1e-4)


def make_training(model, steps, rate):
    """AdamW that shrinks matrices alone, and a rate that rises for 5 % of the steps and falls along a cosine."""
    matrices = [p for p in model.parameters() if p.dim() == 2]
    others = [p for p in model.parameters() if p.dim() != 2]
    optimizer = torch.optim.AdamW([{'params': matrices, 'weight_decay': 0.1}, {'params': others, 'weight_decay': 0.0}],
                                  lr=rate, betas=(0.9, 0.95))
    warmup = max(1, steps // 20)

    def factor(step):
        if step < warmup:
            return (step + 1) / warmup
        return 0.1 + 0.45 * (1 + math.cos(math.pi * min(1, (step - warmup) / max(1, steps - warmup))))
    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def train(model, optimizer, scheduler, data, history, steps, batch, checkpoint):
    """Train to step number `steps`; `history` grows by the loss, the held-out loss now and then, and the rate."""
    held_out = data[-len(data) // 20:]
    data = data[:-len(held_out)]
    with tqdm(total=steps, initial=len(history['loss']), unit='step') as bar:
        for step in range(len(history['loss']), steps):
            x, y = batches(data, model.context, batch)
            loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            history['loss'].append(loss.item())
            history['rate'].append(scheduler.get_last_lr()[0])
            scheduler.step()
            if (step + 1) % max(1, steps // 10) == 0:
                history['held_out'].append((step + 1, held_out_loss(model, held_out, model.context)))
                checkpoint()
            bar.set_postfix(loss=f'{history["loss"][-1]:.3f}', refresh=False)
            bar.update()


def draw(path, history):
    """Losses of training and of held-out text, and the learning rate."""
    figure, axes = plt.subplots(figsize=(9, 5), layout='constrained')
    axes.plot(history['loss'], lw=0.6, label='training')
    axes.plot(*zip(*history['held_out']), 'o-', label='held-out text')
    axes.set(xlabel='step', ylabel='loss (nats per character)', title='A small GPT on Python help topics')
    axes.legend()
    rate = axes.twinx()
    rate.plot(history['rate'], color='gray', lw=0.8, ls='--')
    rate.set_ylabel('learning rate (dashed)')
    figure.savefig(path, dpi=100)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--steps', type=int, default=1000, help='optimizer steps in all (default: %(default)s)')
    parser.add_argument('--batch', type=int, default=8, help='pieces of text per step (default: %(default)s)')
    parser.add_argument('--context', type=int, default=64, help='characters per piece (default: %(default)s)')
    parser.add_argument('--width', type=int, default=128, help='length of a position (default: %(default)s)')
    parser.add_argument('--layers', type=int, default=4, help='blocks (default: %(default)s)')
    parser.add_argument('--heads', type=int, default=4, help='heads per block (default: %(default)s)')
    parser.add_argument('--lr', type=float, default=3e-3, help='highest learning rate (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='seed of weights, order and writing (default: %(default)s)')
    parser.add_argument('--prompt', default='The "with" statement', help='what the model goes on from (default: %(default)s)')
    parser.add_argument('--length', type=int, default=400, help='characters to write (default: %(default)s)')
    parser.add_argument('--resume', action='store_true', help='go on from OUT/mini_gpt.pt')
    parser.add_argument('--out', type=Path, default=Path('out'), help='folder for the model and picture (default: %(default)s)')
    args = parser.parse_args()
    if min(args.steps, args.batch, args.layers, args.heads, args.length) < 1 or args.context < 2 or args.width % args.heads:
        parser.error('numbers must be positive, --context at least 2, and --width a multiple of --heads')
    saved = args.out / 'mini_gpt.pt'
    if args.resume and not saved.exists():
        parser.error(f'--resume: there is no {saved}')
    args.out.mkdir(parents=True, exist_ok=True)

    text = load_text()
    symbols = sorted(set(text))
    number = {symbol: i for i, symbol in enumerate(symbols)}
    unknown = sorted(set(args.prompt) - set(symbols))
    if unknown or not args.prompt:
        parser.error(f'--prompt: characters that the text does not have: {unknown}' if unknown else '--prompt is empty')
    data = torch.tensor([number[symbol] for symbol in text])
    sizes = {'symbols': len(symbols), 'context': args.context, 'width': args.width, 'layers': args.layers, 'heads': args.heads}
    torch.manual_seed(args.seed)
    model = MiniGPT(**sizes)
    optimizer, scheduler = make_training(model, args.steps, args.lr)
    history = {'loss': [], 'held_out': [], 'rate': []}

    def checkpoint():
        torch.save({'model': model.state_dict(), 'optimizer': optimizer.state_dict(), 'scheduler': scheduler.state_dict(),
                    'history': history, 'random': torch.get_rng_state(), 'sizes': sizes}, saved)

    if args.resume:
        state = torch.load(saved)
        if state['sizes'] != sizes:
            parser.error(f'--resume: {saved} holds a model of sizes {state["sizes"]}, not {sizes}')
        for part, name in ((model, 'model'), (optimizer, 'optimizer'), (scheduler, 'scheduler')):
            part.load_state_dict(state[name])
        history = state['history']
        torch.set_rng_state(state['random'])
    before = len(history['loss'])
    count = sum(p.numel() for p in model.parameters())
    print(f'{len(text)} characters, {len(symbols)} different; {count} weights; from step {before} to {args.steps}')
    start = time.perf_counter()
    train(model, optimizer, scheduler, data, history, args.steps, args.batch, checkpoint)
    seconds = time.perf_counter() - start
    done = args.steps - before
    if done > 0:
        print(f'{done} steps in {seconds:.1f} s, {done * args.batch * args.context / seconds:.0f} characters/s on '
              f'{torch.get_num_threads()} threads; last loss {history["loss"][-1]:.4f}')
    if history['held_out']:
        print(f'held-out text: {history["held_out"][-1][1]:.4f} nats per character '
              f'(uniform guesses: {math.log(len(symbols)):.4f})')
    checkpoint()

    prompt = [number[symbol] for symbol in args.prompt]
    if not cache_is_right(model, data[:args.context][None]):
        raise SystemExit('the cache changes what the model computes')
    torch.manual_seed(args.seed)
    start = time.perf_counter()
    written = model.write(prompt, args.length)
    seconds = time.perf_counter() - start
    print(f'\n{args.prompt}{"".join(symbols[i] for i in written)}\n')
    print(f'{args.length / seconds:.0f} characters/s with the cache')
    picture = args.out / 'mini_gpt.png'
    draw(picture, history)
    print(f'model: {saved}, picture: {picture}')


if __name__ == '__main__':
    main()
