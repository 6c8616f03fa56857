"""A process that runs cases with one library and one number of threads. The parent tells it on stdin what to do.

One JSON line in, one out. {"do": "check", "family", "case"} builds the case and gives {"digest"}; {"do": "time", "seconds"} gives
{"times": seconds per call of every batch} for the case that was built last; {"do": "limits"} gives what the machine can do.
Either way {"error"} says why not, and {"absent": true} that this library has no such case.
"""

import importlib
import json
import os
import sys
import time

from .cases import digest

MODULES = {'torch.compile': 'torch', 'jax': 'jax.numpy'}
FOREIGN = ('numpy', 'jax', 'torch.compile')     # run only cases that have a twin for them


def batches(call, seconds):
    """Seconds per call, batch by batch, for about that long. A batch takes at least 5 ms, so that the clock costs nothing."""
    start = time.perf_counter()
    call()
    once = max(time.perf_counter() - start, 1e-7)
    count = max(1, int(0.005 / once))
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(count):
            call()
        times.append((time.perf_counter() - start) / count)
    return times


class Runner:
    """Holds the case that was built last, so that its turns do not build it again."""

    def __init__(self, library, threads):
        self.library, self.threads = library, threads
        self.module = importlib.import_module(MODULES.get(library, library))
        if hasattr(self.module, 'set_num_threads'):
            self.module.set_num_threads(threads)
        self.call = None

    def check(self, order):
        """Build a case, run it once, and describe its result."""
        self.call = None
        case = importlib.import_module(f'bench.{order["family"]}').cases[order['case']]
        build = case.builds.get(self.library)
        if build is None:
            if self.library in FOREIGN:
                return {'absent': True}
            build = case.builds['']
        if hasattr(self.module, 'manual_seed'):
            self.module.manual_seed(0)
        call = build(self.module)
        result = digest(call())
        call()
        self.call = call
        return {'digest': result}

    def time(self, order):
        """Time the case that was built last."""
        return {'times': batches(self.call, order['seconds'])}

    def limits(self, order):
        """What the machine can do: of cnet's worker only."""
        from .limits import measure
        return measure(self.threads)


def main():
    answers = os.fdopen(os.dup(1), 'w')     # what libraries print must not come between the answers
    os.dup2(2, 1)
    runner = Runner(sys.argv[1], int(sys.argv[2]))
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = getattr(runner, order['do'])(order)
        except Exception as error:
            answer = {'error': f'{type(error).__name__}: {error}'}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == '__main__':
    main()
