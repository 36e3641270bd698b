"""The site's pages: the reference holds all that is public, and links lead somewhere."""

import importlib
import importlib.util
import re
from pathlib import Path

import pytest

import vaekit

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("**/*.md"))
EXAMPLES = sorted((ROOT / "examples").glob("plot_*.py"))
MADE = {"gallery/index", "reference/index", *(f"gallery/{path.stem}" for path in EXAMPLES)}  # when the site is built
PICTURE = re.compile(r"gallery/images/sphx_glr_(plot_\w+)_00\d\.png")


@pytest.fixture(scope="module")
def reference():
    found = importlib.util.spec_from_file_location("reference_pages", DOCS / "reference_pages.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_reference_holds_all_that_is_public(reference, tmp_path):
    reference.write_reference(tmp_path)
    listed = {
        f"{page.stem}.{name}"
        for page in tmp_path.glob("vaekit*.rst")
        for name in re.findall(r"^   (\w+)$", page.read_text(), re.MULTILINE)
    }
    own = {f"vaekit.{name}" for name in vaekit.__all__ if name not in vaekit.FOLDERS}
    for room in vaekit.FOLDERS:
        module = importlib.import_module(f"vaekit.{room}")
        names = [name for name in module.__all__ if callable(getattr(module, name))]
        own |= {f"{module.__name__}.{name}" for name in names if f"vaekit.{name}" not in own}
    assert listed == own
    assert {page.stem for page in tmp_path.glob("vaekit*.rst")} == set(
        re.findall(r"^   (\S+)$", (tmp_path / "index.rst").read_text(), re.MULTILINE)
    ) - {":maxdepth:"}


def targets(page):
    text = page.read_text()
    listed = [line for block in re.findall(r"```{toctree}\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    yield from (line for line in listed if line and not line.startswith(":"))
    yield from re.findall(r"^:link: (\S+)$", text, re.MULTILINE)
    yield from (target for target in re.findall(r"\]\(([^)\s#]+)[^)]*\)", text) if "://" not in target)


def is_made(target):
    """Whether it is there once the site is built."""
    picture = PICTURE.fullmatch(target)
    return target in MADE or (picture is not None and f"gallery/{picture[1]}" in MADE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(DOCS).as_posix())
def test_links_of_pages_lead_somewhere(page):
    """In the source: what Sphinx makes is not there yet."""
    missing = [
        target
        for target in targets(page)
        if not is_made(target) and not any((page.parent / f"{target}{end}").exists() for end in ("", ".md"))
    ]
    assert missing == []


def test_every_page_is_reached():
    reached = {(page.parent / target).with_suffix("").resolve() for page in PAGES for target in targets(page)}
    assert [page.name for page in PAGES if page.with_suffix("").resolve() not in reached | {DOCS / "index"}] == []


def test_the_gallery_has_an_order_that_knows_every_example():
    found = importlib.util.spec_from_file_location("gallery_order", DOCS / "gallery_order.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    assert sorted(f"plot_{name}" for name in module.ORDER) == [path.stem for path in EXAMPLES]
    key = module.ByQuestion("examples")
    assert sorted(["plot_b.py", "plot_beta.py", "plot_a.py", "plot_two_moons.py"], key=key) == [
        "plot_two_moons.py", "plot_beta.py", "plot_a.py", "plot_b.py"]  # fmt: skip


def test_what_a_browser_would_stumble_over_is_found(tmp_path):
    """A small site with one fault of each kind, and the same without."""
    found = importlib.util.spec_from_file_location("check_site", DOCS / "check_site.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    (tmp_path / "searchindex.js").write_text("FactorDPVAE")
    (tmp_path / "b.html").write_text('<h1 id="top">b</h1>')
    (tmp_path / "a.html").write_text(
        '<a href="b.html#top">b</a><a href="https://x.org">x</a><a href="#here" id="here"></a>'
    )
    assert list(module.faults(tmp_path)) == []
    (tmp_path / "a.html").write_text(
        '<a href="c.html"></a><a href="b.html#end"></a><img src="no.png"><script src="https://cdn.org/x.js"></script>'
    )
    (tmp_path / "searchindex.js").write_text("")
    assert sorted(line.split(": ", 1)[1] for line in module.faults(tmp_path)) == [
        "does not know FactorDPVAE", "from elsewhere: https://cdn.org/x.js", "leads nowhere: c.html",
        "leads nowhere: no.png", "no such place: b.html#end"]  # fmt: skip


SEARCH = """<ul id="search-results"></ul><script>
const word = new URLSearchParams(location.search).get("q");
if (word === "VAE") document.getElementById("search-results").innerHTML = "<li><a href='#'>vaekit.VAE</a></li>";
</script>"""


@pytest.mark.browser
def test_what_a_browser_finds_wrong_is_told(tmp_path, monkeypatch):
    """A page without a fault, and one with each of three; a search that knows one of two words."""
    monkeypatch.syspath_prepend(DOCS)
    from browser import complaints_of_a_site

    head = "<!DOCTYPE html><meta charset=utf-8><link rel=icon href=data:,>"
    (tmp_path / "good.html").write_text(f"{head}<p>good</p>")
    bad = "<p style='width:900px'><img src=data:,><script>console.error(1)</script>"
    (tmp_path / "bad.html").write_text(head + bad)
    (tmp_path / "search.html").write_text(head + SEARCH)
    told = complaints_of_a_site(tmp_path, ["good.html", "bad.html"], ["VAE", "GAN"])
    assert told[0] == "bad.html: is 908 pixels wide on a phone of 390"
    assert told[1:] == ["bad.html: shows no picture data:,", "search.html: does not find GAN", "/bad.html: logs: 1"]


@pytest.mark.parametrize("name", sorted(vaekit.estimators.__all__))
def test_a_models_page_has_the_equations_of_its_parts(name, monkeypatch):
    monkeypatch.syspath_prepend(DOCS)
    from model_pages import tell_of_parts

    lines = ["Summary.", "", "Parameters", "----------"]
    tell_of_parts(None, "class", f"vaekit.{name}", getattr(vaekit, name), None, lines)
    assert lines[0] == "Summary."
    assert lines[-2:] == ["Parameters", "----------"]
    told = "\n".join(lines)
    assert re.search(r"\*\*Objective:\*\* :class:`~vaekit.objectives.\w+`", told)
    assert re.search(r"\*\*Prior:\*\* :class:`~vaekit.priors.\w+`", told)
    if name == "FactorDPVAE":
        assert "    loss = -E_q log p(x | z) + w(t) KL + gamma E_q[l_0(z) - l_1(z)], in nats per row." in lines
        assert "    log p(z) = log N(g(z); 0, I) + sum_k sum_l (1 - b_k)_l [s_k(b_k z_k)]_l," in lines
