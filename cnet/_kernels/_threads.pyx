"""The number of threads that kernels use: decided on first use, changed at once, one in a forked child."""
import os

cdef extern from *:
    """
    #ifdef _WIN32
    static int cnet_at_fork(void (*child)(void)) { (void)child; return 0; }
    #else
    #include <pthread.h>
    static int cnet_at_fork(void (*child)(void)) { return pthread_atfork(NULL, NULL, child); }
    #endif
    """
    int cnet_at_fork(void (*child)() noexcept nogil) nogil

# In units of one flop or one byte moved. A fork and join of two threads costs 0.8 us while libgomp's workers spin and
# 3.4 us when they have gone idle; a core does about 10 units a nanosecond in cache. 32768 units are then 3.3 us, so that
# splitting twice that never loses.
thread_grain = 32768

# What a parent's parallel loops leave behind: libgomp's record of threads that a forked child does not have. A loop on
# more than one thread would wait for them for ever.
cdef bint pool_lost = False


cdef void _in_child() noexcept nogil:
    global thread_limit, pool_lost, pool_used
    thread_limit = 1
    pool_lost = pool_lost or pool_used
    pool_used = False


cnet_at_fork(_in_child)


cdef int decide_limit() noexcept nogil:
    global thread_limit
    with gil:
        thread_limit = _default_limit()
    return thread_limit


def _quota(folder):
    """CPUs that control group `folder` and its parents allow, or None. Version 2 writes "quota period" or "max period"."""
    least = None
    while True:
        try:
            with open(f'/sys/fs/cgroup{folder}/cpu.max') as f:
                quota, period = f.read().split()
            if quota != 'max':
                cpus = -(-int(quota) // int(period))
                least = cpus if least is None else min(least, cpus)
        except (OSError, ValueError):
            pass
        if folder in ('', '/'):
            return least
        folder = folder.rpartition('/')[0]


def _cgroup_cpus():
    try:
        with open('/proc/self/cgroup') as f:
            for line in f:
                hierarchy, _, folder = line.rstrip('\n').split(':', 2)
                if hierarchy == '0':
                    return _quota(folder)
    except (OSError, ValueError):
        pass
    return None


cdef int _default_limit():
    wish = os.environ.get('OMP_NUM_THREADS', '').split(',')[0].strip()
    if wish.isdigit() and 0 < int(wish) < 65536:
        return int(wish)
    if hasattr(os, 'sched_getaffinity'):
        cpus = len(os.sched_getaffinity(0))
    else:
        cpus = os.cpu_count() or 1
    quota = _cgroup_cpus()
    return max(1, cpus if quota is None else min(cpus, quota))


def get_num_threads():
    """Number of threads that a large operation uses.

    Returns:
        int: by default the CPUs that the process may use (affinity mask and control group), or OMP_NUM_THREADS.

    Example:
        >>> import cnet
        >>> cnet.get_num_threads() >= 1
        True
    """
    return thread_limit if thread_limit else decide_limit()


def set_num_threads(int count):
    """Use up to this many threads from the next operation on. Results do not depend on it.

    A forked child of a process that has computed on several threads stays on one, whatever it asks for: it has none of
    its parent's threads, but the record of them, and would wait for them.

    Args:
        count: at least 1.

    Example:
        >>> import cnet
        >>> before = cnet.get_num_threads()
        >>> cnet.set_num_threads(1)
        >>> cnet.get_num_threads()
        1
        >>> cnet.set_num_threads(before)
    """
    global thread_limit
    if count < 1:
        raise RuntimeError('set_num_threads expects a positive integer')
    thread_limit = 1 if pool_lost else count


def set_grain(double work):
    """Set the work that is worth waking a thread for and return the old figure."""
    global thread_grain
    if not work >= 1:
        raise ValueError(f'the grain must be at least 1, not {work}')
    old = thread_grain
    thread_grain = work
    return old


def threads_wanted(double work):
    """What threads_for(work) answers: for tests and benches."""
    return threads_for(work)
