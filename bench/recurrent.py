"""Recurrent layers over whole sequences and cell by cell, padded and packed, ordinary and extreme inputs, and train steps."""

import numpy

from .cases import Cases

cases = Cases()

GATES = {'LSTM': 4, 'GRU': 3, 'RNN': 1}
SHAPES = {'5x1, 6 to 6': (5, 1, 6, 6), '35x20, 200 to 200': (35, 20, 200, 200), '100x32, 128 to 256': (100, 32, 128, 256),
          '50x1, 256 to 512': (50, 1, 256, 512)}


def gradients(loss, leaves):
    """Gradients of a loss, as a tuple."""
    for leaf in leaves:
        leaf.grad = None
    loss.backward()
    return tuple([leaf.grad for leaf in leaves])


def network(kind, name, shape, layers=1, directions=1, scale=1.):
    """Forward without recording, and forward with all gradients, of a network on (T, B, I) inputs of a given size."""
    steps, batch, inputs, hidden = shape
    widths = [inputs, *[directions * hidden] * (layers - 1)]
    flops = sum(2 * steps * batch * directions * GATES[kind] * hidden * (width + hidden) for width in widths)

    def make(torch):
        net = getattr(torch.nn, kind)(inputs, hidden, layers, bidirectional=directions == 2)
        return net, torch.randn(steps, batch, inputs) * scale, torch.randn(steps, batch, directions * hidden) * min(scale, 1.)

    @cases(f'{kind} {name}', flops=flops)
    def _(torch):
        net, x, _ = make(torch)

        def call():
            with torch.no_grad():
                return net(x)[0]
        return call

    @cases(f'{kind} {name}, forward + backward', flops=3 * flops)
    def _(torch):
        net, x, weights = make(torch)
        leaves = [x.requires_grad_(), *net.parameters()]
        return lambda: gradients((net(x)[0] * weights).sum(), leaves)


for _kind in GATES:
    for _name, _shape in SHAPES.items():
        network(_kind, _name, _shape)
    network(_kind, '50x16, 64 to 128, 2 layers, 2 directions', (50, 16, 64, 128), 2, 2)
for _name, _scale in (('saturating', 1e4), ('denormal', 1e-39)):
    network('LSTM', f'100x32, 128 to 256, {_name} inputs', SHAPES['100x32, 128 to 256'], scale=_scale)


def cell_loop(recording):
    """50 steps of an LSTMCell, one call each."""
    def build(torch):
        cell, x = torch.nn.LSTMCell(128, 256), torch.randn(50, 16, 128)

        def loop():
            h, c, outputs = torch.zeros(16, 256), torch.zeros(16, 256), []
            for t in range(50):
                h, c = cell(x[t], (h, c))
                outputs.append(h)
            return torch.stack(outputs)

        def call():
            with torch.no_grad():
                return loop()
        return (lambda: gradients(loop().sum(), list(cell.parameters()))) if recording else call
    return build


def ragged(packed, recording):
    """An LSTM on 32 sequences of lengths 10 to 2000, or on as many rows in 32 sequences of one length."""
    def build(torch):
        net, lengths = torch.nn.LSTM(32, 64), numpy.linspace(2000, 10, 32).astype(int).tolist()
        x = torch.randn(2000 if packed else sum(lengths) // 32, 32, 32)
        if packed:
            x = torch.nn.utils.rnn.pack_padded_sequence(x, torch.tensor(lengths))

        def run():
            y, _ = net(x)
            return y.data if packed else y

        def call():
            with torch.no_grad():
                return run()
        return (lambda: gradients(run().sum(), list(net.parameters()))) if recording else call
    return build


for _recording, _suffix in ((False, ''), (True, ', forward + backward')):
    _times = 3 if _recording else 1
    cases(f'LSTMCell loop 50x16, 128 to 256{_suffix}', flops=_times * 2 * 50 * 16 * 1024 * 384)(cell_loop(_recording))
    for _packed in (True, False):
        cases(f'LSTM 32 to 64, {"packed" if _packed else "unpacked"} rows{_suffix}', flops=_times * 2 * 32160 * 256 * 96)(
            ragged(_packed, _recording))


def tagger(torch, words, embedding, hidden, steps, compiled=False):
    """A step of the tutorial's LSTMTagger on one sentence."""
    nn, F = torch.nn, torch.nn.functional

    class Tagger(nn.Module):
        def __init__(self):
            super().__init__()
            self.word_embeddings = nn.Embedding(words, embedding)
            self.lstm = nn.LSTM(embedding, hidden)
            self.hidden2tag = nn.Linear(hidden, 3)

        def forward(self, sentence):
            embeds = self.word_embeddings(sentence)
            lstm_out, _ = self.lstm(embeds.view(len(sentence), 1, -1))
            return F.log_softmax(self.hidden2tag(lstm_out.view(len(sentence), -1)), dim=1)
    model = Tagger()
    run, loss_function = torch.compile(model) if compiled else model, nn.NLLLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    sentence, tags = torch.arange(steps) * 7 % words, torch.arange(steps) % 3

    def step():
        model.zero_grad()
        loss = loss_function(run(sentence), tags)
        loss.backward()
        optimizer.step()
        return loss
    return step


def char_lm(torch, compiled=False):
    """An Adam step of a character model: embedding 64, two LSTM layers of 256, 97 characters, 64 steps of 32 rows."""
    nn = torch.nn

    class CharLM(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.lstm, self.score = nn.Embedding(97, 64), nn.LSTM(64, 256, 2), nn.Linear(256, 97)

        def forward(self, x):
            return self.score(self.lstm(self.embed(x))[0])
    model = CharLM()
    run, optimizer = torch.compile(model) if compiled else model, torch.optim.Adam(model.parameters(), lr=2e-3)
    x, y = torch.arange(64 * 32).reshape(64, 32) * 31 % 97, torch.arange(64 * 32) * 17 % 97

    def step():
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(run(x).flatten(0, 1), y)
        loss.backward()
        optimizer.step()
        return loss
    return step


TAGGERS = {'LSTMTagger 6/6, 5 words, SGD step': (9, 6, 6, 5), 'LSTMTagger 64/128, 30 words, SGD step': (200, 64, 128, 30)}
CHAR_LM = 'char-LSTM 2x256, 64x32, Adam step'
for _name, _sizes in TAGGERS.items():
    cases(_name)(lambda torch, sizes=_sizes: tagger(torch, *sizes))
    cases.twin(_name, 'torch.compile')(lambda torch, sizes=_sizes: tagger(torch, *sizes, compiled=True))
cases(CHAR_LM, flops=3 * 2 * 2048 * (1024 * (64 + 256 + 512) + 256 * 97))(char_lm)
cases.twin(CHAR_LM, 'torch.compile')(lambda torch: char_lm(torch, compiled=True))


def jax_step(np, words, embedding, hidden, layers, tags, x, y, adam):
    """A compiled train step in JAX: the layers as scans, Adam or plain descent by hand."""
    import jax

    rng = numpy.random.default_rng(0)

    def weight(*shape):
        return np.asarray(rng.uniform(-1, 1, shape).astype('float32') / hidden ** 0.5)
    parameters = {'embed': weight(words, embedding), 'score': weight(hidden, tags), 'bias': weight(tags)}
    for i in range(layers):
        parameters[f'layer{i}'] = (weight(hidden if i else embedding, 4 * hidden), weight(hidden, 4 * hidden), weight(4 * hidden))

    def loss(p, x, y):
        z = p['embed'][x]
        for i in range(layers):
            w, u, b = p[f'layer{i}']

            def cell(state, gates, u=u):
                h, c = state
                i, f, g, o = np.split(gates + h @ u, 4, -1)
                c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * np.tanh(g)
                h = jax.nn.sigmoid(o) * np.tanh(c)
                return (h, c), h
            zeros = np.zeros((x.shape[1], hidden), 'float32')
            _, z = jax.lax.scan(cell, (zeros, zeros), z @ w + b)
        scores = jax.nn.log_softmax((z @ p['score'] + p['bias']).reshape(-1, tags))
        return -np.take_along_axis(scores, y[:, None], 1).mean()

    def update(p, m, v, t, x, y):
        value, g = jax.value_and_grad(loss)(p, x, y)
        if not adam:
            return value, jax.tree.map(lambda p, g: p - 0.1 * g, p, g), m, v
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        p = jax.tree.map(lambda p, m, v: p - 2e-3 * (m / (1 - 0.9 ** t)) / (np.sqrt(v / (1 - 0.999 ** t)) + 1e-8), p, m, v)
        return value, p, m, v
    state = [parameters, jax.tree.map(np.zeros_like, parameters), jax.tree.map(np.zeros_like, parameters), 0]
    run, x, y = jax.jit(update, donate_argnums=(0, 1, 2)), np.asarray(x), np.asarray(y)

    def step():
        state[3] += 1
        value, state[0], state[1], state[2] = run(state[0], state[1], state[2], float(state[3]), x, y)
        jax.block_until_ready((value, state[0]))
    return step


def _tagger_twin(words, embedding, hidden, steps):
    x, y = numpy.arange(steps)[:, None] * 7 % words, numpy.arange(steps) % 3
    return lambda np: jax_step(np, words, embedding, hidden, 1, 3, x, y, False)


for _name, _sizes in TAGGERS.items():
    cases.twin(_name, 'jax')(_tagger_twin(*_sizes))


@cases.twin(CHAR_LM, 'jax')
def _(np):
    x, y = numpy.arange(64 * 32).reshape(64, 32) * 31 % 97, numpy.arange(64 * 32) * 17 % 97
    return jax_step(np, 97, 64, 256, 2, 97, x, y, True)
