"""Ctrl-C while training: held until the step is done, and told from a KeyboardInterrupt that code raises."""

import signal
import threading
import traceback

__all__ = ["HeldInterrupt", "came_by_signal"]


class HeldInterrupt:
    """Inside, Ctrl-C is noted and waits until somebody looks; a second one does not wait.

    An interrupt that strikes between two assignments leaves weights, moments and counts that do not belong together.
    Only Python's own handler is held, and only in the main thread: no other handler or thread ever gets Ctrl-C from
    Python as an exception of ours to deal with. The handler that was there is put back in the end.

    Attributes
    ----------
    pressed : bool
        Whether Ctrl-C was pressed inside.
    """

    def __init__(self):
        self.pressed = False

    def __enter__(self):
        in_main_thread = threading.current_thread() is threading.main_thread()
        self._holds = in_main_thread and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if self._holds:
            signal.signal(signal.SIGINT, self._hold)
        return self

    def __exit__(self, *raised):
        if self._holds and signal.getsignal(signal.SIGINT) == self._hold:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _hold(self, number, frame):
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True

    def release(self):
        """Raise the interrupt that was held, if there was one."""
        if self.pressed:
            raise KeyboardInterrupt


def came_by_signal(interrupt):
    """Whether a KeyboardInterrupt was raised by a handler of signals; callbacks of skorch raise it to end training."""
    handlers = {getattr(signal.getsignal(number), "__code__", None) for number in signal.valid_signals()}
    return any(frame.f_code in handlers - {None} for frame, _ in traceback.walk_tb(interrupt.__traceback__))
