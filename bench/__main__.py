"""Time cnet beside its peers, each in a process of its own, in turns within one run.

    python -m bench [families] [--against torch,numpy] [--threads 1,2] [--isa v3] [--filter TEXT] [--json FILE] [--plot FILE]

A case's result is compared with the first peer's before it is timed. A row gives the best time per call of cnet and of each
peer, the ratio peer / cnet (above 1: cnet is quicker), GFLOP/s or GB/s, the share of the limit that was measured in the same run
(FMA peak, or bandwidth of the cache that holds the operands), and the noise: how far the median of cnet's batches lies above
the best. Peers that are not installed are left out; `--python jax=FILE` runs one with an interpreter of its own.
"""

import argparse
import importlib
import importlib.util
import json
import pkgutil
import platform
from pathlib import Path

from . import __path__ as here
from .run import run


def families():
    """Names of the modules beside this one that hold cases."""
    names = sorted(module.name for module in pkgutil.iter_modules(here) if not module.name.startswith('_'))
    return [name for name in names if hasattr(importlib.import_module(f'bench.{name}'), 'cases')]


def pairs(text):
    """`NAME=VALUE,...` as a dict."""
    return dict(item.split('=', 1) for item in text.split(',') if item)


def main():
    known = families()
    parser = argparse.ArgumentParser(prog='python -m bench', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('families', nargs='*', default=known, help=f'of {", ".join(known)}; default: all')
    parser.add_argument('--against', default='torch', help='peers, separated by commas: torch, torch.compile, numpy, jax '
                                                           '(default: %(default)s)')
    parser.add_argument('--threads', default='1', help='numbers of threads, separated by commas (default: %(default)s)')
    parser.add_argument('--isa', default='', help='base, v3 or v4, for cnet and, as far as it can be told, for torch')
    parser.add_argument('--rounds', type=int, default=5, help='turns of every library per case (default: %(default)s)')
    parser.add_argument('--seconds', type=float, default=0.1, help='length of a turn (default: %(default)s)')
    parser.add_argument('--again', type=int, default=0, help='how often as many turns again for a case that is slower than every '
                                                             'peer, before it counts as such (default: %(default)s)')
    parser.add_argument('--filter', default='', help='only cases whose name contains one of these texts, separated by |')
    parser.add_argument('--python', default='', type=pairs, help='NAME=INTERPRETER of peers that live elsewhere')
    parser.add_argument('--json', type=Path, help='write the figures to this file')
    parser.add_argument('--plot', type=Path, help='draw the ratios into this file (needs matplotlib)')
    args = parser.parse_args()
    for family in args.families:
        if family not in known:
            parser.error(f'no family {family!r}; there are {", ".join(known)}')
    args.peers = [name for name in args.against.split(',')
                  if name and (name in args.python or importlib.util.find_spec(name.partition('.')[0]))]
    blocks = []
    for family in args.families:
        for threads in map(int, args.threads.split(',')):
            blocks.append(run(family, threads, args))
    if args.json:
        args.json.write_text(json.dumps({'machine': platform.processor(), 'blocks': blocks}, indent=1) + '\n')
    if args.plot:
        from .plot import draw
        draw(blocks, args.plot)


if __name__ == '__main__':
    main()
