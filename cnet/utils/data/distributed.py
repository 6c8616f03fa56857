"""A sampler for one of several processes that train together."""

from math import ceil

from ..._core.generator import Generator
from ..._ops.random import randperm
from .sampler import Sampler

__all__ = ['DistributedSampler']


class DistributedSampler(Sampler):
    """The part of a dataset's indices that belongs to one process.

    Call `set_epoch` before each pass, or all passes have the same order.

    Args:
        dataset (Sized): the dataset.
        num_replicas (int): how many processes; there is no process group that would know.
        rank (int): the number of this one.
        shuffle (bool): random order. Default: True.
        seed (int): of the order; the same in all processes. Default: 0.
        drop_last (bool): leave out indices so that all parts are equal, instead of repeating some. Default: False.

    Example:
        >>> import cnet
        >>> list(cnet.utils.data.DistributedSampler('abcde', num_replicas=2, rank=1, shuffle=False))
        [1, 3, 0]
    """

    def __init__(self, dataset, num_replicas=None, rank=None, shuffle=True, seed=0, drop_last=False):
        if num_replicas is None or rank is None:
            raise RuntimeError('Requires distributed package to be available')
        if rank >= num_replicas or rank < 0:
            raise ValueError(f'Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]')
        self.dataset = dataset
        self.num_replicas = num_replicas
        self.rank = rank
        self.epoch = 0
        self.drop_last = drop_last
        uneven = len(dataset) % num_replicas != 0
        self.num_samples = len(dataset) // num_replicas if drop_last and uneven else ceil(len(dataset) / num_replicas)
        self.total_size = self.num_samples * num_replicas
        self.shuffle = shuffle
        self.seed = seed

    def __iter__(self):
        indices = list(range(len(self.dataset)))
        if self.shuffle:
            indices = randperm(len(indices), generator=Generator().manual_seed(self.seed + self.epoch)).tolist()
        if not self.drop_last:
            while 0 < len(indices) < self.total_size:
                indices += indices[:self.total_size - len(indices)]
        return iter(indices[self.rank:self.total_size:self.num_replicas])

    def __len__(self):
        return self.num_samples

    def set_epoch(self, epoch):
        """Let the next passes have another order.

        Args:
            epoch (int): the number of the pass.
        """
        self.epoch = epoch
