"""Results that are not there yet."""

import threading
import traceback

__all__ = ['Future', 'collect_all', 'wait_all']


class Future:
    """A result that one thread sets and others wait for.

    Args:
        devices (list, optional): accepted; there is only the CPU.

    Example:
        >>> import cnet
        >>> f = cnet.futures.Future()
        >>> g = f.then(lambda f: f.wait() + 1)
        >>> f.set_result(1)
        >>> g.wait()
        2
    """

    def __init__(self, *, devices=None):
        self._changed = threading.Condition()
        self._done = False
        self._value = self._error = None
        self._callbacks = []

    def __class_getitem__(cls, item):
        return cls

    def done(self):
        """Whether there is a result or an exception."""
        return self._done

    def wait(self):
        """The result, once it is there; an exception that was set is raised."""
        with self._changed:
            self._changed.wait_for(self.done)
        return self.value()

    def value(self):
        """The result of a completed future; an exception that was set is raised."""
        if not self._done:
            raise RuntimeError('value() was called on a Future that is not completed; use wait()')
        if self._error is not None:
            raise self._error
        return self._value

    def _complete(self, value, error):
        with self._changed:
            if self._done:
                raise RuntimeError('Attempting to mark a completed Future as complete again. Note that a Future can only be '
                                   'marked completed once.')
            self._done, self._value, self._error = True, value, error
            callbacks, self._callbacks = self._callbacks, None
            self._changed.notify_all()
        for callback in callbacks:
            callback(self)

    def set_result(self, result):
        """Complete the future; callbacks run in this thread.

        Args:
            result: what `wait` returns.
        """
        self._complete(result, None)

    def set_exception(self, result):
        """Complete the future with an exception.

        Args:
            result (BaseException): what `wait` raises.
        """
        if not isinstance(result, Exception):
            raise AssertionError(f'{result} is of type {type(result)}, not an Exception.')
        self._complete(None, result)

    def _when_done(self, callback):
        with self._changed:
            if not self._done:
                self._callbacks.append(callback)
                return
        callback(self)

    def then(self, callback):
        """A future of what a function makes of this one when it is complete.

        Args:
            callback (callable): called with this future.

        Returns:
            Future
        """
        following = Future()

        def run(done):
            try:
                result = callback(done)
            except Exception as error:
                following._complete(None, RuntimeError(
                    f'Got the following error when running the callback: {type(error).__name__}: {error}\n\n'
                    f'{traceback.format_exc()}'))
            else:
                following._complete(result, None)
        self._when_done(run)
        return following

    def add_done_callback(self, callback):
        """Call a function with this future when it is complete; an exception in it is printed and goes no further.

        Args:
            callback (callable): called with this future; its result is ignored.
        """
        def run(done):
            try:
                callback(done)
            except Exception:
                traceback.print_exc()
        self._when_done(run)


def collect_all(futures):
    """A future of the list of futures, complete when all of them are.

    Args:
        futures (list of Future): what to wait for.

    Returns:
        Future

    Example:
        >>> import cnet
        >>> a, b = cnet.futures.Future(), cnet.futures.Future()
        >>> both = cnet.futures.collect_all([a, b])
        >>> a.set_result(1); b.set_result(2)
        >>> [f.wait() for f in both.wait()]
        [1, 2]
    """
    futures, collected, lock = list(futures), Future(), threading.Lock()
    missing = len(futures)
    if not missing:
        collected.set_result([])

    def count(_):
        nonlocal missing
        with lock:
            missing -= 1
            last = not missing
        if last:
            collected.set_result(futures)
    for future in futures:
        future._when_done(count)
    return collected


def wait_all(futures):
    """The results of several futures, when all are complete; the first exception among them is raised.

    Args:
        futures (list of Future): what to wait for.

    Returns:
        list
    """
    return [future.wait() for future in collect_all(futures).wait()]
