"""Logs for TensorBoard, read back by its own reader."""
from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest

import cnet
from cnet import nn

pytest.importorskip('tensorboard')
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
from tensorboard.compat.proto.graph_pb2 import GraphDef

from cnet.utils.tensorboard import FileWriter, RecordWriter, SummaryWriter
from cnet.utils.tensorboard import summary as messages


def events(folder: Path) -> list[Any]:
    """All events below a folder."""
    files = sorted(folder.rglob('*tfevents*'))
    return [event for file in files for event in LegacyEventFileLoader(str(file)).Load()]


def values(folder: Path) -> dict[str, Any]:
    """The last value of each tag."""
    return {value.tag: value for event in events(folder) for value in event.summary.value}


def unpacked(data: bytes) -> np.ndarray:
    """The pixels of a PNG file as `png` writes it."""
    width, height, depth, colour = struct.unpack('>2I2B', data[16:26])
    assert data[:8] == b'\x89PNG\r\n\x1a\n'
    assert depth == 8
    begin = data.index(b'IDAT') + 4
    raw = zlib.decompress(data[begin:begin + struct.unpack('>I', data[begin - 8:begin - 4])[0]])
    rows = np.frombuffer(raw, np.uint8).reshape(height, -1)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, {0: 1, 4: 2, 2: 3, 6: 4}[colour])


def test_numbers(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path, purge_step=3) as writer:
        for step, value in enumerate([1.5, cnet.tensor(2.5), np.float64(3.5), cnet.ones(1, 1, requires_grad=True)]):
            writer.add_scalar('loss', value, step, walltime=step + 0.5)
        writer.add_scalar('new', 0.1, new_style=True)
        writer.add_scalar('double', 0.1, new_style=True, double_precision=True)
        writer.add_tensor('t', cnet.tensor([[1, 2], [3, 4]]))
        with pytest.raises(AssertionError, match='one element'):
            writer.add_scalar('loss', cnet.ones(2))
        with pytest.raises(NotImplementedError, match='numpy array'):
            writer.add_scalar('loss', [1])
    found = events(tmp_path)
    assert [e.session_log.status for e in found if e.HasField('session_log')] == [1]
    losses = [(e.step, e.wall_time, v.simple_value) for e in found for v in e.summary.value if v.tag == 'loss']
    assert losses == [(0, 0.5, 1.5), (1, 1.5, 2.5), (2, 2.5, 3.5), (3, 3.5, 1.0)]
    got = values(tmp_path)
    assert got['new'].tensor.float_val[0] == np.float32(0.1)
    assert got['double'].tensor.double_val[0] == 0.1
    assert list(got['t'].tensor.int64_val) == [1, 2, 3, 4]


def test_scalars_have_a_folder_each(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path) as writer:
        writer.add_scalars('a/b', {'x': 1, 'y': 2}, 7)
        writer.add_scalars('a/b', {'x': 3}, 8)
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_dir()) == ['a_b_x', 'a_b_y']
    assert [(e.step, e.summary.value[0].simple_value) for e in events(tmp_path / 'a_b_x') if e.summary.value] == [(7, 1), (8, 3)]


def test_histogram(tmp_path: Path) -> None:
    x = cnet.randn(1000)
    with SummaryWriter(tmp_path) as writer:
        writer.add_histogram('h', x)
        writer.add_histogram('few', x, bins=10, max_bins=5)
        writer.add_histogram_raw('raw', 0, 1, 3, 1.5, 1.0, [0.5, 1.0], [1, 2])
        with pytest.raises(ValueError, match='no element'):
            writer.add_histogram('h', cnet.zeros(0))
        with pytest.raises(ValueError, match='bucket_limits'):
            writer.add_histogram_raw('raw', 0, 1, 3, 1.5, 1.0, [0.5], [1, 2])
    got = values(tmp_path)
    histogram = got['h'].histo
    assert sum(histogram.bucket) == histogram.num == 1000
    assert len(histogram.bucket) == len(histogram.bucket_limit)
    assert histogram.min == x.double().min().item()
    limits = np.array(histogram.bucket_limit)
    assert np.array_equal(np.histogram(x.double().numpy(), limits)[0], histogram.bucket[1:])
    assert len(got['few'].histo.bucket) == 6
    assert list(got['raw'].histo.bucket) == [1, 2]


@pytest.mark.parametrize(('shape', 'order', 'expected'), [
    ((3, 4, 5), 'CHW', lambda a: a.transpose(1, 2, 0)), ((4, 5, 3), 'HWC', lambda a: a), ((1, 4, 5), 'CHW', lambda a: np.stack(
        [a[0]] * 3, 2)), ((5, 4), 'WH', lambda a: np.stack([a.T] * 3, 2)), ((4, 4, 5), 'CHW', lambda a: a.transpose(1, 2, 0))])
def test_image(tmp_path: Path, shape: tuple, order: str, expected: Callable) -> None:
    pixels = np.random.default_rng(0).integers(256, size=shape, dtype=np.uint8)
    with SummaryWriter(tmp_path) as writer:
        writer.add_image('bytes', cnet.from_numpy(pixels), dataformats=order)
        writer.add_image('floats', pixels / 255 + 1e-4, dataformats=order.lower())
    for value in values(tmp_path).values():
        image = unpacked(value.image.encoded_image_string)
        assert (value.image.height, value.image.width, value.image.colorspace) == image.shape
        assert np.array_equal(image, expected(pixels))


def test_images_as_one(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(256, size=(10, 3, 2, 4), dtype=np.uint8)
    with SummaryWriter(tmp_path) as writer:
        writer.add_images('i', pixels)
        with pytest.raises(AssertionError, match='size of input tensor'):
            writer.add_images('i', pixels[0])
        with pytest.raises(AssertionError, match='shorthand'):
            writer.add_images('i', pixels, dataformats='NHHC')
        with pytest.raises(ValueError, match='dataformats'):
            writer.add_images('i', pixels, dataformats='NXHC')
    image = unpacked(values(tmp_path)['i'].image.encoded_image_string)
    assert image.shape == (4, 32, 3)
    assert np.array_equal(image[2:, 4:8], pixels[9].transpose(1, 2, 0))
    assert not image[2:, 8:].any()


def test_figure(tmp_path: Path) -> None:
    plt = pytest.importorskip('matplotlib.pyplot')
    figure = plt.figure(figsize=(2, 1), dpi=50, facecolor=(1, 0, 0))
    with SummaryWriter(tmp_path) as writer:
        writer.add_figure('one', figure, close=False)
        writer.add_figure('two', [figure, figure])
    assert not plt.get_fignums()
    got = values(tmp_path)
    assert unpacked(got['one'].image.encoded_image_string)[0, 0].tolist() == [255, 0, 0]
    assert (got['two'].image.width, got['two'].image.height) == (200, 50)


def test_text_sound_curves(tmp_path: Path) -> None:
    labels, scores = np.array([1, 0, 1, 0]), np.array([0.9, 0.8, 0.3, 0.1])
    with SummaryWriter(tmp_path) as writer:
        writer.add_text('note', 'grün **bold**', 1)
        writer.add_audio('beep', cnet.linspace(-1, 1, 100).view(1, -1), sample_rate=8000)
        with pytest.warns(UserWarning, match='clipped'):
            writer.add_audio('loud', cnet.full((3,), 2.0))
        writer.add_pr_curve('pr', labels, scores, num_thresholds=11)
        writer.add_custom_scalars({'c': {'t': ['Multiline', ['a', 'b']], 'm': ['Margin', ['a', 'b', 'c']]}})
        writer.add_custom_scalars_multilinechart(['a'])
        writer.add_custom_scalars_marginchart(['a', 'b', 'c'])
        with pytest.raises(AssertionError, match='3 tags'):
            writer.add_custom_scalars_marginchart(['a'])
    got = values(tmp_path)
    assert got['note/text_summary'].tensor.string_val[0].decode() == 'grün **bold**'
    assert got['beep'].audio.length_frames == 100
    assert got['beep'].audio.encoded_audio_string[:4] == b'RIFF'
    tp, fp, tn, fn, _, recall = np.array(got['pr'].tensor.float_val).reshape(6, 11)
    assert (tp[5], fp[5], tn[5], fn[5], recall[5]) == (1, 1, 1, 1, 0.5)


def test_hparams(tmp_path: Path) -> None:
    from tensorboard.plugins.hparams import metadata
    with SummaryWriter(tmp_path) as writer:
        writer.add_hparams({'lr': 0.1, 'n': 3, 'b': True, 'opt': 'SGD', 'none': None, 't': cnet.tensor(2.0)}, {'acc': 0.5},
                           {'opt': ['SGD', 'Adam']}, run_name='run')
        for wrong in (({'a': []}, {}), ([], {}), ({'a': 1}, {}, {'a': ['x']})):
            with pytest.raises((TypeError, ValueError)):
                writer.add_hparams(*wrong)
    got = values(tmp_path / 'run')
    start = metadata.parse_session_start_info_plugin_data(
        got['_hparams_/session_start_info'].metadata.plugin_data.content).hparams
    assert {key: getattr(v, v.WhichOneof('kind')) for key, v in start.items()} == {
        'lr': 0.1, 'n': 3, 'b': True, 'opt': 'SGD', 't': 2.0}
    assert got['acc'].simple_value == 0.5


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Dropout())
        self.head = nn.Linear(8, 3)

    def forward(self, x: Any, scale: float = 1.0) -> Any:
        return self.head(self.body(x).flatten(1)) * scale, self.head(x.new_ones(1, 8))


def test_graph(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    net = Net().train()
    net.head.eval()
    before = {name: p.clone() for name, p in net.named_parameters()}
    with SummaryWriter(tmp_path) as writer, cnet.no_grad():
        writer.add_graph(net, (cnet.ones(2, 1, 4, 4), 2.0), verbose=True)
    assert 'Net/Linear[head]/Addmm' in capsys.readouterr().out
    assert (net.training, net.head.training, net.body.training) == (True, False, True)
    assert all(cnet.equal(p, before[name]) and p.grad is None for name, p in net.named_parameters())
    assert not net.head._forward_hooks
    graph = GraphDef.FromString(next(e.graph_def for e in events(tmp_path) if e.graph_def))
    nodes = {node.name: (node.op, list(node.input)) for node in graph.node}
    assert len(nodes) == len(graph.node)
    assert nodes['Net/Sequential[body]/Conv2d[0]/Convolution'] == ('Convolution', [
        'input/0', 'Net/Sequential[body]/Conv2d[0]/weight', 'Net/Sequential[body]/Conv2d[0]/bias'])
    assert nodes['Net/Linear[head]/Addmm'][1][0] == 'Net/View'
    assert nodes['Net/Linear[head]/Addmm_1'][0] == 'Addmm'
    assert nodes['output/0'] == ('output', ['Net/Mul'])
    assert nodes['output/1'] == ('output', ['Net/Linear[head]/Addmm_1'])
    assert all(source.partition(':')[0] in nodes for _, inputs in nodes.values() for source in inputs)


def test_embedding(tmp_path: Path) -> None:
    rows = cnet.arange(10.).view(5, 2)
    with SummaryWriter(tmp_path) as writer:
        writer.add_embedding(rows, list('abcde'), cnet.rand(5, 3, 4, 4), tag='a/b', global_step=3)
        writer.add_embedding(rows, [[1, 2]] * 5, metadata_header=['x', 'y'])
        for wrong in ((rows[0],), (rows, ['a']), (rows, None, cnet.rand(1, 3, 2, 2))):
            with pytest.raises(AssertionError):
                writer.add_embedding(*wrong)
    place = tmp_path / '00003' / 'a%2fb'
    assert (place / 'metadata.tsv').read_text().split() == list('abcde')
    assert np.loadtxt(place / 'tensors.tsv').tolist() == rows.tolist()
    assert unpacked((place / 'sprite.png').read_bytes()).shape == (12, 12, 3)
    assert (tmp_path / 'projector_config.pbtxt').read_text().count('embeddings {') == 2
    assert (tmp_path / '00000' / 'default' / 'metadata.tsv').read_text().startswith('x\ty\n1\t2\n')


def test_close_and_go_on(tmp_path: Path) -> None:
    writer = SummaryWriter(tmp_path, filename_suffix='.a')
    writer.add_scalar('x', 1)
    writer.flush()
    assert values(tmp_path)['x'].simple_value == 1
    writer.close()
    writer.close()
    writer.flush()
    writer.filename_suffix = '.b'  # the library names files by the second
    writer.add_scalar('y', 2)
    writer.close()
    assert len(list(tmp_path.iterdir())) == 2
    file = FileWriter(tmp_path / 'z')
    file.add_summary(messages.scalar('z', 3), 4)
    file.close()
    assert values(tmp_path / 'z')['z'].simple_value == 3
    assert RecordWriter(io.BytesIO())


def test_default_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    SummaryWriter(comment='_note').close()
    assert [p.name.endswith('_note') for p in (tmp_path / 'runs').iterdir()] == [True]


def test_without_the_library(run_python: Callable[..., CompletedProcess[str]]) -> None:
    done = run_python('import sys; sys.modules["tensorboard"] = None\n'
                      'try: from cnet.utils.tensorboard import SummaryWriter\n'
                      'except ImportError as error: print(error, error.name)')
    assert done.stdout == "cnet.utils.tensorboard needs the library tensorboard: pip install 'cnet[tensorboard]' tensorboard\n"
