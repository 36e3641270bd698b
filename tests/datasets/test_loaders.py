"""Loaders read the published formats, and say what is wrong with a file that is not in them."""

import gzip
import hashlib
import shutil
import sys
from dataclasses import dataclass
from functools import partial
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from tests.helpers.broken_files import mutations
from vaekit.datasets import (
    _base,
    load_celeba,
    load_cifar10,
    load_dsprites,
    load_fashion_mnist,
    load_mnist,
    load_shapes3d,
    load_svhn,
    make_dsprites,
    make_shapes3d,
)
from vaekit.datasets._base import Source, read_idx, verify_file

RANDOM = np.random.default_rng(0)
GREY = RANDOM.integers(0, 256, (6, 28, 28), dtype=np.uint8)
COLOUR = RANDOM.integers(0, 256, (6, 3, 32, 32), dtype=np.uint8)
LABELS = np.array([7, 0, 9, 1, 1, 4], dtype=np.uint8)
SPRITES = make_dsprites(scales=2, orientations=2, positions_x=2, positions_y=3)
SCENES = make_shapes3d(floor_hues=2, wall_hues=1, object_hues=2, scales=2, shapes=[0, 2], orientations=1)


def as_idx(array):
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def write_mnist(folder, compress=gzip.compress, suffix=".gz"):
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte{suffix}").write_bytes(compress(as_idx(GREY)))
        (folder / f"{part}-labels-idx1-ubyte{suffix}").write_bytes(compress(as_idx(LABELS)))


def write_svhn(folder):
    labels = np.where(LABELS == 0, 10, LABELS).reshape(-1, 1)
    savemat(folder / "train_32x32.mat", {"X": COLOUR.transpose(2, 3, 1, 0), "y": labels}, do_compression=True)


def write_cifar10(folder):
    rows = np.column_stack([LABELS, COLOUR.reshape(6, -1)])
    for k in range(5):
        rows[[k]].tofile(folder / f"data_batch_{k + 1}.bin")
    rows[[5]].tofile(folder / "test_batch.bin")


def write_dsprites(folder):
    colour = np.zeros((len(SPRITES.factors), 1), np.int64)
    values = [
        np.array([1, 2, 3])[SPRITES.factors[:, 0]],
        *(v[c] for v, c in list(zip(SPRITES.factor_values, SPRITES.factors.T))[1:]),
    ]
    np.savez_compressed(
        folder / "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz",
        metadata=np.array({"title": "dSprites"}, dtype=object),
        imgs=SPRITES.images,
        latents_classes=np.hstack([colour, SPRITES.factors]),
        latents_values=np.column_stack([colour + 1.0, *values]),
    )


def write_shapes3d(folder):
    columns = [v if v.dtype.kind == "f" else np.array([0, 2]) for v in SCENES.factor_values]
    with h5py.File(folder / "3dshapes.h5", "w") as file:
        file.create_dataset("images", data=SCENES.images.transpose(0, 2, 3, 1), compression="gzip", chunks=True)
        file["labels"] = np.column_stack([v[c] for v, c in zip(columns, SCENES.factors.T)])


SMOOTH = np.linspace(0, 255, 218 * 178).reshape(218, 178).astype(np.uint8)


def write_celeba(folder):
    (folder / "img_align_celeba").mkdir()
    table = ["3", "Bald Eyeglasses Smiling"]
    for k, attributes in enumerate(["-1  1 -1", " 1  1 -1", "-1 -1  1"]):
        picture = np.stack([SMOOTH, SMOOTH[::-1], np.full_like(SMOOTH, 80 * k)], axis=-1)
        Image.fromarray(picture).save(folder / "img_align_celeba" / f"{k + 1:06}.jpg", quality=95)
        table.append(f"{k + 1:06}.jpg {attributes}")
    (folder / "list_attr_celeba.txt").write_text("\n".join([*table, ""]))
    (folder / "list_eval_partition.txt").write_text("000001.jpg 0\n000002.jpg 2\n000003.jpg 0\n")


@dataclass
class Case:
    """A loader, how its files come to be, the files it must complain about, and what it should return."""

    load: Any
    write: Any
    files: tuple
    title: str
    images: Any = None
    factors: Any = None


MNIST_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
write_plain_mnist = partial(write_mnist, compress=bytes, suffix="")
DIGITS = LABELS[:, None].astype(np.int64)
CASES = {
    "mnist": Case(load_mnist, write_mnist, tuple(f"{name}.gz" for name in MNIST_FILES), "MNIST", GREY, DIGITS),
    "mnist, plain": Case(load_mnist, write_plain_mnist, MNIST_FILES, "MNIST", GREY, DIGITS),
    "fashion-mnist": Case(
        partial(load_fashion_mnist, subset="test"),
        write_mnist,
        ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
        "Fashion-MNIST",
        GREY,
        DIGITS,
    ),
    "svhn": Case(load_svhn, write_svhn, ("train_32x32.mat",), "SVHN", COLOUR, DIGITS),
    "cifar10": Case(
        load_cifar10, write_cifar10, ("data_batch_1.bin", "data_batch_4.bin"), "CIFAR-10", COLOUR[:5], DIGITS[:5]
    ),
    "dsprites": Case(
        load_dsprites,
        write_dsprites,
        ("dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz",),
        "dSprites",
        SPRITES.images,
        SPRITES.factors,
    ),
    "shapes3d": Case(load_shapes3d, write_shapes3d, ("3dshapes.h5",), "Shapes3D", SCENES.images, SCENES.factors),
    "celeba": Case(
        load_celeba,
        write_celeba,
        ("list_attr_celeba.txt",),
        "CelebA",
        factors=np.array([[0, 1, 0], [1, 1, 0], [0, 0, 1]]),
    ),
}
every_loader = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
every_file = pytest.mark.parametrize(
    ("case", "file"),
    [(case, file) for case in CASES.values() for file in case.files],
    ids=[f"{name}: {file}" for name, case in CASES.items() for file in case.files],
)


@pytest.fixture
def folder(tmp_path, case):
    case.write(tmp_path)
    return tmp_path


@every_loader
def test_what_was_written_is_read(case, folder):
    data = case.load(folder)
    np.testing.assert_array_equal(data.factors, case.factors)
    assert data.factors.dtype == np.int64
    assert len(data.images) == len(data.factors)
    assert data.images.dtype == np.uint8
    assert len(data.factor_names) == len(data.factor_sizes) == len(data.factor_values) == data.factors.shape[1]
    assert [len(values) for values in data.factor_values] == list(data.factor_sizes)
    assert case.title in data.DESCR
    if case.images is not None:
        np.testing.assert_array_equal(data.images[:], case.images)
    images, factors = case.load(folder, return_X_y=True)
    assert images.shape == data.images.shape
    np.testing.assert_array_equal(factors, data.factors)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "svhn", "cifar10"])
def test_target_is_the_label_without_its_axis(name, tmp_path):
    CASES[name].write(tmp_path)
    data = CASES[name].load(tmp_path)
    np.testing.assert_array_equal(data.target, data.factors[:, 0])


@every_file
def test_a_missing_file_is_named_with_its_site(case, file, folder):
    (folder / file).unlink()
    with pytest.raises(FileNotFoundError) as raised:
        case.load(folder)
    assert file in str(raised.value)
    assert str(folder) in str(raised.value)
    assert f"{case.title} is published" in str(raised.value)


def damaged(content):
    return {
        "truncated": content[: len(content) // 2],
        "short by a byte or two": content[:-2],
        "empty": b"",
        "foreign": b"<html><body>404 Not Found</body></html>\n",
        "another picture": b"\x89PNG\r\n\x1a\n" + bytes(3000),
    }


@pytest.mark.parametrize("how", damaged(b""))
@every_file
def test_a_damaged_file_is_named_with_its_site(case, file, how, folder):
    path = folder / file
    path.write_bytes(damaged(path.read_bytes())[how])
    with pytest.raises(ValueError, match="truncated or another file") as raised:
        case.load(folder)
    assert str(path) in str(raised.value)
    assert f"{case.title} is published" in str(raised.value)


def test_a_file_leads_to_no_other(tmp_path):
    write_celeba(tmp_path)
    table = tmp_path / "list_attr_celeba.txt"
    table.write_text(table.read_text().replace("000001.jpg", "../../a.jpg"))
    with pytest.raises(ValueError, match="no name of a file in the folder"):
        load_celeba(tmp_path)
    write_shapes3d(tmp_path)
    raw = SCENES.images.transpose(0, 2, 3, 1)
    raw.tofile(tmp_path / "secret")
    with h5py.File(tmp_path / "3dshapes.h5", "a") as file:
        del file["images"]
        external = [(str(tmp_path / "secret"), 0, raw.nbytes)]
        file.create_dataset("images", raw.shape, np.uint8, external=external)
    with pytest.raises(ValueError, match="its images lie in other files"):
        load_shapes3d(tmp_path)


def test_a_file_that_unpacks_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_base, "LARGEST_IDX", 10**4)
    write_mnist(tmp_path)
    (tmp_path / f"{MNIST_FILES[0]}.gz").write_bytes(gzip.compress(bytes(10**6)))
    with pytest.raises(ValueError, match="unpacks to more than"):
        load_mnist(tmp_path)


@every_file
def test_mutated_files_are_refused_in_words_or_read_as_rows(case, file, folder, request):
    """Formats without a checksum hold other pixels then; `verify=True` is what notices."""
    whole, good = (folder / file).read_bytes(), case.load(folder)
    for mutated in mutations(whole, request.config.getoption("mutations")):
        (folder / file).write_bytes(mutated)
        try:
            data = case.load(folder)
            read = np.asarray(data.images[: len(good.images)])
        except (ValueError, FileNotFoundError) as error:
            if str(folder) in str(error) or "labels" in str(error):
                continue
            raise
        assert read.nbytes < 100 * np.asarray(good.images[:]).nbytes
        assert len(data.images) == len(data.factors)


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "svhn", "shapes3d"])
def test_verify_refuses_a_file_that_is_not_as_published(name, tmp_path):
    CASES[name].write(tmp_path)
    with pytest.raises(ValueError, match="is not as published: its checksum is"):
        CASES[name].load(tmp_path, verify=True)


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_verify_accepts_the_published_file(algorithm, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"content")
    verify_file(path, Source("Data", "nowhere", {"file": hashlib.new(algorithm, b"content").hexdigest()}))


def test_verify_wants_the_files_as_published(tmp_path):
    write_plain_mnist(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no train-images-idx3-ubyte.gz in"):
        load_mnist(tmp_path, verify=True)


def test_plain_idx_files_are_memory_mapped(tmp_path):
    write_plain_mnist(tmp_path)
    images = load_mnist(tmp_path).images
    assert isinstance(images, np.memmap)
    assert not images.flags.writeable


@pytest.mark.parametrize(
    ("code", "dtype"), [(0x08, "u1"), (0x09, "i1"), (0x0B, ">i2"), (0x0C, ">i4"), (0x0D, ">f4"), (0x0E, ">f8")]
)
def test_idx_files_of_every_type(code, dtype, tmp_path):
    array = np.arange(-6, 6).reshape(2, 3, 2).astype(dtype)
    path = tmp_path / "numbers-idx3"
    path.write_bytes(bytes([0, 0, code, 3]) + np.array(array.shape, ">u4").tobytes() + array.tobytes())
    np.testing.assert_array_equal(read_idx(path), array)


def test_labels_of_another_set_are_refused(tmp_path):
    write_mnist(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(as_idx(LABELS[:4])))
    with pytest.raises(ValueError, match="6 images came with 4 labels"):
        load_mnist(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(as_idx(LABELS + 20)))
    with pytest.raises(ValueError, match=r"labels must be 0 .. 9, got 20 .. 29"):
        load_mnist(tmp_path)


def test_images_and_labels_exchanged_are_refused(tmp_path):
    write_mnist(tmp_path)
    shutil.copy(tmp_path / "train-labels-idx1-ubyte.gz", tmp_path / "train-images-idx3-ubyte.gz")
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte.gz cannot be read as MNIST"):
        load_mnist(tmp_path)


@pytest.mark.parametrize("load", [load_mnist, load_fashion_mnist, load_svhn, load_cifar10, load_celeba])
def test_an_unknown_subset_is_refused(load, tmp_path):
    with pytest.raises(ValueError, match="The 'subset' parameter must be one of"):
        load(tmp_path, subset="holdout")


def test_cifar10_is_found_in_the_folder_of_its_archive(tmp_path):
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    write_cifar10(folder)
    np.testing.assert_array_equal(load_cifar10(tmp_path, subset="test").images, COLOUR[5:])


def test_dsprites_are_packed_as_they_are_read(tmp_path):
    write_dsprites(tmp_path)
    packed = load_dsprites(tmp_path, packed=True).images
    assert packed.shape == (len(SPRITES.images), 64, 8)
    np.testing.assert_array_equal(np.unpackbits(packed, axis=-1), SPRITES.images)


def test_dsprites_values_are_those_of_the_grid(tmp_path):
    write_dsprites(tmp_path)
    values = load_dsprites(tmp_path).factor_values
    assert values[0].tolist() == ["square", "ellipse", "heart"]
    for read, written in zip(values[1:], SPRITES.factor_values[1:]):
        np.testing.assert_array_equal(read, written)


def test_nothing_pickled_is_read(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was opened",))

    trap = np.array([Trap()], dtype=object)
    path = tmp_path / "dsprites_downsampled.npz"
    np.savez(path, metadata=trap, imgs=trap, latents_classes=SPRITES.factors, latents_values=SPRITES.factors + 1.0)
    with pytest.raises(ValueError, match="cannot be read as dSprites"):
        load_dsprites(tmp_path)
    np.savez(path, metadata=trap, imgs=SPRITES.images, latents_classes=trap, latents_values=trap)
    with pytest.raises(ValueError, match="cannot be read as dSprites"):
        load_dsprites(tmp_path)


def test_shapes3d_stays_on_disk_and_reads_rows_in_any_order(tmp_path):
    write_shapes3d(tmp_path)
    images = load_shapes3d(tmp_path).images
    for rows in ([5, 2, 2, 9], slice(3, 11), slice(None, None, -3), 7, []):
        np.testing.assert_array_equal(images[rows], SCENES.images[rows])
    (tmp_path / "3dshapes.h5").unlink()
    with pytest.raises(FileNotFoundError):
        images[0]


def test_shapes3d_names_its_shapes(tmp_path):
    write_shapes3d(tmp_path)
    assert load_shapes3d(tmp_path).factor_values[4].tolist() == ["cube", "sphere"]


def test_faces_are_decoded_when_indexed(tmp_path):
    write_celeba(tmp_path)
    data = load_celeba(tmp_path)
    assert data.images.shape == (3, 3, 218, 178)
    assert data.factor_names == ("Bald", "Eyeglasses", "Smiling")
    np.testing.assert_allclose(data.images[1][0].astype(int), SMOOTH.astype(int), atol=8)  # jpg is not exact
    np.testing.assert_allclose(data.images[[2, 0]].mean(axis=(2, 3))[:, 2], [160, 0], atol=2)


def test_faces_are_cut_square_and_resized(tmp_path):
    write_celeba(tmp_path)
    images = load_celeba(tmp_path, size=32).images
    assert images.shape == (3, 3, 32, 32)
    rows = np.linspace(0, 255, 218)[20:198].reshape(-1, 1).repeat(178, axis=1)
    np.testing.assert_allclose(images[0][0].mean(), rows.mean(), atol=2)
    np.testing.assert_allclose(images[0][0, :, 16], np.linspace(rows.min(), rows.max(), 32), atol=6)
    with pytest.raises(ValueError, match="size == 0, must be >= 1"):
        load_celeba(tmp_path, size=0)


def test_faces_follow_the_partition(tmp_path):
    write_celeba(tmp_path)
    train, test = (load_celeba(tmp_path, subset=subset) for subset in ("train", "test"))
    np.testing.assert_array_equal(train.factors, [[0, 1, 0], [0, 0, 1]])
    np.testing.assert_array_equal(test.factors, [[1, 1, 0]])
    np.testing.assert_allclose(train.images[:].mean(axis=(2, 3))[:, 2], [0, 160], atol=2)
    (tmp_path / "list_eval_partition.txt").write_text("000001.jpg 0\n")
    with pytest.raises(ValueError, match=r"list_eval_partition.txt cannot be read as CelebA"):
        load_celeba(tmp_path, subset="train")


def test_a_missing_face_is_named(tmp_path):
    write_celeba(tmp_path)
    (tmp_path / "img_align_celeba" / "000002.jpg").unlink()
    with pytest.raises(FileNotFoundError, match=r"no 000002.jpg in .*img_align_celeba"):
        load_celeba(tmp_path)


def test_a_damaged_face_is_named_when_it_is_read(tmp_path):
    write_celeba(tmp_path)
    path = tmp_path / "img_align_celeba" / "000003.jpg"
    images = load_celeba(tmp_path).images
    path.write_bytes(path.read_bytes()[:900])
    assert images[:2].shape == (2, 3, 218, 178)
    with pytest.raises(ValueError, match=r"000003.jpg cannot be read as CelebA"):
        images[2]


@pytest.mark.parametrize(
    ("load", "write", "module", "package"),
    [(load_shapes3d, write_shapes3d, "h5py", "h5py"), (load_celeba, write_celeba, "PIL.Image", "Pillow")],
)
def test_a_missing_package_is_named(load, write, module, package, tmp_path, monkeypatch):
    write(tmp_path)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"needs {package}; .* `pip install 'vaekit\[data\]'`"):
        load(tmp_path)


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("subset", "n_images", "mean"), [("train", 60_000, 0.1306604762738429), ("test", 10_000, None)]
)
def test_mnist_is_as_published(data_folder, subset, n_images, mean):
    mnist = load_mnist(data_folder / "mnist", subset=subset, verify=True)
    assert mnist.images.shape == (n_images, 28, 28)
    assert np.unique(mnist.target).tolist() == list(range(10))
    if mean is not None:
        np.testing.assert_allclose(mnist.images.mean() / 255, mean, rtol=1e-12)
        assert mnist.target[:5].tolist() == [5, 0, 4, 1, 9]
