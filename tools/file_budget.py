"""Fail on a source file of more than 500 lines; name those that are about to get there.

    python tools/file_budget.py
"""
from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ('cnet', 'tests', 'tools', 'bench', 'examples')
SUFFIXES = {'.py', '.pyx', '.pxd', '.h'}
LIMIT, WATCH = 500, 400


def sizes() -> dict[Path, int]:
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob('*') if path.suffix in SUFFIXES]
    return {path.relative_to(ROOT): path.read_text().count('\n') for path in [ROOT / 'setup.py', *files]}


def main() -> int:
    lines = sizes()
    for path, count in sorted(lines.items(), key=lambda item: -item[1]):
        if count > WATCH:
            print(f'{count:5} {path}{"  TOO LONG: split it by sub-family" if count > LIMIT else ""}')
    over = sum(count > LIMIT for count in lines.values())
    print(f'file budget: {len(lines)} files, {sum(lines.values())} lines, {over} over {LIMIT}')
    return bool(over)


if __name__ == '__main__':
    sys.exit(main())
