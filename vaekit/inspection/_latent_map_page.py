"""The page of the interactive map: one file, nothing loaded from elsewhere."""

import html
import json

__all__ = ["page_of"]

STYLE = """
body{font:14px system-ui,sans-serif;margin:12px;color:#222;background:#fff}
#bar{display:flex;gap:14px;align-items:baseline;flex-wrap:wrap;margin-bottom:6px}
h1{font-size:16px;margin:0}
button{font:inherit;padding:2px 10px;border:1px solid #999;background:#fff;border-radius:4px;cursor:pointer}
button.on{background:#0072b2;color:#fff;border-color:#0072b2}
#legend span{margin-right:10px;white-space:nowrap}
#legend i{display:inline-block;width:10px;height:10px;border-radius:5px;margin-right:4px}
canvas{border:1px solid #ccc;display:block;max-width:100%;touch-action:none}
#card{position:fixed;display:none;pointer-events:none;background:#fff;border:1px solid #999;border-radius:6px;
padding:8px;box-shadow:0 2px 8px #0003;font-size:12px;max-width:260px}
#card figure{display:inline-block;margin:0 6px 0 0;text-align:center}
#card img{image-rendering:pixelated;display:block;min-width:84px;max-width:180px}
"""

SCRIPT = """
const data = JSON.parse(document.getElementById("data").textContent);
const canvas = document.getElementById("map"), pen = canvas.getContext("2d"), card = document.getElementById("card");
const spaces = Object.keys(data.points), pad = 30;
let space = spaces[0], hit = -1, view = [0, 0, 1, 1];
function limits() {
  const [[x0, y0], [x1, y1]] = data.windows[space];
  return [x0, y0, x1 - x0, y1 - y0];
}
function place([x, y]) {
  const [x0, y0, w, h] = view;
  const right = canvas.width - 2 * pad, up = canvas.height - 2 * pad;
  return [pad + (x - x0) / w * right, canvas.height - pad - (y - y0) / h * up];
}
function draw() {
  pen.clearRect(0, 0, canvas.width, canvas.height);
  data.points[space].forEach((p, i) => {
    const [x, y] = place(p);
    pen.globalAlpha = i === hit ? 1 : 0.7;
    pen.fillStyle = data.colours[i];
    pen.beginPath(); pen.arc(x, y, i === hit ? 7 : 3.5, 0, 7); pen.fill();
    if (i === hit) { pen.strokeStyle = "#000"; pen.stroke(); }
  });
  pen.globalAlpha = 1; pen.fillStyle = "#555"; pen.font = "12px system-ui,sans-serif";
  pen.fillText(data.axes[0] + " \\u2192", canvas.width - 60, canvas.height - 8);
  pen.save(); pen.translate(14, 60); pen.rotate(-Math.PI / 2);
  pen.fillText(data.axes[1] + " \\u2192", 0, 0); pen.restore();
}
function figure(source, words) {
  const box = document.createElement("figure"), image = document.createElement("img");
  image.src = source; box.append(image, words); return box;
}
function line(words) { const box = document.createElement("div"); box.textContent = words; return box; }
function show(x, y) {
  card.style.display = hit < 0 ? "none" : "block";
  if (hit < 0) return;
  card.replaceChildren(line("row " + data.rows[hit] + (data.labels ? ": " + data.labels[hit] : "")));
  if (data.images) card.append(figure(data.images[hit], "data"), figure(data.decoded[hit], "decoded"));
  if (data.words) data.words[hit].forEach(words => card.append(line(words)));
  card.style.left = Math.min(x + 16, innerWidth - card.offsetWidth - 8) + "px";
  card.style.top = Math.max(4, Math.min(y + 16, innerHeight - card.offsetHeight - 8)) + "px";
}
function find(x, y) {
  let best = 144, found = -1;
  data.points[space].forEach((p, i) => {
    const [a, b] = place(p), d = (a - x) ** 2 + (b - y) ** 2;
    if (d < best) { best = d; found = i; }
  });
  return found;
}
canvas.addEventListener("pointermove", event => {
  const box = canvas.getBoundingClientRect(), scale = canvas.width / box.width;
  hit = find((event.clientX - box.left) * scale, (event.clientY - box.top) * scale);
  draw(); show(event.clientX, event.clientY);
});
canvas.addEventListener("pointerleave", () => { hit = -1; draw(); show(0, 0); });
canvas.addEventListener("wheel", event => {
  event.preventDefault();
  const box = canvas.getBoundingClientRect(), k = event.deltaY < 0 ? 0.85 : 1 / 0.85;
  const fx = (event.clientX - box.left) / box.width, fy = 1 - (event.clientY - box.top) / box.height;
  view = [view[0] + view[2] * fx * (1 - k), view[1] + view[3] * fy * (1 - k), view[2] * k, view[3] * k];
  draw();
}, { passive: false });
const bar = document.getElementById("spaces"), buttons = spaces.map(name => {
  const button = document.createElement("button");
  button.textContent = name; button.onclick = () => choose(name); bar.append(button); return button;
});
function choose(name) {
  space = name; view = limits();
  buttons.forEach(button => button.classList.toggle("on", button.textContent === name)); draw();
}
data.legend.forEach(([name, colour]) => {
  const entry = document.createElement("span"), dot = document.createElement("i");
  dot.style.background = colour; entry.append(dot, name); document.getElementById("legend").append(entry);
});
choose(space);
"""


def page_of(data, title):
    """Return the page as one string of HTML; what is in the data is never read as HTML."""
    stored = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c").replace("&", "\\u0026")
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{html.escape(title)}</title><style>{STYLE}</style></head>
<body><div id="bar"><h1>{html.escape(title)}</h1><div id="spaces"></div><div id="legend"></div></div>
<canvas id="map" width="900" height="640"></canvas><div id="card"></div>
<script type="application/json" id="data">{stored}</script>
<script>{SCRIPT}</script></body></html>
"""
