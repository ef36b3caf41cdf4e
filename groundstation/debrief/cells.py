"""The figures of a debrief as HTML: each says from which lines of the trace it is drawn.

    <data class="at" value="5.005" data-line="570">5.005 s</data>
    <data class="after" value="1.25" data-from="570" data-line="612">+1.250 s</data>

`value` is the second of the line, or the second of `data-line` less that of `data-from`; data-further, if it is there,
are seconds that the line itself tells, to be added.
"""

import html

from groundstation.debrief.moments import Moment, Utc
from groundstation.report.page import Markup

NONE = Markup('<span class="none">-</span>')


def at(moment: Moment, utc: Utc, further: float = 0.0) -> Markup:
    """A moment: mission second, UTC where it is known, line."""
    second = moment.at + further
    told = _data("at", second, f"{second:.3f} s", moment, further=further)
    known = utc.text(second)
    where = f"line {moment.line}" + (f", and its {further:g} s" if further else "")
    small = f"{known[11:]} · {where}" if known else where
    return Markup(f"{told}<small>{html.escape(small)}</small>")


def after(moment: Moment, since: Moment, further: float = 0.0) -> Markup:
    """How long after `since`."""
    seconds = moment.at + further - since.at
    return Markup(_data("after", seconds, f"{seconds:+.3f} s", moment, since, further))


def took(moment: Moment, since: Moment) -> Markup:
    """How long from `since` on."""
    seconds = moment.at - since.at
    return Markup(_data("after", seconds, f"{seconds:.3f} s", moment, since))


def line(moment: Moment) -> Markup:
    """Only the line."""
    return Markup(f"<small>line {moment.line}</small>")


def _data(
    style: str, value: float, text: str, moment: Moment, since: Moment | None = None, further: float = 0.0
) -> str:
    names = "" if since is None else f' data-from="{since.line}"'
    names += f' data-further="{further:g}"' if further else ""
    return f'<data class="{style}" value="{value:.6f}"{names} data-line="{moment.line}">{text}</data>'
