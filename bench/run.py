"""One family on one number of threads: workers, turns, and the table."""

import importlib
import json
import math
import os
import statistics
import subprocess
import sys

from .cases import equal
from .limits import describe, least_time

# How PyTorch's own libraries are kept to an instruction set.
TORCH_ISA = {'base': {'ATEN_CPU_CAPABILITY': 'default', 'ONEDNN_MAX_CPU_ISA': 'SSE41', 'MKL_ENABLE_INSTRUCTIONS': 'SSE4_2'},
             'v3': {'ATEN_CPU_CAPABILITY': 'avx2', 'ONEDNN_MAX_CPU_ISA': 'AVX2', 'MKL_ENABLE_INSTRUCTIONS': 'AVX2'},
             'v4': {}, '': {}}


class Worker:
    """A child process that runs cases for one library."""

    def __init__(self, library, threads, isa, python):
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads), **TORCH_ISA[isa])
        environment['OPENBLAS_NUM_THREADS'] = str(threads)
        if isa:
            environment['CNET_ISA'] = isa
        if library == 'jax':
            environment['XLA_FLAGS'] = f'--xla_cpu_multi_thread_eigen={"true" if threads > 1 else "false"}'
        self.process = subprocess.Popen([python, '-m', 'bench.worker', library, str(threads)], text=True, env=environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if threads == 1 and hasattr(os, 'sched_setaffinity') and library == 'jax':
            os.sched_setaffinity(self.process.pid, {min(os.sched_getaffinity(0))})  # its thread pool has no other switch

    def ask(self, do, **order):
        """The worker's answer to an order."""
        try:
            self.process.stdin.write(json.dumps({'do': do, **order}) + '\n')
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        except (OSError, ValueError):
            return {'error': f'the process ended with status {self.process.poll()}'}

    def stop(self):
        """End the process."""
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait()


def time_case(family, name, workers, args):
    """Check a case in every worker, then time it in turns; a row of figures."""
    digests, times, row = {}, {}, {'case': name, 'errors': {}}
    for library, worker in workers.items():
        answer = worker.ask('check', family=family, case=name)
        if 'digest' in answer:
            digests[library], times[library] = answer['digest'], []
        elif 'error' in answer:
            row['errors'][library] = answer['error']
    peer = next((library for library in digests if library != 'cnet'), None)
    row['checked'] = bool(peer and 'cnet' in digests and digests['cnet'] and digests[peer])
    if 'cnet' in digests and peer and not equal(digests['cnet'], digests[peer]):
        row['errors']['cnet'] = f'not the result of {peer}: {digests["cnet"]} != {digests[peer]}'
        return row
    for _again in range(1 + args.again):
        for _ in range(args.rounds):
            for library in times:
                answer = workers[library].ask('time', seconds=args.seconds)
                times[library] += answer.get('times', [])
                if 'error' in answer:
                    row['errors'][library] = answer['error']
        row['best'] = {library: min(t) for library, t in times.items() if t}
        if not behind(row):
            break
    if 'cnet' in row['best']:
        row['noise'] = statistics.median(times['cnet']) / row['best']['cnet'] - 1
    return row


def rate(case, seconds):
    """GFLOP/s, or GB/s where only bytes are known, as text."""
    if case.flops:
        return f'{case.flops / seconds / 1e9:9.1f} GF/s'
    if case.reads or case.writes:
        return f'{(case.reads + case.writes) / seconds / 1e9:9.1f} GB/s'
    return f'{"-":>14}'


def behind(row):
    """Whether cnet is slower than every peer, by more than the noise of a quiet machine."""
    best = row.get('best', {})
    peers = [seconds for name, seconds in best.items() if name != 'cnet']
    return 'cnet' in best and bool(peers) and best['cnet'] > 1.05 * max(peers)


def show(case, row, libraries, asked):
    """A row of the table as text. `asked`: a case slower than every peer needs a reason."""
    best = row.get('best', {})
    text = f'{row["case"]:46}' + ''.join(f'{best[name] * 1e6:12.2f}' if name in best else f'{"-":>12}' for name in libraries)
    if 'cnet' in best:
        for name in libraries[1:]:
            text += f'{best[name] / best["cnet"]:10.2f}x' if name in best else f'{"-":>11}'
        text += rate(case, best['cnet']) + (f'{row["share"]:7.0%}' if 'share' in row else f'{"-":>7}') + f'{row["noise"]:7.0%}'
        text += '' if row['checked'] else '  unchecked'
        if asked and behind(row):
            text += f'\n    slower than every peer: {case.why or "no reason known"}'
        elif case.why and any(best[name] < best['cnet'] for name in libraries[1:] if name in best):
            text += f'\n    {case.why}'
    return text + ''.join(f'\n    {name}: {error}' for name, error in row['errors'].items())


def means(rows, libraries):
    """Geometric means of the ratios, and how many rows are ahead, as text."""
    lines = []
    for name in libraries[1:]:
        ratios = [row['best'][name] / row['best']['cnet'] for row in rows if {'cnet', name} <= row.get('best', {}).keys()]
        if ratios:
            mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
            lines.append(f'{name} / cnet: geometric mean {mean:.2f}, ahead on {sum(r > 1 for r in ratios)} of {len(ratios)}')
    return lines


def counts(cases, rows):
    """How many cases of each group are slower than every peer, and how many of those without a reason, as text."""
    lines = []
    for group in cases.groups:
        slow = [row['case'] for row in rows if row['case'].endswith(group) and behind(row)]
        unknown = sum(not cases[name].why for name in slow)
        lines.append(f'{group}: {len(slow)} of {sum(row["case"].endswith(group) for row in rows)} slower than every peer, '
                     f'{unknown} of them without a known reason')
    return lines


def run(family, threads, args):
    """Time all cases of a family with one number of threads; print a row for each and return them."""
    libraries = ['cnet', *args.peers]
    cases = importlib.import_module(f'bench.{family}').cases
    chosen = [name for name in cases if any(text in name for text in args.filter.split('|'))]
    workers = {name: Worker(name, threads, args.isa, (args.python or {}).get(name, sys.executable))
               for name in libraries}
    limits = workers['cnet'].ask('limits')
    print(f'\n{family}, {threads} thread{"s" * (threads > 1)}: microseconds per call\n{describe(limits)}')
    heads = ''.join(f'{name:>12}' for name in libraries) + ''.join(f'{name[:6] + "/cnet":>11}' for name in libraries[1:])
    print(f'{"case":46}{heads}{"rate":>14}{"limit":>7}{"noise":>7}')
    rows = []
    for name in chosen:
        case, row = cases[name], time_case(family, name, workers, args)
        least = least_time(case, limits)
        if least and 'cnet' in row.get('best', {}):
            row['share'] = least / row['best']['cnet']
        rows.append(row)
        print(show(case, row, libraries, bool(cases.groups)), flush=True)
    print('\n'.join(means(rows, libraries) + counts(cases, rows)))
    for worker in workers.values():
        worker.stop()
    return {'family': family, 'threads': threads, 'isa': args.isa, 'limits': limits, 'rows': rows}
