"""AdaptiveLogSoftmaxWithLoss: a softmax over many classes that spends its work on the frequent ones."""

from collections import namedtuple

from ..._ops.join import cat
from .. import functional as F
from .container import ModuleList, Sequential
from .linear import Linear
from .module import Module

__all__ = ['AdaptiveLogSoftmaxWithLoss']

_ASMoutput = namedtuple('_ASMoutput', ['output', 'loss'])


def _checked(cutoffs, n_classes):
    cutoffs = list(cutoffs)
    if not cutoffs:
        raise ValueError('cutoffs should be a sequence of length larger than 0')
    increasing = all(a < b for a, b in zip([0, *cutoffs], [*cutoffs, n_classes]))
    if not increasing or any(int(c) != c for c in cutoffs):
        raise ValueError('cutoffs should be a sequence of unique, positive integers sorted in an increasing order, where each '
                         'value is between 1 and n_classes-1')
    return [*cutoffs, n_classes]


class AdaptiveLogSoftmaxWithLoss(Module):
    """Log-probabilities of classes sorted by frequency: a head for the frequent ones, small tails for clusters of the rest.

    Args:
        in_features (int): I, the length of an input row.
        n_classes (int): K.
        cutoffs (sequence of int): the first class of each cluster; those before the first are the head's own.
        div_value (float): by how much the width of a tail is smaller than that of the one before.
        head_bias (bool): whether the head adds a bias.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of the parameters.

    Shape:
        input: (N, I) or (I). target: (N) or (). output: (N) or ().

    Example:
        >>> import cnet
        >>> layer = cnet.nn.AdaptiveLogSoftmaxWithLoss(16, 20, cutoffs=[4, 10])
        >>> layer.log_prob(cnet.zeros(3, 16)).shape
        cnet.Size([3, 20])
    """

    def __init__(self, in_features, n_classes, cutoffs, div_value=4.0, head_bias=False, device=None, dtype=None):
        super().__init__()
        self.in_features = in_features
        self.n_classes = n_classes
        self.cutoffs = _checked(cutoffs, n_classes)
        self.div_value = div_value
        self.head_bias = head_bias
        self.shortlist_size = self.cutoffs[0]
        self.n_clusters = len(self.cutoffs) - 1
        self.head_size = self.shortlist_size + self.n_clusters
        self.head = Linear(in_features, self.head_size, head_bias, device, dtype)
        self.tail = ModuleList()
        for i, (low, high) in enumerate(self._clusters()):
            width = int(in_features // div_value ** (i + 1))
            self.tail.append(Sequential(Linear(in_features, width, False, device, dtype),
                                        Linear(width, high - low, False, device, dtype)))

    def _clusters(self):
        return list(zip(self.cutoffs, self.cutoffs[1:]))

    def reset_parameters(self):
        """Draw the initial weights again."""
        self.head.reset_parameters()
        for tail in self.tail:
            for layer in tail:
                layer.reset_parameters()

    def forward(self, input_, target_):
        if target_.dim() > 1:
            raise RuntimeError('0D or 1D target tensor expected, multi-target not supported')
        if target_.dim() == 1 and input_.shape[0] != target_.shape[0]:
            raise RuntimeError('Input and target should have the same size in the batch dimension.')
        if input_.dim() != target_.dim() + 1:
            raise RuntimeError(f'{target_.dim()}D target tensor expects {target_.dim() + 1}D input tensors, but found inputs '
                               f'with size {input_.shape}')
        input, target = (input_, target_) if target_.dim() else (input_.unsqueeze(0), target_.unsqueeze(0))
        if target.numel() and not (0 <= target.min().item() and target.max().item() < self.n_classes):
            raise RuntimeError(f'Target values should be in [0, {self.n_classes - 1}], but values in range '
                               f'[{target.min().item()}, {target.max().item()}] were found. ')
        place = target  # in the head: the class itself, or its cluster
        parts, rows = [], []
        for i, (low, high) in enumerate(self._clusters()):
            mask = (target >= low) & (target < high)
            row = mask.nonzero().squeeze(1)
            if row.numel():
                place = place.masked_fill(mask, self.shortlist_size + i)
                inside = F.log_softmax(self.tail[i](input.index_select(0, row)), dim=1)
                parts.append(inside.gather(1, (target[row] - low).unsqueeze(1)).squeeze(1))
                rows.append(row)
        output = F.log_softmax(self.head(input), dim=1).gather(1, place.unsqueeze(1)).squeeze(1)
        if parts:
            output = output.index_add(0, cat(rows), cat(parts))
        loss = -output.mean()
        return _ASMoutput(output if target_.dim() else output.squeeze(0), loss)

    def _all(self, input, head):
        """The log-probabilities of all classes, from the head's output."""
        head = F.log_softmax(head, dim=1)
        parts = [head[:, :self.shortlist_size]]
        for i, tail in enumerate(self.tail):
            parts.append(F.log_softmax(tail(input), dim=1) + head[:, self.shortlist_size + i].unsqueeze(1))
        return cat(parts, 1)

    def log_prob(self, input):
        """Log-probabilities of all classes.

        Args:
            input (Tensor): (N, I).

        Returns:
            Tensor: (N, K).
        """
        return self._all(input, self.head(input))

    def predict(self, input):
        """The most probable class of every row; like `log_prob(input).argmax(1)`, but faster.

        Args:
            input (Tensor): (N, I).

        Returns:
            Tensor: (N), int64.
        """
        head = self.head(input)
        best = head.argmax(1)
        rare = (best >= self.shortlist_size).nonzero().squeeze(1)
        if rare.numel():
            best[rare] = self._all(input[rare], head[rare]).argmax(1)
        return best
