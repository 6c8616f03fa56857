"""Values as TensorBoard's `Summary` messages."""

import io
import warnings
import wave

import numpy as np
from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams import api_pb2, metadata, plugin_data_pb2
from tensorboard.plugins.pr_curve.plugin_data_pb2 import PrCurvePluginData
from tensorboard.plugins.text.plugin_data_pb2 import TextPluginData

from ..._tensor import Tensor
from ._pictures import make_np, png, to_bytes, to_hwc

__all__ = ['audio', 'custom_scalars', 'histogram', 'histogram_raw', 'hparams', 'image', 'make_histogram', 'pr_curve',
           'pr_curve_raw', 'scalar', 'tensor_proto', 'text']

# Element type: TensorFlow's name of it, and the field of a TensorProto that holds such numbers.
_FIELDS = {
    'float16': ('DT_HALF', 'half_val'), 'float32': ('DT_FLOAT', 'float_val'), 'float64': ('DT_DOUBLE', 'double_val'),
    'uint8': ('DT_UINT8', 'int_val'), 'int8': ('DT_INT8', 'int_val'), 'int16': ('DT_INT16', 'int_val'),
    'int32': ('DT_INT32', 'int_val'), 'int64': ('DT_INT64', 'int64_val'), 'bool': ('DT_BOOL', 'bool_val'),
    'complex64': ('DT_COMPLEX64', 'scomplex_val'), 'complex128': ('DT_COMPLEX128', 'dcomplex_val'),
}
_THRESHOLDS = 127  # the most that TensorBoard's pages of precision and recall read


def _of_plugin(name, content=b''):
    return SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=name, content=content))


def _shape(sizes):
    return TensorShapeProto(dim=[TensorShapeProto.Dim(size=n) for n in sizes])


def _of_value(tag, **fields):
    return Summary(value=[Summary.Value(tag=tag, **fields)])


def scalar(name, tensor, collections=None, new_style=False, double_precision=False):
    """One number."""
    value = make_np(tensor).squeeze()
    if value.ndim:
        raise AssertionError(f'Tensor should contain one element (0 dimensions). Was given size: {value.size} and '
                             f'{value.ndim} dimensions.')
    value = float(value)
    if not new_style:
        return _of_value(name, simple_value=value)
    proto = (TensorProto(double_val=[value], dtype='DT_DOUBLE') if double_precision
             else TensorProto(float_val=[value], dtype='DT_FLOAT'))
    return _of_value(name, tensor=proto, metadata=_of_plugin('scalars'))


def tensor_proto(tag, tensor):
    """A whole tensor."""
    if tensor.numel() * tensor.itemsize >= 1 << 31:
        raise ValueError("tensor is bigger than protocol buffer's hard limit of 2GB in size")
    kind = tensor.dtype.name
    if kind not in _FIELDS:
        raise ValueError(f'{tag} has unsupported tensor dtype {tensor.dtype}')
    name, field = _FIELDS[kind]
    values = np.ascontiguousarray(make_np(tensor)).reshape(-1)
    if kind == 'float16':
        values = values.view(np.uint16)
    elif values.dtype.kind == 'c':
        values = values.view(values.real.dtype)
    proto = TensorProto(dtype=name, tensor_shape=_shape(tensor.shape), **{field: values.tolist()})
    return _of_value(tag, tensor=proto, metadata=_of_plugin('tensor'))


def histogram_raw(name, min, max, num, sum, sum_squares, bucket_limits, bucket_counts):
    """A histogram given by its numbers."""
    return _of_value(name, histo=HistogramProto(min=min, max=max, num=num, sum=sum, sum_squares=sum_squares,
                                                bucket_limit=bucket_limits, bucket=bucket_counts))


def histogram(name, values, bins, max_bins=None):
    """The histogram of values."""
    return _of_value(name, histo=make_histogram(make_np(values).astype(float), bins, max_bins))


def make_histogram(values, bins, max_bins=None):
    """The histogram of an array: the bins that hold something, and an empty one before them."""
    if values.size == 0:
        raise ValueError('The input has no element.')
    values = values.reshape(-1)
    counts, limits = np.histogram(values, bins=bins)
    if max_bins is not None and len(counts) > max_bins:
        several = len(counts) // max_bins
        starts = np.arange(0, len(counts), several)
        counts = np.add.reduceat(counts, starts)
        limits = np.append(limits[starts], limits[-1])
    held = np.flatnonzero(counts)
    if not held.size:
        raise ValueError('The histogram is empty: no value lies in the bins.')
    first, last = held[0], held[-1] + 1
    # A bin is given by its right limit alone, so the empty one says where the first begins.
    return HistogramProto(min=values.min(), max=values.max(), num=len(values), sum=values.sum(), sum_squares=values.dot(values),
                          bucket_limit=limits[first:last + 1].tolist(), bucket=[0, *counts[first:last].tolist()])


def image(tag, tensor, rescale=1, dataformats='NCHW'):
    """A picture, or several as one."""
    if rescale != 1:
        raise NotImplementedError('image() writes pictures in their own size only')
    picture = to_bytes(to_hwc(make_np(tensor), dataformats))
    height, width, channels = picture.shape
    return _of_value(tag, image=Summary.Image(height=height, width=width, colorspace=channels,
                                              encoded_image_string=png(picture)))


def audio(tag, tensor, sample_rate=44100):
    """A sound of one channel, from -1 to 1, as a WAV file."""
    sound = make_np(tensor).squeeze()
    if sound.ndim != 1:
        raise AssertionError('input tensor should be 1 dimensional.')
    if abs(sound).max() > 1:
        warnings.warn('audio amplitude out of range, auto clipped.', stacklevel=3)
        sound = sound.clip(-1, 1)
    file = io.BytesIO()
    with wave.open(file, 'wb') as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(sample_rate)
        out.writeframes((sound * np.iinfo(np.int16).max).astype('<i2').tobytes())
    return _of_value(tag, audio=Summary.Audio(sample_rate=sample_rate, num_channels=1, length_frames=len(sound),
                                              encoded_audio_string=file.getvalue(), content_type='audio/wav'))


def text(tag, text):
    """A text."""
    proto = TensorProto(dtype='DT_STRING', string_val=[text.encode()], tensor_shape=_shape([1]))
    content = TextPluginData(version=0).SerializeToString()
    return _of_value(tag + '/text_summary', tensor=proto, metadata=_of_plugin('text', content))


def pr_curve(tag, labels, predictions, num_thresholds=127, weights=None):
    """Precision and recall of predictions from 0 to 1 for labels 0 and 1, by threshold."""
    num_thresholds = min(num_thresholds, _THRESHOLDS)
    buckets = np.floor(predictions * (num_thresholds - 1)).astype(np.int32)
    right = labels.astype(np.float64)
    weights = 1.0 if weights is None else weights

    def at_least(weight):
        """How much weight each threshold and those above it have."""
        counts, _ = np.histogram(buckets, num_thresholds, (0, num_thresholds - 1), weights=weight * weights)
        return np.cumsum(counts[::-1])[::-1]

    tp, fp = at_least(right), at_least(1.0 - right)
    tn, fn = fp[0] - fp, tp[0] - tp
    return pr_curve_raw(tag, tp, fp, tn, fn, tp / np.maximum(1e-7, tp + fp), tp / np.maximum(1e-7, tp + fn), num_thresholds)


def pr_curve_raw(tag, tp, fp, tn, fn, precision, recall, num_thresholds=127, weights=None):
    """Precision and recall given by their numbers."""
    rows = np.stack([make_np(x) for x in (tp, fp, tn, fn, precision, recall)])
    content = PrCurvePluginData(version=0, num_thresholds=min(num_thresholds, _THRESHOLDS)).SerializeToString()
    proto = TensorProto(dtype='DT_FLOAT', float_val=rows.reshape(-1).tolist(), tensor_shape=_shape(rows.shape))
    return _of_value(tag, tensor=proto, metadata=_of_plugin('pr_curves', content))


def custom_scalars(layout):
    """Charts that show several scalars: {category: {chart: [kind, tags]}} with the kinds 'Multiline' and 'Margin'."""
    def chart(title, kind, tags):
        if kind != 'Margin':
            return layout_pb2.Chart(title=title, multiline=layout_pb2.MultilineChartContent(tag=tags))
        if len(tags) != 3:
            raise AssertionError('len(tags) != 3')
        series = layout_pb2.MarginChartContent.Series(value=tags[0], lower=tags[1], upper=tags[2])
        return layout_pb2.Chart(title=title, margin=layout_pb2.MarginChartContent(series=[series]))

    message = layout_pb2.Layout(category=[
        layout_pb2.Category(title=name, chart=[chart(title, *rest) for title, rest in charts.items()])
        for name, charts in layout.items()])
    proto = TensorProto(dtype='DT_STRING', string_val=[message.SerializeToString()], tensor_shape=_shape(()))
    return _of_value('custom_scalars__config__', tensor=proto, metadata=_of_plugin('custom_scalars'))


def hparams(hparam_dict=None, metric_dict=None, hparam_domain_discrete=None):
    """Options of a run and the names of its results: the messages for the experiment, the run's start and its end."""
    domains = hparam_domain_discrete or {}
    for name, value in (('hparam_dict', hparam_dict), ('metric_dict', metric_dict), ('hparam_domain_discrete', domains)):
        if not isinstance(value, dict):
            raise TypeError(f'parameter: {name} should be a dictionary, nothing logged.')
    for key, values in domains.items():
        if key not in hparam_dict or not isinstance(values, list) or not all(
                isinstance(value, type(hparam_dict[key])) for value in values):
            raise TypeError(f'parameter: hparam_domain_discrete[{key}] should be a list of same type as hparam_dict[{key}].')
    start = plugin_data_pb2.SessionStartInfo()
    infos = []
    for key, value in hparam_dict.items():
        if value is None:
            continue
        if isinstance(value, Tensor):
            value = value.item()
        if isinstance(value, bool):
            kind, field = 'DATA_TYPE_BOOL', 'bool_value'
        elif isinstance(value, (int, float)):
            kind, field = 'DATA_TYPE_FLOAT64', 'number_value'
        elif isinstance(value, str):
            kind, field = 'DATA_TYPE_STRING', 'string_value'
        else:
            raise ValueError('value should be one of int, float, str, bool, or torch.Tensor')
        setattr(start.hparams[key], field, value)
        info = api_pb2.HParamInfo(name=key, type=api_pb2.DataType.Value(kind))
        for choice in domains.get(key, ()):
            setattr(info.domain_discrete.values.add(), field, choice)
        infos.append(info)
    metrics = [api_pb2.MetricInfo(name=api_pb2.MetricName(tag=key)) for key in metric_dict]
    end = plugin_data_pb2.SessionEndInfo(status=api_pb2.Status.Value('STATUS_SUCCESS'))

    def of_plugin(tag, **content):
        data = plugin_data_pb2.HParamsPluginData(version=metadata.PLUGIN_DATA_VERSION, **content).SerializeToString()
        return _of_value(tag, metadata=_of_plugin(metadata.PLUGIN_NAME, data))

    return (of_plugin(metadata.EXPERIMENT_TAG, experiment=api_pb2.Experiment(hparam_infos=infos, metric_infos=metrics)),
            of_plugin(metadata.SESSION_START_INFO_TAG, session_start_info=start),
            of_plugin(metadata.SESSION_END_INFO_TAG, session_end_info=end))
