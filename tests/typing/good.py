"""A small training program."""
import cnet as torch
from cnet import Tensor, nn
from cnet.nn import functional as F


class Net(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Linear(4, width)
        self.second = nn.Linear(width, 3)

    def forward(self, x: Tensor) -> Tensor:
        h: Tensor = F.relu(self.first(x))
        out: Tensor = self.second(h)
        return out


def loss_of(net: Net, x: Tensor, y: Tensor) -> Tensor:
    logits = net(x)
    return F.cross_entropy(logits, y)


net = Net(8)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
x, y = torch.randn(16, 4), torch.randint(0, 3, (16,))
for _ in range(3):
    optimizer.zero_grad()
    loss = loss_of(net, x, y)
    loss.backward()
    optimizer.step()
accuracy: float = (net(x).argmax(dim=1) == y).float().mean().item()
z: Tensor = torch.sin(x).sum(dim=0, keepdim=True) @ x.T + 1
rows: int = z.shape[0]
values, places = x.max(dim=1)
s: Tensor = torch.linalg.inv(x.T @ x)
with torch.no_grad():
    w = x.view(-1, 2).clamp_(0, 1).tolist()
print(accuracy, rows, values.dtype, places.dtype == torch.int64, s, w)
