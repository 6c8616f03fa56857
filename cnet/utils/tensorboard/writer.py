"""Writers of event files."""

import os
import socket
import time
from datetime import datetime

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from ._embedding import Projector
from ._graph import graph
from ._pictures import figure_to_image, make_np
from .summary import (
    audio,
    custom_scalars,
    histogram,
    histogram_raw,
    hparams,
    image,
    pr_curve,
    pr_curve_raw,
    scalar,
    tensor_proto,
    text,
)

__all__ = ['FileWriter', 'SummaryWriter']


class FileWriter:
    """Writes events to one file; `SummaryWriter` is the comfortable form.

    Args:
        log_dir (str or PathLike): folder of the file.
        max_queue (int): so many events wait in memory before they are written. Default: 10.
        flush_secs (int): seconds between writes. Default: 120.
        filename_suffix (str): end of the file's name.
    """

    def __init__(self, log_dir, max_queue=10, flush_secs=120, filename_suffix=''):
        self.event_writer = EventFileWriter(str(log_dir), max_queue, flush_secs, filename_suffix)

    def get_logdir(self):
        """The folder of the file."""
        return self.event_writer.get_logdir()

    def add_event(self, event, step=None, walltime=None):
        """Write an `Event` message, dated now unless `walltime` says otherwise."""
        event.wall_time = time.time() if walltime is None else walltime
        if step is not None:
            event.step = int(step)
        self.event_writer.add_event(event)

    def add_summary(self, summary, global_step=None, walltime=None):
        """Write a `Summary` message."""
        self.add_event(Event(summary=summary), global_step, walltime)

    def add_graph(self, graph_profile, walltime=None):
        """Write a `GraphDef` message."""
        self.add_event(Event(graph_def=graph_profile.SerializeToString()), None, walltime)

    def flush(self):
        """Write what waits in memory."""
        self.event_writer.flush()

    def close(self):
        """Write what waits in memory and close the file."""
        self.event_writer.close()

    def reopen(self):
        """Begin another file in the folder, after `close`."""
        self.event_writer.reopen()


def _default_bins():
    """Limits of bins that suit any values: each 1.1 times the one before it, from 1e-12 to 1e20, on both sides of 0."""
    limit, limits = 1e-12, []
    while limit < 1e20:
        limits.append(limit)
        limit *= 1.1
    return [-x for x in reversed(limits)] + [0, *limits]


class SummaryWriter:
    """Writes the log of a run, which TensorBoard shows while the run goes on: ``tensorboard --logdir runs``.

    Events are written by a thread of the tensorboard library; `close`, or the end of a ``with`` block, writes what waits.

    Args:
        log_dir (str or PathLike, optional): folder of the run. Default: ``runs/DATE_TIME_HOST`` with `comment` behind.
        comment (str): end of the default folder's name.
        purge_step (int, optional): hide events from this step on, of an earlier run that was broken off.
        max_queue (int): so many events wait in memory before they are written. Default: 10.
        flush_secs (int): seconds between writes. Default: 120.
        filename_suffix (str): end of the names of files.

    Example:
        >>> import cnet, os, tempfile
        >>> from cnet.utils.tensorboard import SummaryWriter
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with SummaryWriter(folder) as writer:
        ...         for step in range(3):
        ...             writer.add_scalar('loss', 1 / (step + 1), step)
        ...     len(os.listdir(folder))
        1
    """

    def __init__(self, log_dir=None, comment='', purge_step=None, max_queue=10, flush_secs=120, filename_suffix=''):
        if not log_dir:
            log_dir = os.path.join('runs', datetime.now().strftime('%b%d_%H-%M-%S') + '_' + socket.gethostname() + comment)
        self.log_dir = log_dir
        self.purge_step = purge_step
        self.max_queue, self.flush_secs, self.filename_suffix = max_queue, flush_secs, filename_suffix
        self.file_writer = self.all_writers = self._projector = None
        self.default_bins = _default_bins()
        self._get_file_writer()

    def _open(self, folder):
        return FileWriter(folder, self.max_queue, self.flush_secs, self.filename_suffix)

    def _get_file_writer(self):
        """The writer of the run's own file; after `close` a new one."""
        if self.file_writer is None:
            self.file_writer = self._open(self.log_dir)
            self.all_writers = {self.file_writer.get_logdir(): self.file_writer}
            if self.purge_step is not None:
                for event in (Event(file_version='brain.Event:2'), Event(session_log=SessionLog(status=SessionLog.START))):
                    self.file_writer.add_event(event, self.purge_step)
                self.purge_step = None
        return self.file_writer

    def get_logdir(self):
        """The folder of the run."""
        return self.log_dir

    def _add(self, summary, global_step=None, walltime=None):
        self._get_file_writer().add_summary(summary, global_step, walltime)

    # ------------------------------------------------------------------------------------------------------- numbers

    def add_scalar(self, tag, scalar_value, global_step=None, walltime=None, new_style=False, double_precision=False):
        """Log a number.

        Args:
            tag (str): name of the chart.
            scalar_value (float, Tensor or ndarray): one number.
            global_step (int, optional): the step it belongs to.
            walltime (float, optional): seconds since 1970 instead of now.
            new_style (bool): as a tensor of TensorBoard's newer format. Default: False.
            double_precision (bool): with `new_style`, as float64. Default: False.
        """
        self._add(scalar(tag, scalar_value, new_style=new_style, double_precision=double_precision), global_step, walltime)

    def add_scalars(self, main_tag, tag_scalar_dict, global_step=None, walltime=None):
        """Log several numbers for one chart. Each name gets a folder of its own, which TensorBoard shows as a run.

        Args:
            main_tag (str): name of the chart.
            tag_scalar_dict (dict): name of the line to its number.
            global_step, walltime: as for `add_scalar`.
        """
        walltime = time.time() if walltime is None else walltime
        folder = self._get_file_writer().get_logdir()
        for tag, value in tag_scalar_dict.items():
            place = f'{folder}/{main_tag.replace("/", "_")}_{tag}'
            if place not in self.all_writers:
                self.all_writers[place] = self._open(place)
            self.all_writers[place].add_summary(scalar(main_tag, value), global_step, walltime)

    def add_tensor(self, tag, tensor, global_step=None, walltime=None):
        """Log a whole tensor, of less than 2 GB."""
        self._add(tensor_proto(tag, tensor), global_step, walltime)

    def add_histogram(self, tag, values, global_step=None, bins='tensorflow', walltime=None, max_bins=None):
        """Log how values are distributed.

        Args:
            tag (str): name of the chart.
            values (Tensor or ndarray): any shape, at least one value.
            global_step, walltime: as for `add_scalar`.
            bins (str, int or sequence): ``'tensorflow'`` for bins that suit any values, else as for `numpy.histogram`.
            max_bins (int, optional): join neighbouring bins until there are about so few.
        """
        bins = self.default_bins if isinstance(bins, str) and bins == 'tensorflow' else bins
        self._add(histogram(tag, values, bins, max_bins=max_bins), global_step, walltime)

    def add_histogram_raw(self, tag, min, max, num, sum, sum_squares, bucket_limits, bucket_counts, global_step=None,
                          walltime=None):
        """Log a histogram given by its numbers: `bucket_counts` values each lie below the limit in `bucket_limits`."""
        if len(bucket_limits) != len(bucket_counts):
            raise ValueError('len(bucket_limits) != len(bucket_counts), see the document.')
        self._add(histogram_raw(tag, min, max, num, sum, sum_squares, bucket_limits, bucket_counts), global_step, walltime)

    def add_pr_curve(self, tag, labels, predictions, global_step=None, num_thresholds=127, weights=None, walltime=None):
        """Log precision and recall by threshold.

        Args:
            tag (str): name of the chart.
            labels (Tensor or ndarray): 0 or 1 for each sample.
            predictions (Tensor or ndarray): how probable 1 is, from 0 to 1.
            global_step, walltime: as for `add_scalar`.
            num_thresholds (int): number of thresholds, at most 127. Default: 127.
            weights (ndarray, optional): how much each sample counts.
        """
        self._add(pr_curve(tag, make_np(labels), make_np(predictions), num_thresholds, weights), global_step, walltime)

    def add_pr_curve_raw(self, tag, true_positive_counts, false_positive_counts, true_negative_counts, false_negative_counts,
                         precision, recall, global_step=None, num_thresholds=127, weights=None, walltime=None):
        """Log precision and recall given by their numbers, one per threshold."""
        self._add(pr_curve_raw(tag, true_positive_counts, false_positive_counts, true_negative_counts, false_negative_counts,
                               precision, recall, num_thresholds, weights), global_step, walltime)

    # ---------------------------------------------------------------------------------------- pictures, sound and text

    def add_image(self, tag, img_tensor, global_step=None, walltime=None, dataformats='CHW'):
        """Log a picture: bytes, or brightness from 0 to 1.

        Args:
            tag (str): name of the picture.
            img_tensor (Tensor or ndarray): with 1, 3 or 4 channels.
            global_step, walltime: as for `add_scalar`.
            dataformats (str): the order of dimensions: ``'CHW'``, ``'HWC'``, ``'HW'``, … Default: ``'CHW'``.
        """
        self._add(image(tag, img_tensor, dataformats=dataformats), global_step, walltime)

    def add_images(self, tag, img_tensor, global_step=None, walltime=None, dataformats='NCHW'):
        """Log several pictures of one size as one, 8 in a row. Arguments as for `add_image`."""
        self._add(image(tag, img_tensor, dataformats=dataformats), global_step, walltime)

    def add_figure(self, tag, figure, global_step=None, close=True, walltime=None):
        """Log a figure of matplotlib, or a list of figures of one size; `close` closes them."""
        pixels = figure_to_image(figure, close)
        self.add_image(tag, pixels, global_step, walltime, 'NCHW' if pixels.ndim == 4 else 'CHW')

    def add_audio(self, tag, snd_tensor, global_step=None, sample_rate=44100, walltime=None):
        """Log a sound: (1, L) or (L) values from -1 to 1, `sample_rate` of them per second."""
        self._add(audio(tag, snd_tensor, sample_rate=sample_rate), global_step, walltime)

    def add_text(self, tag, text_string, global_step=None, walltime=None):
        """Log a text, which TensorBoard shows as Markdown."""
        self._add(text(tag, text_string), global_step, walltime)

    # ---------------------------------------------------------------------------------------- models, runs, arrangement

    def add_graph(self, model, input_to_model=None, verbose=False, use_strict_trace=True):
        """Log the graph of a model: the operations that autograd records, grouped by module.

        The model runs once, in evaluation mode. Work that autograd does not record, such as that on integers, is not in the
        graph.

        Args:
            model (Module): the model.
            input_to_model (Tensor or tuple): its arguments.
            verbose (bool): print the graph too. Default: False.
            use_strict_trace (bool): accepted; nothing is traced.
        """
        self._get_file_writer().add_graph(graph(model, input_to_model, verbose))

    def add_embedding(self, mat, metadata=None, label_img=None, global_step=None, tag='default', metadata_header=None):
        """Log vectors for the projector.

        Args:
            mat (Tensor or ndarray): (N, D), one vector per row.
            metadata (list, optional): N labels, or N lists of labels, one per name in `metadata_header`.
            label_img (Tensor, optional): (N, C, H, W) pictures of the points.
            global_step (int, optional): the step they belong to.
            tag (str): name of the embedding. Default: ``'default'``.
            metadata_header (list, optional): names of the columns of labels.
        """
        if self._projector is None:
            self._projector = Projector(self._get_file_writer().get_logdir())
        self._projector.add(mat, metadata, label_img, global_step, tag, metadata_header)

    def add_hparams(self, hparam_dict, metric_dict, hparam_domain_discrete=None, run_name=None, global_step=None):
        """Log the options of a run and what came of them, to compare runs.

        Args:
            hparam_dict (dict): name to value: bool, str, float, int or None.
            metric_dict (dict): name to number; the names should not be those of other scalars.
            hparam_domain_discrete (dict, optional): name to the list of values that the option can have.
            run_name (str, optional): name of the folder for this entry. Default: the time.
            global_step (int, optional): the step they belong to.
        """
        if type(hparam_dict) is not dict or type(metric_dict) is not dict:
            raise TypeError('hparam_dict and metric_dict should be dictionary.')
        messages = hparams(hparam_dict, metric_dict, hparam_domain_discrete)
        with SummaryWriter(os.path.join(self._get_file_writer().get_logdir(), run_name or str(time.time()))) as writer:
            for message in messages:
                writer._add(message, global_step)
            for key, value in metric_dict.items():
                writer.add_scalar(key, value, global_step)

    def add_custom_scalars_multilinechart(self, tags, category='default', title='untitled'):
        """Arrange the scalars with these tags in one chart."""
        self._add(custom_scalars({category: {title: ['Multiline', tags]}}))

    def add_custom_scalars_marginchart(self, tags, category='default', title='untitled'):
        """Arrange three scalars, a value and its lower and upper limit, in one chart."""
        if len(tags) != 3:
            raise AssertionError(f'Expected 3 tags, got {len(tags)}.')
        self._add(custom_scalars({category: {title: ['Margin', tags]}}))

    def add_custom_scalars(self, layout):
        """Arrange scalars in charts, once per run.

        Args:
            layout (dict): category to charts; charts by title, each ``['Multiline', tags]`` or ``['Margin', three tags]``.
        """
        self._add(custom_scalars(layout))

    # ------------------------------------------------------------------------------------------------------------ files

    def flush(self):
        """Write what waits in memory."""
        for writer in (self.all_writers or {}).values():
            writer.flush()

    def close(self):
        """Write what waits in memory and close the files. What is added later begins new ones."""
        for writer in (self.all_writers or {}).values():
            writer.flush()
            writer.close()
        self.file_writer = self.all_writers = None

    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_val, exc_tb):
        self.close()
