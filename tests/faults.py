"""Saving and loading when things go wrong, counted: python tests/faults.py [kinds] [--count N] [--seed N]

kill      a process that saves over and over is killed at random moments; the file must always be a whole one
workers   programs with loading processes: a worker is killed, the program is killed, Ctrl-C; no process and no shared memory
          may be left, and a program that lives must hear of the dead worker
disk      the disk is full after so many bytes; the old file must stay, and nothing else
truncate  files cut at every byte; flip: files with one bit changed. No reader may crash or give other values unnoticed
hostile   pickles that would run code or read beyond memory; all must be refused
fuzz      files with one to four random changes, for all readers; `--count` of them for each

Each kind prints what it tried and what came of it, and the exit status is 1 if anything was not as it must be. Under an address
sanitizer (`tox -e fuzz`) reading beyond memory ends the process.
"""
from __future__ import annotations

import argparse
import errno
import io
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mutations import ERRORS, MARK, contents, equal, flat, hostile, mutated, readers, touch, with_pickle

import cnet
from cnet.utils import npz

ENVIRONMENT = os.environ | {'PYTHONPATH': str(Path(cnet.__file__).parent.parent)}  # of child processes: the same cnet
SLOW = 10.0  # seconds that no single file may take, even under a sanitizer

_SAVER = '''
import sys
import cnet
path, n = sys.argv[1], int(sys.argv[2])
states = [{'w': cnet.full((n,), float(i)), 'b': [cnet.full((n // 4,), float(i)) for _ in range(4)]} for i in range(2)]
print('ready', flush=True)
while True:
    for state in states:
        cnet.save(state, path)
'''


def kill(count: int, rng: random.Random) -> Counter:
    """Kill a saving process at random moments."""
    found: Counter = Counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'model.pt')
        for _ in range(count):
            n = rng.choice((1000, 100_000, 1_000_000))
            cnet.save({'w': cnet.full((n,), 1.), 'b': [cnet.full((n // 4,), 1.)] * 4}, path)
            process = subprocess.Popen([sys.executable, '-c', _SAVER, str(path), str(n)], stdout=subprocess.PIPE, cwd=folder,
                                       env=ENVIRONMENT)
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(rng.uniform(0, 0.1))
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdout.close()
            state = cnet.load(path)
            values = set(state['w'].unique().tolist()).union(*[t.unique().tolist() for t in state['b']])
            found['whole' if len(values) == 1 and len(state['w']) == n else 'TORN'] += 1
            for left in [p for p in Path(folder).iterdir() if p != path]:
                # Between getting a name and taking the old file's a whole file can be left. (A half one only where the system
                # has no files without a name.)
                outcome, _ = attempt(lambda raw: cnet.load(io.BytesIO(raw)), left.read_bytes())
                found[f'{"whole" if outcome == "read" else "half"} files under a temporary name'] += 1
                left.unlink()
    return found


_LOADER = '''
import multiprocessing, os, sys
import cnet
from cnet.utils.data import DataLoader, Dataset

class Endless(Dataset):
    def __len__(self):
        return 10 ** 9
    def __getitem__(self, i):
        return cnet.ones(int(sys.argv[2]))

if __name__ == '__main__':
    loader = DataLoader(Endless(), num_workers=2, multiprocessing_context=sys.argv[1])
    try:
        for i, batch in enumerate(loader):
            if i == 4:
                print(os.getpid(), *[p.pid for p in multiprocessing.active_children()], flush=True)
    except RuntimeError as error:
        print('heard' if 'SIGKILL' in str(error) else error, flush=True)
'''


def _alive(pid: int) -> bool:
    try:
        return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False


def _shared_memory() -> set[str]:
    """Names of shared memory, but for semaphores and PyTorch's, which belong to others."""
    return {name for name in os.listdir('/dev/shm') if not name.startswith(('sem.', 'torch_'))}


def workers(count: int, rng: random.Random) -> Counter:
    """Kill workers and programs that load data, at random moments."""
    found: Counter = Counter()
    if not Path('/proc/self/stat').exists():
        return found
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, 'program.py')
        script.write_text(_LOADER)
        for _ in range(count):
            method, size = rng.choice(('fork', 'fork', 'spawn')), rng.choice((100, 10_000, 300_000))
            what = rng.choice(('worker killed', 'program killed', 'Ctrl-C'))
            before = _shared_memory()
            program = subprocess.Popen([sys.executable, str(script), method, str(size)], stdout=subprocess.PIPE, env=ENVIRONMENT,
                                       stderr=subprocess.DEVNULL, text=True, start_new_session=True)
            assert program.stdout is not None
            pids = [int(pid) for pid in program.stdout.readline().split()]
            time.sleep(rng.uniform(0, 0.2))
            if what == 'Ctrl-C':
                os.killpg(program.pid, signal.SIGINT)
            else:
                os.kill(rng.choice(pids[1:]) if what == 'worker killed' else program.pid, signal.SIGKILL)
            try:
                said = program.communicate(timeout=60)[0].strip()
            except subprocess.TimeoutExpired:
                program.kill()
                said = 'HUNG'
            limit = time.monotonic() + 20
            while any(map(_alive, pids)) and time.monotonic() < limit:
                time.sleep(0.02)
            if what == 'worker killed' and said != 'heard':
                what += f', NOT HEARD: {said}'
            if any(map(_alive, pids)):
                what += ', PROCESS LEFT'
            if _shared_memory() - before:
                what += ', MEMORY LEFT'
            found[f'{what} ({method})'] += 1
    return found


class Full(io.BytesIO):
    """A file on a disk that is full after so many bytes."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def write(self, data: Any) -> int:
        if self.tell() + memoryview(data).nbytes > self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)


_LIMITED = '''
import io, resource, signal, sys
import cnet
from cnet.utils import npz
path, *shares = sys.argv[1:]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
state = {'a': cnet.ones(300), 'b': cnet.ones(50)}
for share in map(float, shares):
    for save in (cnet.save, npz.save_file):
        whole = io.BytesIO()
        save(state, whole)
        limit = int(share * len(whole.getvalue()))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        try:
            save(state, path)
            print('saved')
        except OSError:
            print('refused')
'''


def disk(count: int, rng: random.Random) -> Counter:
    """Save to disks that are full, and into files that may not grow."""
    found: Counter = Counter()
    for save, state in ((cnet.save, contents()), (npz.save_file, flat())):
        whole = io.BytesIO()
        save(state, whole)
        size = len(whole.getvalue())
        for room in range(0, size, max(1, size // count)):
            try:
                save(state, Full(room))
                found['SAVED on a full disk'] += 1
            except OSError:
                found['refused by a file object'] += 1
    if not hasattr(signal, 'SIGXFSZ'):
        return found
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, 'model.pt')
        cnet.save({'old': cnet.ones(2)}, path)
        before = path.read_bytes()
        limits = [str(rng.random()) for _ in range(count)]
        command = [sys.executable, '-c', _LIMITED, str(path), *limits]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=ENVIRONMENT)
        lines = done.stdout.split()
        found['refused by the system'] = lines.count('refused')
        if lines.count('saved') or len(lines) != 2 * count:
            found[f'SAVED within a limit, or FAILED: {done.stderr[-300:]}'] += 1
        if path.read_bytes() != before or list(Path(folder).iterdir()) != [path]:
            found['FOLDER CHANGED'] += 1
    return found


def attempt(read: Callable[[bytes], Any], raw: bytes) -> tuple[str, Any]:
    """What a reader makes of a file: its result or how it refuses."""
    begun = time.perf_counter()
    try:
        result = read(raw)
        touch(result)
        outcome = 'read'
    except ERRORS:
        outcome, result = 'refused', None
    except Exception as error:
        outcome, result = f'UNEXPECTED {type(error).__name__}: {str(error)[:100]}', None
    if time.perf_counter() - begun > SLOW:
        outcome += ', SLOWLY'
    return outcome, result


def truncate(count: int, rng: random.Random) -> Counter:
    """Cut files at every k-th byte, about `count` times each."""
    found: Counter = Counter()
    for name, (raw, read) in readers().items():
        if name.startswith('pickle'):
            continue
        for n in range(0, len(raw), max(1, len(raw) // count)):
            outcome, _ = attempt(read, raw[:n])
            found[f'{name}: {"READ" if outcome == "read" else outcome}'] += 1
    return found


def flip(count: int, rng: random.Random) -> Counter:
    """Change single bits. The archives have checksums: whatever they give must be what was saved."""
    found: Counter = Counter()
    for name, (raw, read) in readers().items():
        if name.startswith('pickle'):
            continue
        expected = read(raw)
        for _ in range(count):
            at = rng.randrange(len(raw))
            data = raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1:]
            outcome, result = attempt(read, data)
            if outcome == 'read':
                same = equal(result, expected)
                changed = 'other values (the format has no checksums)' if name in ('safetensors', 'before 1.6') else 'UNNOTICED'
                outcome = 'harmless' if same else changed
            found[f'{name}: {outcome}'] += 1
    return found


def refuse(count: int, rng: random.Random) -> Counter:
    """Give hostile pickles to the restricted reader. Their number is fixed."""
    found: Counter = Counter()
    raw = readers()['zip'][0]
    for name, data in hostile():
        outcome, _ = attempt(lambda d: cnet.load(io.BytesIO(with_pickle(raw, d))), data)
        found[outcome if outcome == 'refused' else f'{outcome.upper()}: {name}'] += 1
    if os.path.exists(MARK):
        found['CODE WAS RUN'] += 1
    return found


def fuzz(count: int, rng: random.Random) -> Counter:
    """Change files at random, `count` times for each reader."""
    found: Counter = Counter()
    for name, (raw, read) in readers().items():
        for _ in range(count):
            outcome, _ = attempt(read, mutated(raw, rng))
            found[f'{name}: {outcome}'] += 1
    return found


KINDS = {'kill': kill, 'workers': workers, 'disk': disk, 'truncate': truncate, 'flip': flip, 'hostile': refuse, 'fuzz': fuzz}


def bad(found: Counter) -> dict[str, int]:
    """What must not be: outcomes with a word in capitals."""
    return {name: n for name, n in found.items() if n and any(
        word.isupper() and len(word) > 3 for word in name.replace(':', ' ').split())}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('kinds', nargs='*', help=f'of {", ".join(KINDS)}; default: all')
    parser.add_argument('--count', type=int, default=100, help='how often (default: %(default)s)')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    failed = False
    for kind in args.kinds or KINDS:
        begun = time.perf_counter()
        found = KINDS[kind](args.count, random.Random(args.seed))
        tried = sum(n for name, n in found.items() if 'temporary name' not in name)
        print(f'{kind}: {tried} tried in {time.perf_counter() - begun:.1f} s')
        for name, n in sorted(found.items()):
            print(f'    {n:8}  {name}')
        failed |= bool(bad(found))
    return failed


if __name__ == '__main__':
    sys.exit(main())
