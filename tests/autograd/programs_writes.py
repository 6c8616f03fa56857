"""Programs that write in place and through views."""

from programs import data, leaf, program, raises


@program
def leaf_in_place_is_refused(torch):
    x = leaf(torch, 1., 2.)
    return (raises(lambda: x.add_(1)), raises(lambda: x[0].add_(1)), raises(lambda: x.view(2, 1).mul_(2)),
            raises(lambda: x.__setitem__(0, 1.)))


@program
def in_place_chain(torch):
    x = leaf(torch, 1., 2.)
    y = x * 2
    y.mul_(3).add_(1)
    y.mul_(y.detach().clone())
    y.exp_()
    y.sum().backward()
    return data(y), data(x.grad)


@program
def in_place_both_ways(torch):
    x, w = leaf(torch, 1., 2.), leaf(torch, 3., 4.)
    y = x * 1
    y.mul_(w)
    y.sum().backward()
    return data(x.grad), data(w.grad)


@program
def kept_output_was_written(torch):
    x = leaf(torch, 1., 2.)
    y = x.exp()
    y.add_(1)
    return raises(y.sum().backward)


@program
def kept_input_was_written(torch):
    x, w = leaf(torch, 1., 2.), torch.ones(2, dtype=torch.float64)
    y = x * w
    w.add_(1)
    return raises(y.sum().backward)[0]


@program
def kept_input_written_through_a_view(torch):
    x, w = leaf(torch, 1., 2.), torch.ones(2, dtype=torch.float64)
    y = x * w
    w[0] = 5.
    return raises(y.sum().backward)[0], w._version


@program
def written_without_need(torch):
    x, w = leaf(torch, 1., 2.), leaf(torch, 3., 4.)
    y = x + w
    z = y * 2
    y.add_(1)
    z.sum().backward()
    return data(x.grad)


@program
def write_through_view(torch):
    x = leaf(torch, 1., 2., 3.)
    base = x * 2
    view = base[1:]
    view.mul_(10)
    base.sum().backward()
    return data(base), data(x.grad), type(base.grad_fn).__name__


@program
def view_after_base_was_written(torch):
    x = leaf(torch, 1., 2., 3.)
    base = x * 2
    view = base[1:]
    base.mul_(3)
    view.sum().backward()
    return data(view), data(x.grad)


@program
def two_views(torch):
    x = leaf(torch, 1., 2., 3.)
    base = x * 2
    first, second = base[:2], base[1:]
    first.mul_(5)
    second.mul_(7)
    (first * 1).sum().backward()
    return data(first), data(x.grad)


@program
def write_into_plain_memory(torch):
    w = leaf(torch, 1., 2.)
    base = torch.zeros(2, 2, dtype=torch.float64)
    row = base[1]
    row.copy_(w * 3)
    out = [base.requires_grad, row.requires_grad]
    (base * base).sum().backward()
    return out, data(w.grad)


@program
def setitem(torch):
    x, v = leaf(torch, 1., 2., 3.), leaf(torch, 10.)
    y = x * 2
    y[1] = v[0]
    y[torch.tensor([0])] = v * 2
    (y * y).sum().backward()
    return data(y), data(x.grad), data(v.grad)


@program
def view_of_view(torch):
    x = torch.arange(6., dtype=torch.float64, requires_grad=True)
    y = x * 1
    v = y.view(2, 3).t()[1:]
    v.mul_(4)
    y.sum().backward()
    return data(y), data(x.grad), v._base is y


@program
def multi_output_view_is_refused(torch):
    y = leaf(torch, 1., 2.) * 2
    a, _b = y.unbind(0)
    return raises(lambda: a.mul_(2))[0]


@program
def view_made_without_grad(torch):
    y = leaf(torch, 1., 2.) * 2
    with torch.no_grad():
        v = y[:1]
    return raises(lambda: v.mul_(2))[0]


@program
def second_order_through_views(torch):
    x = leaf(torch, 1., 2., 3.)
    y = x ** 3
    y[1:].mul_(2)
    g, = torch.autograd.grad(y.sum(), x, create_graph=True)
    gg, = torch.autograd.grad(g.sum(), x)
    return data(g), data(gg)


@program
def expanded_is_refused(torch):
    return raises(lambda: torch.ones(1, 2).expand(3, 2).add_(1))


@program
def in_place_result_type(torch):
    return (raises(lambda: torch.ones(2, dtype=torch.int64).add_(1.5)), raises(lambda: torch.ones(2).add_(torch.ones(3, 2))),
            data(torch.ones(2).add_(torch.tensor([1, 2]))))


@program
def versions(torch):
    x = torch.zeros(3)
    out = [x._version]
    x.add_(1)
    x[0] = 2.
    v = x.view(3, 1)
    v.mul_(2)
    d = x.detach()
    d.add_(1)
    out += [x._version, v._version, d._version, x.data._version]
    return out


@program
def detached(torch):
    x = leaf(torch, 1., 2.)
    y = (x * 2).detach()
    z = x * 2
    z.detach_()
    y2 = x * 3
    return y.requires_grad, z.requires_grad, z.is_leaf, raises(lambda: y2[0].detach_())[0]
