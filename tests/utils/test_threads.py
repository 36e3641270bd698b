"""How many threads torch uses: one for a small net, what the user allows for a big one, what is asked for by name."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
import torch
from settings_of_words import setting
from skorch.callbacks import Callback

from vaekit import DPVAE, VAE
from vaekit.nn import MLP, ConvNet
from vaekit.utils import _threads
from vaekit.utils._ambient import own_settings
from vaekit.utils._threads import SMALL_STEP, VARIABLE, one_thread, threads_for, work_per_row

X = np.random.default_rng(0).normal(size=(64, 10))
SHORT = {"n_components": 2, "max_epochs": 1, "random_state": 0}

pytestmark = pytest.mark.filterwarnings("ignore:.*latents carry information")


@pytest.fixture(autouse=True)
def two_threads(monkeypatch):
    """The user of this process allows two."""
    monkeypatch.delenv(VARIABLE, raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    assert torch.get_num_threads() == 2
    torch.set_num_threads(before)


class Watch(Callback):
    """Notes the number of threads while a net trains."""

    seen = []

    def on_epoch_end(self, net, **kwargs):
        self.seen.append(torch.get_num_threads())


def threads_in_training(monkeypatch, rows=X, **params):
    monkeypatch.setattr(Watch, "seen", [])
    VAE(**{**SHORT, **params}, callbacks=[Watch()]).fit(rows)
    return Watch.seen[0]


def test_a_small_net_trains_on_one_thread(monkeypatch):
    assert threads_in_training(monkeypatch) == 1


def test_a_big_net_trains_on_what_the_user_allows(monkeypatch):
    monkeypatch.setattr(_threads, "SMALL_STEP", 1000)
    assert threads_in_training(monkeypatch) == 2
    torch.set_num_threads(1)
    assert threads_in_training(monkeypatch) == 1
    torch.set_num_threads(2)


def test_the_environment_says_otherwise(monkeypatch):
    monkeypatch.setenv(VARIABLE, "2")
    assert threads_in_training(monkeypatch) == 2
    monkeypatch.setenv(VARIABLE, "1")
    monkeypatch.setattr(_threads, "SMALL_STEP", 1000)
    assert threads_in_training(monkeypatch) == 1


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5"])
def test_an_environment_that_says_no_number_is_refused(monkeypatch, text):
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(ValueError, match=f"environment variable {VARIABLE} must be a positive integer"):
        VAE(**SHORT).fit(X)


def test_the_rule_is_about_the_net_and_the_batch_alone():
    """Digits and MNIST with default settings are small, larger images are not."""

    def step(network, event_shape, batch_size=128):
        told = setting(event_shape, n_components=10)
        encoder, _ = network.encoder(told)
        decoder = network.decoder(told)
        return batch_size * work_per_row(torch.nn.ModuleList([encoder, decoder]), event_shape)

    assert step(MLP(), (64,)) == 128 * (2 * (64 * 128 + 128 * 64) + 10 * 64 + 2 * (128 + 64) + 64)
    assert step(MLP(), (64,)) < step(ConvNet(), (1, 28, 28)) < SMALL_STEP
    assert step(ConvNet(), (3, 64, 64)) > SMALL_STEP
    assert step(ConvNet(), (1, 28, 28), batch_size=1024) > SMALL_STEP
    assert step(MLP(hidden_layer_sizes=(4096, 4096)), (64,)) > SMALL_STEP


def test_a_kernel_is_used_at_many_pixels_and_a_weight_once():
    layers = torch.nn.ModuleList([torch.nn.Conv2d(1, 2, 3, bias=False), torch.nn.Linear(5, 7, bias=False)])
    assert work_per_row(layers, (1, 32, 16)) == 18 * (512 // 16) + 35
    assert work_per_row(layers, (5,)) == 18 + 35


def test_a_call_inside_a_call_knows_what_the_user_allows():
    with own_settings():
        assert torch.get_num_threads() == 1
        with threads_for(SMALL_STEP):
            assert torch.get_num_threads() == 2
            with own_settings():
                assert torch.get_num_threads() == 1
                with threads_for(SMALL_STEP):
                    assert torch.get_num_threads() == 2
            assert torch.get_num_threads() == 2
        with threads_for(SMALL_STEP - 1):
            assert torch.get_num_threads() == 1


def test_failures_give_the_number_back():
    with pytest.raises(ZeroDivisionError), one_thread(), threads_for(SMALL_STEP):
        raise ZeroDivisionError


def test_a_thread_born_during_a_call_is_left_with_the_users_number():
    """torch gives a new thread what was set last, which is our 1."""
    numbers, born = {}, threading.Event()

    def run():
        with one_thread():
            with threads_for(SMALL_STEP):
                numbers["big"] = torch.get_num_threads()
            born.set()
        numbers["after"] = torch.get_num_threads()

    with one_thread():
        thread = threading.Thread(target=run)
        thread.start()
        born.wait(10)
        thread.join()
    assert numbers == {"big": 2, "after": 2}
    thread = threading.Thread(target=lambda: numbers.update(later=torch.get_num_threads()))
    thread.start()
    thread.join()
    assert numbers["later"] == 2


def test_images_of_small_nets_have_the_same_bits_whatever_the_threads():
    images = np.random.default_rng(0).integers(0, 256, (96, 28, 28), dtype=np.uint8)

    def codes(n_threads):
        torch.set_num_threads(n_threads)
        return DPVAE(max_epochs=1, random_state=0).fit(images).transform(images)

    one, two = codes(1), codes(2)
    np.testing.assert_array_equal(one, two)


def encode_in_child(model, rows, results):
    results.put(model.transform(rows))


def test_a_forked_child_does_not_wait_for_its_parents_threads():
    """The parent has had OpenMP threads at work; the child has none of them."""
    script = f"""
import multiprocessing, sys, warnings
sys.path[:0] = [{os.path.dirname(__file__)!r}, {os.path.dirname(os.path.dirname(__file__)) + "/helpers"!r}]
warnings.simplefilter("ignore")
import numpy as np, torch
from test_threads import encode_in_child
from vaekit import VAE
from vaekit.utils import _threads
torch.set_num_threads(2)
rows = np.random.default_rng(0).normal(size=(500, 50))
torch.randn(500, 500) @ torch.randn(500, 500).exp()  # threads that the child will not have
model = VAE(max_epochs=1, random_state=0).fit(rows)
_threads.SMALL_STEP = 0  # a net of any size may use them
context = multiprocessing.get_context("fork")
results = context.Queue()
child = context.Process(target=encode_in_child, args=(model, rows, results))
child.start()
same = np.array_equal(results.get(timeout=60), model.transform(rows))
child.join()
print(same)
"""
    result = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "2"},
    )
    assert result.stdout.strip() == "True"
