"""joblib's way to run tasks together: whoever calls `Parallel` has them in one company, however deep he calls."""

from joblib.parallel import FallbackToBackend, ParallelBackendBase

__all__ = ["CompanyBackend"]

ALL_AT_ONCE = 2**14  # tasks that joblib hands over without waiting for others


class CompanyBackend(ParallelBackendBase):
    """A backend of joblib whose tasks run one at a time, and train together, whatever `n_jobs` says.

    Who asks it how many workers there are hears of one: work that is cut into as many pieces stays in one piece. Every
    call of `Parallel` gets a backend of its own, which takes all tasks at once.

    Parameters
    ----------
    baton : Baton
        Who runs them.
    """

    uses_threads = True
    supports_sharedmem = True

    def __init__(self, baton=None, nesting_level=0, **kwargs):
        super().__init__(nesting_level=nesting_level, **kwargs)
        self.baton = baton

    def effective_n_jobs(self, n_jobs):
        """One."""
        if n_jobs == 0:
            raise ValueError("n_jobs == 0 in Parallel has no meaning")
        return 1

    def configure(self, n_jobs=1, parallel=None, **kwargs):
        """Have a call served by a backend of its own."""
        self.effective_n_jobs(n_jobs)
        raise FallbackToBackend(BackendOfACall(self.baton, self.nesting_level))


class BackendOfACall(CompanyBackend):
    """The tasks of one call of `Parallel`."""

    supports_retrieve_callback = False

    def effective_n_jobs(self, n_jobs):
        """As many as there may be tasks."""
        return ALL_AT_ONCE

    def configure(self, n_jobs=1, parallel=None, **kwargs):
        """Begin."""
        self.parallel, self._tasks = parallel, []
        return ALL_AT_ONCE

    def submit(self, func, callback=None):
        """Return a task; `callback` tells joblib of its end."""

        def run():
            try:
                return func()
            finally:
                if callback is not None:
                    callback()

        self._tasks.append(self.baton.submit(run))
        return self._tasks[-1]

    def retrieve_result(self, out, timeout=None):
        """Wait for a task."""
        return self.baton.result_of(out)

    def abort_everything(self, ensure_ready=True):
        """End all tasks of this call."""
        self.baton.stop(self._tasks)
        self._tasks = []

    def get_nested_backend(self):
        """The same company, one level deeper."""
        return CompanyBackend(self.baton, nesting_level=self.nesting_level + 1), None
