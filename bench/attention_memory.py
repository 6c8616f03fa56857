"""Memory of attention by the length of the sequence: what a forward pass, and one with gradients, add to a process.

    python -m bench.attention_memory [--against torch] [--lengths 128,256,512,1024,2048,4096]

One batch, 8 heads of 64 numbers, causal. Each figure is the growth of the peak of resident memory over that before the call,
in a process of its own, after a call on 128 positions that brings libraries in; beside it, what inputs and results take.
"""

import argparse
import importlib
import importlib.util
import json
import os
import subprocess
import sys
import threading
import time

HEADS, SIZE = 8, 64


def resident():
    """Megabytes of memory that the process has now."""
    with open('/proc/self/statm') as f:
        return int(f.read().split()[1]) * os.sysconf('SC_PAGE_SIZE') / 2 ** 20


class Peak(threading.Thread):
    """Looks at resident memory all the time until it is told to stop."""

    def __init__(self):
        super().__init__(daemon=True)
        self.most, self.stop = 0.0, False

    def run(self):
        while not self.stop:
            self.most = max(self.most, resident())
            time.sleep(0.0002)


def measure(library, length, dropout, grad):
    """Megabytes that a call adds."""
    torch = importlib.import_module(library)
    torch.set_num_threads(1)

    def call(n, peak=None):
        q, k, v = [torch.rand(1, HEADS, n, SIZE, requires_grad=grad) for _ in range(3)]
        before = resident()
        if peak:
            peak.start()
        y = torch.nn.functional.scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=True)
        if grad:
            y.sum().backward()
        return before
    call(128)
    peak = Peak()
    before = call(length, peak)
    time.sleep(0.001)
    peak.stop = True
    peak.join()
    return max(0.0, peak.most - before)


def main():
    parser = argparse.ArgumentParser(prog='python -m bench.attention_memory', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--against', default='torch', help='peers, separated by commas (default: %(default)s)')
    parser.add_argument('--lengths', default='128,256,512,1024,2048,4096', help='positions (default: %(default)s)')
    parser.add_argument('--child', help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(measure(*json.loads(args.child)))
        return
    libraries = ['cnet', *(name for name in args.against.split(',') if name and importlib.util.find_spec(name))]
    for dropout in (0.0, 0.1):
        for grad in (False, True):
            print(f'\n{"forward + backward" if grad else "forward"}, dropout {dropout}: megabytes')
            print(f'{"length":>8}{"results":>10}' + ''.join(f'{name:>10}' for name in libraries))
            for length in map(int, args.lengths.split(',')):
                row = [float(subprocess.run([sys.executable, '-m', 'bench.attention_memory', '--child',
                                             json.dumps([name, length, dropout, grad])], text=True, check=True,
                                            capture_output=True).stdout) for name in libraries]
                results = (4 if grad else 1) * 4 * HEADS * SIZE * length / 2 ** 20
                print(f'{length:8}{results:10.2f}' + ''.join(f'{x:10.2f}' for x in row), flush=True)


if __name__ == '__main__':
    main()
