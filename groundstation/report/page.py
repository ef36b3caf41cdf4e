"""The HTML of a report: style, sections, tables and folded parts, in one self-contained file.

There is no script. Check boxes switch message kinds on and off through the style sheet (`:has`); a browser without
`:has` shows everything.
"""

import html
import re
from collections.abc import Iterable, Sequence

from groundstation.report.space_time import ARROW_COLOURS, FAINT_COLOUR, LOST, LOST_COLOUR, REST, Picture
from groundstation.report.theme import dark, themed


class Markup(str):
    """HTML, where a plain text could also stand."""


STATES = {"good": "✓", "bad": "✗", "open": "?", "note": "·"}
_HEADING = re.compile(r'<section id="(?P<id>[^"]*)"><h2>(?P<title>[^<]*)</h2>')
SWITCHES = {REST: "further messages", LOST: "lost"}


def page(title: str, sections: Iterable[str]) -> str:
    """The whole document."""
    rules = "\n".join(
        f"section:has(.t-{css(kind)}:not(:checked)) .k-{css(kind)} {{ display: none; }}" for kind in ARROW_COLOURS
    )
    rules += "\n" + "\n".join(f"section:has(.t-{kind}:not(:checked)) .{kind} {{ display: none; }}" for kind in SWITCHES)
    header, *others = sections
    body = "\n".join([header, _contents(others), *others])
    colours = dark(others)
    filled = PAGE.replace("@RULES@", rules).replace("@DARK@", colours).replace("@TITLE@", html.escape(title))
    return filled.replace("@BODY@", body)


def _contents(sections: Iterable[str]) -> str:
    """Links to the sections."""
    found = [heading for text in sections if (heading := _HEADING.match(text))]
    links = "".join(f'<li><a href="#{each["id"]}">{each["title"]}</a></li>' for each in found)
    return f'<nav aria-label="contents"><ul>{links}</ul></nav>' if len(found) > 1 else ""


def section(title: str, explanation: str, content: str) -> str:
    """A part of the page with a heading. `content` is HTML, the other arguments are plain text."""
    said = f'<p class="said">{html.escape(explanation)}</p>' if explanation else ""
    name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return f'<section id="{name}"><h2>{html.escape(title)}</h2>{said}{content}</section>'


def part(title: str, content: str) -> str:
    """A part of a section, with a heading of its own."""
    return f'<div class="part"><h3>{html.escape(title)}</h3>{content}</div>'


def picture(svg: str) -> str:
    """A picture, in the colours of the page's theme. Narrow screens scroll it sideways."""
    return _scrolled("picture", themed(svg))


def _scrolled(what: str, content: str) -> str:
    """What a narrow screen scrolls sideways, by keys too."""
    return f'<div class="picture" role="group" aria-label="{what}" tabindex="0">{content}</div>'


def space_time(drawn: Picture) -> str:
    """A space-time diagram with switches for its kinds of messages, which are also its legend."""
    colours = {**ARROW_COLOURS, REST: FAINT_COLOUR, LOST: LOST_COLOUR}
    switches = "".join(
        f'<label><input type="checkbox" checked class="t-{css(kind)}"><i style="background:{colours[kind]}"></i>'
        f"{SWITCHES.get(kind, kind)}</label>"
        for kind in drawn.kinds
    )
    return f'<div class="switches">{themed(switches)}</div>{picture(drawn.svg())}'


def css(kind: str) -> str:
    """The CSS class of a kind of message."""
    return kind.replace(" ", "-")


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], states: Sequence[str] = ()) -> str:
    """A table of plain text, or Markup. `states`: one of STATES per row, which colours it."""
    head = "".join(f"<th>{html.escape(heading)}</th>" for heading in headings)
    body = ""
    for number, row in enumerate(rows):
        state = f' class="{states[number]}"' if states else ""
        first, *others = (cell if isinstance(cell, Markup) else html.escape(str(cell)) for cell in row)
        body += f"<tr{state}><th>{first}</th>{''.join(f'<td>{cell}</td>' for cell in others)}</tr>\n"
    top = f"<thead><tr class=head>{head}</tr></thead>" if headings else ""
    return _scrolled("table", f"<table>{top}{body}</table>")


def folded(title: str, content: str, is_open: bool = False) -> str:
    """A part that the reader opens and closes."""
    return f"<details{' open' if is_open else ''}><summary>{html.escape(title)}</summary>{content}</details>"


def paragraph(text: str) -> str:
    """Plain text."""
    return f"<p>{html.escape(text)}</p>"


def listed(items: Iterable[str]) -> str:
    """A list of plain texts."""
    return f"<ul>{''.join(f'<li>{html.escape(item)}</li>' for item in items)}</ul>"


def block(text: str) -> str:
    """Preformatted text."""
    return f"<pre>{html.escape(text)}</pre>"


PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>@TITLE@</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; --ink: #1d2733; --faint: #5a6672; --line: #e3e8ee; --ground: #f6f8fa; --card: #fff;
        --code: #f0f3f6; --good: #08704c; --bad: #b80f29; --open: #8a5a00; --accent: #1f5fa8; --on-badge: #fff; }
@media screen and (prefers-color-scheme: dark) { :root {
        --ink: #e3e9ef; --faint: #9fb0c0; --line: #2b3743; --ground: #10161c; --card: #182029;
        --code: #222c36; --good: #4cc38a; --bad: #ff7b87; --open: #e2b03f; --accent: #7fb6f5; --on-badge: #0d1a29;
        @DARK@ } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 76rem; color: var(--ink); background: var(--ground);
       font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
header, section, nav { background: var(--card); border: 1px solid var(--line); border-radius: 10px;
                       padding: 1.2rem 1.6rem; margin-bottom: 1.2rem; }
nav { padding: .7rem 1.6rem; } nav ul { columns: 4 12rem; list-style: none; padding: 0; font-size: .9rem; }
a { color: var(--accent); }
h1 { margin: 0 0 .2rem; font-size: 1.7rem; overflow-wrap: anywhere; }
h1 small { color: var(--faint); font-weight: 400; font-size: 1rem; }
h2 { margin: 0 0 .3rem; font-size: 1.15rem; } h3 { margin: .8rem 0 .2rem; font-size: .95rem; }
.part { margin-top: 1.2rem; }
p { margin: .25rem 0; overflow-wrap: anywhere; } .said, .run { color: var(--faint); font-size: .88rem; }
code, pre { font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; background: var(--code); border-radius: 4px;
            padding: .1rem .35rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: .5rem .7rem; }
.badge { float: right; padding: .35rem 1.1rem; border-radius: 999px; color: var(--on-badge); font-weight: 700;
         text-transform: uppercase; letter-spacing: .05em; }
.badge.good { background: var(--good); } .badge.bad { background: var(--bad); } .badge.open { background: var(--open); }
table { border-collapse: collapse; margin-top: .4rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .22rem .9rem .22rem 0; border-top: 1px solid var(--line); }
tr:first-child > * { border-top: 0; } thead + tbody > tr:first-child > * { border-top: 1px solid var(--line); }
th { font-weight: 600; white-space: nowrap; }
td { overflow-wrap: break-word; } .verdict td:last-child { overflow-wrap: anywhere; }
tr.head th { color: var(--faint); font-size: .85rem; }
data { white-space: nowrap; } td small, th small { display: block; color: var(--faint); font-weight: 400;
                                                   font-size: .78rem; white-space: nowrap; }
.none { color: var(--faint); } .by { white-space: nowrap; }
.sign { font-weight: 700; width: 1.4rem; }
tr.good .sign { color: var(--good); } tr.bad td, tr.bad th { color: var(--bad); }
tr.open .sign { color: var(--open); }
.properties td:last-child { min-width: 9rem; } .properties tr.good td:last-child { color: var(--good); }
.properties tr.open td:last-child { color: var(--open); } .properties tr.bad td:last-child { font-weight: 700; }
.columns { display: flex; flex-wrap: wrap; gap: 2.5rem; }
.picture { overflow-x: auto; } .picture svg { width: 100%; min-width: 44rem; height: auto; display: block;
                                              margin-top: .6rem; }
.switches { display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin-top: .5rem; font-size: .85rem; }
.switches label { white-space: nowrap; cursor: pointer; }
.switches i { display: inline-block; width: 1.1rem; height: .25rem; margin: 0 .35rem .2rem .2rem; }
details { margin-top: .6rem; } summary { cursor: pointer; font-weight: 600; }
ul { padding-left: 1.2rem; margin: .3rem 0; }
@media (max-width: 40rem) { body { padding: .6rem; } header, section { padding: .8rem; } .badge { float: none;
                            display: inline-block; margin-bottom: .4rem; } th { white-space: normal; } }
@page { size: A4 landscape; margin: 12mm; }
@media print {
  body { max-width: none; padding: 0; background: none; font-size: 9.5pt; }
  header, section, nav { border: 0; border-radius: 0; padding: 0; margin-bottom: 6mm; background: none; }
  h2 { border-bottom: 1px solid var(--line); } h2, h3, .said, .switches, summary, thead { break-after: avoid; }
  .picture { overflow: visible; } .picture svg { min-width: 0; break-inside: avoid; max-height: 165mm; }
  p, tr, .part:has(tr:nth-child(-n+12):last-child) { break-inside: avoid; } .switches input { display: none; }
  ::details-content { content-visibility: visible; height: auto; }
  .badge { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
@RULES@
</style></head><body>
@BODY@
</body></html>
"""
