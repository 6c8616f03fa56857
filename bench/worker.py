"""A process that times cases with one library and one number of threads. The parent tells it on stdin which.

One JSON line in, one out: {"family", "case", "seconds"} gives {"times": seconds per call of every batch} or {"error"}.
"""

import importlib
import json
import sys
import time


def batches(call, seconds):
    """Seconds per call, batch by batch, for about that long. A batch takes at least 5 ms, so that the clock costs nothing."""
    call()
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


def main():
    library, threads = sys.argv[1], int(sys.argv[2])
    torch = importlib.import_module(library)
    torch.set_num_threads(threads)
    for line in sys.stdin:
        order = json.loads(line)
        cases = importlib.import_module(f'bench.{order["family"]}').CASES
        torch.manual_seed(0)
        try:
            call = cases[order['case']](torch)
            answer = {'times': batches(call, order['seconds'])}
        except Exception as error:
            answer = {'error': f'{type(error).__name__}: {error}'}
        print(json.dumps(answer), flush=True)


if __name__ == '__main__':
    main()
