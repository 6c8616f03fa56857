"""A program with one mistake in every line that a checker must refuse."""
import cnet as torch
from cnet import Tensor

x: Tensor = torch.randn(3)
x.nothing()  # wrong
x.sum('a')  # wrong
y: str = torch.sin(x)  # wrong
torch.sinn(x)  # wrong
n: int = x.relu()  # wrong
x.softmax(dim='a')  # wrong
x.shape.nothing()  # wrong
