"""The transformers whose train steps are timed: for cnet and PyTorch as modules, for JAX as functions of arrays."""

WIDTH, LAYERS, HEADS, SYMBOLS, CONTEXT = 128, 4, 4, 96, 64


def classifier(torch, dropout=0.1):
    """Four encoder layers over sequences of 64 rows of 28 numbers; 10 classes."""
    nn = torch.nn

    class Classifier(nn.Module):
        def __init__(self):
            super().__init__()
            self.rows = nn.Linear(28, WIDTH)
            layer = nn.TransformerEncoderLayer(WIDTH, HEADS, 4 * WIDTH, dropout, batch_first=True)
            self.encoder = nn.TransformerEncoder(layer, LAYERS)
            self.head = nn.Linear(WIDTH, 10)

        def forward(self, x):
            return self.head(self.encoder(self.rows(x)).mean(1))
    return Classifier()


def gpt(torch):
    """The model of examples/mini_gpt.py."""
    nn, F = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
            self.qkv, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
            self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

        def forward(self, x, cache=None):
            batch, length, _ = x.shape
            qkv = self.qkv(self.norm1(x)).view(batch, length, 3, HEADS, WIDTH // HEADS)
            q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
            if cache is not None:
                k, v = cache.extended(k, v)
            y = F.scaled_dot_product_attention(q, k, v, is_causal=length > 1)
            x = x + self.proj(y.transpose(1, 2).reshape(batch, length, WIDTH))
            return x + self.down(F.gelu(self.up(self.norm2(x))))

    class GPT(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed, self.place = nn.Embedding(SYMBOLS, WIDTH), nn.Embedding(CONTEXT, WIDTH)
            self.blocks = nn.ModuleList([Block() for _ in range(LAYERS)])
            self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, SYMBOLS, bias=False)
            self.head.weight = self.embed.weight
            for p in self.parameters():
                if p.dim() == 2:
                    nn.init.normal_(p, std=0.02)

        def forward(self, tokens, caches=None):
            start = caches[0].length if caches else 0
            x = self.embed(tokens) + self.place(torch.arange(start, start + tokens.shape[1]))
            for i, block in enumerate(self.blocks):
                x = block(x, caches[i] if caches else None)
            return self.head(self.norm(x))
    return GPT()


class Cache:
    """The keys and values of one block, in memory for all positions from the start."""

    def __init__(self, torch):
        self.length = 0
        self.k, self.v = torch.empty(2, 1, HEADS, CONTEXT, WIDTH // HEADS).unbind(0)

    def extended(self, k, v):
        """All keys and values, the new ones last."""
        start, self.length = self.length, self.length + k.shape[2]
        self.k[:, :, start:self.length] = k
        self.v[:, :, start:self.length] = v
        return self.k[:, :, :self.length], self.v[:, :, :self.length]


def jax_step(jnp, model, clip):
    """A jitted train step with AdamW of `classifier` without dropout, or of `gpt`, as a function without arguments."""
    import jax
    keys = iter(jax.random.split(jax.random.PRNGKey(0), 256))

    def dense(n, m):
        return {'w': jax.random.normal(next(keys), (n, m)) * 0.02, 'b': jnp.zeros(m)}

    def norm():
        return {'w': jnp.ones(WIDTH), 'b': jnp.zeros(WIDTH)}

    def layer():
        return {'norm1': norm(), 'norm2': norm(), 'qkv': dense(WIDTH, 3 * WIDTH), 'proj': dense(WIDTH, WIDTH),
                'up': dense(WIDTH, 4 * WIDTH), 'down': dense(4 * WIDTH, WIDTH)}

    def linear(p, x):
        return x @ p['w'] + p['b']

    def normed(p, x):
        x = x - x.mean(-1, keepdims=True)
        return x / jnp.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * p['w'] + p['b']

    def attended(p, x, causal):
        q, k, v = jnp.split(linear(p['qkv'], x).reshape(*x.shape[:2], HEADS, -1), 3, -1)
        return linear(p['proj'], jax.nn.dot_product_attention(q, k, v, is_causal=causal).reshape(x.shape))

    params = {'layers': [layer() for _ in range(LAYERS)]}
    if model == 'gpt':
        params |= {'embed': jax.random.normal(next(keys), (SYMBOLS, WIDTH)) * 0.02,
                   'place': jax.random.normal(next(keys), (CONTEXT, WIDTH)) * 0.02, 'norm': norm()}
        tokens = jax.random.randint(next(keys), (8, CONTEXT + 1), 0, SYMBOLS)
        x, y = tokens[:, :-1], tokens[:, 1:]
    else:
        params |= {'rows': dense(28, WIDTH), 'head': dense(WIDTH, 10)}
        x, y = jax.random.normal(next(keys), (16, 64, 28)), jnp.arange(16) % 10

    def logits(p, x):
        if model == 'gpt':
            x = p['embed'][x] + p['place']
            for q in p['layers']:
                x = x + attended(q, normed(q['norm1'], x), True)
                x = x + linear(q['down'], jax.nn.gelu(linear(q['up'], normed(q['norm2'], x)), approximate=False))
            return normed(p['norm'], x) @ p['embed'].T
        x = linear(p['rows'], x)
        for q in p['layers']:
            x = normed(q['norm1'], x + attended(q, x, False))
            x = normed(q['norm2'], x + linear(q['down'], jax.nn.relu(linear(q['up'], x))))
        return linear(p['head'], x.mean(1))

    def loss(p, x, y):
        return -jnp.take_along_axis(jax.nn.log_softmax(logits(p, x)), y[..., None], -1).mean()

    def step(state):
        p, m, v, t = state
        value, g = jax.value_and_grad(loss)(p, x, y)
        if clip:
            total = jnp.sqrt(sum((leaf * leaf).sum() for leaf in jax.tree.leaves(g)))
            g = jax.tree.map(lambda leaf: leaf * jnp.minimum(1, 1 / (total + 1e-6)), g)
        t = t + 1
        m = jax.tree.map(lambda a, b: 0.9 * a + 0.1 * b, m, g)
        v = jax.tree.map(lambda a, b: 0.999 * a + 0.001 * b * b, v, g)
        p = jax.tree.map(lambda w, a, b: w * (1 - 1e-5) - 1e-3 * (a / (1 - 0.9 ** t)) / (jnp.sqrt(b / (1 - 0.999 ** t)) + 1e-8),
                         p, m, v)
        return (p, m, v, t), value

    step = jax.jit(step, donate_argnums=0)
    zeros = jax.tree.map(jnp.zeros_like, params)
    state = [(params, zeros, jax.tree.map(jnp.copy, zeros), jnp.zeros(()))]

    def call():
        state[0], value = step(state[0])
        value.block_until_ready()
    return call
