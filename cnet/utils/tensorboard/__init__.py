"""Logs for TensorBoard, written by its own library: `pip install 'cnet[tensorboard]'`."""

try:
    import tensorboard
except ImportError as error:
    raise ImportError("cnet.utils.tensorboard needs the library tensorboard: pip install 'cnet[tensorboard]'",
                      name='tensorboard') from error

from tensorboard.summary.writer.record_writer import RecordWriter

from .writer import FileWriter, SummaryWriter

__all__ = ['FileWriter', 'RecordWriter', 'SummaryWriter']
