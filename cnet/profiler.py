"""A profiler of marked ranges for training loops: by steps, on a schedule, with a handler for finished traces.

What is measured is what `record_function` marks, and each step; see `autograd.profiler`.
"""

import enum
import os
import socket
import time

from .autograd.profiler import Recording, add, record_function

__all__ = ['ProfilerAction', 'ProfilerActivity', 'profile', 'record_function', 'schedule', 'supported_activities',
           'tensorboard_trace_handler']


class ProfilerActivity(enum.Enum):
    """What could be measured; here it is the CPU's time."""

    CPU, XPU, MTIA, CUDA, HPU, PrivateUse1 = range(6)


class ProfilerAction(enum.Enum):
    """What a profiler does in a step."""

    NONE, WARMUP, RECORD, RECORD_AND_SAVE = range(4)


_RECORDING = (ProfilerAction.RECORD, ProfilerAction.RECORD_AND_SAVE)


def supported_activities():
    """{ProfilerActivity.CPU}"""
    return {ProfilerActivity.CPU}


def schedule(*, wait, warmup, active, repeat=0, skip_first=0, skip_first_wait=0):
    """A schedule: skip some steps, then over and over wait, warm up and record.

    Args:
        wait, warmup, active (int): steps of each kind in a cycle.
        repeat (int): how many cycles; 0 for no end. Default: 0.
        skip_first (int): steps before the first cycle. Default: 0.
        skip_first_wait (int): not 0 leaves out the waiting of the first cycle. Default: 0.

    Returns:
        callable: the number of a step to a ProfilerAction.

    Example:
        >>> import cnet
        >>> f = cnet.profiler.schedule(wait=1, warmup=0, active=1)
        >>> [f(i).name for i in range(3)]
        ['NONE', 'RECORD_AND_SAVE', 'NONE']
    """
    if not (wait >= 0 and warmup >= 0 and active > 0 and repeat >= 0 and skip_first >= 0):
        raise AssertionError('Invalid profiler schedule arguments')
    cycle = wait + warmup + active

    def action(step):
        if step < 0:
            raise AssertionError(f'Step must be non-negative. Got {step}.')
        if step < skip_first:
            return ProfilerAction.NONE
        step -= skip_first
        if skip_first_wait != 0:
            step += wait
        if repeat > 0 and step / cycle >= repeat:
            return ProfilerAction.NONE
        place = step % cycle
        if place < wait:
            return ProfilerAction.NONE
        if place < wait + warmup:
            return ProfilerAction.WARMUP
        return ProfilerAction.RECORD if place < cycle - 1 else ProfilerAction.RECORD_AND_SAVE
    return action


def _always(_):
    return ProfilerAction.RECORD


def tensorboard_trace_handler(dir_name, worker_name=None, use_gzip=False):
    """A handler that writes each trace to a file of a folder, `<worker>.<nanoseconds>.pt.trace.json`.

    Args:
        dir_name (str): the folder; it is made if it is missing.
        worker_name (str, optional): Default: the names of host and process.
        use_gzip (bool): compress the files. Default: False.

    Returns:
        callable: to be given to `profile` as `on_trace_ready`.
    """
    def handle(prof):
        os.makedirs(dir_name, exist_ok=True)
        worker = worker_name or f'{socket.gethostname()}_{os.getpid()}'
        name = f'{worker}.{time.time_ns()}.pt.trace.json{".gz" if use_gzip else ""}'
        prof.export_chrome_trace(os.path.join(dir_name, name))
    return handle


class profile:
    """A context that measures marked ranges, step by step.

    Args:
        activities (iterable of ProfilerActivity, optional): accepted; the CPU's time is measured.
        schedule (callable, optional): the number of a step to a ProfilerAction. Default: record always.
        on_trace_ready (callable, optional): called with the profiler when a trace is complete.
        options: accepted (`record_shapes`, `profile_memory`, `with_stack`, ...); there is nothing further to record.

    Example:
        >>> import cnet
        >>> from cnet.profiler import profile, record_function, schedule
        >>> with profile(schedule=schedule(wait=1, warmup=1, active=2), on_trace_ready=lambda p: print(p.step_num)) as prof:
        ...     for _ in range(4):
        ...         with record_function('work'):
        ...             y = cnet.ones(3).sum()
        ...         prof.step()
        4
        >>> [(e.key, e.count) for e in prof.key_averages() if e.key == 'work']
        [('work', 2)]
    """

    def __init__(self, *, activities=None, schedule=None, on_trace_ready=None, **options):
        self._action = schedule or _always
        self._steps_count = schedule is not None
        self.on_trace_ready = on_trace_ready
        self.step_num, self.current_action = 0, self._action(0)
        self._recording = self._events = self._step_start = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exc):
        self.stop()

    def _begin(self):
        if self.current_action in _RECORDING and self._recording is None:
            self._recording = Recording()
        self._step_start = time.perf_counter_ns()

    def _end_step(self):
        if self._recording is not None and self._steps_count:
            add(f'ProfilerStep#{self.step_num}', self._step_start, time.perf_counter_ns())

    def _finish(self):
        if self._recording is not None:
            self._recording.stop()
            self._events, self._recording = self._recording.events(), None
            if self.on_trace_ready is not None:
                self.on_trace_ready(self)

    def start(self):
        """Begin with the first step."""
        self._begin()

    def stop(self):
        """End; an unfinished trace is given to the handler."""
        self._end_step()
        self._finish()

    def step(self):
        """Go on to the next step."""
        self._end_step()
        last = self.current_action
        self.step_num += 1
        self.current_action = self._action(self.step_num)
        if last is ProfilerAction.RECORD_AND_SAVE or self.current_action not in _RECORDING:
            self._finish()
        self._begin()

    def events(self):
        """The ranges of the last complete trace, as an EventList."""
        if self._events is None:
            raise AssertionError('Profiler must be initialized before accessing events')
        return self._events

    def key_averages(self, group_by_input_shape=False, group_by_stack_n=0, group_by_overload_name=False):
        """One average per name over the last complete trace."""
        return self.events().key_averages()

    def export_chrome_trace(self, path):
        """Write the last complete trace to a file for chrome://tracing or Perfetto; compressed if it ends in '.gz'."""
        if not path.endswith('.gz'):
            self.events().export_chrome_trace(path)
            return
        import gzip
        plain = path[:-3]
        self.events().export_chrome_trace(plain)
        with open(plain, 'rb') as file, gzip.open(path, 'wb') as packed:
            packed.write(file.read())
        os.remove(plain)
