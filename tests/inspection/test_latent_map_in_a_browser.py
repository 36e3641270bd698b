"""The interactive map in a real browser: its points are drawn, and the pointer asks them."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from known_display import Known

from vaekit.inspection import LatentMap

pytestmark = pytest.mark.browser
RNG = np.random.default_rng(0)

# What a visitor does: looks, points at a point, chooses the other space, turns the wheel, and leaves.
VISIT = """<script>
const seen = [], box = canvas.getBoundingClientRect(), shrunk = box.width / canvas.width;
const copy = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
function ink() {
  [copy.canvas.width, copy.canvas.height] = [canvas.width, canvas.height];
  copy.drawImage(canvas, 0, 0);
  const dots = copy.getImageData(0, 0, canvas.width, canvas.height).data, colours = new Set();
  let n = 0;
  for (let i = 0; i < dots.length; i += 4) if (dots[i + 3] > 100) { n++; colours.add(dots.slice(i, i + 3).join()); }
  return [n, colours.size];
}
function see(what) {
  seen.push({ what, ink: ink(), hit: hit === -1 ? null : data.rows[hit], card: getComputedStyle(card).display,
              words: card.textContent, pictures: [...card.querySelectorAll("img")].map(image => image.naturalWidth) });
}
function point(row) {
  const [x, y] = place(data.points[space][data.rows.indexOf(row)]);
  const at = { clientX: box.left + x * shrunk, clientY: box.top + y * shrunk };
  canvas.dispatchEvent(new PointerEvent("pointermove", at));
  return at;
}
async function visit() {
  see("arrives");
  point(7); await Promise.all([...card.querySelectorAll("img")].map(image => image.decode())); see("points at 7");
  document.querySelectorAll("button")[1].click(); point(9); see("points at 9 in the other space");
  const width = view[2];
  canvas.dispatchEvent(new WheelEvent("wheel", { ...point(9), deltaY: -100, cancelable: true }));
  seen.push({ what: "turns the wheel", zoom: view[2] / width });
  canvas.dispatchEvent(new PointerEvent("pointerleave")); see("leaves");
  const found = document.createElement("pre");
  found.id = "found"; found.textContent = JSON.stringify(seen); document.body.append(found);
}
visit();
</script>"""


@pytest.fixture(scope="module")
def browser():
    path = Path(__file__).parents[2] / "docs" / "browser.py"
    found = importlib.util.spec_from_file_location("browser", path)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def visited(browser, shown, folder):
    page = shown.save(folder / "map.html")
    assert "</body>" in page.read_text()
    page.write_text(page.read_text().replace("</body>", f"{VISIT}</body>"))
    found, complaints = browser.opened(page.as_uri(), "--virtual-time-budget=5000")
    assert complaints == []
    return {seen.pop("what"): seen for seen in found}


@pytest.mark.parametrize("shape", [(6, 5), (4,)])
def test_points_are_drawn_and_tell_of_their_rows(browser, shape, tmp_path):
    X, y = RNG.random((30, *shape)), np.arange(30) % 3
    seen = visited(browser, LatentMap.from_estimator(Known(shape), X, y, random_state=0), tmp_path)
    n_dots, n_colours = seen["arrives"]["ink"]
    assert n_dots > 30
    assert n_colours >= 3
    assert (seen["arrives"]["hit"], seen["arrives"]["card"]) == (None, "none")
    for row, what in ((7, "points at 7"), (9, "points at 9 in the other space")):
        assert (seen[what]["hit"], seen[what]["card"]) == (row, "block")
        assert seen[what]["words"].startswith(f"row {row}: {row % 3}")
        assert ("feature" in seen[what]["words"]) == (len(shape) == 1)
    assert seen["points at 7"]["pictures"] == ([5, 5] if len(shape) == 2 else [])
    assert seen["points at 7"]["ink"] != seen["points at 9 in the other space"]["ink"]
    assert seen["turns the wheel"]["zoom"] == pytest.approx(0.85)
    assert seen["leaves"]["card"] == "none"


def test_what_a_page_complains_of_is_seen(browser, tmp_path):
    """The test above can fail."""
    (tmp_path / "a.html").write_text("<!DOCTYPE html><pre>x</pre><script>console.error('a &lt; b'); null.x</script>")
    found, complaints = browser.opened((tmp_path / "a.html").as_uri())
    assert found is None
    assert complaints[0].endswith(": logs: a &lt; b")
    assert "TypeError" in complaints[1]
