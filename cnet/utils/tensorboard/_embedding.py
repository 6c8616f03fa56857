"""Vectors with labels and pictures, as the files that TensorBoard's projector reads."""

import math
from pathlib import Path

import numpy as np
from google.protobuf import text_format
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

from ._pictures import grid, make_np, png, to_bytes


class Projector:
    """The embeddings of one log."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.config = ProjectorConfig()

    def add(self, mat, metadata, label_img, global_step, tag, metadata_header):
        """Write the files of one embedding, and the list of all."""
        rows = make_np(mat)
        if rows.ndim != 2:
            raise AssertionError('mat should be 2D, where mat.size(0) is the number of data points')
        if metadata is not None and len(metadata) != len(rows):
            raise AssertionError('#labels should equal with #data points')
        if label_img is not None and len(label_img) != len(rows):
            raise AssertionError('#images should equal with #data points')
        step = str(0 if global_step is None else global_step).zfill(5)
        place = f'{step}/{_encoded(tag)}'
        folder = self.folder / place
        folder.mkdir(parents=True, exist_ok=True)
        info = self.config.embeddings.add(tensor_name=f'{tag}:{step}', tensor_path=f'{place}/tensors.tsv')
        _write_table(folder / 'tensors.tsv', rows.tolist())
        if metadata is not None:
            info.metadata_path = f'{place}/metadata.tsv'
            if metadata_header and len(metadata_header) != len(metadata[0]):
                raise AssertionError('len of header must be equal to the number of columns in metadata')
            _write_table(folder / 'metadata.tsv', [metadata_header, *metadata] if metadata_header else [[x] for x in metadata])
        if label_img is not None:
            images = make_np(label_img)
            info.sprite.image_path = f'{place}/sprite.png'
            info.sprite.single_image_dim.extend([images.shape[3], images.shape[2]])
            (folder / 'sprite.png').write_bytes(png(_sprite(images)))
        (self.folder / 'projector_config.pbtxt').write_text(text_format.MessageToString(self.config))


def _encoded(tag):
    """A tag as the name of one folder, by the escapes of addresses."""
    return ''.join(f'%{ord(c):02x}' if c in '%/\\' else c for c in tag)


def _write_table(path, rows):
    path.write_text(''.join('\t'.join(map(str, row)) + '\n' for row in rows), encoding='utf-8')


def _sprite(images):
    """Images (N, C, H, W) in one square picture, as the projector cuts it."""
    picture = to_bytes(grid(images, math.ceil(len(images) ** 0.5)).transpose(1, 2, 0))
    height, width, _ = picture.shape
    square = np.zeros((max(height, width), width, 3), np.uint8)
    square[:height] = picture
    return square
