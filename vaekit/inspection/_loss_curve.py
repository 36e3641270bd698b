"""How the loss and its terms went down."""

import numpy as np

from vaekit.inspection._drawing import COLORS, make_axes
from vaekit.inspection._fitted import Fitted
from vaekit.utils._ambient import guarded_arithmetic

__all__ = ["LossCurveDisplay"]

BOOKS = ("epoch", "duration")  # what stands in a history beside losses and their terms


@guarded_arithmetic
class LossCurveDisplay:
    """Loss and terms by epoch, in nats per row.

    Parameters
    ----------
    curves : dict of str to ndarray of shape (n_epochs,)
        Every recorded number by name; NaN where an epoch lacks it.

    Attributes
    ----------
    figure_ : matplotlib Figure
        Once drawn.
    axes_ : ndarray of matplotlib Axes
        Once drawn: one for the losses, then one for each term.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from vaekit import VAE
    >>> from vaekit.inspection import LossCurveDisplay
    >>> model = VAE(n_components=2, max_epochs=5, random_state=0).fit(load_iris().data)
    >>> sorted(LossCurveDisplay.from_estimator(model).curves)
    ['kl', 'reconstruction', 'train_loss']
    """

    def __init__(self, *, curves):
        self.curves = curves

    @classmethod
    def from_estimator(cls, estimator):
        """Read the history of a fitted object.

        Parameters
        ----------
        estimator : fitted object
            With `history_`, a list of dicts. Pipelines and searches are looked through.

        Returns
        -------
        display : LossCurveDisplay
        """
        history = Fitted.inside(estimator).ask("history_")
        names = dict.fromkeys(name for row in history for name in row if name not in BOOKS)
        return cls(curves={name: np.array([row.get(name, np.nan) for row in history], dtype=float) for name in names})

    def plot(self, ax=None, *, terms=None):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or one for the losses and each term, default=None
            Where to draw; None is a new figure.
        terms : sequence of str, default=None
            Terms to draw beside the losses; None is all of them.

        Returns
        -------
        display : LossCurveDisplay

        Raises
        ------
        ValueError
            If a term was not recorded.
        """
        losses = [name for name in self.curves if name in ("train_loss", "valid_loss")]
        known = [name for name in self.curves if name not in losses]
        terms = known if terms is None else list(terms)
        if unknown := [term for term in terms if term not in known]:
            raise ValueError(f"terms must be among {known}, got {unknown}.")
        self.figure_, self.axes_ = make_axes(ax, 1 + len(terms), size=(3.0, 2.6))
        for axes, names in zip(self.axes_, [losses, *([term] for term in terms)]):
            for name, colour in zip(names, COLORS):
                epochs = np.arange(1, len(self.curves[name]) + 1)
                axes.plot(epochs, self.curves[name], color=colour, label=name.replace("_", " "))
            axes.set(xlabel="epoch", title="loss" if names is losses else names[0].replace("_", " "))
            axes.spines[["top", "right"]].set_visible(False)
        self.axes_[0].set_ylabel("nats per row")
        if len(losses) > 1:
            self.axes_[0].legend(frameon=False)
        return self
