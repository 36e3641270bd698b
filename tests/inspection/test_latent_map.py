"""The interactive map is one file: its data are the rows, nothing is loaded, nothing in them is read as HTML."""

import base64
import json
import re
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from known_display import Known
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image

from vaekit.inspection import LatentMap
from vaekit.inspection._thumbnails import png_uri

RNG = np.random.default_rng(0)
SHAPES = {"grey": (6, 5), "colour": (3, 6, 5), "windows": (2, 40), "table": (4,)}


class Page(HTMLParser):
    """Tags, with their attributes; those that are never closed."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.open += [] if tag == "meta" else [tag]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])


def picture(uri):
    return np.asarray(Image.open(BytesIO(base64.b64decode(uri.removeprefix("data:image/png;base64,")))))


def map_of(kind, y=None, **options):
    X = RNG.random((30, *SHAPES[kind]))
    return X, LatentMap.from_estimator(Known(SHAPES[kind]), X, y, random_state=0, **options)


@pytest.mark.parametrize("kind", SHAPES)
def test_the_page_stands_alone(kind):
    _, shown = map_of(kind, np.arange(30) % 3)
    page = Page(shown.to_html(title="<b>"))
    assert page.open == []
    assert {tag for tag, _ in page.tags}.isdisjoint({"link", "img", "iframe"})
    assert [value for _, attributes in page.tags for name, value in attributes.items() if name in ("src", "href")] == []
    assert re.search(r"https?:|//cdn|import\(|fetch\(", shown.to_html()) is None
    assert shown._repr_html_().count("<iframe") == 1


def test_the_points_are_the_codes_and_the_pictures_the_rows():
    X, shown = map_of("grey", n_points=20)
    data = data_of(shown.to_html())
    assert list(data["points"]) == ["representation space", "generation space"]
    assert_allclose(data["points"]["representation space"], X.reshape(30, -1)[shown.rows, :2], atol=1e-4)
    assert (data["rows"], len(data["images"]), data["words"]) == (shown.rows.tolist(), 20, None)
    low, high = shown.X.min(), shown.X.max()
    assert_allclose(picture(data["images"][3]) / 255, (X[shown.rows[3]] - low) / (high - low), atol=1 / 255)
    assert picture(data["decoded"][3]).shape == (6, 5)


def test_a_table_tells_its_columns():
    X, shown = map_of("table")
    words = data_of(shown.to_html())["words"]
    assert len(words[0]) == 4
    assert any(
        f"feature 0 = {X[shown.rows[0], 0]:.4g} (decoded {X[shown.rows[0], 0]:.4g})" == word for word in words[0]
    )


def test_labels_are_words_and_never_code():
    y = np.array(["</script><script>alert(1)</script>", "b & c", None] * 10, dtype=object)
    data = data_of(map_of("grey", y)[1].to_html())
    assert [name for name, _ in data["legend"]] == ["</script><script>alert(1)</script>", "b & c", "missing"]
    assert len(set(data["colours"])) == 3
    numbers = data_of(map_of("grey", np.arange(30.0))[1].to_html())
    assert len(numbers["legend"]) == 2
    assert len(set(numbers["colours"])) > 20


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 3)])
def test_a_picture_is_read_back_bit_for_bit(shape):
    pixels = RNG.integers(0, 256, shape, dtype=np.uint8)
    assert_array_equal(picture(png_uri(pixels)), pixels)


def test_it_is_written(tmp_path):
    shown = map_of("windows")[1]
    assert shown.save(tmp_path / "map.html").read_text() == shown.to_html()
