"""Rules of the kernels that a compiler does not check; each has its reason beside it.

    python tools/kernel_lint.py
"""
from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KERNELS = ROOT / 'cnet' / '_kernels'
ALLOCATORS = {'_alloc', '_workspace'}

# (pattern, suffixes it applies to, files exempt by stem, what is wrong)
RULES = (
    (r'\b(?:malloc|calloc|realloc)\s*\(', ('.pyx', '.pxd', '.h'), ALLOCATORS,
     'allocates: take scratch memory from _workspace, which reuses it'),
    (r'\brange\([^()]*,[^()]*,\s*[A-Za-z_]', ('.pyx', '.pxd'), set(),
     'a range with a variable step is a Python loop: write `for i from a <= i < b by step`'),
    (r'\b_mm\d*_\w+\s*\(|\bv(?:ld|st)1q?_', ('.pyx', '.pxd', '.h'), {'vec'},
     'uses intrinsics: one source serves every instruction set, and vec.h alone knows them'),
    (r'fast-math|Ofast', ('.pyx', '.pxd', '.h'), set(),
     'relaxes floating point: NaN, infinity and signed zero have meaning here'),
    (r'#\s*cython:\s*(?!freethreading)', ('.pyx', '.pxd'), set(),
     'sets directives: they are in setup.py, for all kernels alike'),
    (r'from\s+\.{2,}(?:_core|_ops)|from\s+cnet\.(?!_kernels)', ('.pyx', '.pxd'), set(),
     'imports from a layer above'),
)


def problems() -> list[str]:
    found = []
    for path in sorted(KERNELS.iterdir()):
        if path.suffix not in ('.pyx', '.pxd', '.h'):
            continue
        # Comments of C may name what code may not use; their newlines stay, for the line numbers.
        text = re.sub(r'/\*.*?\*/', lambda comment: '\n' * comment[0].count('\n'), path.read_text(), flags=re.S)
        for number, line in enumerate(text.splitlines(), 1):
            code = line if 'cython:' in line else re.sub(r'#(?!\s*(?:if|define|pragma|include)).*|//.*', '', line)
            for pattern, suffixes, exempt, complaint in RULES:
                if path.suffix in suffixes and path.stem not in exempt and re.search(pattern, code):
                    found.append(f'{path.relative_to(ROOT)}:{number}: {complaint}')
        for match in re.finditer(r'\b(?:prange|parallel)\(', text):
            call = text[match.start():match.start() + 300]
            if 'with parallel(num_threads' in text[text.rfind('\ncdef ', 0, match.start()):match.start()]:
                continue
            if 'num_threads' not in call.split(':')[0] and 'import' not in text[:match.start()].rpartition('\n')[2]:
                number = text.count('\n', 0, match.start()) + 1
                found.append(f'{path.relative_to(ROOT)}:{number}: a parallel loop without num_threads=threads_for(..)')
    return found


def main() -> int:
    found = problems()
    for problem in found:
        print(problem, file=sys.stderr)
    print(f'kernel lint: {len(found)} problems', file=sys.stderr)
    return bool(found)


if __name__ == '__main__':
    sys.exit(main())
