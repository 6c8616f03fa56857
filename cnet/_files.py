"""Files that are written whole or not at all."""

import os
import re
from contextlib import contextmanager


@contextmanager
def replacing(path):
    """A new file that takes the place of `path` when it is complete, so that no reader ever sees half of it.

    Its temporary name is locked while its writer lives. What a killed writer left is removed by the next one.
    """
    path = os.path.realpath(path)
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, 'wb') as file:  # a device or pipe is written to, not replaced
            yield file
        return
    folder, name = os.path.split(path)
    if not os.path.isdir(folder):
        raise RuntimeError(f'Parent directory {folder} does not exist.')
    _sweep(folder, name)
    temporary = os.path.join(folder, f'.{name}.{os.urandom(8).hex()}.tmp')
    try:
        file = _nameless(folder)
        named = file is None
        with file or _named(temporary) as file:
            locked = _lock(file)
            yield file
            file.flush()
            if os.path.exists(path):
                os.chmod(file.fileno() if not named else temporary, os.stat(path).st_mode & 0o7777)
            os.fsync(file.fileno())
            if not named:
                # Only with a directory to start from does Python ask the system to follow the link to the open file.
                os.link(f'/proc/self/fd/{file.fileno()}', temporary, src_dir_fd=file.fileno())
            if locked:
                os.replace(temporary, path)
        if not locked:  # some systems rename closed files only
            os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise


def _nameless(folder):
    """A new file that the system removes by itself if the process dies before it has a name; None where there is no such."""
    if not hasattr(os, 'O_TMPFILE') or not os.path.isdir('/proc/self/fd'):
        return None
    try:
        return os.fdopen(os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o666), 'wb')
    except OSError:  # not every file system can
        return None


def _named(path):
    """A new file under that name. Until it is locked, someone may take it for one that was left."""
    while True:
        file = open(path, 'xb')
        if not _lock(file) or os.path.exists(path):
            return file
        file.close()


def _lock(file, wait=True):
    """Lock an open file for as long as it is open; whether that was possible."""
    try:
        import fcntl
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except (ImportError, OSError):
        return False
    return True


def _sweep(folder, name):
    """Remove temporary files of `name` whose writers are gone."""
    pattern = re.compile(rf'\.{re.escape(name)}\.[0-9a-f]{{16}}\.tmp')
    for left in filter(pattern.fullmatch, os.listdir(folder)):
        left = os.path.join(folder, left)
        try:
            with open(left, 'r+b') as file:
                if _lock(file, wait=False):
                    os.remove(left)
        except OSError:  # another one was quicker, or it is not ours to remove
            pass
