"""What a browser would stumble over in the built site: python docs/check_site.py SITE.

Each link and picture leads to a file of the site, each fragment to a place in its page, no script or style comes from
elsewhere, and the search knows the models.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

__all__ = ["faults"]


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


if __name__ == "__main__":
    found = list(faults(sys.argv[1]))
    print("\n".join(found) or "every link and picture is there")
    sys.exit(bool(found))
