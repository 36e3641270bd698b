"""What a net looks at outside training: losses of held-out rows, and what has a closed form or is found in codes."""

import torch

from vaekit.engine._data import batch_bounds, each_by_itself, rows_that_count_once
from vaekit.engine._loop import noise_like_weights
from vaekit.priors import Prior
from vaekit.utils._torch import make_generator

__all__ = ["drawn_means", "finish_prior", "held_out_loss", "held_out_losses", "settle_likelihood"]


def held_out_loss(net, rows):
    """Mean validation loss per row, with the same noise every time."""
    generator, total = make_generator(0, rows.device), 0.0
    for start, stop in batch_bounds(len(rows), net.inference_rows):
        batch = rows[start:stop]
        losses = held_out_losses(net, batch, generator)
        total += (losses if batch.weight is None else losses * batch.weight).sum()
    return float(total) / (len(rows) if rows.weight is None else float(rows.weight.sum()))


def held_out_losses(net, batch, generator):
    """Validation loss of each row of a batch."""
    net.set_training(False)
    noise = noise_like_weights(net, batch.n_rows, net.objective.held_out_noise(net.noise_widths), generator)
    with torch.no_grad():
        return net.objective.held_out_losses(net.module_, batch, noise)


def drawn_means(net, batch, generator):
    """E[x | z] of a draw of the prior for what is known of each row of a batch."""
    net.set_training(False)
    noise = noise_like_weights(net, batch.n_rows, net.noise_widths.prior, generator)
    with torch.no_grad():
        model = net.module_.given(batch.given)
        return model.likelihood.mean(model.decode(model.prior.sample(noise)))


def settle_likelihood(net, rows):
    """Let the likelihood take what has a closed form from rows as the weights now reconstruct them."""
    net.set_training(False)
    rows = each_by_itself(rows)
    likelihood, generator = net.module_.likelihood, make_generator(0, rows.device)
    rows_of = rows_that_count_once(rows)
    width, total = net.objective.held_out_noise(net.noise_widths), 0.0
    with torch.no_grad():
        for start, stop in batch_bounds(len(rows), net.inference_rows):
            batch = rows_of(start, stop)
            noise = noise_like_weights(net, batch.n_rows, width, generator)
            codes = net.objective.explaining_codes(net.module_, batch, noise)
            statistics = likelihood.statistics(net.module_.given(batch.given).decode(codes), batch.x)
            if statistics is None:
                return
            total += batch.n_rows * statistics
        likelihood.settle(total / len(rows))


def finish_prior(net, rows):
    """Let the prior take what it finds in codes of some rows, if it looks for anything."""
    prior, generator = net.module_.prior, make_generator(0, rows.device)
    if type(prior).finish is Prior.finish:
        return
    rows_of = rows_that_count_once(rows)
    net.set_training(False)
    with torch.no_grad():
        bounds = batch_bounds(len(rows), net.inference_rows)
        codes = [_codes(net, rows_of(start, stop), generator) for start, stop in bounds]
    prior.finish(torch.cat(codes))


def _codes(net, batch, generator):
    """A draw of q(z | x) for each row."""
    noise = noise_like_weights(net, batch.n_rows, net.noise_widths.posterior, generator)
    return net.module_.given(batch.given).encode(batch.x).rsample(noise)
