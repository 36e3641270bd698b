"""Whether training had come to its end when it ended: judged by the losses of its epochs."""

import math

import numpy as np

__all__ = ["diverged", "scale_was_moving", "was_hardly_trained", "was_still_falling"]

LEAST_REACH = 0.1  # a weight that could move less than this in all steps together has not been trained
LEAST_FALL = 0.05  # nats per feature: what as many epochs again must promise to be worth a word
FAR = 0.1  # nats per feature by which a loss must have risen
CERTAIN = 3  # standard errors
STEEP = 0.9  # of what training has gained so far; a loss that falls along a line is at 1


LONGER = "raise 'max_epochs' or 'learning_rate'"


def was_hardly_trained(reach):
    """Say so if Adam can have moved no weight far: by its steps times the learning rate."""
    if reach < LEAST_REACH:
        return f"Training ended before any weight could move by more than {reach:.3g}; {LONGER}."
    return None


def was_still_falling(losses, first_epoch, n_features):
    """Say so if the loss was falling steeply when training ended.

    Steeply: at the slope of the second half, as many epochs again would lower the loss (nearly) as much as these did.

    Parameters
    ----------
    losses : sequence of float
        One per epoch, in nats per row.
    first_epoch : int
        Epochs from this one on were trained with weights of the loss that do not change.
    n_features : int

    Returns
    -------
    sentence : str or None
    """
    settled = np.asarray(losses[first_epoch:], dtype=float)
    if len(settled) < 3:
        return None
    slope, error = _slope(settled[-max(3, math.ceil(len(settled) / 2)) :])
    promised, so_far = -slope * len(losses), abs(losses[0] - settled[-1])
    if -slope > CERTAIN * error and promised > max(STEEP * so_far, LEAST_FALL * n_features):
        return f"The loss was still falling when training ended, by {-slope:.3g} nats per row and epoch; {LONGER}."
    return None


def _slope(values):
    """Slope of the line through values at 0, 1, ..., and its standard error."""
    t = np.arange(len(values)) - (len(values) - 1) / 2
    slope = t @ values / (t @ t)
    rest = values - values.mean() - slope * t
    return slope, math.sqrt(rest @ rest / (len(values) - 2) / (t @ t))


def diverged(losses, first_epoch, n_features, reconstruction, untrained, chance=0.0):
    """Say so if the model ended worse than it began, or far above the best of its epochs.

    Parameters
    ----------
    losses, first_epoch, n_features
        As above.
    reconstruction, untrained : float
        Reconstruction loss in the last epoch and at the first step.
    chance : float, default=0
        Standard error of the latter, where the first step saw a few of the rows.

    Returns
    -------
    sentence : str or None
    """
    remedy = "training has diverged: lower 'learning_rate'"
    if reconstruction > untrained + FAR * n_features + CERTAIN * chance:
        return (
            f"The reconstruction loss ended at {reconstruction:.4g} nats per row, above the {untrained:.4g} of the "
            f"untrained model; {remedy}."
        )
    settled = np.asarray(losses[first_epoch:], dtype=float)
    if len(settled) < 3:
        return None
    width = max(1, len(settled) // 10)
    means = np.convolve(settled, np.ones(width) / width, "valid")
    # second differences of independent noise have six times its variance
    noise = 1.4826 * np.median(np.abs(np.diff(settled, 2))) / math.sqrt(6)
    rise = means[-1] - means.min()
    if rise > max((means[0] - means.min()) / 2, FAR * n_features, 10 * noise):
        return f"The loss ended {rise:.4g} nats per row above that of its best epochs; {remedy}."
    return None


def scale_was_moving(log_scales, step_length):
    """Say so if a learned scale was on its way when training ended.

    Parameters
    ----------
    log_scales : sequence of float
        Mean log-scale after each epoch.
    step_length : float
        How far Adam can move it in an epoch.

    Returns
    -------
    sentence : str or None
    """
    width = max(1, len(log_scales) // 10)
    if len(log_scales) < 2:
        return None
    moved = log_scales[-1] - log_scales[-1 - width]
    if abs(moved) < 0.3 * width * step_length or abs(moved) / width * len(log_scales) < math.log(1.1):
        return None
    return (
        f"The learned scale of the likelihood was still {'growing' if moved > 0 else 'shrinking'} when training ended, "
        f"by {100 * math.expm1(abs(moved)):.2g}% in the last {width} epochs; raise 'max_epochs' or 'learning_rate', or "
        "take a scale that is not found step by step."
    )
