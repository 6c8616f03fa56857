"""What `import cnet` costs on top of `import numpy`: fresh interpreters, the best of several runs.

    python bench/import_time.py [--runs 20] [--modules]
"""
from __future__ import annotations

import argparse
import subprocess
import sys

TIMED = 'import time; t = time.perf_counter(); import {}; print(time.perf_counter() - t)'


def best(module: str, runs: int) -> float:
    """Milliseconds of the quickest import of a module in a fresh interpreter."""
    command = [sys.executable, '-c', TIMED.format(module)]
    return min(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(runs)) * 1e3


def slowest(count: int) -> list[str]:
    """The lines of `-X importtime` for the modules of cnet that take longest themselves."""
    text = subprocess.run([sys.executable, '-X', 'importtime', '-c', 'import cnet'], capture_output=True, text=True,
                          check=True).stderr
    lines = [line for line in text.splitlines() if 'cnet' in line]
    return sorted(lines, key=lambda line: -int(line.split(':')[1].split('|')[0]))[:count]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=int, default=20)
    parser.add_argument('--modules', action='store_true', help='also name the slowest modules')
    options = parser.parse_args()
    numpy, cnet = best('numpy', options.runs), best('cnet', options.runs)
    print(f'numpy {numpy:.1f} ms, cnet {cnet:.1f} ms, difference {cnet - numpy:.1f} ms')
    if options.modules:
        print('\n'.join(slowest(15)))


if __name__ == '__main__':
    main()
