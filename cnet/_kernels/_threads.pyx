"""The threads that kernels use: their number, decided on first use, changed at once, one in a forked child; and their
treatment of denormal numbers.
"""
import os

from cython.parallel cimport prange

cdef extern from *:
    """
    #ifdef _WIN32
    static int cnet_at_fork(void (*child)(void)) { (void)child; return 0; }
    #else
    #include <pthread.h>
    static int cnet_at_fork(void (*child)(void)) { return pthread_atfork(NULL, NULL, child); }
    #endif

    /* Sets the calling thread's mode; returns whether there is one. On x86 two bits, for results and for operands. */
    #if defined(__SSE2__)
    static int cnet_flush(int on) {
        unsigned old = __builtin_ia32_stmxcsr();
        __builtin_ia32_ldmxcsr(on ? old | 0x8040u : old & ~0x8040u);
        return 1;
    }
    #elif defined(_MSC_VER)
    #include <float.h>
    static int cnet_flush(int on) {
        unsigned now;
        return _controlfp_s(&now, on ? _DN_FLUSH : _DN_SAVE, _MCW_DN) == 0;
    }
    #elif defined(__aarch64__)
    static int cnet_flush(int on) {
        unsigned long long old;
        __asm__ volatile("mrs %0, fpcr" : "=r"(old) : : "memory");
        old = on ? old | (1ull << 24) : old & ~(1ull << 24);
        __asm__ volatile("msr fpcr, %0" : : "r"(old) : "memory");
        return 1;
    }
    #else
    static int cnet_flush(int on) { (void)on; return 0; }
    #endif
    """
    int cnet_at_fork(void (*child)() noexcept nogil) nogil
    bint cnet_flush(bint on) nogil

# In tenths of a nanosecond of one core: 8 multiplications of a matrix product, 4 bytes moved within the caches. A fork and join of
# two threads costs 0.8 us while libgomp's workers spin and 3.4 us when they have gone idle; and what one thread
# writes, the next operation's threads fetch from the other core. Alone, operations of 4 to 8 us gain by a second thread; in a train
# step of an MLP, those of 10 still lose a tenth (bench/lab/threads.md). 65536 units are 6.5 us, so one that is split takes 13.
thread_grain = 65536

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


def set_flush_denormal(mode):
    """Treat denormal numbers (below 1.2e-38 in float32) as zero, which spares kernels up to 150 cycles for each.

    It is a mode of the calling thread, and of the threads that compute for it; it holds for all arithmetic in that thread.

    Args:
        mode (bool): whether to.

    Returns:
        bool: False if the processor has no such mode; then nothing has changed.

    Example:
        >>> import cnet
        >>> cnet.set_flush_denormal(True)
        True
        >>> cnet.tensor([1e-310], dtype=cnet.float64) * 2
        tensor([0.], dtype=cnet.float64)
        >>> cnet.set_flush_denormal(False)
        True
    """
    cdef int i, n = thread_limit if pool_used else 1
    cdef bint on
    if not isinstance(mode, bool):
        raise RuntimeError(f'flush_denormal expects a bool, but got {type(mode).__name__}')
    on = mode
    if not cnet_flush(on):  # first here: threads that start later inherit it
        return False
    for i in prange(n, nogil=True, num_threads=n, schedule='static', chunksize=1):
        cnet_flush(on)
    return True


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
