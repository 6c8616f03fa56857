"""Profilers: nesting, averages, tables, traces, schedules."""
from __future__ import annotations

import gzip
import json
import threading
import time
from pathlib import Path

import pytest

import cnet
from cnet.autograd import profiler as ap
from cnet.profiler import ProfilerAction, ProfilerActivity, profile, record_function, schedule, tensorboard_trace_handler


def work() -> None:
    with record_function('outer'):
        time.sleep(0.002)
        for _ in range(2):
            with record_function('inner'):
                time.sleep(0.001)


def test_averages() -> None:
    with ap.profile() as prof:
        work()
    outer, inner = prof.key_averages()
    assert (outer.key, outer.count, inner.key, inner.count) == ('outer', 1, 'inner', 2)
    assert inner.self_cpu_time_total == inner.cpu_time_total == 2 * inner.cpu_time >= 2000
    assert outer.cpu_time_total == pytest.approx(outer.self_cpu_time_total + inner.cpu_time_total)
    assert prof.self_cpu_time_total == pytest.approx(outer.cpu_time_total)
    text = prof.key_averages().table(sort_by='count', row_limit=1, header='first')
    assert text.startswith('first') and 'inner' in text and 'outer' not in text and 'Self CPU time total' in text
    with pytest.raises(ValueError, match='sort_by'):
        prof.table(sort_by='colour')


def test_nothing_is_recorded_outside() -> None:
    with record_function('before'), ap.profile() as prof:
        pass
    work()
    assert prof.function_events == []
    with ap.profile(enabled=False) as off:
        work()
    with pytest.raises(RuntimeError, match='finish'):
        off.key_averages()


def test_recursion_is_counted_once() -> None:
    @record_function('f')
    def f(n: int) -> None:
        if n:
            time.sleep(0.001)
            f(n - 1)
    with ap.profile() as prof:
        f(3)
    (average,) = prof.key_averages()
    assert average.count == 4 and average.cpu_time_total == pytest.approx(average.self_cpu_time_total)


def test_threads_do_not_nest() -> None:
    with ap.profile() as prof, record_function('main'):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    events = {e.name: e for e in prof.function_events}
    assert events['outer'].cpu_parent is None and events['inner'].cpu_parent.name == 'outer'


def test_trace(tmp_path: Path) -> None:
    with profile(activities=[ProfilerActivity.CPU]) as prof:
        work()
    prof.export_chrome_trace(str(tmp_path / 'trace.json'))
    events = json.loads((tmp_path / 'trace.json').read_text())['traceEvents']
    assert [e['name'] for e in events] == ['outer', 'inner', 'inner'] and all(e['dur'] >= 1000 for e in events)
    prof.export_chrome_trace(str(tmp_path / 'trace.json.gz'))
    assert json.loads(gzip.decompress((tmp_path / 'trace.json.gz').read_bytes()))['traceEvents'] == events


def test_schedule() -> None:
    actions = schedule(wait=1, warmup=1, active=2, repeat=2, skip_first=1)
    assert ''.join(actions(i).name[0] for i in range(11)) == 'NNWRRNWRRNN'
    assert actions(4) is ProfilerAction.RECORD_AND_SAVE
    with pytest.raises(AssertionError):
        schedule(wait=1, warmup=1, active=0)


def test_steps(tmp_path: Path) -> None:
    traces: list[list[str]] = []
    handler = tensorboard_trace_handler(str(tmp_path / 'logs'), 'worker')

    def ready(prof: profile) -> None:
        traces.append([e.key for e in prof.events()])
        handler(prof)
    with profile(schedule=schedule(wait=1, warmup=1, active=2, repeat=2), on_trace_ready=ready) as prof:
        for _ in range(9):
            with record_function('work'):
                cnet.ones(2)
            prof.step()
    assert traces == [['ProfilerStep#2', 'work', 'ProfilerStep#3', 'work'], ['ProfilerStep#6', 'work', 'ProfilerStep#7', 'work']]
    assert len(list((tmp_path / 'logs').glob('worker.*.pt.trace.json'))) == 2
