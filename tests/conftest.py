"""Fixtures of the whole suite."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import cnet
from cnet import _kernels as K

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # So a shell starts what runs in its background; programs of tests that end by Ctrl-C would inherit it and go on.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _fresh_state() -> Iterator[None]:
    """The same random numbers for each test, and no setting leaks from one into the next."""
    cnet.manual_seed(0)
    threads, default = cnet.get_num_threads(), cnet.get_default_dtype()
    yield
    cnet.set_num_threads(threads)
    cnet.set_default_dtype(default)
    assert cnet.is_grad_enabled()


@pytest.fixture
def fine_grain() -> Iterator[None]:
    """Small operations use threads too."""
    grain = K._threads.set_grain(1)
    yield
    K._threads.set_grain(grain)


@pytest.fixture
def run_python(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run code in a fresh interpreter that sees the same cnet, from a folder that holds none."""
    def run(code: str, *, check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
        root = str(Path(cnet.__file__).parent.parent)
        inherited = {key: value for key, value in os.environ.items() if not key.startswith('CNET_')}
        path = os.pathsep.join([root, str(Path(__file__).parent)])
        done = subprocess.run([sys.executable, '-c', code], cwd=tmp_path, capture_output=True, text=True, timeout=120,
                              env=inherited | {'PYTHONPATH': path} | env)
        assert not check or done.returncode == 0, done.stderr
        return done
    return run
