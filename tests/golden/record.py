"""Writes PyTorch's answers to the programs of tests/autograd/programs.py. Run it where torch is installed."""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / 'autograd'))


def main():
    import torch
    from programs import PROGRAMS
    answers = {name: json.loads(json.dumps(f(torch))) for name, f in PROGRAMS.items()}
    (HERE / 'autograd.json').write_text(json.dumps(answers, indent=1) + '\n')


if __name__ == '__main__':
    main()
