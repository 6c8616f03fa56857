"""What `import cnet` costs on top of `import numpy`: fresh interpreters, the best of several runs.

    python bench/import_time.py [--runs 20] [--modules]
"""
from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile

TIMED = ('import time; a = time.perf_counter(); import numpy; b = time.perf_counter(); import cnet; c = time.perf_counter(); '
         'print(b - a, c - b)')


def interpreter(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a fresh interpreter in a folder without a source tree, with byte code kept as usual."""
    environment = {key: value for key, value in os.environ.items() if key != 'PYTHONDONTWRITEBYTECODE'}
    path = [os.path.abspath(p) for p in environment.get('PYTHONPATH', '').split(os.pathsep) if p]
    environment['PYTHONPATH'] = os.pathsep.join(path)
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True, env=environment,
                          cwd=tempfile.gettempdir())


def best(runs: int) -> tuple[float, float]:
    """Milliseconds that numpy and then cnet take to import, the best of several interpreters."""
    pairs = [tuple(map(float, interpreter('-c', TIMED).stdout.split())) for _ in range(runs)]
    return min(p[0] for p in pairs) * 1e3, min(p[1] for p in pairs) * 1e3


def slowest(count: int) -> list[str]:
    """The lines of `-X importtime` for the modules of cnet that take longest themselves."""
    text = interpreter('-X', 'importtime', '-c', 'import cnet').stderr
    lines = [line for line in text.splitlines() if 'cnet' in line]
    return sorted(lines, key=lambda line: -int(line.split(':')[1].split('|')[0]))[:count]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=int, default=20)
    parser.add_argument('--modules', action='store_true', help='also name the slowest modules')
    options = parser.parse_args()
    numpy, cnet = best(options.runs)
    print(f'numpy {numpy:.1f} ms, cnet on top of it {cnet:.1f} ms')
    if options.modules:
        print('\n'.join(slowest(15)))


if __name__ == '__main__':
    main()
