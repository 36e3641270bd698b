"""A line of losses that grows in the output of a notebook's cell, with the time that is left; a bar elsewhere."""

import importlib
import math
import sys
import time

import numpy as np

from vaekit.engine._callbacks import LOSSES, EpochBar, Own

__all__ = ["LiveLoss", "watching"]

WIDTH, HEIGHT, PAD = 460, 110, 4  # pixels
COLORS = {"train_loss": "#0072b2", "valid_loss": "#d55e00"}
SECONDS_BETWEEN = 0.25  # drawings that come faster than the eye only slow the browser


def watching(n_epochs, label, is_most=False):
    """What shows a training to who waits for it: drawn in a notebook, a bar in a terminal.

    Parameters
    ----------
    n_epochs : int
    label : str
        What is trained.
    is_most : bool
        Whether training may end before.
    """
    return LiveLoss(n_epochs, label, is_most) if _shows_html() else EpochBar(n_epochs, label)


def _shows_html():
    """Whether code runs in a kernel of IPython's, whose outputs are a browser's; IPython is not imported to ask."""
    get = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    return getattr(get(), "kernel", None) is not None


class LiveLoss(Own):
    """Losses by epoch as a drawing that is updated in place.

    Parameters
    ----------
    n_epochs : int
    label : str
    is_most : bool, default=False
        Whether training may end before.
    """

    def __init__(self, n_epochs, label, is_most=False):
        self.n_epochs, self.label, self.is_most = n_epochs, label, is_most

    def on_train_begin(self, net, X=None, y=None, **kwargs):
        """Open an output."""
        self.start_ = self.drawn_ = time.monotonic()
        self.losses_ = {name: [] for name in LOSSES}
        show = importlib.import_module("IPython.display").display
        self.output_ = show(self._picture(), display_id=True)

    def on_epoch_end(self, net, dataset_train=None, dataset_valid=None, **kwargs):
        """Draw it anew, if some time has passed."""
        for name, losses in self.losses_.items():
            losses.append(float(net.history[-1].get(name, math.nan)))
        if time.monotonic() - self.drawn_ >= SECONDS_BETWEEN:
            self._draw()

    def on_train_end(self, net, X=None, y=None, **kwargs):
        """Draw the last epochs, and how long it took."""
        if vars(self).get("output_") is not None:
            self._draw(has_ended=True)
            self.output_ = None

    def _draw(self, has_ended=False):
        self.drawn_ = time.monotonic()
        self.output_.update(self._picture(has_ended))

    def _picture(self, has_ended=False):
        done, seconds = len(self.losses_[LOSSES[0]]), time.monotonic() - self.start_
        left = _time(seconds, done, None if has_ended else self.n_epochs - done, self.is_most)
        return Picture(f"{self.label}: epoch {done} of {self.n_epochs}", self.losses_, self.n_epochs, left)


def _time(seconds, n_done, n_left, is_most):
    """How long it took (nothing is left to come), or will take."""
    if n_left is None:
        return f"{_told(seconds)} in all"
    if not n_done:
        return ""
    return f"{'at most ' * is_most}{_told(seconds / n_done * n_left)} left"


def _told(seconds):
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


class Picture:
    """A line of words and one of losses, as HTML and, where that is not shown, as words alone."""

    def __init__(self, head, losses, n_epochs, left):
        self.losses = {name: list(values) for name, values in losses.items() if np.isfinite(values).any()}
        latest = [f"{name} {values[-1]:.4g}" for name, values in self.losses.items()]
        self.words, self.n_epochs = ", ".join(filter(None, [head, *latest, left])), n_epochs

    def __repr__(self):
        return self.words

    def _repr_html_(self):
        lines = "".join(_line(values, self._limits(), self.n_epochs, COLORS[name]) for name, values in
                        self.losses.items())  # fmt: skip
        low, high = self._limits()
        # where a line that falls is not: its start is high, its end low
        marks = f'<text x="4" y="{HEIGHT - 4}">{low:.4g}</text>' if lines else ""
        marks += f'<text x="{WIDTH - 4}" y="12" text-anchor="end">{high:.4g}</text>' if lines else ""
        return (
            f'<div style="font:13px system-ui,sans-serif"><div>{self._legend()}</div>'
            f'<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="losses by epoch" font-size="10" '
            f'fill="currentColor" style="border-bottom:1px solid #999">{lines}{marks}</svg></div>'
        )

    def _legend(self):
        words = self.words
        for name in self.losses:
            words = words.replace(f", {name} ", f', <b style="color:{COLORS[name]}">{name}</b> ', 1)
        return words

    def _limits(self):
        """All losses but the first and highest tenth, which would press the rest to a flat line."""
        known = np.concatenate([*self.losses.values(), []])
        known = known[np.isfinite(known)]
        low, high = (known.min(), np.quantile(known, 0.9)) if len(known) else (0.0, 1.0)
        return (low, high) if high > low else (low - 0.5, low + 0.5)


def _line(losses, limits, n_epochs, color):
    """Losses from left to right; those above the upper limit lie on it."""
    low, high = limits
    y = HEIGHT - PAD - (np.clip(losses, low, high) - low) / (high - low) * (HEIGHT - 2 * PAD)
    x = PAD + np.arange(1, len(losses) + 1) / n_epochs * (WIDTH - 2 * PAD)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y) if math.isfinite(b))
    return f'<polyline fill="none" stroke="{color}" stroke-width="1.5" points="{points}"/>'
