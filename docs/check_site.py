"""What a browser would stumble over in the built site: python docs/check_site.py SITE.

Each link and picture leads to a file of the site, each fragment to a place in its page, no script, style or picture
comes from elsewhere, and the search knows the models. Where there is a browser, it opens some pages as wide as a phone:
none logs a complaint, shows a hole in place of a picture or runs out at the side, and the search finds the models.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

sys.path.insert(0, str(Path(__file__).parent))

from browser import complaints_of_a_site, find_browser

__all__ = ["faults"]

OPENED = (
    "index", "install", "quickstart", "choosing", "how_to", "parameters", "reading", "displays", "mixed_tables",
    "objectives", "presets", "studies/index", "gallery/index", "gallery/plot_latent_map", "gallery/plot_mixed_table",
    "reference/index", "reference/vaekit", "reference/generated/vaekit.FactorDPVAE")  # fmt: skip
SOUGHT = ("FactorDPVAE", "LatentMap")


class Page(HTMLParser):
    """A page's places, what it leads to, and what it is made with."""

    def __init__(self, path):
        super().__init__()
        self.path, self.places, self.links, self.parts = path, set(), [], []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        """Collect."""
        given = dict(attrs)
        self.places |= {given.get("id"), given.get("name")}
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        elif given.get("src") or (tag == "link" and "stylesheet" in (given.get("rel") or "")):
            self.parts.append(given.get("src") or given["href"])


def faults(site):
    """Lines that say what is wrong, none where nothing is."""
    pages = {path.resolve(): Page(path) for path in Path(site).rglob("*.html") if "_static" not in path.parts}
    for page in pages.values():
        yield from (f"{page.path}: from elsewhere: {part}" for part in page.parts if urlsplit(part).netloc)
        for target in {*page.links, *page.parts}:
            yield from _missing(page, target, pages)
    if "FactorDPVAE" not in (Path(site) / "searchindex.js").read_text():
        yield "searchindex.js: does not know FactorDPVAE"


def _missing(page, target, pages):
    parts = urlsplit(target)
    if parts.scheme or parts.netloc:
        return
    path = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path.resolve()
    if not path.exists():
        yield f"{page.path}: leads nowhere: {target}"
    elif parts.fragment and path in pages and unquote(parts.fragment) not in pages[path].places:
        yield f"{page.path}: no such place: {target}"


def seen_in_a_browser(site):
    """Lines that say what is wrong once pages are opened."""
    return complaints_of_a_site(site, [f"{page}.html" for page in OPENED], SOUGHT)


if __name__ == "__main__":
    found = list(faults(sys.argv[1]))
    opened = find_browser() is not None and len(found) == 0
    found += seen_in_a_browser(sys.argv[1]) if opened else []
    print("\n".join(found) or f"every link and picture is there{f'; {len(OPENED)} pages were opened' * opened}")
    sys.exit(bool(found))
