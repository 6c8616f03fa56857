"""Losses of regression and classification.

Every loss compares predictions with targets, element by element, and reduces the elements by `reduction`.
"""

from .. import functional as F
from ._loss_base import _Loss, _WeightedLoss

__all__ = [
    'L1Loss', 'MSELoss', 'SmoothL1Loss', 'HuberLoss', 'NLLLoss', 'CrossEntropyLoss', 'PoissonNLLLoss',
    'GaussianNLLLoss', 'KLDivLoss', 'BCELoss', 'BCEWithLogitsLoss', 'CTCLoss',
]


class L1Loss(_Loss):
    """|x - y|.

    Args:
        size_average, reduce (bool, optional): older ways to say `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        input, target: (*). output: (), or with reduction 'none' (*).

    Example:
        >>> import cnet
        >>> cnet.nn.L1Loss()(cnet.zeros(2), cnet.ones(2))
        tensor(1.)
    """

    def forward(self, input, target):
        return F.l1_loss(input, target, reduction=self.reduction)


class MSELoss(_Loss):
    """(x - y)².

    Args:
        size_average, reduce (bool, optional): older ways to say `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        input, target: (*). output: (), or with reduction 'none' (*).

    Example:
        >>> import cnet
        >>> cnet.nn.MSELoss()(cnet.zeros(2), cnet.tensor([1., 3.]))
        tensor(5.)
    """

    def forward(self, input, target):
        return F.mse_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    """(x - y)² / (2 beta) where |x - y| < beta, else |x - y| - beta / 2.

    Args:
        size_average, reduce (bool, optional): older ways to say `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.
        beta (float): where the square ends.

    Shape:
        input, target: (*). output: (), or with reduction 'none' (*).

    Example:
        >>> import cnet
        >>> cnet.nn.SmoothL1Loss()(cnet.zeros(1), cnet.ones(1))
        tensor(0.5000)
    """

    def __init__(self, size_average=None, reduce=None, reduction='mean', beta=1.0):
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input, target):
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    """(x - y)² / 2 where |x - y| < delta, else delta · (|x - y| - delta / 2).

    Args:
        reduction (str): 'mean', 'sum' or 'none'.
        delta (float): where the square ends.

    Shape:
        input, target: (*). output: (), or with reduction 'none' (*).

    Example:
        >>> import cnet
        >>> cnet.nn.HuberLoss()(cnet.zeros(1), cnet.ones(1))
        tensor(0.5000)
    """

    def __init__(self, reduction='mean', delta=1.0):
        if not isinstance(delta, (int, float)):
            raise TypeError(f'delta must be a float or int, got: {type(delta)}')
        if delta <= 0:
            raise ValueError('delta must be greater than 0')
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input, target):
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class NLLLoss(_WeightedLoss):
    """Minus the log-probability that the input gives to the right class.

    Args:
        weight (Tensor, optional): (C), the weight of every class.
        size_average, reduce (bool, optional): older ways to say `reduction`.
        ignore_index (int): a target that counts nothing.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        input: (N, C, *) or (C), log-probabilities. target: (N, *) or (), classes. output: (), or with reduction 'none' (N, *).

    Example:
        >>> import cnet
        >>> cnet.nn.NLLLoss()(cnet.tensor([[-1., -2.]]), cnet.tensor([1]))
        tensor(2.)
    """

    def __init__(self, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean'):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input, target):
        return F.nll_loss(input, target, weight=self.weight, ignore_index=self.ignore_index,
                          reduction=self.reduction)


class CrossEntropyLoss(_WeightedLoss):
    """NLLLoss of the log-softmax of the input: the usual loss of a classifier.

    Args:
        weight (Tensor, optional): (C), the weight of every class.
        size_average, reduce (bool, optional): older ways to say `reduction`.
        ignore_index (int): a target that counts nothing.
        reduction (str): 'mean', 'sum' or 'none'.
        label_smoothing (float): the part of the target that is spread over all classes.

    Shape:
        input: (N, C, *) or (C), logits. target: (N, *) or (), classes; or like input, probabilities.
        output: (), or with reduction 'none' (N, *).

    Example:
        >>> import cnet
        >>> cnet.nn.CrossEntropyLoss()(cnet.zeros(1, 2), cnet.tensor([1]))
        tensor(0.6931)
    """

    def __init__(self, weight=None, size_average=None, ignore_index=-100, reduce=None, reduction='mean',
                 label_smoothing=0.0):
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input, target):
        return F.cross_entropy(input, target, weight=self.weight, ignore_index=self.ignore_index,
                               reduction=self.reduction, label_smoothing=self.label_smoothing)


class PoissonNLLLoss(_Loss):
    """Minus the log-likelihood of counts under Poisson distributions of given means.

    Args:
        log_input (bool): the input is the logarithm of the mean.
        full (bool): add an approximation of log(target!).
        size_average, reduce (bool, optional): older ways to say `reduction`.
        eps (float): keeps log(0) finite.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        input, target: (*). output: (), or with reduction 'none' (*).

    Example:
        >>> import cnet
        >>> cnet.nn.PoissonNLLLoss()(cnet.zeros(1), cnet.ones(1))
        tensor(1.)
    """

    def __init__(self, log_input=True, full=False, size_average=None, eps=1e-8, reduce=None, reduction='mean'):
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input, target):
        return F.poisson_nll_loss(log_input, target, log_input=self.log_input, full=self.full, eps=self.eps,
                                  reduction=self.reduction)


class GaussianNLLLoss(_Loss):
    """Minus the log-likelihood of targets under normal distributions of given means and variances.

    Args:
        full (bool): add the constant log(2π) / 2.
        eps (float): the least variance.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        input, target: (*). var: (*), or with the last size 1 or absent. output: (), or with reduction 'none' (*).

    Example:
        >>> import cnet
        >>> cnet.nn.GaussianNLLLoss()(cnet.zeros(1), cnet.ones(1), cnet.ones(1))
        tensor(0.5000)
    """

    def __init__(self, *, full=False, eps=1e-6, reduction='mean'):
        super().__init__(reduction=reduction)
        self.full = full
        self.eps = eps

    def forward(self, input, target, var):
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)


class KLDivLoss(_Loss):
    """target · (log(target) - input), the Kullback-Leibler divergence from log-probabilities.

    Args:
        size_average, reduce (bool, optional): older ways to say `reduction`.
        reduction (str): 'mean', 'batchmean' (sum / N, the mathematical definition), 'sum' or 'none'.
        log_target (bool): the target is given as log-probabilities too.

    Shape:
        input, target: (*). output: (), or with reduction 'none' (*).

    Example:
        >>> import cnet
        >>> cnet.nn.KLDivLoss(reduction='sum')(cnet.zeros(1), cnet.ones(1))
        tensor(0.)
    """

    def __init__(self, size_average=None, reduce=None, reduction='mean', log_target=False):
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input, target):
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class BCELoss(_WeightedLoss):
    """Binary cross entropy -(y log(x) + (1 - y) log(1 - x)), with the logarithms cut at -100.

    Args:
        weight (Tensor, optional): broadcast to the elements.
        size_average, reduce (bool, optional): older ways to say `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.

    Shape:
        input: (*), probabilities. target: (*). output: (), or with reduction 'none' (*).

    Example:
        >>> import cnet
        >>> cnet.nn.BCELoss()(cnet.tensor([0.5]), cnet.ones(1))
        tensor(0.6931)
    """

    def forward(self, input, target):
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    """BCELoss of the sigmoid of the input, computed without overflow.

    Args:
        weight (Tensor, optional): broadcast to the elements.
        size_average, reduce (bool, optional): older ways to say `reduction`.
        reduction (str): 'mean', 'sum' or 'none'.
        pos_weight (Tensor, optional): the weight of positive targets.

    Shape:
        input: (*), logits. target: (*). output: (), or with reduction 'none' (*).

    Example:
        >>> import cnet
        >>> cnet.nn.BCEWithLogitsLoss()(cnet.zeros(1), cnet.ones(1))
        tensor(0.6931)
    """

    def __init__(self, weight=None, size_average=None, reduce=None, reduction='mean', pos_weight=None):
        super().__init__(size_average, reduce, reduction)
        self.register_buffer('weight', weight)
        self.register_buffer('pos_weight', pos_weight)

    def forward(self, input, target):
        return F.binary_cross_entropy_with_logits(input, target, self.weight, pos_weight=self.pos_weight,
                                                  reduction=self.reduction)


class CTCLoss(_Loss):
    """Minus the log-probability of a target sequence, summed over all its alignments with a longer input.

    Args:
        blank (int): the class that means nothing.
        reduction (str): 'mean', 'sum' or 'none'.
        zero_infinity (bool): count impossible alignments as 0.

    Shape:
        log_probs: (T, N, C) or (T, C). targets: (N, S) or (sum of lengths). lengths: (N) or ().
        output: (), or with reduction 'none' (N).
    """

    def __init__(self, blank=0, reduction='mean', zero_infinity=False):
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs, targets, input_lengths, target_lengths):
        return F.ctc_loss(log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction,
                          self.zero_infinity)
