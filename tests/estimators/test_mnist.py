"""Real images, default parameters, eight passes: ten codes are worth more to a classifier than ten components."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier

from vaekit import DPVAE
from vaekit.datasets import load_mnist


def accuracy(train_codes, train, test_codes, test):
    classifier = HistGradientBoostingClassifier(random_state=0).fit(train_codes, train.target)
    return classifier.score(test_codes, test.target)


@pytest.mark.real_data
def test_ten_codes_beat_ten_principal_components(data_folder):
    train, test = (load_mnist(data_folder / "mnist", subset=subset) for subset in ("train", "test"))
    model = DPVAE(n_components=10, max_epochs=8, random_state=0).fit(train.images)
    assert model.sample(2).shape == (2, 28, 28)
    assert model.active_components_.sum() >= 9
    of_codes = accuracy(model.transform(train.images), train, model.transform(test.images), test)
    flat, flat_test = (bunch.images.reshape(-1, 784).astype(np.float32) for bunch in (train, test))
    pca = PCA(10, random_state=0).fit(flat)
    of_components = accuracy(pca.transform(flat), train, pca.transform(flat_test), test)
    assert of_codes > of_components > 0.9
