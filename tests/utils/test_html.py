"""Results as HTML tables: every number is there, every word is escaped."""

import re

from vaekit.utils._html import html_table


def test_numbers_are_short_and_words_escaped():
    table = html_table(("", "a<b"), [("x & y", 1.23456), ("gap", float("nan"))], caption="<i>", notes=["a > b"])
    assert re.findall(r"<td[^>]*>(.*?)</td>", table) == ["x &amp; y", "1.235", "gap", ""]
    assert "a&lt;b</th>" in table
    assert "<i>" not in table
    assert "a &gt; b" in table
