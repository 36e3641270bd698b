"""Pages in a real browser, without a window: what they become, and what they complain of."""

import html
import http.server
import json
import re
import shutil
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

__all__ = ["complaints_of_a_site", "find_browser", "opened", "served"]

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PHONE = 390  # pixels; a window of Chromium's cannot be as narrow, a frame can
FOUND = re.compile(r'<pre id="found">(.*?)</pre>', re.DOTALL)
HARMLESS = "[PST]: "  # the theme tells of itself
COMPLAINT = re.compile(r'CONSOLE[:(]\d+\)?\] "(.*?)", source: (\S+)', re.DOTALL)

# Opens pages one after the other in a frame of a phone's width, and writes down what is wrong with them.
PROBE = """<!DOCTYPE html><html><body><pre id="found">["the browser did not come to the end"]</pre><script>
const found = [], seen = new Set(), pause = ms => new Promise(done => setTimeout(done, ms));
async function open(page) {
  const frame = document.createElement("iframe");
  frame.width = %(width)d; frame.height = 800;
  const loaded = new Promise(done => { frame.onload = done; });
  frame.src = page; document.body.append(frame); await loaded; await pause(50);
  const words = frame.contentDocument, root = words.documentElement;
  const say = told => found.push(page + ": " + told);
  if (root.scrollWidth > %(width)d) say("is " + root.scrollWidth + " pixels wide on a phone of %(width)d");
  for (const image of words.images) {
    const isAwaited = !image.complete && image.loading !== "lazy";
    if (isAwaited) await new Promise(done => { image.onload = image.onerror = done; });
    if (image.complete && image.naturalWidth === 0) say("shows no picture " + image.src);
  }
  return frame;
}
async function search(word) {
  const frame = await open("search.html?q=" + word);
  for (let i = 0; i < 100; i++) {
    const links = [...frame.contentDocument.querySelectorAll("#search-results li a")];
    if (links.some(link => link.textContent.includes(word))) return frame.remove();
    await pause(100);
  }
  found.push("search.html: does not find " + word);
}
(async () => {
  for (const page of %(pages)s) (await open(page)).remove();
  for (const word of %(words)s) await search(word);
  document.getElementById("found").textContent = JSON.stringify(found);
  await fetch("done");
})();
</script></body></html>"""


def find_browser():
    """Path of a browser that can be told to open a page and write down what it became, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def opened(address, *options, seconds=120):
    """Open a page.

    Parameters
    ----------
    address : str
    *options : str
        More of the command line.
    seconds : float
        Longest wait.

    Returns
    -------
    found : object
        What the page wrote as JSON into its `<pre id="found">`, None if it has none.
    complaints : list of str
        What it logged, and from where.
    """
    with tempfile.TemporaryDirectory() as profile:
        command = [find_browser(), "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
                   f"--user-data-dir={profile}", *options, "--dump-dom", address]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=True)
    written = FOUND.search(done.stdout)
    found = json.loads(html.unescape(written[1]) if written else "null")
    logged = COMPLAINT.findall(done.stderr)
    return found, [f"{source}: logs: {told}" for told, source in logged if not told.startswith(HARMLESS)]


@contextmanager
def served(site, **more):
    """Serve a folder, and pages that are given as text, to browsers of this machine.

    Parameters
    ----------
    site : path-like
    **more : str
        Pages by name.

    Yields
    ------
    address : str
    """

    class Pages(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, directory=str(site), **kwargs)

        def do_GET(self):
            text = more.get(self.path.strip("/").partition("?")[0])
            return super().do_GET() if text is None else self._send(text.encode())

        def _send(self, content):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            """Stay silent."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def complaints_of_a_site(site, pages, words=()):
    """What a browser with a phone's width finds wrong with pages of a built site, and what they log.

    Parameters
    ----------
    site : path-like
    pages : sequence of str
        Files of the site.
    words : sequence of str
        What the search is to find.

    Returns
    -------
    lines : list of str
        None where nothing is wrong.
    """
    probe = PROBE % {"width": PHONE, "pages": json.dumps(list(pages)), "words": json.dumps(list(words))}
    with served(Path(site), probe=probe, done="") as address:
        found, complaints = opened(f"{address}/probe", f"--virtual-time-budget={2000 * (10 + len(pages))}", seconds=300)
    return [*found, *(line.replace(address, "") for line in complaints)]
