"""A picture of a run's ratios."""

import matplotlib

matplotlib.use('Agg')
import matplotlib.pyplot as plt


def draw(blocks, path):
    """Draw peer / cnet of every row on a logarithmic axis, a panel for each family and number of threads."""
    blocks = [block for block in blocks if any(row.get('best') for row in block['rows'])]
    heights = [1 + len(block['rows']) for block in blocks]
    figure, panels = plt.subplots(len(blocks), 1, figsize=(10, 1 + 0.22 * sum(heights)), squeeze=False, layout='constrained',
                                  gridspec_kw={'height_ratios': heights})
    for block, axes in zip(blocks, panels[:, 0], strict=True):
        rows = [row for row in block['rows'] if 'cnet' in row.get('best', {})]
        peers = sorted({name for row in rows for name in row['best']} - {'cnet'})
        for shift, peer in enumerate(peers):
            there = [(i, row['best'][peer] / row['best']['cnet']) for i, row in enumerate(rows) if peer in row['best']]
            axes.barh([i + 0.8 * shift / len(peers) for i, _ in there], [ratio - 1 for _, ratio in there], 0.8 / len(peers),
                      left=1, label=peer)
        axes.set(yticks=range(len(rows)), yticklabels=[row['case'] for row in rows], xscale='log', ylim=(len(rows), -1),
                 title=f'{block["family"]}, {block["threads"]} thread(s): time of the peer / time of cnet')
        axes.axvline(1, color='black', linewidth=0.8)
        axes.legend()
    figure.savefig(path, dpi=120)
    plt.close(figure)
