"""What the machine can do, measured in the run that holds figures to it: FMA peak, bandwidth by working set, cost of a fork."""

import time

import numpy as np

# Working sets in bytes, inside the first, second and third cache of a usual core, and in memory.
SETS = (24 << 10, 256 << 10, 6 << 20, 256 << 20)


def best(call, seconds=0.15):
    """Least seconds of a call, of five at least after a first one."""
    call()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def measure(threads):
    """FMA peak in flop/s, seconds of a fork, and for each working set its bytes and the seconds to read and to copy a byte."""
    from cnet._kernels import roofline
    flops = roofline.fma_chain(100000, threads)
    peak = flops / best(lambda: roofline.fma_chain(100000, threads), 0.3)

    def forks():
        for _ in range(200):
            roofline.fork(threads)
    fork = best(forks) / 200
    sets = []
    for size in SETS:
        x, y = np.ones(size // 8, np.float32), np.zeros(size // 8, np.float32)
        repeat = max(1, (4 << 20) // size)
        read = best(lambda x=x, r=repeat: roofline.read(x, r, threads)) / repeat / x.nbytes
        copy = best(lambda x=x, y=y, r=repeat: roofline.copy(x, y, r, threads)) / repeat / x.nbytes
        sets.append([size, read, max(copy - read, 0.)])
    return {'peak': peak, 'fork': fork, 'sets': sets}


def least_time(case, limits):
    """Seconds that no code can beat: of arithmetic at the FMA peak or of moving the bytes, whichever is longer."""
    moved = case.reads + case.writes
    bound = next((row for row in limits['sets'] if moved <= row[0]), limits['sets'][-1])
    return max(case.flops / limits['peak'], case.reads * bound[1] + case.writes * bound[2])


def describe(limits):
    """The limits as a line of text."""
    speeds = ', '.join(f'{1e-9 / read:.0f}/{2e-9 / (read + write):.0f} in {size >> 10} KB'
                       for size, read, write in limits['sets'])
    return f'limits: {limits["peak"] / 1e9:.0f} GFLOP/s; GB/s read/copied: {speeds}; fork {limits["fork"] * 1e6:.2f} us'
