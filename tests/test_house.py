"""Rules of the house that linters do not know."""

from __future__ import annotations

import re
from pathlib import Path

import wallwidgets

PACKAGE = Path(wallwidgets.__file__).parent
# What runs or links text of a service in a notebook (security line E).
SINKS = re.compile(
    r"\bHTML\(|HTMLMath|\bStyler\b|\.style\b|escape=False|description_allow_html|_repr_markdown_"
    r"|_repr_javascript_|_repr_latex_|\bMarkdown\(|\bJavascript\("
)
REPRS = re.compile(r"def _repr_html_\(.*?\n(?=    def |\S|\Z)", re.DOTALL)
SAFE = "safe_html.py"


def modules() -> list[Path]:
    return [path for path in PACKAGE.rglob("*.py") if "notebooks" not in path.parts]


def test_html_is_made_in_one_place() -> None:
    found = {
        f"{path.name}: {match.group()}"
        for path in modules()
        if path.name != SAFE
        for match in SINKS.finditer(path.read_text())
    }
    assert found == set()


def test_every_html_repr_goes_through_it() -> None:
    reprs = [match for path in modules() for match in REPRS.findall(path.read_text())]
    assert len(reprs) >= 3
    for text in reprs:
        assert re.search(r"_table_html\(|record_html\(|\._repr_html_\(\)", text), text


def test_the_rules_find_what_they_are_for() -> None:
    for bad in ("HTML(name)", "frame.style.format()", "df.to_html(escape=False)", "HTMLMath(x)"):
        assert SINKS.search(bad), bad
