"""Results as HTML tables, for notebooks."""

import html
import math

__all__ = ["html_table"]

STYLE = (
    "border-collapse:collapse;font-size:0.9em",
    "text-align:left;padding:2px 10px;border-bottom:1px solid #999",
    "text-align:{side};padding:2px 10px;border-bottom:1px solid #ddd",
)


def html_table(header, rows, caption="", notes=()):
    """Return a table as HTML; numbers in four digits, NaN as nothing, all words escaped."""
    head = "".join(f'<th style="{STYLE[1]}">{html.escape(str(name))}</th>' for name in header)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    title = f'<caption style="text-align:left;font-weight:bold">{html.escape(caption)}</caption>' if caption else ""
    small = "".join(f'<div style="font-size:0.8em;opacity:0.7">{html.escape(note)}</div>' for note in notes)
    return f'<div><table style="{STYLE[0]}">{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>' + (
        f"{small}</div>"
    )


def _cell(value):
    is_number = isinstance(value, float)
    words = ("" if math.isnan(value) else f"{value:.4g}") if is_number else str(value)
    return f'<td style="{STYLE[2].format(side="right" if is_number else "left")}">{html.escape(words)}</td>'
