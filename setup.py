"""The build. What is compiled is in cnet/_kernels/targets.py; this file says how.

Each kernel family is translated to C once and compiled once per instruction set. Environment: CNET_ONLY=conv,pool
builds just those modules, CNET_BUILD_ISA=base,v4 just those instruction sets (and fails where the compiler cannot),
CNET_COMPILE_CORE=0 leaves all Python interpreted, CNET_DEBUG=1 turns checks on and optimisation down,
CNET_SANITIZE=address adds a sanitizer, CNET_JOBS=n sets the number of parallel compilers,
CNET_VERBOSE=1 shows their command lines.
"""
from __future__ import annotations

import logging
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError

ROOT = Path(__file__).resolve().parent
os.chdir(ROOT)
KERNELS = Path('cnet/_kernels')
T = runpy.run_path(str(KERNELS / 'targets.py'))
# C files are made for one Python's NumPy: another interpreter's may be of another version.
BUILD = Path('build', sys.implementation.cache_tag)
SHARED = f'cnet._kernels.{T["SHARED"]}'
DEBUG = os.environ.get('CNET_DEBUG') == '1'
SANITIZE = os.environ.get('CNET_SANITIZE', '')
ONLY = set(filter(None, os.environ.get('CNET_ONLY', '').split(',')))
MSVC = sys.platform == 'win32'

# Without binding, a kernel is a plain built-in function: cheaper to call and to import, and smaller.
KERNEL_DIRECTIVES = {'binding': False, 'boundscheck': DEBUG, 'initializedcheck': DEBUG, 'wraparound': False,
                     'cdivision': True, 'freethreading_compatible': True}
# Compiled Python keeps Python's meaning, and its annotations are for readers: the types are in the .pxd.
PURE_DIRECTIVES = {'annotation_typing': False}

if MSVC:
    CFLAGS, LDFLAGS, OPENMP = ['/Od' if DEBUG else '/O2', '/fp:contract'], [], ['/openmp']
else:
    CFLAGS = ['-O1', '-g'] if DEBUG else ['-O3', '-g0']
    # A mask instead of errno lets loops over sqrt vectorise, and so does not looking at trap flags for conditional
    # values; contraction makes a*b + c one rounding where FMA exists.
    CFLAGS += ['-fno-math-errno', '-fno-trapping-math', '-ffp-contract=fast', '-fvisibility=hidden']
    # What Cython's C does everywhere: unused helpers, mixed signs, pointers to const data without the const.
    CFLAGS += ['-Wno-unused-function', '-Wno-sign-compare', '-Wno-discarded-qualifiers']
    LDFLAGS, OPENMP = [] if DEBUG or sys.platform == 'darwin' else ['-s'], ['-fopenmp']
    if SANITIZE:
        CFLAGS += [f'-fsanitize={SANITIZE}', '-fno-omit-frame-pointer']
        LDFLAGS += [f'-fsanitize={SANITIZE}']
# A region of one thread costs nothing with these (region.h says how), where the linker has --wrap.
REGION = ['-include', str(KERNELS / 'region.h'), '-Wl,--wrap=GOMP_parallel']
# Compiled Python above the core is calls and no loops: half the size costs it nothing.
SMALL_CFLAGS = ['/O1'] if MSVC else ['-Os', '-fno-asynchronous-unwind-tables']
MACROS = [('NPY_NO_DEPRECATED_API', 'NPY_2_0_API_VERSION'), ('NPY_TARGET_VERSION', 'NPY_2_0_API_VERSION')]


class Unit:
    """One file that Cython translates: its module name, source, C file and dependencies."""

    def __init__(self, source: Path, directives: dict[str, bool]) -> None:
        self.source, self.directives = source, directives
        self.name = '.'.join(source.with_suffix('').parts)
        self.c = BUILD / 'cython' / source.with_suffix('.c')
        self.depends = sorted(str(path) for path in closure(source))
        typed = source.with_suffix('.pxd').exists() and source.parent == Path('cnet/_core')
        self.loopless = source.suffix == '.py' and not typed

    def stale(self, stamp: Path) -> bool:
        newest = max(os.path.getmtime(path) for path in [*self.depends, stamp])
        return not self.c.exists() or self.c.stat().st_mtime < newest

    def translate(self) -> str:
        """Run Cython; return its error text, empty on success."""
        self.c.parent.mkdir(parents=True, exist_ok=True)
        directives = [word for key, value in self.directives.items() for word in ('-X', f'{key}={value}')]
        return cython('-3', '--module-name', self.name, f'--shared={SHARED}', *directives, '-o', str(self.c),
                      str(self.source))


def cython(*words: str) -> str:
    done = subprocess.run([sys.executable, '-m', 'cython', *words], capture_output=True, text=True)
    print(done.stdout + done.stderr, end='', flush=True)
    return '' if done.returncode == 0 else done.stderr or done.stdout or 'cython failed'


def closure(source: Path) -> set[Path]:
    """The file and everything that it cimports, includes or declares from a header, all the way down."""
    found: set[Path] = set()
    todo = [source]
    while todo:
        path = todo.pop()
        if path in found or not path.is_file():
            continue
        found.add(path)
        text = path.read_text()
        todo += [path.with_suffix('.pxd')] if path.suffix in ('.pyx', '.py') else []
        todo += [path.parent / name for name in re.findall(r'(?:from|include)\s+["\']([\w./]+)["\']', text)]
        for package, *lists in re.findall(r'from\s+([\w.]+)\s+cimport\s+(?:\(([^)]*)\)|([\w, ]+))', text):
            folder = path.parent if package.startswith('.') else Path()
            parts = [part for part in package.lstrip('.').split('.') if part]
            for _ in range(len(package) - len(package.lstrip('.')) - 1):
                folder = folder.parent
            base = folder.joinpath(*parts)
            todo += [base.with_suffix('.pxd')] if parts else []
            todo += [base / f'{name.split()[0]}.pxd' for name in ''.join(lists).split(',') if name.strip()]
    return found


def pure_name(folder: str, name: str) -> str:
    """How CNET_ONLY calls a file of Python: 'op' for one of the core, '_ops.join' for others."""
    return name if folder == 'cnet/_core' else f'{Path(folder).name}.{name}'


def units() -> dict[str, Unit]:
    """All files to translate, by the names that CNET_ONLY takes."""
    names = {name: (KERNELS / f'{name}.pyx', KERNEL_DIRECTIVES) for name in (*T['SINGLE'], *T['FAMILIES'])}
    if os.environ.get('CNET_COMPILE_CORE', '1') != '0':
        names |= {pure_name(folder, name): (Path(folder, f'{name}.py'), PURE_DIRECTIVES)
                  for folder, group in T['PURE'].items() for name in group}
    if unknown := ONLY - names.keys():
        raise SystemExit(f'CNET_ONLY names no module of targets.py: {", ".join(sorted(unknown))}')
    return {name: Unit(*pair) for name, pair in names.items() if (not ONLY or name in ONLY) and pair[0].exists()}


def extensions() -> list[Extension]:
    """One extension per module and instruction set. The C files need not exist yet."""
    always = [str(BUILD / 'cython' / 'stamp'), str(KERNELS / 'region.h')]
    result = [Extension(SHARED, [str(BUILD / 'cython' / KERNELS / f'{T["SHARED"]}.c')], depends=always)]
    for name, unit in units().items():
        if name in T['FAMILIES']:
            for isa in T['ISAS']:
                if isa.name in T['FAMILIES'][name]:
                    # Its own copy of the C file: objects are named by their source, and compilers run in parallel.
                    ext = Extension(f'cnet._kernels.{isa.name}.{name}', [str(BUILD / 'isa' / isa.name / f'{name}.c')],
                                    depends=[*unit.depends, *always],
                                    extra_compile_args=list(isa.msvc if MSVC else isa.gcc))
                    ext.unit, ext.isa = unit, isa
                    result.append(ext)
        else:
            ext = Extension(unit.name, [str(unit.c)], depends=[*unit.depends, *always])
            ext.unit, ext.isa = unit, None
            result.append(ext)
    return result


class Build(build_ext):
    """Translate what is stale, then compile everything on all CPUs, then report every failure."""

    def finalize_options(self) -> None:
        super().finalize_options()
        cpus = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count() or 1
        self.parallel = self.parallel or int(os.environ.get('CNET_JOBS', cpus))
        self.failed: list[str] = []
        if 'CNET_VERBOSE' not in os.environ:
            logging.getLogger().setLevel(logging.WARNING)

    def run(self) -> None:
        self.translate()
        if not self.inplace:
            self.drop_strays()
        super().run()
        if self.failed:
            raise CompileError('not built: ' + ', '.join(sorted(self.failed)))

    def translate(self) -> None:
        stamp = self.write_stamp()
        shared = BUILD / 'cython' / KERNELS / f'{T["SHARED"]}.c'
        if not shared.exists() or shared.stat().st_mtime < stamp.stat().st_mtime:
            shared.parent.mkdir(parents=True, exist_ok=True)
            if cython(f'--generate-shared={shared}', '--module-name', SHARED):
                raise CompileError('cython could not generate the shared utility module')
        todo = {ext.unit.name: ext.unit for ext in self.extensions if hasattr(ext, 'unit') and ext.unit.stale(stamp)}
        with ThreadPoolExecutor(self.parallel) as pool:
            for unit, error in zip(todo.values(), pool.map(Unit.translate, todo.values())):
                if error:
                    self.failed.append(unit.name)
                    unit.c.unlink(missing_ok=True)
        self.extensions = [ext for ext in self.extensions if not hasattr(ext, 'unit') or ext.unit.name not in self.failed]
        for ext in self.extensions:
            copy = Path(ext.sources[0])
            if getattr(ext, 'isa', None) and (not copy.exists() or copy.stat().st_mtime < ext.unit.c.stat().st_mtime):
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ext.unit.c, copy)

    def drop_strays(self) -> None:
        """Delete what earlier builds with other settings left in the folder that becomes the wheel."""
        expected = {Path(self.build_lib, self.get_ext_filename(ext.name)) for ext in self.extensions}
        for path in Path(self.build_lib).rglob('*' + self.get_ext_filename('x')[1:]):
            if path not in expected:
                path.unlink()

    def write_stamp(self) -> Path:
        """A file that changes when the flags, the directives, Cython or NumPy do: everything depends on it."""
        import Cython
        import numpy
        stamp = BUILD / 'cython' / 'stamp'
        text = '\n'.join(map(str, (Cython.__version__, numpy.__version__, CFLAGS, LDFLAGS, SMALL_CFLAGS, REGION, MACROS,
                                   KERNEL_DIRECTIVES, PURE_DIRECTIVES, [isa[:3] for isa in T['ISAS']])))
        if not stamp.exists() or stamp.read_text() != text:
            stamp.parent.mkdir(parents=True, exist_ok=True)
            stamp.write_text(text)
        return stamp

    def accepts(self, flags: list[str], link: bool = False) -> bool:
        """Whether the compiler takes these flags."""
        with tempfile.TemporaryDirectory() as folder:
            probe = Path(folder, 'probe.c')
            probe.write_text('int cnet_probe(int x) { return x + 1; }\n')
            try:
                objects = self.compiler.compile([str(probe)], output_dir=folder, extra_postargs=flags)
                if link:
                    self.compiler.link_shared_object(objects, str(Path(folder, 'probe.so')), extra_postargs=flags)
            except Exception:  # each compiler class has its own error types
                return False
        return True

    def build_extensions(self) -> None:
        import numpy
        refused = {isa.name for isa in T['ISAS'] if not self.accepts(list(isa.msvc if MSVC else isa.gcc))}
        wanted = list(filter(None, os.environ.get('CNET_BUILD_ISA', '').split(',')))
        if impossible := refused & set(wanted):
            raise CompileError(f'the compiler has no flags for {", ".join(sorted(impossible))}')
        if refused:
            print(f'cnet: leaving out {", ".join(sorted(refused))}: the compiler refuses their flags')
        openmp = OPENMP if self.accepts(OPENMP, link=True) else []
        if openmp and self.accepts(OPENMP + REGION, link=True):
            openmp = OPENMP + REGION
        if not openmp:
            print('cnet: the compiler has no OpenMP: kernels will use one thread')
        self.extensions = [ext for ext in self.extensions if not getattr(ext, 'isa', None)
                           or (ext.isa.name not in refused and (not wanted or ext.isa.name in wanted))]
        for ext in self.extensions:
            small = hasattr(ext, 'unit') and ext.unit.loopless and not DEBUG
            ext.extra_compile_args += CFLAGS + (SMALL_CFLAGS if small else openmp)
            ext.extra_link_args += LDFLAGS + ([] if MSVC or small else openmp)
            ext.include_dirs += [str(KERNELS), numpy.get_include()]
            ext.define_macros += MACROS
        with ThreadPoolExecutor(self.parallel) as pool:
            jobs = [(ext, pool.submit(self.build_extension, ext)) for ext in self.extensions]
        for ext, job in jobs:
            if error := job.exception():
                print(f'cnet: {ext.name}: {error}', file=sys.stderr)
                self.failed.append(ext.name)
        self.extensions = [ext for ext in self.extensions if ext.name not in self.failed]

    def build_extension(self, ext: Extension) -> None:
        began = time.perf_counter()
        super().build_extension(ext)
        if (spent := time.perf_counter() - began) > 0.2:
            print(f'cnet: {ext.name} {spent:.1f} s', flush=True)

    def copy_extensions_to_source(self) -> None:
        """Replace what changed, and each file at once: another process may have the old one loaded."""
        for ext in self.extensions:
            path = self.get_ext_filename(self.get_ext_fullname(ext.name))
            source, target = Path(self.build_lib, path), Path(path)
            if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
                target.parent.mkdir(parents=True, exist_ok=True)
                fresh = target.with_suffix('.new')
                shutil.copyfile(source, fresh)
                fresh.replace(target)

    def get_source_files(self) -> list[str]:
        """What a source distribution needs: the sources and headers, not the C files made from them."""
        found = {path for ext in self.extensions for path in ext.depends if not path.startswith(str(BUILD))}
        return sorted(found)


setup(ext_modules=extensions(), cmdclass={'build_ext': Build})
