"""What memory costs: results that are kept alive, page faults of train steps, memory after many shapes.

    python -m bench.memory [--against torch,numpy] [--rounds 5]

Each figure comes from a process of its own, on one thread; the libraries take turns. `cnet, off` is cnet with CNET_ALLOC=0,
which leaves memory to NumPy and the C library. Faults are those that the system served without a disk (`ru_minflt`).
"""

import argparse
import importlib
import importlib.util
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time

from . import training

ALIVE = 8


def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def resident():
    """Megabytes of memory that the process has now."""
    with open('/proc/self/statm') as f:
        return int(f.read().split()[1]) * resource.getpagesize() / 2 ** 20


def timed(call, repeat, warm):
    """Best and median seconds of `call`, and its page faults."""
    for _ in range(warm):
        call()
    times, before = [], faults()
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return {'best': min(times), 'median': statistics.median(times), 'faults': (faults() - before) / repeat}


def kept(kilobytes):
    """`a + a`, eight results alive at a time, as a training step keeps activations: made, then all given up."""
    def measure(library):
        n = kilobytes * 256
        a = library.ones(n, dtype=library.float32)

        def call():
            results = [a + a for _ in range(ALIVE)]
            del results
        row = timed(call, 60, 10)
        return {key: value / ALIVE for key, value in row.items()}
    return measure


def steps(build):
    """Train steps after five to warm up."""
    return lambda library: timed(build(library), 20, 5)


def mlp(library):
    """An Adam step of 784-512-512-10 on 256 rows."""
    nn = library.nn
    model = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    optimizer = library.optim.Adam(model.parameters())
    return training.step(model, optimizer, nn.functional.cross_entropy, library.rand(256, 784), library.arange(256) % 10)


def shapes(library):
    """Peak and final memory, above that of the imported library, of 500 matrices of random shapes and sums of them."""
    generator = random.Random(0)
    start, peak = resident(), 0
    for _ in range(500):
        x = library.ones((generator.randint(1, 2000), generator.randint(1, 2000)), dtype=library.float32)
        y = (x + x) * 2
        z = y - x
        peak = max(peak, resident())
    del x, y, z
    return {'peak': peak - start, 'final': resident() - start}


CASES = {
    'a + a, 64 KB': kept(64),
    'a + a, 256 KB': kept(256),
    'a + a, 1 MB': kept(1024),
    'a + a, 4 MB': kept(4096),
    'a + a, 16 MB': kept(16384),
    'MLP, Adam step, batch 256': steps(mlp),
    'LeNet, Adam step, batch 64': steps(training.cases['LeNet, Adam step, batch 64'].builds['']),
    '500 random shapes': shapes,
}
NEEDS_NN = {name for name in CASES if 'step' in name}


def child(name, case):
    """One figure, as JSON on stdout."""
    library = importlib.import_module(name)
    if name != 'numpy':
        library.set_num_threads(1)
        library.manual_seed(0)
    print(json.dumps(CASES[case](library)))


def measure(name, case):
    """One figure from a process of its own."""
    environment = dict(os.environ, OMP_NUM_THREADS='1', CNET_ALLOC='0' if name == 'cnet, off' else '1')
    done = subprocess.run([sys.executable, '-m', 'bench.memory', '--child', name.split(',')[0], case], env=environment,
                          check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(prog='python -m bench.memory', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--against', default='torch,numpy', help='peers, separated by commas (default: %(default)s)')
    parser.add_argument('--rounds', type=int, default=5, help='processes per figure; the best counts (default: %(default)s)')
    parser.add_argument('--child', nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        return child(*args.child)
    libraries = ['cnet', 'cnet, off', *(name for name in args.against.split(',') if name and importlib.util.find_spec(name))]
    print(f'{"case":28}{"library":12}{"best us":>10}{"median us":>11}{"faults":>9}{"peak MB":>9}{"final MB":>9}')
    for case in CASES:
        names = [name for name in libraries if name != 'numpy' or case not in NEEDS_NN]
        found = {name: [] for name in names}
        for _ in range(args.rounds):
            for name in names:
                found[name].append(measure(name, case))
        for name in names:
            if 'peak' in found[name][0]:
                text = f'{"":30}{max(r["peak"] for r in found[name]):9.0f}{max(r["final"] for r in found[name]):9.0f}'
            else:
                row = min(found[name], key=lambda r: r['median'])
                text = f'{row["best"] * 1e6:10.1f}{row["median"] * 1e6:11.1f}{row["faults"]:9.1f}'
            print(f'{case:28}{name:12}{text}', flush=True)


if __name__ == '__main__':
    main()
