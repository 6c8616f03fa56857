"""Files that are written whole or not at all."""

import os
from contextlib import contextmanager


@contextmanager
def replacing(path):
    """A new file that takes the place of `path` when it is complete, so that no reader ever sees half of it."""
    path = os.path.realpath(path)
    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, 'wb') as file:  # a device or pipe is written to, not replaced
            yield file
        return
    folder, name = os.path.split(path)
    if not os.path.isdir(folder):
        raise RuntimeError(f'Parent directory {folder} does not exist.')
    temporary = os.path.join(folder, f'.{name}.{os.urandom(8).hex()}.tmp')
    try:
        file = _nameless(folder)
        named = file is None
        with file or open(temporary, 'xb') as file:
            yield file
            file.flush()
            if os.path.exists(path):
                os.chmod(file.fileno() if not named else temporary, os.stat(path).st_mode & 0o7777)
            os.fsync(file.fileno())
            if not named:
                # Only with a directory to start from does Python ask the system to follow the link to the open file.
                os.link(f'/proc/self/fd/{file.fileno()}', temporary, src_dir_fd=file.fileno())
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
