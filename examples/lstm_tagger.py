"""Train an LSTM to tag the words of sentences with their parts of speech, until every word is right.

    python examples/lstm_tagger.py [--epochs 1000] [--hidden 6] [--seed 0]

The model is the tutorial's: an embedding, an LSTM over the sentence, a linear layer with log_softmax; one sentence per step.
The task needs the context: "saw", "duck" or "train" are nouns after "the" and verbs after a subject. Prints the accuracy on
the training words, stops when it is perfect, and shows what the model makes of new sentences of the same words.
"""

import argparse
import time

from tqdm import tqdm

import cnet as torch
import cnet.nn.functional as F
from cnet import nn

TAGS = ('DET', 'N', 'V')
TRAINING = [
    ('the dog ate the apple', 'DET N V DET N'),
    ('everybody read that book', 'N V DET N'),
    ('they saw the duck', 'N V DET N'),
    ('the saw is old', 'DET N V N'),
    ('ducks duck', 'N V'),
    ('we train the dog', 'N V DET N'),
    ('the train left', 'DET N V'),
    ('that book saw the train', 'DET N V DET N'),
    ('they book the train', 'N V DET N'),
    ('the duck ate everybody', 'DET N V N'),
]
NEW = ['the duck saw that dog', 'we book the saw', 'everybody saw the apple']


class LSTMTagger(nn.Module):
    """Log-probabilities of tags for every word of a sentence."""

    def __init__(self, embedding_dim, hidden_dim, vocab_size, tagset_size):
        super().__init__()
        self.hidden_dim = hidden_dim
        self.word_embeddings = nn.Embedding(vocab_size, embedding_dim)
        self.lstm = nn.LSTM(embedding_dim, hidden_dim)
        self.hidden2tag = nn.Linear(hidden_dim, tagset_size)

    def forward(self, sentence):
        embeds = self.word_embeddings(sentence)
        lstm_out, _ = self.lstm(embeds.view(len(sentence), 1, -1))
        tag_space = self.hidden2tag(lstm_out.view(len(sentence), -1))
        return F.log_softmax(tag_space, dim=1)


def numbers(words, index):
    """The words of a text as a tensor of their numbers."""
    return torch.tensor([index[word] for word in words.split()])


def accuracy(model, data):
    """Share of words whose most probable tag is the right one."""
    with torch.no_grad():
        hits = [model(sentence).argmax(dim=1) == tags for sentence, tags in data]
    return torch.cat(hits).float().mean().item()


def train(model, data, epochs, rate):
    """Plain gradient descent, a sentence at a time, until all tags are right. Returns the number of epochs and steps."""
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    steps = 0
    with tqdm(total=epochs, unit='epoch') as bar:
        for epoch in range(1, epochs + 1):
            total = 0.0
            for sentence, tags in data:
                optimizer.zero_grad()
                loss = F.nll_loss(model(sentence), tags)
                loss.backward()
                optimizer.step()
                total += loss.item()
                steps += 1
            bar.set_postfix(loss=f'{total / len(data):.4f}', refresh=False)
            bar.update()
            if epoch % 10 == 0 and accuracy(model, data) == 1:
                break
    return epoch, steps


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--epochs', type=int, default=1000, help='most passes over the sentences (default: %(default)s)')
    parser.add_argument('--embedding', type=int, default=6, help='numbers per word (default: %(default)s)')
    parser.add_argument('--hidden', type=int, default=6, help='hidden units (default: %(default)s)')
    parser.add_argument('--lr', type=float, default=0.1, help='learning rate (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0, help='seed of the first weights (default: %(default)s)')
    args = parser.parse_args()
    if min(args.epochs, args.embedding, args.hidden) < 1:
        parser.error('--epochs, --embedding and --hidden must be at least 1')

    torch.manual_seed(args.seed)
    words = {word: i for i, word in enumerate(dict.fromkeys(' '.join(text for text, _ in TRAINING).split()))}
    tags = {tag: i for i, tag in enumerate(TAGS)}
    data = [(numbers(text, words), numbers(answer, tags)) for text, answer in TRAINING]
    model = LSTMTagger(args.embedding, args.hidden, len(words), len(TAGS))
    print(model)
    start = time.perf_counter()
    epochs, steps = train(model, data, args.epochs, args.lr)
    seconds = time.perf_counter() - start

    score = accuracy(model, data)
    print(f'trained {epochs} epochs in {seconds:.1f} s, {seconds / steps * 1e6:.0f} us per sentence; '
          f'accuracy on the training words: {score:.1%}')
    for text in NEW:
        with torch.no_grad():
            guess = model(numbers(text, words)).argmax(dim=1)
        print('  ' + ' '.join(f'{word}/{TAGS[tag]}' for word, tag in zip(text.split(), guess.tolist())))
    if score < 1:
        raise SystemExit('some training words are still wrong: give it more --epochs')


if __name__ == '__main__':
    main()
