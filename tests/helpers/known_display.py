"""A model whose codes, densities and histories can be said aloud, for displays; and what may go wrong in a picture."""

from unittest import mock

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.text import Text
from scipy.stats import norm

N_COMPONENTS = 3
NOISE = np.array([0.1, 0.2, 1.0])  # of the posterior; the last latent has collapsed: its mean is always 0


class Known:
    """Codes are the first two values of a row and 0; the others decode to 0; both spaces are one, the prior N(0, I)."""

    kl_per_component_ = np.array([1.0, 2.0, 0.0])
    active_components_ = np.array([True, True, False])
    max_epochs, warmup, n_steps_, offset_ = 20, 0.25, 200, -20.0

    def __init__(self, shape, names=None):
        self.shape, self.n_values = shape, int(np.prod(shape))
        if names is not None:
            self.feature_names_in_ = np.array(names, dtype=object)

    @property
    def history_(self):
        return [{"epoch": i, "duration": 0.1, "train_loss": 1e4 if i == 1 else 20 / i, "kl": 1 - 1 / i}
                for i in range(1, 21)]  # fmt: skip

    def transform(self, X):
        flat = np.reshape(X, (len(X), -1)).astype(float)
        return np.column_stack([flat[:, :2], np.zeros(len(flat))])

    def inverse_transform(self, Z):
        flat = np.zeros((len(Z), self.n_values))
        flat[:, :2] = Z[:, :2]
        return flat.reshape(len(Z), *self.shape)

    def posterior(self, X):
        loc = self.transform(X)
        return loc, np.broadcast_to(NOISE, loc.shape)

    def sample_posterior(self, X, n_samples=1, random_state=None):
        rng = np.random.RandomState(0) if random_state is None else random_state
        loc, scale = self.posterior(X)
        return loc + scale * rng.standard_normal((n_samples, *loc.shape))

    def sample(self, n_samples=1, random_state=None):
        return self.inverse_transform(random_state.standard_normal((n_samples, N_COMPONENTS)))

    def to_generation_space(self, Z):
        return np.asarray(Z, dtype=float)

    to_representation_space = to_generation_space

    def log_prior(self, Z):
        return norm.logpdf(Z).sum(axis=-1)

    def log_posterior(self, X, Z):
        loc, scale = self.posterior(X)
        return norm.logpdf(Z, loc, scale).sum(axis=-1)

    def log_likelihood(self, X, Z):
        return np.zeros(np.shape(Z)[:-1])

    def explain(self, X):
        return -0.5 * np.square(np.asarray(X, dtype=float))

    def score_samples(self, X):
        return -0.5 * np.square(np.asarray(X, dtype=float)).reshape(len(X), -1).sum(axis=1)


def words_of(figure):
    """Words that a figure draws, each with its box in pixels; slanted ones are left out."""
    drawn, lines = {}, set()
    plain = RendererAgg.draw_text

    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        drawn[mtext] = angle
        lines.add(s)
        plain(self, gc, x, y, s, prop, angle, ismath, mtext)

    with mock.patch.object(RendererAgg, "draw_text", draw_text):
        figure.canvas.draw()
    drawn.pop(None, None)  # lines of words of several lines, which are found by them
    several = [text for text in figure.findobj(Text) if "\n" in text.get_text() and text.get_rotation() in (0, 90)]
    upright = [text for text, angle in drawn.items() if angle in (0, 90)]
    upright += [text for text in several if lines.issuperset(text.get_text().split("\n"))]
    return [(text.get_text(), text.get_window_extent()) for text in upright]


def faults_of(figure):
    """Words that are cut off, and pairs that lie over each other."""
    words = words_of(figure)
    width, height = figure.canvas.get_width_height()
    cut = [word for word, box in words if box.x0 < -2 or box.y0 < -2 or box.x1 > width + 2 or box.y1 > height + 2]
    return cut + [(a, b) for i, (a, one) in enumerate(words) for b, other in words[i + 1 :] if _cover(one, other)]


def _cover(one, other):
    wide = min(one.x1, other.x1) - max(one.x0, other.x0)
    high = min(one.y1, other.y1) - max(one.y0, other.y0)
    return wide > 2 and high > 3
