"""Programs about `autograd.graph`: hooks on several tensors, edges, versions."""

from programs import data, leaf, program, raises


@program
def graph_disabled_hooks(torch):
    G = torch.autograd.graph

    def enter():
        with G.saved_tensors_hooks(lambda x: x, lambda x: x):
            return 'entered'

    def nested():
        with G.saved_tensors_hooks(lambda x: x, lambda x: x), G.disable_saved_tensors_hooks('outer'):
            return 'entered'
    with G.disable_saved_tensors_hooks('first'):
        one = raises(enter)
        with G.disable_saved_tensors_hooks('second'):
            two = raises(enter)
        three = raises(enter)
    return [one, two, three, raises(nested), enter()]


@program
def graph_increment_version(torch):
    G = torch.autograd.graph
    x, y = leaf(torch, 1., 2.), torch.zeros(2)
    z = (x * 2) ** 2
    G.increment_version(y)
    G.increment_version([y, y])
    mid = x * 2
    z = mid ** 2
    G.increment_version(mid)
    with torch.inference_mode():
        still = torch.zeros(1)
    return [y._version, raises(lambda: z.sum().backward())[0], raises(lambda: G.increment_version(still))]


@program
def graph_edges(torch):
    G = torch.autograd.graph
    x = leaf(torch, 1., 2.)
    mid = x * 3
    out = (mid ** 2).sum()
    edge, at_leaf, at_out = (G.get_gradient_edge(t) for t in (mid, x, out))
    del mid
    first = torch.autograd.grad(out, edge, retain_graph=True)[0]
    second = torch.autograd.grad(out, (at_leaf, edge), retain_graph=True)
    third = torch.autograd.grad(at_out, x, retain_graph=True)[0]
    fourth = torch.autograd.grad((edge,), x, grad_outputs=(torch.ones(2, dtype=torch.float64),))[0]
    return [data(first), [data(g) for g in second], data(third), data(fourth), edge.output_nr, edge.node.name(),
            at_leaf.node.name(), raises(lambda: G.get_gradient_edge(torch.ones(1)))]


@program
def graph_multi_hook(torch):
    G, seen, first = torch.autograd.graph, [], []
    a, b, c = (leaf(torch, v) for v in (1., 2., 3.))
    mid = a * b
    after = mid * 2
    handle = G.register_multi_grad_hook((a, mid, b, c), lambda grads: seen.append([data(g) for g in grads]))
    other = G.register_multi_grad_hook((mid, after), lambda g: first.append(data(g)), mode='any')
    mid.sum().backward(retain_graph=True)
    (after * c).sum().backward(retain_graph=True)
    c.sum().backward()
    handle.remove()
    other.remove()
    (mid * c).sum().backward()
    return [seen, first, raises(lambda: G.register_multi_grad_hook((a,), print, mode='x'))]
