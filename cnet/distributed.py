"""A world of one process: what programs for several processes ask for, as it is when there is one.

Collective operations leave values as they are. A larger world is refused: there is nothing here that moves data between
processes.
"""

import enum
import os

from ._core.device import device as parse_device
from ._core.mode import no_grad
from ._tensor import Tensor

__all__ = [
    'GroupMember', 'ProcessGroup', 'ReduceOp', 'Work', 'all_gather', 'all_gather_into_tensor', 'all_gather_object', 'all_reduce',
    'all_to_all', 'all_to_all_single', 'barrier', 'broadcast', 'broadcast_object_list', 'destroy_process_group', 'gather',
    'gather_object', 'get_backend', 'get_default_backend_for_device', 'get_node_local_rank', 'get_process_group_ranks',
    'get_rank', 'get_world_size', 'group', 'init_process_group', 'is_available', 'is_gloo_available', 'is_initialized',
    'is_mpi_available', 'is_nccl_available', 'is_torchelastic_launched', 'monitored_barrier', 'new_group', 'recv', 'reduce',
    'reduce_scatter', 'reduce_scatter_tensor', 'scatter', 'scatter_object_list', 'send',
]


class ReduceOp(enum.Enum):
    """How the values of several processes become one; with one process all of them leave it as it is."""

    SUM, AVG, PRODUCT, MIN, MAX, BAND, BOR, BXOR = range(8)


class ProcessGroup:
    """The one process there is."""

    def size(self):
        """1."""
        return 1

    def rank(self):
        """0."""
        return 0

    def name(self):
        """'gloo', as on any CPU."""
        return 'gloo'


class GroupMember:
    """Names of groups: `WORLD`, None before `init_process_group`."""

    WORLD = None
    NON_GROUP_MEMBER = -100


group = GroupMember


class Work:
    """A collective operation that was asked for with `async_op`: it is done already."""

    def wait(self, timeout=None):
        """True."""
        return True

    def is_completed(self):
        """True."""
        return True

    def is_success(self):
        """True."""
        return True


def _world():
    if GroupMember.WORLD is None:
        raise ValueError('Default process group has not been initialized, please make sure to call init_process_group.')
    return GroupMember.WORLD


def _member(group):
    """Check that there is a world, and that `group` is a group."""
    world = _world()
    if group is not None and not isinstance(group, ProcessGroup):
        raise TypeError(f'expected a ProcessGroup, but got {type(group).__name__}')
    return world if group is None else group


def _only(rank, what):
    if rank not in (0, None):
        raise ValueError(f'{what} {rank} is not in the world, which has one process: rank 0')


def _done(async_op):
    return Work() if async_op else None


def _tensor(x, name='tensor'):
    if not isinstance(x, Tensor):
        raise TypeError(f'Invalid function argument. Expected parameter `{name}` of type torch.Tensor\n             but got '
                        f'{type(x)} instead.')
    return x


def _single(values, name):
    """The only item of a list with one item per process."""
    if len(values) != 1:
        raise ValueError(f'{name} has {len(values)} items, but the world has one process')
    return values[0]


def _give(out, x):
    if out.shape != x.shape:
        raise ValueError(f'a tensor of shape {tuple(x.shape)} does not fit the output of shape {tuple(out.shape)}')
    with no_grad():
        out.copy_(x)


def is_available():
    """Whether this module can be used: True, for one process.

    Example:
        >>> import cnet
        >>> cnet.distributed.is_available(), cnet.distributed.is_initialized()
        (True, False)
    """
    return True


def is_initialized():
    """Whether `init_process_group` was called."""
    return GroupMember.WORLD is not None


def is_gloo_available():
    """True: the name of the backend on CPUs; nothing of it is used."""
    return True


def is_nccl_available():
    """False: there is no GPU."""
    return False


def is_mpi_available():
    """False."""
    return False


def is_torchelastic_launched():
    """Whether `torchrun` started this process."""
    return 'TORCHELASTIC_RUN_ID' in os.environ


def get_default_backend_for_device(device):
    """'gloo', for the CPU."""
    kind = parse_device(device).type
    if kind != 'cpu':
        raise ValueError(f'Default backend not registered for device : {kind}')
    return 'gloo'


def _asked(value, variable):
    if value != -1:
        return value
    if variable not in os.environ:
        raise ValueError(f'Error initializing torch.distributed using env:// rendezvous: environment variable {variable} '
                         'expected, but not set')
    return int(os.environ[variable])


def init_process_group(backend=None, init_method=None, timeout=None, world_size=-1, rank=-1, store=None, group_name='',
                       pg_options=None, device_id=None):
    """Make the world of one process.

    Args:
        backend (str, optional): 'gloo' or None.
        init_method, timeout, store, group_name, pg_options, device_id: accepted; there is nobody to meet.
        world_size (int): 1. Default: the environment variable WORLD_SIZE.
        rank (int): 0. Default: the environment variable RANK.

    Example:
        >>> import cnet.distributed as dist
        >>> dist.init_process_group('gloo', rank=0, world_size=1)
        >>> dist.get_rank(), dist.get_world_size()
        (0, 1)
        >>> dist.destroy_process_group()
    """
    if GroupMember.WORLD is not None:
        raise ValueError('trying to initialize the default process group twice!')
    if backend is not None and 'gloo' not in backend.lower():
        raise RuntimeError(f"cnet has no distributed backend {backend!r}; on a CPU the backend is 'gloo'")
    rank, size = _asked(rank, 'RANK'), _asked(world_size, 'WORLD_SIZE')
    if size != 1:
        raise RuntimeError(f'a world of {size} processes was asked for, but cnet moves no data between processes: world_size '
                           'must be 1. '
                           'To use several processor cores, use threads (set_num_threads); for independent workers, use '
                           'cnet.multiprocessing.')
    _only(rank, 'rank')
    GroupMember.WORLD = ProcessGroup()


def destroy_process_group(group=None):
    """End the world (or a group, which changes nothing)."""
    if group is None or group is GroupMember.WORLD:
        if GroupMember.WORLD is None:
            raise AssertionError('Process group cannot be None')
        GroupMember.WORLD = None


def new_group(ranks=None, timeout=None, backend=None, pg_options=None, use_local_synchronization=False, group_desc=None,
              device_id=None):
    """A group of some processes: of the one.

    Args:
        ranks (list of int, optional): [0] or None.
        timeout, backend, pg_options, use_local_synchronization, group_desc, device_id: accepted.

    Returns:
        ProcessGroup
    """
    _world()
    if ranks is not None and list(ranks) != [0]:
        raise ValueError("the new group's world size should be less or equal to the world size set by init_process_group")
    return ProcessGroup()


def get_rank(group=None):
    """0, the number of this process."""
    return _member(group).rank()


def get_world_size(group=None):
    """1, the number of processes."""
    return _member(group).size()


def get_backend(group=None):
    """'gloo'."""
    return _member(group).name()


def get_process_group_ranks(group=None):
    """[0]."""
    _member(group)
    return [0]


def get_node_local_rank(fallback_rank=None):
    """The environment variable LOCAL_RANK, or `fallback_rank` without it."""
    if 'LOCAL_RANK' in os.environ:
        return int(os.environ['LOCAL_RANK'])
    if fallback_rank is None:
        raise RuntimeError('LOCAL_RANK is not in the environment. Consider passing fallback_rank to allow '
                           '`get_node_local_rank` to '
                           'work, assuming you are not running in a multi-device context and want the code to run locally '
                           'instead.')
    return int(fallback_rank)


def barrier(group=None, async_op=False, device_ids=None):
    """Wait for all processes: for none."""
    _member(group)
    return _done(async_op)


def monitored_barrier(group=None, timeout=None, wait_all_ranks=False):
    """Wait for all processes: for none."""
    _member(group)


def all_reduce(tensor, op=ReduceOp.SUM, group=None, async_op=False):
    """Leave in `tensor` the sum (or another `op`) over all processes: what is there.

    Args:
        tensor (Tensor): changed in place where there are more processes.
        op (ReduceOp): how to combine.
        group (ProcessGroup, optional): of which processes.
        async_op (bool): return a `Work`. Default: False.

    Example:
        >>> import cnet, cnet.distributed as dist
        >>> dist.init_process_group('gloo', rank=0, world_size=1)
        >>> x = cnet.ones(2)
        >>> dist.all_reduce(x); x
        tensor([1., 1.])
        >>> dist.destroy_process_group()
    """
    _tensor(tensor)
    _member(group)
    return _done(async_op)


def reduce(tensor, dst=None, op=ReduceOp.SUM, group=None, async_op=False, group_dst=None):
    """`all_reduce` for one process, `dst`."""
    _only(dst, 'dst')
    return all_reduce(tensor, op, group, async_op)


def broadcast(tensor, src=None, group=None, async_op=False, group_src=None):
    """Give all processes the tensor of `src`: nobody else."""
    _only(src, 'src')
    return all_reduce(tensor, group=group, async_op=async_op)


def all_gather(tensor_list, tensor, group=None, async_op=False):
    """Write the tensors of all processes to a list of tensors: one."""
    _member(group)
    _give(_single(tensor_list, 'tensor_list'), _tensor(tensor))
    return _done(async_op)


def gather(tensor, gather_list=None, dst=None, group=None, async_op=False, group_dst=None):
    """`all_gather` for one process, `dst`."""
    _only(dst, 'dst')
    if gather_list is None:
        raise ValueError('Argument ``gather_list`` must be specified on destination rank.')
    return all_gather(gather_list, tensor, group, async_op)


def scatter(tensor, scatter_list=None, src=None, group=None, async_op=False, group_src=None):
    """Write to `tensor` this process's item of the list of `src`."""
    _only(src, 'src')
    if scatter_list is None:
        raise ValueError('Argument ``scatter_list`` must be specified on source rank.')
    return all_gather([tensor], _single(scatter_list, 'scatter_list'), group, async_op)


def reduce_scatter(output, input_list, op=ReduceOp.SUM, group=None, async_op=False):
    """Write to `output` the sum over all processes of this process's item of the lists."""
    return all_gather([output], _single(input_list, 'input_list'), group, async_op)


def all_to_all(output_tensor_list, input_tensor_list, group=None, async_op=False):
    """Send item i to process i: the only one to oneself."""
    return all_gather(output_tensor_list, _single(input_tensor_list, 'input_tensor_list'), group, async_op)


def all_gather_into_tensor(output_tensor, input_tensor, group=None, async_op=False):
    """Write the tensors of all processes one after the other to `output_tensor`: one."""
    return all_gather([output_tensor], _tensor(input_tensor, 'input_tensor').view_as(output_tensor), group, async_op)


def reduce_scatter_tensor(output, input, op=ReduceOp.SUM, group=None, async_op=False):
    """Write to `output` this process's part of the sum over all processes: all of it."""
    return all_gather_into_tensor(output, input, group, async_op)


def all_to_all_single(output, input, output_split_sizes=None, input_split_sizes=None, group=None, async_op=False):
    """Send part i to process i: the only one to oneself."""
    return all_gather_into_tensor(output, input, group, async_op)


def all_gather_object(object_list, obj, group=None):
    """Put the objects of all processes into the list: one."""
    _member(group)
    _single(object_list, 'object_list')
    object_list[0] = obj


def gather_object(obj, object_gather_list=None, dst=None, group=None, group_dst=None):
    """`all_gather_object` for one process, `dst`."""
    _only(dst, 'dst')
    all_gather_object(object_gather_list, obj, group)


def broadcast_object_list(object_list, src=None, group=None, device=None, group_src=None):
    """Give all processes the objects of `src`: nobody else."""
    _only(src, 'src')
    _member(group)


def scatter_object_list(scatter_object_output_list, scatter_object_input_list=None, src=None, group=None, group_src=None):
    """Put this process's item of the list of `src` first in the output list."""
    _only(src, 'src')
    all_gather_object(scatter_object_output_list, _single(scatter_object_input_list, 'scatter_object_input_list'), group)


def send(tensor, dst=None, group=None, tag=0, group_dst=None):
    """Refused: there is no other process."""
    _member(group)
    raise ValueError('Invalid destination rank: destination rank should not be the same as the rank of the current process.')


def recv(tensor, src=None, group=None, tag=0, group_src=None):
    """Refused: there is no other process."""
    _member(group)
    raise ValueError('Invalid source rank: source rank should not be the same as the rank of the current process.')
