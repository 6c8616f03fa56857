"""An MLP of growing width: time must grow with the work, without a step where threads come in."""

from .cases import Cases

cases = Cases()


def mlp(width):
    """Forward pass and train step of three layers, 64 rows."""
    def build(torch):
        nn = torch.nn
        return nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))

    @cases(f'forward, width {width:3}', flops=6 * 64 * width ** 2)
    def _(torch):
        model, x = build(torch), torch.randn(64, width)

        def call():
            with torch.no_grad():
                return model(x)
        return call

    @cases(f'SGD step, width {width:3}', flops=18 * 64 * width ** 2)
    def _(torch):
        model, x = build(torch), torch.randn(64, width)
        optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)

        def call():
            optimizer.zero_grad()
            loss = model(x).square().mean()
            loss.backward()
            optimizer.step()
            return loss
        return call


for _width in (8, 12, 16, 24, 32, 48, 64, 80, 96, 128, 160, 192, 256, 320, 384, 512):
    mlp(_width)
