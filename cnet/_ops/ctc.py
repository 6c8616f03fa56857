"""Connectionist temporal classification: the loss of a label sequence under all its alignments with a longer input."""

import numpy as np

from .._core import errors
from .._core.base import TensorBase, wrap
from .._core.op import Op
from ._losses import reduction_of


def _extended(labels, blank):
    """Labels with blanks between and around them, and where a step may jump over a blank: (N, 2 S + 1) arrays."""
    n, longest = labels.shape
    states = np.full((n, 2 * longest + 1), blank, np.int64)
    states[:, 1::2] = labels
    jump = np.zeros(states.shape, bool)
    jump[:, 3::2] = labels[:, 1:] != labels[:, :-1]
    return states, jump


def _add(*terms):
    """log(sum(exp)), minus infinity where all terms are."""
    peak = np.maximum.reduce(terms)
    base = np.where(np.isneginf(peak), 0, peak)
    return np.log(sum(np.exp(t - base) for t in terms)) + base


def _shift(a, k):
    """Each row moved by k places, minus infinity moving in."""
    moved = np.full(a.shape, -np.inf, a.dtype)
    if k > 0:
        moved[:, k:] = a[:, :-k]
    else:
        moved[:, :k] = a[:, -k:]
    return moved


def _alphas(scores, jump):
    """alpha[t, n, s]: log-probability of all beginnings of alignments that stand in state s after step t."""
    alpha = np.full(scores.shape, -np.inf)
    alpha[0, :, :2] = scores[0, :, :2]
    for t in range(1, len(scores)):
        before = alpha[t - 1]
        alpha[t] = _add(before, _shift(before, 1), np.where(jump, _shift(before, 2), -np.inf)) + scores[t]
    return alpha


def _ends(lengths):
    """Row numbers and the last state (a blank) of every sample."""
    return np.arange(len(lengths)), 2 * lengths


def _betas(scores, jump, input_lengths, target_lengths):
    """beta[t, n, s]: log-probability of all ends of alignments that stand in state s at step t."""
    steps = len(scores)
    beta = np.full(scores.shape, -np.inf)
    rows, last = _ends(target_lengths)
    from_jump = np.zeros_like(jump)
    from_jump[:, :-2] = jump[:, 2:]
    final = np.full(scores.shape[1:], -np.inf)
    final[rows, last] = 0
    some = target_lengths > 0
    final[rows[some], last[some] - 1] = 0
    for t in range(steps - 1, -1, -1):
        inner = np.full(final.shape, -np.inf)
        if t + 1 < steps:
            after = beta[t + 1]
            inner = _add(after, _shift(after, -1), np.where(from_jump, _shift(after, -2), -np.inf))
        begin = (t == input_lengths - 1)[:, None]
        inside = (t < input_lengths - 1)[:, None]
        beta[t] = np.where(begin, final, np.where(inside, inner, -np.inf)) + scores[t]
    return beta


class CtcLoss(Op, name='CtcLossBackward0'):
    """One loss per sample. `aux` holds it with the tables that the gradient needs."""

    keep_in = (0,)

    @staticmethod
    def forward(logp, labels, input_lengths, target_lengths, blank, zero_infinity):
        states, jump = _extended(labels, blank)
        with np.errstate(all='ignore'):
            scores = np.take_along_axis(logp.astype(np.float64), states[None], 2)
            alpha = _alphas(scores, jump)
            rows, last = _ends(target_lengths)
            at = np.maximum(input_lengths - 1, 0)
            end = alpha[at, rows, last]
            total = np.where(target_lengths > 0, _add(end, alpha[at, rows, np.maximum(last - 1, 0)]), end)
        # Without a step, only the empty sequence can be meant.
        total = np.where(input_lengths > 0, total, np.where(target_lengths > 0, -np.inf, 0))
        loss = -total
        return loss.astype(logp.dtype), loss, alpha, scores, states, jump

    def backward(self, g):
        logp, kw = self.saved(0), self.kw
        loss, alpha, scores, states, jump = self.aux
        lp = logp._a.astype(np.float64)
        steps, n, _ = lp.shape
        with np.errstate(all='ignore'):
            beta = _betas(scores, jump, kw['input_lengths'], kw['target_lengths'])
            # Both tables count the score of their own step.
            share = np.exp(alpha + beta - scores + loss[:, None])
            share = np.where(np.isfinite(share), share, 0)
        expected = np.zeros(lp.shape)
        t, i = np.meshgrid(np.arange(steps), np.arange(n), indexing='ij')
        np.add.at(expected, (t[..., None], i[..., None], np.broadcast_to(states, scores.shape)), share)
        slope = np.exp(lp) - expected
        slope[np.arange(steps)[:, None] >= kw['input_lengths']] = 0
        impossible = np.isinf(loss)
        slope[:, impossible] = 0 if kw['zero_infinity'] else np.nan
        return CtcGrad.apply(g, logp, slope=slope.astype(logp._a.dtype))


class CtcGrad(Op, name='CtcLossBackwardBackward0'):
    """The gradient times the slope, a function of `logp`; it refuses to be differentiated."""

    @staticmethod
    def forward(g, logp, slope):
        return g[:, None] * slope

    def backward(self, gg):
        raise RuntimeError('derivative for aten::_ctc_loss_backward is not implemented')


def _lengths(x, n, name):
    a = np.asarray(x._a if isinstance(x, TensorBase) else x)
    if a.dtype.kind not in 'iu':
        raise RuntimeError(f'{name} must be integral')
    if a.size != n:
        raise RuntimeError(f'{name} must be of size batch_size')
    return a.reshape(-1).astype(np.int64)


def _labels(a, lengths, n, blank):
    """The targets as a padded (N, S) array."""
    longest = int(lengths.max(initial=0))
    labels = np.full((n, longest), blank, np.int64)
    where = np.arange(longest) < lengths[:, None]
    if a.ndim == 2:
        if a.shape[0] != n or a.shape[1] < longest:
            raise RuntimeError(f'Expected tensor to have size at least {longest} at dimension 1, but got size '
                               f'{a.shape[1]} for argument #2 \'targets\' (while checking arguments for ctc_loss_cpu)')
        labels[where] = a[:, :longest][where]
    else:
        if a.size < lengths.sum():
            raise RuntimeError('target lengths add up to more than there are targets')
        labels[where] = a.reshape(-1)[:lengths.sum()]
    return labels


def ctc_loss(log_probs, targets, input_lengths, target_lengths, blank=0, reduction='mean', zero_infinity=False):
    """The negative log-likelihood of label sequences, summed over all ways to align them with the input.

    Args:
        log_probs (Tensor): log-probabilities of the classes at every step, as `log_softmax` makes them.
        targets (Tensor): the labels: padded rows, or all sequences one after the other.
        input_lengths, target_lengths (Tensor or tuple of int): the lengths of the sequences.
        blank (int): the class that stands for no label.
        reduction (str): 'mean' (of the losses divided by the target lengths), 'sum' or 'none'.
        zero_infinity (bool): replace infinite losses (targets too long for their input) by zero.

    Shape:
        T steps, N samples, C classes, S the longest target.

        - log_probs: :math:`(T, N, C)` or :math:`(T, C)`.
        - targets: :math:`(N, S)` or :math:`(sum(target\\_lengths))`.
        - input_lengths, target_lengths: :math:`(N)` or :math:`()`.
        - result: :math:`(N)` or :math:`()` with 'none', else :math:`()`.

    Returns:
        Tensor: the loss.

    Example:
        >>> import cnet
        >>> logp = cnet.zeros(2, 1, 2).log_softmax(2)
        >>> cnet.nn.functional.ctc_loss(logp, cnet.tensor([[1]]), (2,), (1,))
        tensor(0.2877)
    """
    reduction = reduction_of(reduction)
    if not isinstance(log_probs, TensorBase):
        raise errors.argument_type('ctc_loss', 'log_probs', 'Tensor', log_probs, 1)
    if not isinstance(targets, TensorBase):
        raise errors.argument_type('ctc_loss', 'targets', 'Tensor', targets, 2)
    batch = log_probs.ndim == 3
    if not batch:
        if log_probs.ndim != 2:
            raise RuntimeError('log_probs tensor must be 2-D or 3-D')
        log_probs = log_probs.unsqueeze(1)
    a = log_probs._a
    steps, n, classes = a.shape
    if a.dtype.kind != 'f' or a.dtype.itemsize < 4:
        raise errors.not_implemented('ctc_loss_cpu', a.dtype)
    if not 0 <= blank < classes:
        raise RuntimeError('blank must be in label range')
    input_lengths = _lengths(input_lengths, n, 'input_lengths')
    target_lengths = _lengths(target_lengths, n, 'target_lengths')
    for i in range(n):
        if target_lengths[i] < 0:
            raise RuntimeError(f'Expected target_lengths to have value at least 0, but got value {target_lengths[i]} (while '
                               'checking arguments for ctc_loss_cpu)')
        if not 0 <= input_lengths[i] <= steps:
            raise RuntimeError(f'Expected input_lengths to have value at most {steps}, but got value {input_lengths[i]} (while '
                               'checking arguments for ctc_loss_cpu)')
    labels = _labels(targets._a, target_lengths, n, blank)
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        raise RuntimeError('targets must be class labels between 0 and the number of classes')
    loss = CtcLoss.apply(log_probs, labels=labels, input_lengths=input_lengths, target_lengths=target_lengths, blank=blank,
                         zero_infinity=zero_infinity)
    if zero_infinity:
        loss = loss.new_zeros(()).where(wrap(np.isinf(loss._a)), loss)
    if reduction == 'mean':
        return (loss / wrap(np.maximum(target_lengths, 1).astype(a.dtype))).mean()
    if reduction == 'sum':
        return loss.sum()
    return loss if batch else loss.squeeze(0)
PUBLIC = {'ctc_loss': ctc_loss}
