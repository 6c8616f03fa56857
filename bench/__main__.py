"""Time cnet beside its peers, each in a process of its own, in turns within one run.

    python -m bench overhead [--against torch] [--threads 1,2] [--rounds 5] [--filter TEXT] [--json FILE]

A row gives the best time per call of cnet and of each peer, the ratio peer / cnet (above 1: cnet is quicker), and the noise:
how far the median of cnet's batches lies above the best. Peers that are not installed are left out.
"""

import argparse
import importlib
import importlib.util
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

FAMILIES = ('overhead', 'training')


class Worker:
    """A child process that times cases for one library."""

    def __init__(self, library, threads):
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
        self.process = subprocess.Popen([sys.executable, '-m', 'bench.worker', library, str(threads)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        self.times = []

    def time(self, family, case, seconds):
        """Add the times of some batches; the message of the error if the case cannot run."""
        self.process.stdin.write(json.dumps({'family': family, 'case': case, 'seconds': seconds}) + '\n')
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        self.times += answer.get('times', [])
        return answer.get('error')

    def stop(self):
        """End the process."""
        self.process.stdin.close()
        self.process.wait()


def micro(seconds):
    """Microseconds as text."""
    return f'{seconds * 1e6:10.2f}'


def run(family, libraries, threads, rounds, seconds, only):
    """Time all cases of a family with one number of threads; print a row for each and return them."""
    workers = {name: Worker(name, threads) for name in libraries}
    rows = []
    print(f'\n{family}, {threads} thread{"s" * (threads > 1)}: microseconds per call')
    heads = [f'{name:>11}' for name in libraries] + [f'{name + "/cnet":>13}' for name in libraries[1:]]
    print(f'{"case":34}' + ''.join(heads) + f'{"noise":>8}')
    for case in importlib.import_module(f'bench.{family}').CASES:
        if only not in case:
            continue
        errors = {}
        for worker in workers.values():
            worker.times = []
        for _ in range(rounds):
            for name, worker in workers.items():
                error = worker.time(family, case, seconds)
                if error:
                    errors[name] = error
        best = {name: min(worker.times) for name, worker in workers.items() if worker.times}
        row = {'family': family, 'case': case, 'threads': threads, 'best': best, 'errors': errors}
        text = f'{case:34}' + ''.join(f' {micro(best[name])}' if name in best else f'{"-":>11}' for name in libraries)
        if 'cnet' in best:
            row['noise'] = statistics.median(workers['cnet'].times) / best['cnet'] - 1
            for name in libraries[1:]:
                text += f'{best[name] / best["cnet"]:12.2f}x' if name in best else f'{"-":>13}'
            text += f'{row["noise"]:8.0%}'
        print(text, flush=True)
        for name, error in errors.items():
            print(f'    {name}: {error}')
        rows.append(row)
    for worker in workers.values():
        worker.stop()
    return rows


def main():
    parser = argparse.ArgumentParser(prog='python -m bench', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('families', nargs='*', default=FAMILIES, help=f'of {", ".join(FAMILIES)}; default: all')
    parser.add_argument('--against', default='torch', help='peers, separated by commas (default: %(default)s)')
    parser.add_argument('--threads', default='1', help='numbers of threads, separated by commas (default: %(default)s)')
    parser.add_argument('--rounds', type=int, default=5, help='turns of every library per case (default: %(default)s)')
    parser.add_argument('--seconds', type=float, default=0.1, help='length of a turn (default: %(default)s)')
    parser.add_argument('--filter', default='', help='only cases whose name contains this')
    parser.add_argument('--json', type=Path, help='write the figures to this file')
    args = parser.parse_args()
    for family in args.families:
        if family not in FAMILIES:
            parser.error(f'no family {family!r}')
    libraries = ['cnet', *(name for name in args.against.split(',') if name and importlib.util.find_spec(name))]
    rows = []
    for family in args.families:
        for threads in map(int, args.threads.split(',')):
            rows += run(family, libraries, threads, args.rounds, args.seconds, args.filter)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + '\n')


if __name__ == '__main__':
    main()
