"""The examples in the docstrings, run."""
from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import cnet

MODULES = sorted(info.name for info in pkgutil.walk_packages(cnet.__path__, 'cnet.', onerror=lambda name: None)
                 if '._kernels.' not in info.name and not info.name.endswith('__main__'))
MODULES += ['cnet._kernels._threads']
EXTRAS = {'cnet.utils.tensorboard': 'tensorboard', 'cnet.utils.safetensors': 'safetensors'}  # what they need to be imported
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@pytest.mark.parametrize('name', ['cnet', *MODULES])
def test_examples(name: str) -> None:
    for package, needed in EXTRAS.items():
        if name.startswith(package):
            pytest.importorskip(needed)
    module = importlib.import_module(name)
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, name):
        test.globs['cnet'] = cnet
        cnet.manual_seed(0)
        runner.run(test)
    assert not runner.failures
