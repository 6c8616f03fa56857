"""How long the marked ranges of a program take, by the wall clock.

Only what `record_function` marks is measured: operations are too short to be timed from Python without being slowed down.
"""

import functools
import json
import os
import threading
import time

__all__ = ['EventList', 'FunctionEvent', 'FunctionEventAvg', 'profile', 'record_function']

_recordings = []  # those that are on, of all threads


class record_function:
    """Marks a range for a profiler, as a context or a decorator. Without one it costs well under a microsecond.

    Args:
        name (str): what the range is called.
        args (str, optional): accepted.

    Example:
        >>> import cnet
        >>> with cnet.autograd.profiler.profile() as prof:
        ...     with cnet.autograd.profiler.record_function('work'):
        ...         y = cnet.ones(3).sum()
        >>> prof.key_averages()[0].key, prof.key_averages()[0].count
        ('work', 1)
    """

    def __init__(self, name, args=None):
        self.name, self.args, self._start = name, args, None

    def __enter__(self):
        self._start = time.perf_counter_ns() if _recordings else None
        return self

    def __exit__(self, *exc):
        if self._start is not None:
            add(self.name, self._start, time.perf_counter_ns())

    def __call__(self, function):
        @functools.wraps(function)
        def recorded(*args, **kwargs):
            with record_function(self.name, self.args):
                return function(*args, **kwargs)
        return recorded


def add(name, start, end):
    """Note a range in all recordings that were on when it began."""
    thread = threading.get_ident()
    for recording in _recordings:
        if recording.start <= start:
            recording.ranges.append((name, start, end, thread))


class Recording:
    """Ranges, as (name, start and end in nanoseconds, thread), and the time in which they were recorded."""

    def __init__(self):
        self.ranges, self.end = [], None
        self.start = time.perf_counter_ns()
        _recordings.append(self)

    def stop(self):
        """Record no more."""
        self.end = time.perf_counter_ns()
        _recordings.remove(self)

    def events(self):
        """The ranges as an EventList, by start."""
        found, open_ones = [], {}
        # Outer ranges first: an event is inside the last one of its thread that has not ended.
        for name, start, end, thread in sorted(self.ranges, key=lambda r: (r[1], -r[2])):
            stack = open_ones.setdefault(thread, [])
            while stack and stack[-1].end_ns <= start:
                stack.pop()
            event = FunctionEvent(name, start, end, thread, stack[-1] if stack else None)
            found.append(event)
            stack.append(event)
        return EventList(found, self)


class FunctionEvent:
    """One range. Times are in microseconds."""

    def __init__(self, name, start, end, thread, parent):
        self.name = self.key = name
        self.start_ns, self.end_ns, self.thread, self.cpu_parent = start, end, thread, parent
        self.cpu_children, self.count = [], 1
        self.cpu_time = self.cpu_time_total = (end - start) / 1e3
        if parent is not None:
            parent.cpu_children.append(self)

    @property
    def self_cpu_time_total(self):
        """The time outside of the ranges inside."""
        return self.cpu_time_total - sum(child.cpu_time_total for child in self.cpu_children)

    def __repr__(self):
        return f'<FunctionEvent name={self.name} cpu_time={readable(self.cpu_time)} thread={self.thread}>'


class FunctionEventAvg:
    """All ranges of one name. Times are in microseconds."""

    def __init__(self, key):
        self.key, self.count, self.cpu_time_total, self.self_cpu_time_total = key, 0, 0.0, 0.0

    def add(self, event):
        """Count one more range."""
        self.count += event.count
        self.self_cpu_time_total += event.self_cpu_time_total
        parent = event.cpu_parent
        while parent is not None and parent.key != self.key:
            parent = parent.cpu_parent
        if parent is None:  # inside a range of the same name the time is counted already
            self.cpu_time_total += event.cpu_time_total
        return self

    @property
    def cpu_time(self):
        """The mean time."""
        return self.cpu_time_total / self.count if self.count else 0.0

    def __repr__(self):
        return f'<FunctionEventAvg key={self.key} self_cpu_time={readable(self.self_cpu_time_total)} count={self.count}>'


def readable(microseconds):
    """A time with a unit."""
    if microseconds >= 1e6:
        return f'{microseconds / 1e6:.3f}s'
    return f'{microseconds / 1e3:.3f}ms' if microseconds >= 1e3 else f'{microseconds:.3f}us'


_COLUMNS = ('Name', 'Self CPU %', 'Self CPU', 'CPU total %', 'CPU total', 'CPU time avg', '# of Calls')
_SORT = ('cpu_time', 'cpu_time_total', 'self_cpu_time_total', 'count')


class EventList(list):
    """Events or averages, with a table of them."""

    def __init__(self, events, recording):
        super().__init__(events)
        self._recording = recording

    @property
    def self_cpu_time_total(self):
        """The time in all ranges, in microseconds."""
        return sum(event.self_cpu_time_total for event in self)

    def key_averages(self, group_by_input_shapes=False, group_by_stack_n=0, group_by_overload_name=False):
        """One FunctionEventAvg per name."""
        averages = {}
        for event in self:
            averages.setdefault(event.key, FunctionEventAvg(event.key)).add(event)
        return EventList(averages.values(), self._recording)

    def total_average(self):
        """The sum over all events."""
        total = FunctionEventAvg('Total')
        for event in self:
            total.count += event.count
            total.self_cpu_time_total += event.self_cpu_time_total
        total.cpu_time_total = total.self_cpu_time_total
        return total

    def table(self, sort_by=None, row_limit=100, max_src_column_width=75, max_name_column_width=55, max_shapes_column_width=80,
              header=None, top_level_events_only=False):
        """The events as text.

        Args:
            sort_by (str, optional): 'cpu_time', 'cpu_time_total', 'self_cpu_time_total' or 'count', largest first.
            row_limit (int): how many at most; -1 for all. Default: 100.
            max_name_column_width (int): longer names are cut. Default: 55.
            header (str, optional): a first line.
            top_level_events_only (bool): leave out ranges inside others.
            max_src_column_width, max_shapes_column_width: accepted; there are no such columns.
        """
        events = [e for e in self if not (top_level_events_only and getattr(e, 'cpu_parent', None))]
        if sort_by is not None:
            if sort_by not in _SORT:
                raise ValueError(f'table(): sort_by must be one of {", ".join(_SORT)}, but got {sort_by!r}')
            events.sort(key=lambda e: getattr(e, sort_by), reverse=True)
        whole = self.self_cpu_time_total or 1.0
        rows = [_COLUMNS]
        for e in events[:row_limit] if row_limit >= 0 else events:
            name = e.key if len(e.key) <= max_name_column_width else e.key[:max_name_column_width - 3] + '...'
            own, total = e.self_cpu_time_total, e.cpu_time_total
            rows.append((name, f'{100 * own / whole:.2f}%', readable(own), f'{100 * total / whole:.2f}%', readable(total),
                         readable(e.cpu_time), str(e.count)))
        widths = [max(map(len, column)) for column in zip(*rows)]
        rule = '  '.join('-' * w for w in widths)
        lines = ['  '.join(cell.rjust(w) for cell, w in zip(row, widths)) for row in rows]
        end = f'Self CPU time total: {readable(self.self_cpu_time_total)}'
        return '\n'.join([*([header] if header else []), rule, lines[0], rule, *lines[1:], rule, end, ''])

    def __str__(self):
        return self.table()

    def export_chrome_trace(self, path):
        """Write the events to a file for chrome://tracing or Perfetto.

        Args:
            path (str): the file.
        """
        pid = os.getpid()
        events = [{'ph': 'X', 'cat': 'user_annotation', 'name': e.name, 'pid': pid, 'tid': e.thread, 'ts': e.start_ns / 1e3,
                   'dur': e.cpu_time_total, 'args': {}} for e in self]
        with open(path, 'w', encoding='utf-8') as file:
            json.dump({'schemaVersion': 1, 'traceEvents': events}, file)


class profile:
    """A context that measures the ranges marked inside.

    Args:
        enabled (bool): False makes it do nothing. Default: True.
        options: accepted (`record_shapes`, `profile_memory`, `with_stack`, ...); there is nothing further to record.

    Example:
        >>> import cnet
        >>> with cnet.autograd.profiler.profile() as prof:
        ...     with cnet.autograd.profiler.record_function('work'):
        ...         y = cnet.ones(3).sum()
        >>> 'work' in prof.key_averages().table(sort_by='cpu_time_total')
        True
    """

    def __init__(self, enabled=True, **options):
        self.enabled, self.recording, self._events = enabled, None, None

    def __enter__(self):
        if self.recording is not None:
            raise RuntimeError('Profiler context manager is not reentrant')
        if self.enabled:
            self.recording = Recording()
        return self

    def __exit__(self, *exc):
        if self.enabled:
            self.recording.stop()
            self._events = self.recording.events()

    @property
    def function_events(self):
        """The ranges, as an EventList."""
        if self._events is None:
            raise RuntimeError("Profiler didn't finish running")
        return self._events

    @property
    def self_cpu_time_total(self):
        """The time in all ranges, in microseconds."""
        return self.function_events.self_cpu_time_total

    def key_averages(self, *args, **kwargs):
        """One average per name; see `EventList`."""
        return self.function_events.key_averages()

    def total_average(self):
        """The sum over all ranges."""
        return self.function_events.total_average()

    def table(self, *args, **kwargs):
        """The ranges as text; see `EventList.table`."""
        return self.function_events.table(*args, **kwargs)

    def export_chrome_trace(self, path):
        """Write the ranges to a file; see `EventList.export_chrome_trace`."""
        self.function_events.export_chrome_trace(path)
