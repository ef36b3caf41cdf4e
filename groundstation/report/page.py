"""The HTML of a report: style, sections, tables and folded parts, in one self-contained file.

There is no script. Check boxes switch message kinds on and off through the style sheet (`:has`); a browser without
`:has` shows everything.
"""

import html
from collections.abc import Iterable, Sequence

from groundstation.report.space_time import ARROW_COLOURS, FAINT_COLOUR, LOST, LOST_COLOUR, REST, Picture

STATES = {"good": "✓", "bad": "✗", "open": "?", "note": "·"}
SWITCHES = {REST: "further messages", LOST: "lost"}


def page(title: str, sections: Iterable[str]) -> str:
    """The whole document."""
    rules = "\n".join(
        f"section:has(.t-{css(kind)}:not(:checked)) .k-{css(kind)} {{ display: none; }}" for kind in ARROW_COLOURS
    )
    rules += "\n" + "\n".join(f"section:has(.t-{kind}:not(:checked)) .{kind} {{ display: none; }}" for kind in SWITCHES)
    return PAGE.replace("@RULES@", rules).replace("@TITLE@", html.escape(title)).replace("@BODY@", "\n".join(sections))


def section(title: str, explanation: str, content: str) -> str:
    """A part of the page with a heading. `content` is HTML, the other arguments are plain text."""
    said = f'<p class="said">{html.escape(explanation)}</p>' if explanation else ""
    return f"<section><h2>{html.escape(title)}</h2>{said}{content}</section>"


def picture(svg: str) -> str:
    """A picture. Narrow screens scroll it sideways."""
    return f'<div class="picture">{svg}</div>'


def space_time(drawn: Picture) -> str:
    """A space-time diagram with switches for its kinds of messages, which are also its legend."""
    colours = {**ARROW_COLOURS, REST: FAINT_COLOUR, LOST: LOST_COLOUR}
    switches = "".join(
        f'<label><input type="checkbox" checked class="t-{css(kind)}"><i style="background:{colours[kind]}"></i>'
        f"{SWITCHES.get(kind, kind)}</label>"
        for kind in drawn.kinds
    )
    return f'<div class="switches">{switches}</div>{picture(drawn.svg())}'


def css(kind: str) -> str:
    """The CSS class of a kind of message."""
    return kind.replace(" ", "-")


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], states: Sequence[str] = ()) -> str:
    """A table of plain text. `states`: one of STATES per row, which colours it."""
    head = "".join(f"<th>{html.escape(heading)}</th>" for heading in headings)
    body = ""
    for number, row in enumerate(rows):
        state = f' class="{states[number]}"' if states else ""
        first, *others = (html.escape(str(cell)) for cell in row)
        body += f"<tr{state}><th>{first}</th>{''.join(f'<td>{cell}</td>' for cell in others)}</tr>\n"
    return f'<div class="picture"><table>{f"<tr class=head>{head}</tr>" if headings else ""}{body}</table></div>'


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
:root { --ink: #1d2733; --faint: #5a6672; --line: #e3e8ee; --good: #08704c; --bad: #b80f29; --open: #8a5a00; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 76rem; color: var(--ink); background: #f6f8fa;
       font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
header, section { background: #fff; border: 1px solid var(--line); border-radius: 10px; padding: 1.2rem 1.6rem;
                  margin-bottom: 1.2rem; }
h1 { margin: 0 0 .2rem; font-size: 1.7rem; overflow-wrap: anywhere; }
h1 small { color: var(--faint); font-weight: 400; font-size: 1rem; }
h2 { margin: 0 0 .3rem; font-size: 1.15rem; } h3 { margin: .8rem 0 .2rem; font-size: .95rem; }
p { margin: .25rem 0; overflow-wrap: anywhere; } .said, .run { color: var(--faint); font-size: .88rem; }
code, pre { font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; background: #f0f3f6; border-radius: 4px;
            padding: .1rem .35rem; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: .5rem .7rem; }
.badge { float: right; padding: .35rem 1.1rem; border-radius: 999px; color: #fff; font-weight: 700;
         text-transform: uppercase; letter-spacing: .05em; }
.badge.good { background: var(--good); } .badge.bad { background: var(--bad); } .badge.open { background: var(--open); }
table { border-collapse: collapse; margin-top: .4rem; }
th, td { text-align: left; vertical-align: top; padding: .22rem .9rem .22rem 0; border-top: 1px solid var(--line); }
tr:first-child > * { border-top: 0; } th { font-weight: 600; white-space: nowrap; }
tr.head th { color: var(--faint); font-size: .85rem; }
.verdict td:last-child { overflow-wrap: anywhere; }
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
@RULES@
</style></head><body>
@BODY@
</body></html>
"""
