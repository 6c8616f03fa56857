"""Event files say what PyTorch's say."""
from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cnet

torch = pytest.importorskip('torch')
pytest.importorskip('tensorboard')
from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader
from torch.utils.tensorboard import SummaryWriter as Theirs

from cnet.utils.tensorboard import SummaryWriter as Ours

RNG = np.random.default_rng(0)
LABELS, SCORES = RNG.integers(2, size=50), RNG.random(50)
CALLS: list[tuple[str, list, dict[str, Any]]] = [
    ('add_scalar', ['s', 1.5, 2], {'walltime': 1.0}), ('add_scalar', ['s', np.float32(3)], {}),
    ('add_scalar', ['n', 0.1], {'new_style': True}), ('add_scalar', ['n', 0.1], {'new_style': True, 'double_precision': True}),
    ('add_scalars', ['a/b', {'x': 1, 'y': 2}, 3], {}),
    *(('add_histogram', ['h', RNG.standard_normal(200) * scale], {}) for scale in (1e-3, 1, 1e6)),
    ('add_histogram', ['h', RNG.random(100)], {'bins': 'auto'}),
    ('add_histogram', ['h', RNG.random(100)], {'bins': 40, 'max_bins': 7}),
    ('add_histogram', ['h', RNG.integers(5, size=9)], {'bins': 8, 'max_bins': 4}), ('add_histogram', ['h', np.zeros(3)], {}),
    ('add_histogram_raw', ['r', 0, 1, 3, 1.5, 1.0, [0.5, 1.0], [1, 2]], {}),
    ('add_text', ['t', 'grün', 1], {}), ('add_audio', ['w', RNG.random((1, 100)) - 0.5], {'sample_rate': 8000}),
    ('add_pr_curve', ['p', LABELS, SCORES], {}), ('add_pr_curve', ['p', LABELS, SCORES, 1, 200, SCORES], {}),
    ('add_pr_curve_raw', ['q', *RNG.random((6, 5)), 1, 5], {}),
    ('add_custom_scalars', [{'c': {'t': ['Multiline', ['a', 'b']], 'm': ['Margin', ['a', 'b', 'c']]}}], {}),
    ('add_custom_scalars_multilinechart', [['a']], {}), ('add_custom_scalars_marginchart', [['a', 'b', 'c']], {}),
    ('add_hparams', [{'lr': 0.1, 'n': 3, 'o': 'SGD'}, {'acc': 0.5}, {'o': ['SGD', 'Adam'], 'n': [3, 4]}, 'run'], {}),
]
IMAGES: list[tuple[str, list, dict[str, Any]]] = [
    ('add_image', ['i', RNG.random(shape)], {'dataformats': order})
    for shape, order in (((3, 4, 5), 'CHW'), ((1, 4, 5), 'CHW'), ((4, 5, 3), 'HWC'), ((4, 5), 'HW'), ((4, 5), 'WH'),
                         ((4, 4, 5), 'CHW'))] + [
    ('add_images', ['i', RNG.random((10, 3, 2, 4))], {}),
    ('add_images', ['i', RNG.integers(256, size=(3, 2, 4, 1), dtype=np.uint8)], {'dataformats': 'NHWC'})]


def written(writer: Any, folder: Path, name: str, args: list, options: dict[str, Any]) -> dict[str, list]:
    """The summaries below a folder after one call, by subfolder."""
    with writer(str(folder)) as w:
        getattr(w, name)(*args, **options)
    files = sorted(folder.rglob('*tfevents*'))
    return {str(file.parent.relative_to(folder)): [(e.step, e.summary) for e in LegacyEventFileLoader(str(file)).Load()
                                                   if e.summary.value] for file in files}


@pytest.mark.parametrize(('name', 'args', 'options'), CALLS, ids=[f'{i}-{name}' for i, (name, *_) in enumerate(CALLS)])
def test_same_messages(tmp_path: Path, name: str, args: list, options: dict[str, Any]) -> None:
    ours = written(Ours, tmp_path / 'ours', name, args, options)
    assert ours == written(Theirs, tmp_path / 'theirs', name, args, options)
    assert any(ours.values())


@pytest.mark.parametrize('dtype', ['float32', 'float64', 'int8', 'int16', 'int32', 'int64', 'bool', 'complex64', 'complex128'])
def test_same_tensors(tmp_path: Path, dtype: str) -> None:
    ours, theirs = (lib.tensor([[1, 0], [2, 3]]).to(getattr(lib, dtype)) for lib in (cnet, torch))
    assert (written(Ours, tmp_path / 'ours', 'add_tensor', ['t', ours], {})
            == written(Theirs, tmp_path / 'theirs', 'add_tensor', ['t', theirs], {}))


@pytest.mark.parametrize(('name', 'args', 'options'), IMAGES, ids=[f'{i}-{name}' for i, (name, *_) in enumerate(IMAGES)])
def test_same_pixels(tmp_path: Path, name: str, args: list, options: dict[str, Any]) -> None:
    pillow = pytest.importorskip('PIL.Image')
    images = []
    for writer, folder in ((Ours, 'ours'), (Theirs, 'theirs')):
        [(_, summary)] = written(writer, tmp_path / folder, name, args, options)['.']
        image = summary.value[0].image
        pixels = np.array(pillow.open(io.BytesIO(image.encoded_image_string)))
        images.append((image.height, image.width, image.colorspace, pixels.tolist()))
    assert images[0] == images[1]


def test_same_embedding(tmp_path: Path) -> None:
    pytest.importorskip('PIL')
    rows = RNG.standard_normal((5, 3))
    pictures = RNG.random((5, 3, 2, 2)).astype(np.float32)
    for writer, folder, lib in ((Ours, 'ours', cnet), (Theirs, 'theirs', torch)):
        with writer(str(tmp_path / folder)) as w:
            w.add_embedding(lib.tensor(rows), list('abcde'), lib.tensor(pictures), 3, 'a/b%')
    ours, theirs = ({str(p.relative_to(tmp_path / name)): p.read_bytes() for p in (tmp_path / name).rglob('*')
                     if p.is_file() and 'tfevents' not in p.name and p.suffix != '.png'} for name in ('ours', 'theirs'))
    assert ours == theirs
    assert len(ours) == 3
