"""Fail on an import cycle or an upward import in cnet, imports inside functions included.

    python tools/import_graph.py [--dot]
"""
from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# From the bottom up; a module may import its own layer and those below. The longest matching prefix decides.
LAYERS = (
    ('cnet.version', 'cnet.return_types', 'cnet._kernels'),
    ('cnet._core',),
    ('cnet._ops',),
    ('cnet._tensor', 'cnet._tensor_str'),
    ('cnet.*',),                                    # the public doors: cnet.linalg, cnet.autograd, cnet.random ...
    ('cnet.nn', 'cnet.optim', 'cnet.utils', 'cnet.serialization', 'cnet._pickling', 'cnet._old_files', 'cnet.functional',
     'cnet.func', 'cnet.multiprocessing', 'cnet.distributions'),
    ('cnet',),
)


def layer(module: str) -> int:
    best, found = -1, 4
    for rank, names in enumerate(LAYERS):
        for name in names:
            exact = module == name if name == 'cnet' else module == name or module.startswith(name + '.')
            if exact and len(name) > best:
                best, found = len(name), rank
    return found


def modules() -> dict[str, Path]:
    """Every Python and Cython module of the package, by dotted name."""
    found = {}
    for path in sorted((ROOT / 'cnet').rglob('*')):
        if path.suffix in ('.py', '.pyx') or (path.suffix == '.pxd' and not path.with_suffix('.py').exists()):
            parts = path.relative_to(ROOT).with_suffix('').parts
            found['.'.join(parts[:-1] if parts[-1] == '__init__' else parts)] = path
    return found


def absolute(module: str, path: Path, dots: int, name: str) -> str:
    """The dotted name that a relative import means."""
    if not dots:
        return name
    package = module if path.name == '__init__.py' else module.rpartition('.')[0]
    for _ in range(dots - 1):
        package = package.rpartition('.')[0]
    return f'{package}.{name}' if name else package


def imports(module: str, path: Path, known: dict[str, Path]) -> Iterator[tuple[str, int]]:
    """The modules of the package that this one imports, with the lines."""
    def targets(base: str, names: list[str], line: int) -> Iterator[tuple[str, int]]:
        inner = [f'{base}.{name}' for name in names if f'{base}.{name}' in known]
        yield from ((name, line) for name in inner)
        if len(inner) < len(names) and base in known:
            yield base, line

    if path.suffix != '.py':
        pattern = re.compile(r'^\s*(?:from\s+(\.*)([\w.]*)\s+c?import\s+\(?([\w, *]+)|c?import\s+([\w.]+))')
        for number, text in enumerate(path.read_text().splitlines(), 1):
            if match := pattern.match(text):
                dots, base, names, plain = match.groups()
                words = [word.split()[0] for word in (names or '').split(',') if word.strip()]
                yield from targets(plain or absolute(module, path, len(dots or ''), base), words, number)
        return
    tree = ast.parse(path.read_text())
    typing_only = {id(inner) for node in ast.walk(tree) if isinstance(node, ast.If)
                   and ast.unparse(node.test) in ('TYPE_CHECKING', 'typing.TYPE_CHECKING')
                   for statement in node.body for inner in ast.walk(statement)}
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.ImportFrom):
            base = absolute(module, path, node.level, node.module or '')
            yield from targets(base, [alias.name for alias in node.names], node.lineno)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in known:
                    yield alias.name, node.lineno


def cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Strongly connected components of more than one module (Tarjan)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph[node]):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            component = [stack.pop()]
            while component[-1] != node:
                component.append(stack.pop())
            if len(component) > 1:
                found.append(sorted(component))

    sys.setrecursionlimit(10_000)
    for node in graph:
        if node not in index:
            visit(node)
    return found


def check() -> tuple[dict[str, set[str]], list[str]]:
    """The graph and the complaints about it."""
    known = modules()
    graph: dict[str, set[str]] = {name: set() for name in known}
    problems = []
    for module, path in known.items():
        for target, line in imports(module, path, known):
            if target == module:
                continue
            graph[module].add(target)
            if layer(target) > layer(module):
                problems.append(f'{path.relative_to(ROOT)}:{line}: {module} may not import {target}, a layer above it')
    problems += ['cycle: ' + ' -> '.join([*component, component[0]]) for component in cycles(graph)]
    return graph, problems


def main() -> int:
    graph, problems = check()
    if '--dot' in sys.argv:
        print('digraph cnet {\n' + ''.join(f'  "{a}" -> "{b}";\n' for a in graph for b in sorted(graph[a])) + '}')
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f'import graph: {len(graph)} modules, {sum(map(len, graph.values()))} imports, {len(problems)} problems',
          file=sys.stderr)
    return bool(problems)


if __name__ == '__main__':
    sys.exit(main())
