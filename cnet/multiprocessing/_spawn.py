"""`spawn`: the same function in several processes, whose errors arrive in the one that started them."""

import multiprocessing
import signal
import sys
import time
import traceback
from multiprocessing.connection import wait

__all__ = ['ProcessContext', 'ProcessException', 'ProcessExitedException', 'ProcessRaisedException', 'SpawnContext', 'spawn',
           'start_processes']


class ProcessException(Exception):
    """A process failed.

    Args:
        msg (str): what happened.
        error_index (int): which process.
        pid (int): its number in the system.
    """

    def __init__(self, msg, error_index, pid):
        super().__init__(msg)
        self.msg, self.error_index, self.pid = msg, error_index, pid

    def __reduce__(self):
        return type(self), (self.msg, self.error_index, self.pid)


class ProcessRaisedException(ProcessException):
    """A process ended with an exception; its traceback is in the message."""


class ProcessExitedException(ProcessException):
    """A process was ended by a signal or left with an exit code.

    Args:
        msg, error_index, pid: as for every failure.
        exit_code (int): negative for a signal.
        signal_name (str, optional): the signal.
    """

    def __init__(self, msg, error_index, pid, exit_code, signal_name=None):
        super().__init__(msg, error_index, pid)
        self.exit_code, self.signal_name = exit_code, signal_name

    def __reduce__(self):
        return type(self), (self.msg, self.error_index, self.pid, self.exit_code, self.signal_name)


def _call(fn, i, args, errors):
    try:
        fn(i, *args)
    except KeyboardInterrupt:
        pass  # the one who pressed the keys knows
    except Exception:
        errors.send(traceback.format_exc())
        sys.exit(1)


class ProcessContext:
    """The processes that `start_processes` started.

    Args:
        processes (list of Process): the processes.
        errors (list of Connection): where the traceback of each arrives.
    """

    def __init__(self, processes, errors):
        self.processes, self._errors = processes, errors
        self.sentinels = {p.sentinel: i for i, p in enumerate(processes)}

    def pids(self):
        """The numbers of the processes in the system."""
        return [p.pid for p in self.processes]

    def join(self, timeout=None, grace_period=None):
        """Wait until a process ends, and raise its error after ending the others.

        Args:
            timeout (float, optional): seconds to wait at most.
            grace_period (float, optional): seconds that the others have after a failure. Default: none.

        Returns:
            bool: True if all have ended well.
        """
        if not self.sentinels:
            return True
        failed = None
        for sentinel in wait(self.sentinels, timeout):
            i = self.sentinels.pop(sentinel)
            self.processes[i].join()
            if self.processes[i].exitcode != 0:
                failed = i
                break
        if failed is None:
            return not self.sentinels
        end = time.monotonic() + (grace_period or 0)
        for p in self.processes:
            p.join(max(0, end - time.monotonic()))
            if p.is_alive():
                p.terminate()
        for p in self.processes:
            p.join()
        raise self._failure(failed)

    def _failure(self, i):
        process = self.processes[i]
        try:
            text = self._errors[i].recv()
        except EOFError:  # it ended without a word
            text = None
        if text is not None:
            return ProcessRaisedException(f'\n\n-- Process {i} terminated with the following error:\n{text}', i, process.pid)
        code = process.exitcode
        if code < 0:
            name = signal.Signals(-code).name
            return ProcessExitedException(f'process {i} terminated with signal {name}', i, process.pid, code, name)
        return ProcessExitedException(f'process {i} terminated with exit code {code}', i, process.pid, code)


SpawnContext = ProcessContext


def start_processes(fn, args=(), nprocs=1, join=True, daemon=False, start_method='spawn'):
    """Call `fn(i, *args)` in `nprocs` processes, i from 0 on.

    Args:
        fn (callable): a function of a module, so that the processes find it.
        args (tuple): its further arguments.
        nprocs (int): how many processes.
        join (bool): wait for all, and raise the error of the first that fails. Default: True.
        daemon (bool): whether they end with this process.
        start_method (str): 'spawn', 'fork' or 'forkserver'.

    Returns:
        ProcessContext, or None with `join`.
    """
    context = multiprocessing.get_context(start_method)
    processes, errors = [], []
    for i in range(nprocs):
        receive, send = context.Pipe(duplex=False)
        process = context.Process(target=_call, args=(fn, i, args, send), daemon=daemon)
        process.start()
        send.close()
        processes.append(process)
        errors.append(receive)
    started = ProcessContext(processes, errors)
    if not join:
        return started
    while not started.join():
        pass
    return None


def spawn(fn, args=(), nprocs=1, join=True, daemon=False, start_method='spawn'):
    """`start_processes` under its usual name.

    Args:
        fn, args, nprocs, join, daemon, start_method: as there.

    Returns:
        ProcessContext, or None with `join`.

    Example:
        >>> import cnet.multiprocessing as mp
        >>> mp.spawn(print, nprocs=0)
    """
    return start_processes(fn, args, nprocs, join, daemon, start_method)
