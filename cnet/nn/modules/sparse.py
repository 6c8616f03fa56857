"""Embedding and EmbeddingBag: tables of vectors looked up by index."""

from ..._core.mode import no_grad
from .. import functional as F
from .. import init
from ..parameter import Parameter
from .module import Module
from .utils import new_parameter

__all__ = ['Embedding', 'EmbeddingBag']


def _padding_row(padding_idx, rows):
    """`padding_idx` counted from the front."""
    if padding_idx is None:
        return None
    if not -rows <= padding_idx < rows:
        raise AssertionError('Padding_idx must be within num_embeddings')
    return padding_idx % rows


class _Table(Module):
    """The weight that both share: its values, given or drawn, and the row of zeros for padding."""

    def _set_weight(self, given, requires_grad, dtype, device):
        shape = (self.num_embeddings, self.embedding_dim)
        if given is None:
            self.weight = new_parameter(shape, dtype, device, requires_grad)
            self.reset_parameters()
            return
        if tuple(given.shape) != shape:
            raise AssertionError('Shape of weight does not match num_embeddings and embedding_dim')
        self.weight = Parameter(given, requires_grad)

    def reset_parameters(self):
        """Draw the table again from the standard normal distribution."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)


class Embedding(_Table):
    """A table of vectors; the input says which.

    Args:
        num_embeddings (int): V, the number of vectors.
        embedding_dim (int): E, their length.
        padding_idx (int, optional): a row that starts at zero and gets no gradient.
        max_norm (float, optional): rows that are looked up are scaled down, in place, to this norm.
        norm_type (float): the p of that norm.
        scale_grad_by_freq (bool): divide a row's gradient by how often the row was looked up.
        sparse (bool): accepted; gradients are dense.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of the table.

    Shape:
        input: (*), integers below V. output: (*, E). weight: (V, E).

    Example:
        >>> import cnet
        >>> cnet.nn.Embedding(10, 3)(cnet.tensor([[1, 2], [0, 9]])).shape
        cnet.Size([2, 2, 3])
    """

    def __init__(self, num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0,
                 scale_grad_by_freq=False, sparse=False, _weight=None, _freeze=False, device=None, dtype=None):
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = _padding_row(padding_idx, num_embeddings)
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse
        self._set_weight(_weight, not _freeze, dtype, device)

    def forward(self, input):
        return F.embedding(input, self.weight, self.padding_idx, self.max_norm,
                           self.norm_type, self.scale_grad_by_freq, self.sparse)

    def extra_repr(self):
        text = f'{self.num_embeddings}, {self.embedding_dim}'
        if self.padding_idx is not None:
            text += f', padding_idx={self.padding_idx}'
        if self.max_norm is not None:
            text += f', max_norm={self.max_norm}'
        if self.norm_type != 2:
            text += f', norm_type={self.norm_type}'
        if self.scale_grad_by_freq:
            text += f', scale_grad_by_freq={self.scale_grad_by_freq}'
        if self.sparse:
            text += ', sparse=True'
        return text

    @classmethod
    def from_pretrained(cls, embeddings, freeze=True, padding_idx=None, max_norm=None, norm_type=2.0,
                        scale_grad_by_freq=False, sparse=False):
        """An Embedding over a given table.

        Args:
            embeddings (Tensor): the table, (V, E); shared, not copied.
            freeze (bool): do not train it.
            padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse: as for `Embedding`.

        Returns:
            Embedding

        Example:
            >>> import cnet
            >>> cnet.nn.Embedding.from_pretrained(cnet.tensor([[1., 2.], [3., 4.]]))(cnet.tensor([1]))
            tensor([[3., 4.]])
        """
        if embeddings.dim() != 2:
            raise AssertionError('Embeddings parameter is expected to be 2-dimensional')
        rows, columns = embeddings.shape
        return cls(rows, columns, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, embeddings, freeze)


class EmbeddingBag(_Table):
    """Sums, means or maxima of bags of vectors from a table.

    Args:
        num_embeddings (int): V, the number of vectors.
        embedding_dim (int): E, their length.
        max_norm, norm_type, scale_grad_by_freq, sparse: as for `Embedding`.
        mode (str): 'sum', 'mean' or 'max'.
        include_last_offset (bool): the last offset is the end of the last bag.
        padding_idx (int, optional): a row that counts as absent.
        device (device, optional): 'cpu', the only one.
        dtype (dtype, optional): of the table.

    Shape:
        input: (B, N), B bags of N indices; or (M) with offsets (B), the start of every bag. output: (B, E).

    Example:
        >>> import cnet
        >>> cnet.nn.EmbeddingBag(10, 3, mode='sum')(cnet.tensor([1, 2, 4]), cnet.tensor([0, 2])).shape
        cnet.Size([2, 3])
    """

    def __init__(self, num_embeddings, embedding_dim, max_norm=None, norm_type=2.0, scale_grad_by_freq=False,
                 mode='mean', sparse=False, _weight=None, include_last_offset=False, padding_idx=None, device=None,
                 dtype=None):
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.padding_idx = _padding_row(padding_idx, num_embeddings)
        self.mode = mode
        self.sparse = sparse
        self.include_last_offset = include_last_offset
        self._set_weight(_weight, True, dtype, device)

    def forward(self, input, offsets=None, per_sample_weights=None):
        return F.embedding_bag(input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq,
                               self.mode, self.sparse, per_sample_weights, self.include_last_offset, self.padding_idx)

    def extra_repr(self):
        text = f'{self.num_embeddings}, {self.embedding_dim}'
        if self.max_norm is not None:
            text += f', max_norm={self.max_norm}'
        if self.norm_type != 2:
            text += f', norm_type={self.norm_type}'
        if self.scale_grad_by_freq:
            text += f', scale_grad_by_freq={self.scale_grad_by_freq}'
        text += f', mode={self.mode!r}'
        if self.padding_idx is not None:
            text += f', padding_idx={self.padding_idx}'
        return text
