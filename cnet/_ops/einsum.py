"""Sums of products by an equation in the notation of Einstein."""

from functools import lru_cache

from .contract import contract

__all__ = ['einsum']
METHODS = {}

_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
ELLIPSIS = -1


def einsum(equation, *operands):
    """Products of tensors, summed over the dimensions that the equation does not give to the result.

    Args:
        equation (str): letters for the dimensions of each operand, separated by commas; after ``->`` those of the result
            (without it, the letters that occur once, in alphabetic order). ``...`` stands for further dimensions, which
            broadcast. A letter that an operand has twice means its diagonal.
        operands (Tensor...): as many as the equation has groups of letters. Instead of an equation, operands may
            alternate with lists of numbers below 52, one per dimension; a last list gives the result.

    Returns:
        Tensor: with the dimensions that the equation names.

    Example:
        >>> import cnet
        >>> cnet.einsum('ij,jk->ik', cnet.ones(2, 3), cnet.ones(3, 1)).tolist()
        [[3.0], [3.0]]
    """
    if isinstance(equation, str):
        if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
            operands = tuple(operands[0])
        terms, result = prepared(equation, tuple([x._a.shape for x in operands]))
    else:
        terms, result, operands = from_lists((equation, *operands))
        terms, result = complete(terms, result, [x._a.shape for x in operands])
    for i, labels in enumerate(terms):
        if len(labels) != len({*labels}):
            x, own = diagonals(operands[i], labels)
            operands, terms = (*operands[:i], x, *operands[i + 1:]), [*terms[:i], own, *terms[i + 1:]]
    return evaluate(operands, terms, result)


@lru_cache(maxsize=1024)
def prepared(equation, shapes):
    """Labels of each operand and of the result for operands of these shapes."""
    return complete(*parse(equation), shapes)


def complete(terms, result, shapes):
    """Labels without ellipses and with the result's, checked against the shapes."""
    if not shapes:
        raise ValueError('einsum(): must specify the equation string and at least one operand, or at least one operand and '
                         'its subscripts list')
    if len(terms) != len(shapes):
        which = 'fewer' if len(shapes) < len(terms) else 'more'
        raise RuntimeError(f'einsum(): {which} operands were provided than specified in the equation')
    terms, result = without_ellipsis(terms, result, shapes)
    check_sizes(terms, shapes)
    return terms, result


def parse(equation):
    """The equation as lists of labels per operand, and those of the result or None."""
    inputs, arrow, output = equation.partition('->')
    terms = [[]]
    for i, part in enumerate((inputs, output)):
        at = i * (len(inputs) + 2)
        skip = 0
        for j, c in enumerate(part):
            if skip:
                skip -= 1
            elif c in _LETTERS:
                terms[-1].append(c)
            elif c == ',' and i == 0:
                terms.append([])
            elif c == '.':
                where = 'the output' if i else f'operand {len(terms) - 1}'
                if part[j:j + 3] != '...':
                    raise RuntimeError(f"einsum(): found '.' for {where} that is not part of any ellipsis")
                if ELLIPSIS in terms[-1]:
                    raise RuntimeError(f"einsum(): found '.' for {where} for which an ellipsis was already found")
                terms[-1].append(ELLIPSIS)
                skip = 2
            elif c != ' ':
                raise RuntimeError(f'einsum(): invalid subscript given at index {at + j} in the equation string, subscripts '
                                   'must be in [a-zA-Z]')
        if i == 0:
            terms.append([])
    result = terms.pop()
    return terms, result if arrow else None


def from_lists(arguments):
    """Operands and lists of numbers as labels, result or None, operands."""
    operands, lists = arguments[0::2], [[letter(i) for i in numbers] for numbers in arguments[1::2]]
    if len(arguments) % 2:
        return lists, [letter(i) for i in arguments[-1]] if len(arguments) > 1 else None, operands[:-1]
    return lists, None, operands


def letter(i):
    """The label of a number in a list of dimensions."""
    if i is Ellipsis:
        return ELLIPSIS
    if not 0 <= i < 52:
        raise ValueError('einsum(): subscript in subscript list is not within the valid range [0, 52)')
    return _LETTERS[i]


def without_ellipsis(terms, result, shapes):
    """Labels with each ... written out as numbers 0 to n - 1, aligned at the end; the result made explicit."""
    most = 0
    for i, (labels, shape) in enumerate(zip(terms, shapes)):
        further = len(shape) - len(labels) + (ELLIPSIS in labels)
        if further < 0 or (further and ELLIPSIS not in labels):
            raise RuntimeError(f'einsum(): the number of subscripts in the equation ({len(labels) - (ELLIPSIS in labels)}) '
                               f'{"is more than" if ELLIPSIS in labels else "does not match"} the number of dimensions '
                               f'({len(shape)}) for operand {i}' + ('' if ELLIPSIS in labels else ' and no ellipsis was given'))
        most = max(most, further)
    every = [label for labels in terms for label in labels]
    if result is None:
        result = [ELLIPSIS, *sorted(label for label in {*every} - {ELLIPSIS} if every.count(label) == 1)]
    for label in result:
        if label != ELLIPSIS and result.count(label) > 1:
            raise RuntimeError(f'einsum(): output subscript {label} appears more than once in the output')
        if label != ELLIPSIS and label not in every:
            raise RuntimeError(f'einsum(): output subscript {label} does not appear in the equation for any input operand')

    def expand(labels, ndim):
        further = range(most - (ndim - len(labels) + 1), most)
        return tuple([i for label in labels for i in (further if label == ELLIPSIS else (label,))])
    terms = [expand(labels, len(shape)) for labels, shape in zip(terms, shapes)]
    return terms, expand(result, most + len(result) - 1)


def check_sizes(terms, shapes):
    """Refuse dimensions of one label that neither match nor broadcast."""
    seen = {}
    for i, (labels, shape) in enumerate(zip(terms, shapes)):
        own = {}
        for label, n in zip(labels, shape):
            if own.setdefault(label, n) != n:
                raise RuntimeError(f"einsum(): subscript {label} is repeated for operand {i} but the sizes don't match, {n} != "
                                   f'{own[label]}')
        for label, n in own.items():
            if n != 1 and seen.setdefault(label, n) != n:
                raise RuntimeError(f'einsum(): subscript {label} has size {n} for operand {i} which does not broadcast with '
                                   f'previously seen size {seen[label]}')


def diagonals(x, labels):
    """The tensor with its repeated labels made one, and its labels."""
    labels = list(labels)
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            i = labels.index(label)
            j = labels.index(label, i + 1)
            x = x.diagonal(0, i, j)
            del labels[j], labels[i]
            labels.append(label)
    return x, tuple(labels)


def evaluate(operands, terms, result):
    """The products from left to right, each label summed as soon as no later operand has it."""
    x, left = operands[0], terms[0]
    for i in range(1, len(operands)):
        y, right = operands[i], terms[i]
        later = {*result, *(label for labels in terms[i + 1:] for label in labels)}
        # A size of 1 that broadcasts is no dimension at all.
        for label in {*left} & {*right}:
            if x._a.shape[left.index(label)] == 1 != y._a.shape[right.index(label)]:
                x, left = x.squeeze(left.index(label)), tuple([k for k in left if k != label])
            elif y._a.shape[right.index(label)] == 1 != x._a.shape[left.index(label)]:
                y, right = y.squeeze(right.index(label)), tuple([k for k in right if k != label])
        if {*left, *right} <= later:
            x, left = multiplied(x, left, y, right, result)
        else:
            x, left = summed(x, left, later | {*right})
            y, right = summed(y, right, later | {*left})
            kept = tuple([k for k in dict.fromkeys((*left, *right)) if k in later])
            if i == len(operands) - 1 and {*kept} == {*result}:
                kept = result
            x, left = contract(x, y, left, right, kept), kept
    total, left = summed(x, left, {*result})
    if left == result and (len(operands) > 1 or total is not x):
        return total
    return total.permute([left.index(label) for label in result])


def summed(x, labels, needed):
    """The sum over the dimensions that nobody needs."""
    gone = [i for i, label in enumerate(labels) if label not in needed]
    if not gone:
        return x, labels
    return x.sum(gone), tuple([label for label in labels if label in needed])


def multiplied(x, left, y, right, result):
    """The product of two tensors of which no label is summed, in the order of the result as far as it has one."""
    labels = tuple(dict.fromkeys([k for k in result if k in left or k in right] + [*left, *right]))
    return aligned(x, left, labels) * aligned(y, right, labels), labels


def aligned(x, own, labels):
    """The tensor with its dimensions in the order of `labels`, and size 1 where it has none."""
    have = [label for label in labels if label in own]
    if tuple(have) != own:
        x = x.permute([own.index(label) for label in have])
    for i, label in enumerate(labels):
        if label not in own:
            x = x.unsqueeze(i)
    return x
