"""Writes PyTorch's answers to the programs of tests/autograd/programs.py. Run it where torch is installed."""

import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / 'autograd'))


def main():
    import programs_func  # noqa: F401  (each file adds its programs)
    import programs_functional  # noqa: F401
    import programs_graph  # noqa: F401
    import programs_hooks  # noqa: F401
    import programs_writes  # noqa: F401
    import torch
    from programs import PROGRAMS
    lines = [f'{json.dumps(name)}: {json.dumps(PROGRAMS[name](torch))}' for name in sorted(PROGRAMS)]
    (HERE / 'autograd.json').write_text('{\n' + ',\n'.join(lines) + '\n}\n')


if __name__ == '__main__':
    main()
