"""Training as a whole: the same as by hand, on the books, safe from terms that are not finite, resumable."""

import copy
import pickle
import warnings

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from skorch.callbacks import Callback, LRScheduler
from tiny_training import (
    BATCHES,
    N_BATCHES,
    AtBatchBegin,
    AtEpochBegin,
    AtGradients,
    AtTrainBegin,
    Rivalry,
    Trap,
    X,
    batch_normalised,
    linear_decoder,
    same_parameters,
    same_weights,
    tiny,
    weights,
)
from torch import nn
from torch.distributions import Normal as TorchNormal
from torch.distributions import kl_divergence

from vaekit import AAE, VAE, WAE, AnnealedVAE, BetaTCVAE, BetaVAE, FactorDPVAE, FactorVAE
from vaekit.engine import Net
from vaekit.exceptions import NonFiniteLossError, ScheduleWarning, VaekitError, VaekitWarning
from vaekit.likelihoods import Normal
from vaekit.nn import MLP, Custom
from vaekit.objectives import Warmup
from vaekit.priors import Decoupled

pytestmark = pytest.mark.filterwarnings("ignore::vaekit.exceptions.VaekitWarning")

# ------------------------------------------------------------------ the loop


class ByHand:
    """A VAE with one hidden layer, written with torch's own modules, distributions and Adam."""

    def __init__(self, state):
        with torch.random.fork_rng():
            layers = {
                "encoder.0": nn.Linear(4, 8), "posterior.layer": nn.Linear(8, 4), "decoder.0": nn.Linear(2, 8),
                "decoder.2": nn.Linear(8, 4),
            }  # fmt: skip
        for name, layer in layers.items():
            layer.load_state_dict({kind: state[f"{name}.{kind}"] for kind in ("weight", "bias")})
        self.encode = nn.Sequential(layers["encoder.0"], nn.Tanh(), layers["posterior.layer"])
        self.decode = nn.Sequential(layers["decoder.0"], nn.Tanh(), layers["decoder.2"])
        self.log_scale = nn.Parameter(state["likelihood.learned_log_scale"].clone())
        parameters = [*self.encode.parameters(), *self.decode.parameters(), self.log_scale]
        self.optimizer = torch.optim.Adam(parameters, lr=1e-2)

    def step(self, x, noise, kl_weight):
        mu, logvar = self.encode(x).chunk(2, dim=1)
        q = TorchNormal(mu, torch.exp(logvar / 2))
        decoded = TorchNormal(self.decode(q.loc + q.scale * noise), self.log_scale.exp())
        reconstruction = -decoded.log_prob(x).sum(1).mean()
        kl = kl_divergence(q, TorchNormal(0.0, 1.0)).sum(1).mean()
        loss = reconstruction + kl_weight * kl
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return [loss.item(), reconstruction.item(), kl.item()]


def test_fit_is_the_loop_one_would_write_by_hand():
    start = {}

    def remember(net):
        start["state"] = {name: value.clone() for name, value in net.module_.state_dict().items()}
        start["generator"] = net.generator.get_state()

    model = tiny(
        activation="tanh", standardize=None, likelihood=Normal(scale="learned", initial_scale=0.5), warmup=7,
        learning_rate=1e-2, callbacks=[AtTrainBegin(remember)], max_epochs=4,
    ).fit(X)  # fmt: skip
    by_hand, generator = ByHand(start["state"]), torch.Generator()
    generator.set_state(start["generator"])
    rows, step = torch.from_numpy(X.astype(np.float32)), 0
    for epoch in range(4):
        order, terms = torch.randperm(35, generator=generator), []
        for batch in order.split(8):
            noise = torch.randn(len(batch), 2, generator=generator)
            terms.append(by_hand.step(rows[batch], noise, min(1, step / 7)))
            step += 1
        means = np.average(terms, axis=0, weights=BATCHES)  # every row counts once
        recorded = [model.history_[epoch][name] for name in ("train_loss", "reconstruction", "kl")]
        np.testing.assert_allclose(recorded, means, rtol=1e-5)
    final = model.net_.module_
    torch.testing.assert_close(final.decoder[0].weight, by_hand.decode[0].weight, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(final.posterior.layer.weight, by_hand.encode[2].weight, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(final.likelihood.learned_log_scale, by_hand.log_scale, rtol=1e-4, atol=1e-6)
    assert (final.decoder[0].weight - start["state"]["decoder.0.weight"]).abs().min() > 0


def test_a_discriminator_is_trained_beside_the_model_without_moving_it():
    start = {}

    def remember(net):
        start["discriminator"] = net.module_.discriminator.weight.detach().clone()

    plain = tiny(max_steps=1).fit(X)
    rival = tiny(max_steps=1, objective=Rivalry(), callbacks=[AtTrainBegin(remember)]).fit(X)
    common, own = weights(plain), weights(rival)
    assert all(torch.equal(own[name], value) for name, value in common.items())
    moved = (own["discriminator.weight"] - start["discriminator"]).abs()
    torch.testing.assert_close(moved, torch.full((1, 2), 0.1))  # Adam's first step is as long as its learning rate
    rival.fit(X)
    assert [group["betas"] for group in rival.net_.optimizer_.param_groups] == [(0.9, 0.999), (0.5, 0.9)]
    assert {"gap", "discriminator", "reconstruction", "kl", "train_loss"} <= set(rival.history_[-1])


# ------------------------------------------------------------------ the books


def test_history_has_a_row_per_epoch_and_nothing_per_batch():
    model = tiny(BetaVAE, beta=3, warmup=0, early_stopping=True, callbacks=[AtBatchBegin(lambda net, batch: None)]).fit(
        X
    )
    assert [row["epoch"] for row in model.history_] == [1, 2, 3]
    for row in model.history_:
        assert set(row) == {"epoch", "train_loss", "reconstruction", "kl", "valid_loss", "duration"}
        assert all(type(value) in (int, float) for value in row.values())
        assert row["train_loss"] == pytest.approx(row["reconstruction"] + 3 * row["kl"], rel=1e-6)
        assert row["duration"] > 0
    assert all(len(row["batches"]) <= 1 for row in model.net_.history)


def test_the_kl_rises_over_the_warmup():
    model = tiny(warmup=N_BATCHES * 2, max_epochs=4).fit(X)
    weight = [(row["train_loss"] - row["reconstruction"]) / row["kl"] for row in model.history_]
    assert 0 < weight[0] < weight[1] < 1
    np.testing.assert_allclose(weight[2:], 1, rtol=1e-4)
    steps = np.arange(N_BATCHES) / (2 * N_BATCHES)
    assert weight[0] == pytest.approx(np.average(steps, weights=BATCHES), rel=0.05)


@pytest.mark.parametrize(("max_steps", "n_steps", "n_epochs"), [(1, 1, 1), (7, 7, 2), (10, 10, 2), (99, 15, 3)])
def test_max_steps_ends_training_inside_an_epoch(max_steps, n_steps, n_epochs):
    model = tiny(max_steps=max_steps).fit(X)
    assert (model.n_steps_, len(model.history_)) == (n_steps, n_epochs)


def test_every_step_meets_its_own_rows():
    seen, ids = [], np.c_[np.arange(35.0), X]

    def remember(net, batch):
        seen.append(batch[0][:, 0].tolist())

    tiny(standardize=None, max_epochs=2, callbacks=[AtBatchBegin(remember)]).fit(ids)
    epochs = [np.concatenate(seen[start : start + N_BATCHES]).tolist() for start in (0, N_BATCHES)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(35))] * 2
    assert epochs[0] != epochs[1]


# ------------------------------------------------------------------ terms that are not finite


@pytest.mark.parametrize(("value", "word"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf")])
@pytest.mark.parametrize("step", [0, 3, 4])
def test_a_broken_term_in_the_first_epoch_is_an_error_that_names_it(value, word, step):
    with pytest.raises(
        NonFiniteLossError, match=f"'trap' term of the loss was {word} at step {step};.*learning_rate"
    ) as error:
        tiny(objective=Trap(at=step, value=value)).fit(X)
    assert isinstance(error.value, (ValueError, VaekitError))


@pytest.mark.parametrize("step", [10, 12, 14])
def test_a_broken_term_later_is_a_warning_and_the_epoch_before_is_kept(step):
    before = tiny(warmup=0, max_epochs=2).fit(X)
    with pytest.warns(ConvergenceWarning, match=f"'trap' term of the loss was nan at step {step};.*were kept"):
        broken = tiny(warmup=0, objective=Trap(at=step), max_epochs=6).fit(X)
    assert same_weights(broken, before)
    assert broken.n_steps_ == before.n_steps_ == 2 * N_BATCHES
    assert len(broken.history_) == 3
    assert np.isnan(broken.history_[-1]["trap"])
    assert np.isfinite(broken.score(X))


def test_a_broken_term_does_not_disturb_early_stopping():
    options = {"warmup": 0, "early_stopping": True, "n_iter_no_change": 50}
    before = tiny(max_epochs=2, **options).fit(X)
    with pytest.warns(ConvergenceWarning, match="'trap' term of the loss was nan at step 9"):
        broken = tiny(objective=Trap(at=9), max_epochs=6, **options).fit(X)  # 31 rows train: four steps per epoch
    assert same_weights(broken, before)
    assert broken.history_[-1]["valid_loss"] == broken.history_[-2]["valid_loss"]


def test_training_goes_on_after_a_broken_epoch():
    with pytest.warns(ConvergenceWarning, match="at step 7"):
        model = tiny(objective=Trap(at=7)).fit(X)
    kept = weights(model)
    model.net_.objective.at = -1
    model.partial_fit(X)
    assert all(torch.isfinite(value).all() for value in weights(model).values())
    assert not torch.equal(weights(model)["decoder.0.weight"], kept["decoder.0.weight"])


def poison(step):
    """Return a callback that makes one gradient NaN at one step."""

    def spoil(net, gradients):
        if net.step_ == step:
            gradients["decoder.0.weight"][0, 0] = np.nan

    return AtGradients(spoil)


def test_a_broken_gradient_of_a_last_step_is_found_in_the_weights():
    with pytest.raises(NonFiniteLossError, match="gradient was not finite between steps 0 and 4"):
        tiny(callbacks=[poison(4)]).fit(X)
    before = tiny(warmup=0, max_epochs=1).fit(X)
    with pytest.warns(ConvergenceWarning, match="gradient was not finite between steps 5 and 9"):
        broken = tiny(warmup=0, callbacks=[poison(9)]).fit(X)
    assert same_weights(broken, before)


class NinthPower(nn.Module):
    def forward(self, z):
        return z**9


def steep_decoder(n_components, event_shape):
    return nn.Sequential(linear_decoder(n_components, event_shape), NinthPower())


def tearing(first_epoch):
    """Return a callback that makes codes drawn of the prior so large, from this epoch on, that decoding overflows."""

    def tear(net, at):
        if len(net.history) > first_epoch:
            net.module_.prior.log_scale.data.fill_(20.0)

    return AtEpochBegin(tear)


def test_draws_that_are_not_finite_lead_back_though_no_loss_tells_of_them():
    network = Custom(encoder_module=batch_normalised, decoder_module=steep_decoder)
    options = {"network": network, "prior": "elementwise_flow", "warmup": 0}
    before = tiny(max_epochs=1, **options).fit(X)  # where the third begins, the scale is changed already
    broken = tiny(max_epochs=3, callbacks=[tearing(2)], **options)
    with pytest.warns(ConvergenceWarning, match="the prior draws was not finite at step 15; .* were kept"):
        broken.fit(X)
    assert np.isfinite([row["train_loss"] for row in broken.history_]).all()
    assert same_weights(broken, before)
    assert np.isfinite(broken.sample(20)).all()
    with pytest.raises(NonFiniteLossError, match="the prior draws was not finite at step 25; lower 'learning_rate'"):
        tiny(max_epochs=5, callbacks=[tearing(1)], **options).fit(X)


def test_statistics_of_a_batch_normalisation_are_kept_too():
    network = Custom(encoder_module=batch_normalised, decoder_module=linear_decoder)
    with pytest.warns(ConvergenceWarning, match="at step 5"):
        model = tiny(network=network, objective=Trap(at=5)).fit(X)
    assert np.isfinite(model.transform(X)).all()


# ------------------------------------------------------------------ early stopping


def test_early_stopping_stops():
    model = tiny(max_epochs=50, warmup=0, early_stopping=True, tol=1e9, n_iter_no_change=4).fit(X)
    assert len(model.history_) == 1 + 4


def test_early_stopping_waits_for_the_warmup():
    options = {"max_epochs": 50, "early_stopping": True, "tol": 1e9, "n_iter_no_change": 4}
    model = tiny(warmup=4 * 10, **options).fit(X)  # 31 rows train: four steps per epoch
    assert len(model.history_) == 9 + 1 + 4


@pytest.mark.parametrize(
    "rising",
    [
        {"warmup": 20, "beta": 100},
        {"warmup": 0, "beta": Warmup(value=100, steps=20)},
    ],
    ids=["warm-up", "a weight of its own"],
)
def test_the_best_epoch_is_not_one_of_a_weight_that_was_still_rising(rising):
    """With a large beta the ELBO is best when beta is not yet there."""
    held_out = {}
    model = tiny(
        BetaVAE, likelihood=Normal(scale=0.5), learning_rate=0.03, early_stopping=True, max_epochs=8, **rising,
        callbacks=[AtEpochBegin(lambda net, rows: held_out.update(rows=rows))],
    ).fit(X)  # fmt: skip
    losses = [row["valid_loss"] for row in model.history_]  # four steps per epoch
    assert np.argmin(losses) < 4
    assert model.net_.held_out_loss(held_out["rows"]) == pytest.approx(min(losses[4:]), rel=1e-6)


@pytest.mark.parametrize("cls", [AAE, WAE, AnnealedVAE])
def test_a_warmup_that_weighs_nothing_is_not_waited_for(cls):
    changes = {"capacity_steps": 1, "max_capacity": 0} if cls is AnnealedVAE else {}
    with warnings.catch_warnings():
        warnings.simplefilter("error", ScheduleWarning)
        model = tiny(cls, warmup=1000, max_epochs=50, early_stopping=True, tol=1e9, n_iter_no_change=4, **changes).fit(
            X
        )
    assert len(model.history_) == 1 + 4


def spoil_from_the_seventh(net, held_out_rows):
    if len(net.history) > 6:
        net.optimizer_.param_groups[0]["lr"] = 50.0


def test_the_best_epoch_is_given_back_from_memory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = {"warmup": 0, "early_stopping": True}
    model = tiny(max_epochs=9, callbacks=[AtEpochBegin(spoil_from_the_seventh)], **options).fit(X)
    losses = [row["valid_loss"] for row in model.history_]
    assert losses.index(min(losses)) == 5
    assert losses[-1] > min(losses) + 1
    assert same_weights(model, tiny(max_epochs=6, **options).fit(X))
    assert list(tmp_path.iterdir()) == []


def test_held_out_rows_come_from_the_rows_given_and_train_nothing():
    seen, held_out, ids = [], {}, np.c_[np.arange(35.0), X]

    def remember(net, held_out_rows):
        held_out["ids"] = held_out_rows[:].x[:, 0].tolist()

    tiny(
        standardize=None, early_stopping=True, validation_fraction=0.2,
        callbacks=[
            AtBatchBegin(lambda net, batch: seen.extend(batch[0][:, 0].tolist())), AtEpochBegin(remember),
        ],
    ).fit(ids)  # fmt: skip
    assert len(held_out["ids"]) == 7
    assert set(seen) | set(held_out["ids"]) == set(range(35))
    assert not set(seen) & set(held_out["ids"])


def test_the_random_state_decides_which_rows_are_held_out():
    def held_out_by(random_state, n_calls=1):
        seen = []

        def remember(net, held_out_rows):
            seen.append(held_out_rows[:].x.tolist())

        model = tiny(random_state=random_state, early_stopping=True, callbacks=[AtEpochBegin(remember)])
        for _ in range(n_calls):
            model.partial_fit(X)
        return seen

    (rows,) = held_out_by(0)
    assert held_out_by(0, n_calls=2) == [rows, rows]
    assert held_out_by(1) != [rows]


def test_the_validation_loss_is_the_negative_elbo_per_row():
    held_out = {}

    def remember(net, held_out_rows):
        held_out["rows"] = held_out_rows[:].x.cpu().numpy()

    options = {"standardize": None, "early_stopping": True, "validation_fraction": 0.3, "max_epochs": 1}
    model = tiny(**options, callbacks=[AtEpochBegin(remember)]).fit(np.tile(X, (40, 1)))  # one draw of z for each row
    assert model.history_[0]["valid_loss"] == pytest.approx(-model.score(held_out["rows"]), rel=0.02)


def test_the_validation_loss_is_the_elbo_whatever_beta_is():
    """Both models hold the weights of one step, taken with a KL of weight 0."""
    losses = [
        tiny(BetaVAE, beta=beta, warmup=5, max_steps=1, early_stopping=True).fit(X).history_[0]["valid_loss"]
        for beta in (1, 50)
    ]
    assert losses[0] == losses[1]


# ------------------------------------------------------------------ resuming


def test_a_warm_start_goes_on():
    at_once = tiny(warmup=0, max_epochs=4).fit(X)
    warm = tiny(warmup=0, max_epochs=2, warm_start=True).fit(X).fit(X)
    assert same_weights(at_once, warm)
    assert [row["epoch"] for row in warm.history_] == [1, 2, 3, 4]
    assert warm.n_steps_ == 4 * N_BATCHES


def test_without_warm_start_fit_starts_anew():
    once, twice = tiny().fit(X), tiny().fit(X[:20]).fit(X)
    assert same_weights(once, twice)
    assert len(twice.history_) == 3


class Failure(Exception):
    pass


def fail(*args, **kwargs):
    raise Failure("here")


def failing_at(step):
    """Return a callback that fails before a step."""
    return AtBatchBegin(lambda net, batch: fail() if net.step_ == step else None)


@pytest.mark.parametrize(
    ("callback", "n_steps"),
    [
        (failing_at(7), 7),
        (AtEpochBegin(lambda net, rows: fail() if len(net.history) == 3 else None), 2 * N_BATCHES),
        (type("AtEnd", (Callback,), {"on_epoch_end": fail})(), N_BATCHES),
        (type("AtTheVeryEnd", (Callback,), {"on_train_end": fail})(), 3 * N_BATCHES),
    ],
    ids=["amid an epoch", "between epochs", "after an epoch", "after training"],
)
def test_an_error_in_a_callback_passes_on_and_leaves_what_was_learned(callback, n_steps):
    expected = tiny(max_steps=n_steps, warmup=0).fit(X)
    model = tiny(warmup=0, callbacks=[callback])
    with pytest.raises(Failure), pytest.warns(ConvergenceWarning, match=f"ended by Failure after step {n_steps}"):
        model.fit(X)
    assert same_weights(model, expected)
    assert (model.n_steps_, len(model.history_)) == (n_steps, n_steps // N_BATCHES)
    assert model.active_components_.shape == model.kl_per_component_.shape == (2,)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).transform(X), model.transform(X))


def test_an_error_amid_early_stopping_leaves_the_best_epoch():
    def spoil(net, held_out_rows):
        spoil_from_the_seventh(net, held_out_rows)
        if len(net.history) == 9:
            fail()

    options = {"warmup": 0, "early_stopping": True}
    model = tiny(max_epochs=9, callbacks=[AtEpochBegin(spoil)], **options)
    with pytest.raises(Failure), pytest.warns(ConvergenceWarning):
        model.fit(X)
    losses = [row["valid_loss"] for row in model.history_]
    assert losses.index(min(losses)) == 5
    assert same_weights(model, tiny(max_epochs=6, **options).fit(X))


@pytest.mark.parametrize("goes_on", [True, False])
def test_before_the_first_step_a_failure_changes_nothing(goes_on):
    model, undisturbed = tiny(warm_start=goes_on).fit(X), tiny(warm_start=goes_on).fit(X)
    history = model.history_
    with pytest.raises(Failure):
        model.set_params(callbacks=[failing_at(3 * N_BATCHES if goes_on else 0)]).fit(X)
    assert same_weights(model, undisturbed)
    assert (model.history_, model.n_steps_) == (history, 3 * N_BATCHES)
    model.set_params(callbacks=None)
    assert same_weights(model.fit(X), undisturbed.fit(X))  # moments and random numbers too
    unfitted = tiny(callbacks=[failing_at(0)])
    with pytest.raises(Failure):
        unfitted.fit(X)
    assert not hasattr(unfitted, "net_")


def test_a_warm_start_that_fails_goes_on_from_there():
    model = tiny(warm_start=True, warmup=0).fit(X)
    with pytest.raises(Failure), pytest.warns(ConvergenceWarning):
        model.set_params(callbacks=[AtEpochBegin(lambda net, rows: fail() if len(net.history) == 5 else None)]).fit(X)
    at_once = tiny(max_epochs=4, warmup=0, warm_start=True).fit(X)
    assert same_weights(model, at_once)
    assert same_weights(model.set_params(callbacks=None).partial_fit(X), at_once.partial_fit(X))


@pytest.mark.parametrize("spoil", ["summary", "schedules"])
def test_nor_does_a_failure_after_the_last_step_lose_what_was_learned(spoil):
    """A warning that a filter makes an error comes when training is over."""
    model, data = {
        "summary": (tiny(), np.ones_like(X)),
        "schedules": (tiny(max_steps=1, warmup=5), X),
    }[spoil]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(VaekitWarning):
            model.fit(data)
    assert same_weights(model, tiny(**{n: getattr(model, n) for n in ("max_steps", "warmup")}).fit(data))


def test_a_filter_does_not_hide_the_failure_itself():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(Failure):
            tiny(callbacks=[failing_at(7)]).fit(X)


def test_a_warm_start_takes_other_steps():
    model = tiny(warm_start=True).fit(X)
    kept = weights(model)
    model.set_params(learning_rate=1e-12, batch_size=5, max_epochs=1).fit(X)
    assert model.n_steps_ == 3 * N_BATCHES + 7
    assert all(torch.allclose(kept[name], value, atol=1e-9) for name, value in weights(model).items())
    again = pickle.loads(pickle.dumps(model))
    assert (again.net_.lr, again.net_.batch_size) == (1e-12, 5)


@pytest.mark.parametrize("changed", [{"n_components": 3}, {"prior": "decoupled"}, {"warmup": 0}, {"beta": 2}])
def test_but_makes_no_other_model(changed):
    model = tiny(BetaVAE, warm_start=True).fit(X)
    kept = weights(model)
    for go_on in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match=f"{list(changed)}.*warm_start=False".replace("[", r"\[")):
            model.set_params(**changed) and go_on(X)
    assert all(torch.equal(kept[name], value) for name, value in weights(model).items())
    assert len(model.set_params(warm_start=False).fit(X).history_) == 3


def test_what_changed_is_named_however_deep_it_lies():
    widths = [8] * 40
    model = tiny(network=MLP(hidden_layer_sizes=widths), max_epochs=1, warm_start=True).fit(X)
    assert model.set_params(network=MLP(hidden_layer_sizes=tuple(widths))).fit(X).n_steps_ == 2 * N_BATCHES
    with pytest.raises(ValueError, match=r"\['network__hidden_layer_sizes'\] changed"):
        model.set_params(network__hidden_layer_sizes=[*widths[:-1], 9]).fit(X)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ({"hidden_layer_sizes": [8]}, {"hidden_layer_sizes": (np.int64(8),)}),
        ({"n_components": 2}, {"n_components": np.int64(2)}),
        ({"prior": "decoupled"}, {"prior": Decoupled()}),
    ],
)
def test_the_same_in_other_words_is_no_change(first, then):
    model = tiny(max_epochs=1, warm_start=True, **first).fit(X)
    assert model.set_params(**then).fit(X).n_steps_ == 2 * N_BATCHES


@pytest.mark.parametrize("changed", [{"warmup": 1.0}, {"standardize": None}, {"early_stopping": True}])
def test_but_these_are_changes(changed):
    model = tiny(warmup=1, warm_start=True).fit(X)
    with pytest.raises(ValueError, match="changed since the first fit"):
        model.set_params(**changed).fit(X)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_with_networks_of_the_users_own_goes_on(copied):
    model = tiny(network=Custom(encoder_module=nn.Linear(4, 8), decoder_module=linear_decoder)).fit(X)
    assert same_weights(copied(model).partial_fit(X), model.partial_fit(X))
    another = Custom(encoder_module=nn.Linear(4, 8), decoder_module=linear_decoder)
    with pytest.raises(ValueError, match=r"\['network__encoder_module'\] changed"):
        model.set_params(network=another).partial_fit(X)


def test_another_learning_rate_scales_what_a_scheduler_made_of_the_first():
    rates = []

    def remember(net, held_out_rows):
        rates.append(net.optimizer_.param_groups[0]["lr"])

    scheduler = LRScheduler("StepLR", step_size=1, gamma=0.5)
    model = tiny(warm_start=True, max_epochs=2, learning_rate=8e-3, callbacks=[scheduler]).fit(X)
    model.set_params(learning_rate=4e-3, max_epochs=1, callbacks=[AtEpochBegin(remember)]).fit(X)
    assert rates == pytest.approx([1e-3])


@pytest.mark.parametrize("cls", [VAE, FactorVAE, BetaTCVAE, WAE])
def test_a_single_row_is_no_batch(cls):
    model = tiny(cls).fit(X)
    kept, active = weights(model), model.active_components_
    with pytest.raises(ValueError, match="at least two rows, and X holds one"):
        model.partial_fit(X[:1])
    with pytest.raises(ValueError, match=r"leaves 1 of 2.*'validation_fraction'"):
        tiny(cls, early_stopping=True).fit(X[:2])
    assert all(torch.equal(kept[name], value) for name, value in weights(model).items())
    assert model.active_components_ is active


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_the_callers_gradient_mode_does_not_matter(mode):
    with mode():
        model = tiny(FactorDPVAE).fit(X)
    assert same_weights(model, tiny(FactorDPVAE).fit(X))


def test_nor_does_torchs_default_type():
    expected = tiny(FactorDPVAE).fit(X)
    saved = pickle.dumps(expected)
    torch.set_default_dtype(torch.float64)
    try:
        model, loaded = tiny(FactorDPVAE).fit(X), pickle.loads(saved)
        np.testing.assert_array_equal(loaded.score_samples(X), expected.score_samples(X))
        np.testing.assert_allclose(model.transform(X), expected.transform(X), rtol=1e-3, atol=1e-4)
    finally:
        torch.set_default_dtype(torch.float32)
    assert all(tensor.dtype == torch.float32 for tensor in weights(model).values())


# ------------------------------------------------------------------ interrupts


def interrupt_at(step):
    def look(net, batch):
        if net.step_ == step:
            raise KeyboardInterrupt

    return AtBatchBegin(look)


@pytest.mark.parametrize("cls", [VAE, AnnealedVAE, FactorDPVAE])
@pytest.mark.parametrize("step", [0, 2, 7])
def test_an_interrupt_amid_an_epoch_is_announced_and_leaves_whole_epochs_in_the_history(cls, step):
    with pytest.warns(ConvergenceWarning, match=f"interrupted at step {step}"):
        model = tiny(cls, callbacks=[interrupt_at(step)]).fit(X)
    assert model.n_steps_ == step
    assert len(model.history_) == step // N_BATCHES
    assert all("train_loss" in row for row in model.history_)
    assert np.isfinite(model.transform(X)).all()


def test_an_interrupt_keeps_no_weights_that_are_not_finite():
    with pytest.raises(NonFiniteLossError, match="A weight was not finite at step 3"):
        tiny(learning_rate=1e30, callbacks=[interrupt_at(3)]).fit(X)
    model = tiny(warm_start=True).fit(X)
    kept = weights(model)
    with pytest.warns(ConvergenceWarning, match=f"interrupted at step {3 * N_BATCHES}"):
        model.set_params(learning_rate=1e30, callbacks=[interrupt_at(3 * N_BATCHES + 3)]).fit(X)
    assert all(torch.equal(kept[name], value) for name, value in weights(model).items())


def test_an_interrupt_of_the_held_out_pass_is_announced_too(monkeypatch):
    losses = iter([3.0, 2.0])

    def held_out_loss(net, rows):
        for loss in losses:
            return loss
        raise KeyboardInterrupt

    monkeypatch.setattr(Net, "held_out_loss", held_out_loss)
    with pytest.warns(ConvergenceWarning, match="interrupted at step 12"):
        model = tiny(early_stopping=True, warmup=0).fit(X)
    assert [row["valid_loss"] for row in model.history_] == [3.0, 2.0]


class Interrupt(Callback):
    def on_epoch_end(self, net, **kwargs):
        raise KeyboardInterrupt


def test_an_interrupt_ends_training_and_keeps_what_was_learned():
    model = tiny(callbacks=[Interrupt()]).fit(X)
    assert model.n_steps_ == N_BATCHES
    assert len(model.history_) == 1
    assert same_parameters(model, tiny().partial_fit(X))
