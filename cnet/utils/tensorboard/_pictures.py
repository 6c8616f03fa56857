"""Pictures: dimensions put in order, several laid out as one, PNG files, figures."""

import struct
import zlib

import numpy as np

from ..._tensor import Tensor


def make_np(x):
    """A tensor, array or number as an array."""
    if isinstance(x, np.ndarray):
        return x
    if np.isscalar(x):
        return np.array([x])
    if isinstance(x, Tensor):
        return x.detach().numpy()
    raise NotImplementedError(f'Got {type(x)}, but numpy array or torch tensor are expected.')


def grid(images, columns=8):
    """Images (N, C, H, W) with 1 or 3 channels side by side: (3, rows * H, columns * W)."""
    n, channels, height, width = images.shape
    if channels not in (1, 3):
        raise AssertionError('Input should be a 4D numpy array with 3 channels')
    columns = min(n, columns)
    rows = -(-n // columns)
    canvas = np.zeros((rows * columns, 3, height, width), images.dtype)
    canvas[:n] = images
    return canvas.reshape(rows, columns, 3, height, width).transpose(2, 0, 3, 1, 4).reshape(3, rows * height, columns * width)


def to_hwc(image, dataformats):
    """A picture with the dimensions that a text like 'CHW' names, as (H, W, C); several are laid out as one."""
    if len(set(dataformats)) != len(dataformats):
        raise AssertionError(f'You can not use the same dimension shorthand twice.             input_format: {dataformats}')
    if image.ndim != len(dataformats):
        raise AssertionError(f'size of input tensor and input format are different.         tensor shape: {image.shape}, '
                             f'input_format: {dataformats}')
    names = dataformats.upper()

    def ordered(by):
        if sorted(names) != sorted(by):
            raise ValueError(f'dataformats must name the dimensions {by} in some order, got {dataformats!r}')
        return image.transpose([names.index(c) for c in by])

    if image.ndim == 4:
        return grid(ordered('NCHW')).transpose(1, 2, 0)
    if image.ndim == 3:
        picture = ordered('HWC')
        return np.repeat(picture, 3, 2) if picture.shape[2] == 1 else picture
    return np.stack([ordered('HW')] * 3, 2)


def to_bytes(picture):
    """Brightness as bytes: bytes are taken as they are, everything else as a share of 255."""
    scale = 1 if picture.dtype == np.uint8 else 255
    return (picture.astype(np.float32) * scale).clip(0, 255).astype(np.uint8)


_COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}  # channels: PNG's number for grey, grey with alpha, RGB, RGBA


def png(picture):
    """A picture (H, W, C) of bytes as a PNG file: the header, one compressed chunk of rows, the end."""
    height, width, channels = picture.shape
    if channels not in _COLOURS:
        raise ValueError(f'an image has 1 to 4 channels, got {channels}')
    rows = np.zeros((height, 1 + width * channels), np.uint8)  # each row begins with the number of its filter: 0, none
    rows[:, 1:] = picture.reshape(height, -1)
    header = struct.pack('>2I5B', width, height, 8, _COLOURS[channels], 0, 0, 0)
    chunks = (b'IHDR', header), (b'IDAT', zlib.compress(rows.tobytes())), (b'IEND', b'')
    return b'\x89PNG\r\n\x1a\n' + b''.join(
        struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data)) for kind, data in chunks)


def figure_to_image(figures, close=True):
    """A matplotlib figure as an array (3, H, W), a list of figures as (N, 3, H, W)."""
    import matplotlib.pyplot as plt
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    def render(figure):
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        image = np.array(canvas.buffer_rgba())[:, :, :3].transpose(2, 0, 1)
        if close:
            plt.close(figure)
        return image

    return np.stack([render(figure) for figure in figures]) if isinstance(figures, list) else render(figures)
