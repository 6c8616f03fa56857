"""Attention and transformers: the operation, its layers, train steps of small models, and writing token by token."""

import functools

from ._models import LAYERS, WIDTH, Cache, classifier, gpt, jax_step
from .cases import Cases

cases = Cases()


def gradients(y, weights, leaves):
    """y and the gradients of its weighted sum (the sum of a layer norm is constant: its gradients would be rounding errors)."""
    for x in leaves:
        x.grad = None
    (y * weights).sum().backward()
    return y, *[x.grad for x in leaves]


def operation(shape, causal):
    """scaled_dot_product_attention of q, k and v of one shape (B, H, T, E), without and with its gradients."""
    b, h, t, e = shape
    name = f'SDPA {b}x{h}x{t}x{e}' + (' causal' if causal else '')
    # Two products of 2 E flops per pair of query and key forward, five backward; half of the pairs if causal.
    flops = 4 * b * h * t * t * e / (2 if causal else 1)

    def make(torch, grad):
        leaves = [x.clone().requires_grad_(grad) for x in torch.randn(3, *shape).unbind(0)]
        return leaves, functools.partial(torch.nn.functional.scaled_dot_product_attention, *leaves, is_causal=causal)

    @cases(name, flops=flops)
    def _(torch):
        return make(torch, False)[1]

    @cases(f'{name}, forward + backward', flops=3.5 * flops)
    def _(torch):
        leaves, attend = make(torch, True)
        weights = torch.randn(*shape)
        return lambda: gradients(attend(), weights, leaves)

    def jax_case(grad):
        def build(jnp):
            import jax
            q, k, v = jax.random.normal(jax.random.PRNGKey(0), (3, b, t, h, e))
            attend = functools.partial(jax.nn.dot_product_attention, is_causal=causal)
            run = jax.jit(jax.value_and_grad(lambda *x: attend(*x).sum(), (0, 1, 2)) if grad else attend)

            def call():
                jax.block_until_ready(run(q, k, v))
            return call
        return build
    cases.twin(name, 'jax')(jax_case(False))
    cases.twin(f'{name}, forward + backward', 'jax')(jax_case(True))


operation((4, 8, 128, 64), False)
operation((1, 8, 1024, 64), True)
operation((16, 8, 64, 32), False)


def self_attention(torch):
    """MultiheadAttention of a sequence to itself, as a module of one argument."""
    class SelfAttention(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = torch.nn.MultiheadAttention(256, 8, batch_first=True)

        def forward(self, x):
            return self.attention(x, x, x, need_weights=False)[0]
    return SelfAttention()


def module(name, make, shapes, flops=0, train=True, grad=True):
    """A module's result, with the gradients of inputs and parameters, or without recording."""
    def build(torch, compile=None):
        net = make(torch).train(train)
        inputs = [torch.randn(*shape).requires_grad_(grad) for shape in shapes]
        leaves, weights = [*inputs, *net.parameters()], torch.randn(*shapes[-1])
        net = compile(net) if compile else net

        def call():
            return gradients(net(*inputs), weights, leaves)

        def silent():
            with torch.no_grad():
                return net(*inputs)
        return call if grad else silent

    cases(name, flops=(3 if grad else 1) * flops)(build)
    cases.twin(name, 'torch.compile')(lambda torch: build(torch, torch.compile))


ROWS = 16 * 64
ATTENTION = 2 * ROWS * 4 * 256 * 256 + 4 * ROWS * 64 * 256
LAYER = ATTENTION + 2 * ROWS * 2 * 256 * 1024

module('MultiheadAttention 16x64x256, 8 heads', self_attention, [(16, 64, 256)], ATTENTION, False, False)
module('MultiheadAttention 16x64x256, 8 heads, forward + backward', self_attention, [(16, 64, 256)], ATTENTION)
for _name, _options in (('', {}), (', gelu', {'activation': 'gelu'}), (', norm first', {'norm_first': True})):
    def _encoder(torch, dropout=0.1, options=_options):
        return torch.nn.TransformerEncoderLayer(256, 8, 1024, dropout, batch_first=True, **options)
    module(f'encoder layer 256/8/1024{_name}, eval', _encoder, [(16, 64, 256)], LAYER, False, False)
    module(f'encoder layer 256/8/1024{_name}, train', _encoder, [(16, 64, 256)], LAYER)
    module(f'encoder layer 256/8/1024{_name}, train, dropout 0', functools.partial(_encoder, dropout=0.0), [(16, 64, 256)], LAYER)


def small_transformer(torch):
    """Encoder and decoder of two layers each."""
    return torch.nn.Transformer(128, 4, 2, 2, 512, batch_first=True)


module('nn.Transformer 128/4/512, 2 + 2 layers, eval', small_transformer, [(8, 32, 128)] * 2, 0, False, False)
module('nn.Transformer 128/4/512, 2 + 2 layers, train', small_transformer, [(8, 32, 128)] * 2)


def digits(torch):
    return torch.randn(16, 64, 28), torch.arange(16) % 10


def text(torch):
    tokens = torch.randint(0, 96, (8, 65))
    return tokens[:, :-1], tokens[:, 1:]


def training(name, make, data, flops, clip, jax=None):
    """A train step with AdamW; its result is the loss."""
    def build(torch, compile=None):
        model, (x, y) = make(torch), data(torch)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

        def loss_of(x, y):
            return torch.nn.functional.cross_entropy(model(x).flatten(0, -2), y.flatten())
        loss_of = compile(loss_of) if compile else loss_of

        def call():
            optimizer.zero_grad()
            loss = loss_of(x, y)
            loss.backward()
            if clip:
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            return loss.detach()
        return call

    cases(name, flops=flops)(build)
    cases.twin(name, 'torch.compile')(lambda torch: build(torch, torch.compile))
    if jax:
        cases.twin(name, 'jax')(lambda jnp: jax_step(jnp, jax, clip))


# 6 flops per weight and position, 12 per pair of positions and number of a query; embeddings are not multiplied.
WEIGHTS = LAYERS * 12 * WIDTH * WIDTH
CLASSIFIER = 6 * 16 * 64 * (WEIGHTS + 28 * WIDTH) + 12 * LAYERS * 16 * 64 * 64 * WIDTH
GPT = 6 * 8 * 64 * (WEIGHTS + 96 * WIDTH) + 6 * LAYERS * 8 * 64 * 64 * WIDTH

training('classifier 128, 4 layers, 16x64, train step', classifier, digits, CLASSIFIER, False)
training('classifier 128, 4 layers, 16x64, train step, dropout 0', functools.partial(classifier, dropout=0.0), digits,
         CLASSIFIER, False, 'classifier')
training('mini GPT 128, 4 layers, 8x64, train step', gpt, text, GPT, True, 'gpt')


@cases('mini GPT 128, 4 layers, 64 tokens one by one', flops=2 * 64 * (WEIGHTS + 96 * WIDTH))
def _(torch):
    model = gpt(torch)

    def call():
        caches, token = [Cache(torch) for _ in range(LAYERS)], torch.zeros(1, 1, dtype=torch.int64)
        with torch.no_grad():
            for _ in range(64):
                logits = model(token, caches)
                token = logits[:, -1].argmax(-1, keepdim=True)
        return logits
    return call
