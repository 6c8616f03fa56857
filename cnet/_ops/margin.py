"""Losses with a margin: how much a score or distance falls short of it."""

import numpy as np

from .._core import errors
from .._core.base import wrap
from .._core.op import Op
from ._losses import reduced, reduction_of

__all__ = ['cosine_embedding_loss', 'hinge_embedding_loss', 'margin_ranking_loss', 'triplet_margin_loss']
FUNCTIONAL = [
    'cosine_embedding_loss', 'hinge_embedding_loss', 'margin_ranking_loss', 'multi_margin_loss', 'multilabel_margin_loss',
    'multilabel_soft_margin_loss', 'triplet_margin_loss', 'triplet_margin_with_distance_loss',
]


def hinge_embedding_loss(input, target, margin=1.0, size_average=None, reduce=None, reduction='mean'):
    """The distance of similar pairs (target 1), and how much that of others (target -1) falls short of a margin.

    Args:
        input (Tensor): distances.
        target (Tensor): 1 or -1.
        margin (float): the distance from which dissimilar pairs cost nothing.
        size_average, reduce (bool, optional): older spelling of `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        - input, target: :math:`(*)`, any shape.
        - result: that shape with 'none', else :math:`()`.

    Returns:
        Tensor: the loss.

    Example:
        >>> import cnet
        >>> cnet.hinge_embedding_loss(cnet.tensor([0.25, 0.25]), cnet.tensor([1., -1.]))
        tensor(0.5000)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    loss = (input.masked_fill(target == -1, 0) + (margin - input).clamp_min(0).masked_fill(target == 1, 0))
    return reduced(loss, reduction)


def margin_ranking_loss(input1, input2, target, margin=0, size_average=None, reduce=None, reduction='mean'):
    """How much the first score falls short of exceeding the second (target 1), or the second the first (target -1).

    Args:
        input1, input2 (Tensor): the scores; they broadcast.
        target (Tensor): 1 or -1.
        margin (float): by how much one must exceed the other.
        size_average, reduce (bool, optional): older spelling of `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        - input1, input2, target: :math:`(N)` or :math:`()`, N the number of pairs.
        - result: that shape with 'none', else :math:`()`.

    Returns:
        Tensor: max(0, -target (input1 - input2) + margin).

    Example:
        >>> import cnet
        >>> cnet.margin_ranking_loss(cnet.tensor([1.]), cnet.tensor([3.]), cnet.tensor([1.]))
        tensor(2.)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if input1.ndim != input2.ndim or input1.ndim != target.ndim:
        raise RuntimeError('margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: '
                           f'{input1.shape}, input2: {input2.shape}, target: {target.shape} ')
    return reduced((-target * (input1 - input2) + margin).clamp_min(0), reduction)


def cosine_embedding_loss(input1, input2, target, margin=0, size_average=None, reduce=None, reduction='mean'):
    """How far the cosine of two vectors is from 1 (target 1), or by how much it exceeds a margin (target -1).

    Args:
        input1, input2 (Tensor): the vectors.
        target (Tensor): 1 or -1.
        margin (float): the cosine up to which dissimilar vectors cost nothing.
        size_average, reduce (bool, optional): older spelling of `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        - input1, input2: :math:`(N, D)` or :math:`(D)`, N vectors of D numbers.
        - target: :math:`(N)` or :math:`()`.
        - result: of the target with 'none', else :math:`()`.

    Returns:
        Tensor: the loss.

    Example:
        >>> import cnet
        >>> cnet.cosine_embedding_loss(cnet.tensor([1., 0.]), cnet.tensor([0., 1.]), cnet.tensor(1))
        tensor(1.)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if target.ndim > 1 or target.ndim + 1 != input1.ndim or target.ndim + 1 != input2.ndim:
        if target.ndim > 1:
            raise RuntimeError('0D or 1D target tensor expected, multi-target not supported')
        kind = '2D' if target.ndim else '1D'
        raise RuntimeError(f'{target.ndim}D target tensor expects {kind} input tensors, but found inputs with sizes '
                           f'{list(input1.shape)} and {list(input2.shape)}.')
    # In both lengths a little is added under the root, so that zero vectors have a gradient.
    product = (input1 * input2).sum(-1)
    lengths = ((input1 * input1).sum(-1) + 1e-12) * ((input2 * input2).sum(-1) + 1e-12)
    cosine = product / lengths.sqrt()
    loss = (1 - cosine).masked_fill(target != 1, 0) + (cosine - margin).clamp_min(0).masked_fill(target != -1, 0)
    return reduced(loss, reduction)


def triplet_margin_loss(anchor, positive, negative, margin=1.0, p=2, eps=1e-6, swap=False, size_average=None, reduce=None,
                        reduction='mean'):
    """How much farther from an anchor the positive example is than the negative one, plus a margin.

    Args:
        anchor, positive, negative (Tensor): vectors; they broadcast.
        margin (float): by how much the negative example should be farther.
        p (float): the norm that measures distance.
        eps (float): added to every difference.
        swap (bool): use the distance between both examples where it is less than that of the negative one.
        size_average, reduce (bool, optional): older spelling of `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        - anchor, positive, negative: :math:`(N, D)` or :math:`(D)`, N vectors of D numbers.
        - result: :math:`(N)` or :math:`()` with 'none', else :math:`()`.

    Returns:
        Tensor: max(0, d(anchor, positive) - d(anchor, negative) + margin).

    Example:
        >>> import cnet
        >>> a = cnet.tensor([0., 0.])
        >>> cnet.triplet_margin_loss(a, a + 1, a + 3, margin=4., eps=0.)
        tensor(1.1716)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    _check_triplet(anchor, positive, negative, margin)

    def distance(a, b):
        return (a - b + eps).norm(p, -1)
    return reduced(_triplet(anchor, positive, negative, distance, margin, swap), reduction)


def triplet_margin_with_distance_loss(anchor, positive, negative, *, distance_function=None, margin=1.0, swap=False,
                                      reduction='mean'):
    """`triplet_margin_loss` with any measure of distance.

    Args:
        anchor, positive, negative (Tensor): examples that the measure takes.
        distance_function (callable, optional): two tensors to a tensor of distances; the Euclidean one by default.
        margin (float): by how much the negative example should be farther.
        swap (bool): use the distance between both examples where it is less than that of the negative one.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        - anchor, positive, negative: :math:`(N, *)`, N examples.
        - result: what the measure returns with 'none', else :math:`()`.

    Returns:
        Tensor: max(0, d(anchor, positive) - d(anchor, negative) + margin).

    Example:
        >>> import cnet
        >>> a = cnet.tensor([0., 0.])
        >>> far = lambda x, y: (x - y).abs().max()
        >>> cnet.nn.functional.triplet_margin_with_distance_loss(a, a + 1, a + 3, distance_function=far, margin=4.)
        tensor(2.)
    """
    if reduction not in ('mean', 'sum', 'none'):
        raise ValueError(f'{reduction} is not a valid value for reduction')
    _check_triplet(anchor, positive, negative, margin)
    if distance_function is None:
        def distance_function(a, b):
            return (a - b + 1e-6).norm(2, -1)
    return reduced(_triplet(anchor, positive, negative, distance_function, margin, swap), reduction)


def _check_triplet(anchor, positive, negative, margin):
    if margin <= 0:
        raise ValueError(f'margin must be greater than 0, got {margin}')
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError('The anchor, positive, and negative tensors are expected to have the same number of dimensions, '
                           f'but got: anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D '
                           'inputs')


def _triplet(anchor, positive, negative, distance, margin, swap):
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = far.minimum(distance(positive, negative))
    return (margin + near - far).clamp_min(0)


def _matrix(a):
    """An array (N, C), (C) or () as (N, C)."""
    return a if a.ndim == 2 else a.reshape(1, -1)


def _check_scores(a):
    if a.ndim > 2 or (a.size == 0 and (a.ndim < 2 or a.shape[1] == 0)):
        raise RuntimeError(f'Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(a.shape)}')


class MultiMarginLoss(Op, name='MultiMarginLossBackward0'):
    """Per sample, the mean over the other classes of max(0, margin - x[target] + x)^p, times the target's weight."""

    keep_in = (0, 1, 2)

    @staticmethod
    def forward(x, target, weight, p, margin, reduction):
        z, factor = _multi_margin(x, target, weight, margin)
        loss = (factor * (z if p == 1 else z * z)).sum(1)
        return _reduce_array(loss, target.shape, reduction, x.dtype)

    def backward(self, g):
        x, target, weight = self.saved(0), self.saved(1), self.saved(2)
        p, margin, reduction = self.kw['p'], self.kw['margin'], self.kw['reduction']
        z, factor = _multi_margin(x._a, target._a, None if weight is None else weight._a, margin)
        slope = factor * (z > 0)
        rows = x.reshape(z.shape)
        labels = target.reshape(-1, 1)
        c = wrap(slope.astype(x._a.dtype))
        if p == 2:
            c = c * 2 * (margin - rows.gather(1, labels) + rows)
        c = c.scatter_add(1, labels, -c.sum(1, keepdim=True))
        return (_spread(g, c.shape[0], reduction) * c).reshape(x.shape), None, None


def _multi_margin(x, target, weight, margin):
    """max(0, margin - x[target] + x), zero at the target, and what each counts in the sum over classes."""
    x = _matrix(x)
    n = x.shape[1]
    labels = target.reshape(-1, 1)
    z = np.maximum(margin - np.take_along_axis(x, labels, 1) + x, 0)
    np.put_along_axis(z, labels, 0, 1)
    factor = np.full((len(x), 1), 1 / n) if weight is None else weight[labels] / n
    return z, factor.astype(x.dtype)


def _spread(g, n, reduction):
    """The gradient of a reduced loss as a column of gradients per sample."""
    if reduction == 'none':
        return g.reshape(-1, 1)
    return g / n if reduction == 'mean' else g


def _reduce_array(loss, shape, reduction, dt):
    if reduction == 'none':
        return loss.reshape(shape).astype(dt, copy=False)
    return np.asarray(loss.mean() if reduction == 'mean' else loss.sum(), dt)


def multi_margin_loss(input, target, p=1, margin=1.0, weight=None, size_average=None, reduce=None, reduction='mean'):
    """How much the score of the right class falls short of exceeding all others by a margin.

    Args:
        input (Tensor): scores of the classes.
        target (Tensor): class indices, int64.
        p (int): 1, or 2 for squares.
        margin (float): by how much the right score should exceed the others.
        weight (Tensor, optional): a factor per class.
        size_average, reduce (bool, optional): older spelling of `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        N samples, C classes.

        - input: :math:`(N, C)` or :math:`(C)`.
        - target: :math:`(N)` or :math:`()`.
        - result: of the target with 'none', else :math:`()`.

    Returns:
        Tensor: the loss.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.multi_margin_loss(cnet.tensor([[1., 0.5]]), cnet.tensor([0]))
        tensor(0.2500)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError('only p == 1 and p == 2 supported')
    _check_scores(input._a)
    rows, t = _matrix(input._a), target._a
    n = rows.shape[1]
    if weight is not None and weight._a.shape != (n,):
        if weight.ndim != 1:
            raise ValueError('weight must be one-dimensional')
        raise RuntimeError(f'inconsistent weight size, expected {n} but got {list(weight.shape)}')
    if t.ndim > 1 or t.size != len(rows):
        raise RuntimeError(f'inconsistent target size, expected {len(rows)} but got {list(t.shape)}')
    if t.dtype.kind != 'i' or t.dtype.itemsize != 8:
        raise RuntimeError(f'expected scalar type Long but found {target.dtype.legacy}')
    if t.size and (t.min() < 0 or t.max() >= n):
        raise RuntimeError('target out of range')
    if rows.dtype.kind != 'f':
        raise errors.not_implemented('multi_margin_loss', rows.dtype)
    return MultiMarginLoss.apply(input, target, weight, p=p, margin=margin, reduction=reduction)


class MultilabelMarginLoss(Op, name='MultilabelMarginLossBackward0'):
    """Per sample, over all right classes r and wrong ones w, the sum of max(0, 1 - x[r] + x[w]) / C."""

    keep_in = (0, 1)

    @staticmethod
    def forward(x, target, reduction):
        rows, labels = _matrix(x), _matrix(target)
        valid, right = _label_sets(labels)
        loss = np.zeros(len(rows), rows.dtype)
        for k in range(valid.sum(1).max(initial=0)):
            loss += _violation(rows, labels, valid, right, k).sum(1)
        return _reduce_array(loss / rows.shape[1], x.shape[:-1], reduction, x.dtype)

    def backward(self, g):
        x, target = self.saved(0), self.saved(1)
        rows, labels = _matrix(x._a), _matrix(target._a)
        valid, right = _label_sets(labels)
        slope = np.zeros(rows.shape, rows.dtype)
        at = np.arange(len(rows))
        for k in range(valid.sum(1).max(initial=0)):
            above = _violation(rows, labels, valid, right, k) > 0
            slope += above
            slope[at, labels[:, k]] -= above.sum(1) * valid[:, k]
        c = wrap((slope / rows.shape[1]).astype(rows.dtype))
        return (_spread(g, len(rows), self.kw['reduction']) * c).reshape(x.shape), None


def _label_sets(labels):
    """Which of the listed labels stand before the first -1, and which classes they name."""
    valid = np.logical_and.accumulate(labels >= 0, 1)
    right = np.zeros(labels.shape, bool)
    row, column = valid.nonzero()
    right[row, labels[row, column]] = True
    return valid, right


def _violation(rows, labels, valid, right, k):
    """How much each wrong class falls short of the margin to the k-th right one."""
    picked = np.take_along_axis(rows, np.maximum(labels[:, k:k + 1], 0), 1)
    return np.maximum(1 - picked + rows, 0) * (valid[:, k:k + 1] & ~right)


def multilabel_margin_loss(input, target, size_average=None, reduce=None, reduction='mean'):
    """How much the scores of several right classes fall short of exceeding the others by 1.

    Args:
        input (Tensor): scores of the classes.
        target (Tensor): int64, the right classes of a sample up to the first -1.
        size_average, reduce (bool, optional): older spelling of `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        N samples, C classes.

        - input, target: :math:`(N, C)` or :math:`(C)`.
        - result: :math:`(N)` or :math:`()` with 'none', else :math:`()`.

    Returns:
        Tensor: the loss.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.multilabel_margin_loss(cnet.tensor([0.5, 0.5]), cnet.tensor([1, -1]))
        tensor(0.5000)
    """
    reduction = reduction_of(reduction, size_average, reduce)
    _check_scores(input._a)
    rows, t = _matrix(input._a), target._a
    if t.shape != input._a.shape:
        raise RuntimeError(f'inconsistent target size: {list(t.shape)} for input of size: {list(input.shape)}')
    if t.dtype.kind != 'i' or t.dtype.itemsize != 8:
        raise RuntimeError(f'expected scalar type Long but found {target.dtype.legacy}')
    if t.size and (t.min() < -1 or t.max() >= rows.shape[1]):
        raise RuntimeError('target is out of range')
    if rows.dtype.kind != 'f':
        raise errors.not_implemented('multilabel_margin_loss', rows.dtype)
    return MultilabelMarginLoss.apply(input, target, reduction=reduction)


def multilabel_soft_margin_loss(input, target, weight=None, size_average=None, reduce=None, reduction='mean'):
    """The mean over classes of the logistic loss of targets between 0 and 1.

    Args:
        input (Tensor): logits.
        target (Tensor): numbers between 0 and 1.
        weight (Tensor, optional): a factor per class.
        size_average, reduce (bool, optional): older spelling of `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        N samples, C classes.

        - input, target: :math:`(N, C)`.
        - result: :math:`(N)` with 'none', else :math:`()`.

    Returns:
        Tensor: the loss.

    Example:
        >>> import cnet
        >>> cnet.nn.functional.multilabel_soft_margin_loss(cnet.tensor([[0., 0.]]), cnet.tensor([[1., 0.]]))
        tensor(0.6931)
    """
    if size_average is not None or reduce is not None:
        reduction = reduction_of(reduction, size_average, reduce)
    elif reduction not in ('mean', 'sum', 'none'):
        raise ValueError(f'{reduction} is not valid')
    loss = (1 - target) * input - _log_sigmoid(input)
    if weight is not None:
        loss = loss * weight
    return reduced(loss.sum(-1) / input.shape[-1], reduction)


def _log_sigmoid(x):
    """log(1 / (1 + exp(-x))) as a log-softmax of x and 0, which overflows nowhere."""
    return x.unsqueeze(-1).mul(x.new_tensor([1, 0])).log_softmax(-1).select(-1, 0)


METHODS = {}
