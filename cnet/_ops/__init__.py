"""The operations, one file per family that is closed under differentiation."""

from . import (
    activation, activation_linear, adaptive_pool, addmm, arrange, broadcast, chain, compare, complex_parts, contract,
    conv, convert, copies, create, cross_entropy, ctc, diag, distance, drop, dropout, einsum, embedding, extreme, fill, fold,
    from_data, gather, getitem, info, interop, join, legacy, likelihood, loss, margin, masked, matmul, metadata,
    moments, norm, norms, pad, permute, pointwise, polar, pool, predicates, quantile, random, random_fill, reduce,
    rows, sample, scan, scatter_reduce, search, sequences, shape, slices, softmax, sort, split, storage, ternary,
    unary, unique, unpool, windows,
)

FAMILIES = (
    activation, activation_linear, adaptive_pool, addmm, arrange, broadcast, chain, compare, complex_parts, contract,
    conv, convert, copies, create, cross_entropy, ctc, diag, distance, drop, dropout, einsum, embedding, extreme, fill, fold,
    from_data, gather, getitem, info, interop, join, legacy, likelihood, loss, margin, masked, matmul, metadata,
    moments, norm, norms, pad, permute, pointwise, polar, pool, predicates, quantile, random, random_fill, reduce,
    rows, sample, scan, scatter_reduce, search, sequences, shape, slices, softmax, sort, split, storage, ternary,
    unary, unique, unpool, windows,
)
