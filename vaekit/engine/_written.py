"""What skorch's checkpoints write in a training, kept: other fits of a search may write to the same files."""

import io
import os

__all__ = ["WrittenFiles"]


class WrittenFiles:
    """Copies of the files of those callbacks of a net that will load their best.

    Parameters
    ----------
    net : Net
    """

    def __init__(self, net):
        self.net, self.copies = net, {}

    def keep(self, files, save):
        """Keep what was saved to paths by `save`, if a callback of the net will come back for it."""
        wanted = {place for callback in self._returning() for place in self._places(callback)}
        self.copies = {place: copy for place, copy in self.copies.items() if place in wanted}
        how = {"use_safetensors": files.get("use_safetensors", False)}
        for place in wanted & {*_paths(files)}:
            name, _ = place
            self.copies[place] = copy = _Text() if name == "f_history" else io.BytesIO()
            save(**{name: copy}, **how)

    def of(self, checkpoint):
        """Files in memory in place of those that a callback of the net wrote, by skorch's names; none if it did not."""
        if not any(checkpoint is callback for callback in self._returning()):
            return {}
        kept = {name: self.copies.get((name, path)) for name, path in self._places(checkpoint)}
        if not all(kept.values()):
            return {}
        for copy in kept.values():
            copy.seek(0)
        return kept

    def _returning(self):
        callbacks = [callback for _, callback in getattr(self.net, "callbacks_", ())]
        return [callback for callback in callbacks if getattr(callback, "load_best", False) and _writes(callback)]

    def _places(self, callback):
        """Names and paths of a checkpoint's files as they are now."""
        files = callback.get_formatted_files(self.net) | {"f_history": callback.f_history_, "f_pickle": None}
        return {("f_module" if name == "f_params" else name, path) for name, path in _paths(files)}


class _Text(io.StringIO):
    """Stays open, though skorch closes what it is handed for a history."""

    def close(self):
        """Do nothing."""


def _writes(callback):
    return hasattr(callback, "get_formatted_files")


def _paths(files):
    return [(name, os.fspath(file)) for name, file in files.items() if isinstance(file, (str, os.PathLike))]
