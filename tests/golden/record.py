"""Writes PyTorch's answers to the programs of tests/autograd/programs.py. Run it where torch is installed."""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / 'autograd'))


def main():
    import programs_hooks  # noqa: F401  (each file adds its programs)
    import programs_writes  # noqa: F401
    import torch
    from programs import PROGRAMS
    answers = {name: json.loads(json.dumps(PROGRAMS[name](torch))) for name in sorted(PROGRAMS)}
    (HERE / 'autograd.json').write_text(json.dumps(answers, indent=1) + '\n')


if __name__ == '__main__':
    main()
