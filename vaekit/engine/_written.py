"""What skorch's checkpoints write in a training, kept: other fits of a search may write to the same files."""

import io
import os

from skorch import NeuralNet

from vaekit.engine._optimizer import DrawingOptimizer

__all__ = ["WritingNet", "WrittenFiles"]


class WritingNet(NeuralNet):
    """Writes and reads skorch's files so that a training that goes on from them is the one that wrote them."""

    def _get_module(self, name, msg):
        """What skorch saves and loads by name: with the optimizer, the random numbers that its next steps draw."""
        module = super()._get_module(name, msg)
        return DrawingOptimizer(module, self.generator) if name == "optimizer_" else module

    def save_params(self, *args, **kwargs):
        """As skorch does; the files of a callback that will load its best are kept in memory, too."""
        self.written_.keep(kwargs, super().save_params)  # first, as others who write there may make the rest fail
        super().save_params(*args, **kwargs)

    def load_params(self, *args, checkpoint=None, **kwargs):
        """As skorch does, but what this training wrote is as it wrote it; a history that is loaded tells the steps."""
        before, kept = self.history, self.written_.of(checkpoint)
        if kept:
            super().load_params(*args, **{**kept, **kwargs})
        else:
            super().load_params(*args, checkpoint=checkpoint, **kwargs)
        if self.history is not before:
            self.step_, self.best_ = sum(row.get("train_batch_count", 0) for row in self.history), None


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
