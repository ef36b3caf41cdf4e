"""The figures of a debrief as HTML: each says from which lines of the trace it is drawn.

    <data class="at" value="5.005" data-line="570">5.005 s</data>
    <data class="after" value="1.25" data-line="612" data-from="570">+1.250 s</data>

`value` is the second of the line, or the second of `data-line` less that of `data-from`. data-later and
data-from-later, if they are there, are seconds to be added: those that the line tells, or the light time to the crew.
"""

import html

from groundstation.debrief.moments import Moment, Utc
from groundstation.report.page import Markup

NONE = Markup('<span class="none">-</span>')


def at(moment: Moment, utc: Utc) -> Markup:
    """A moment: mission second, UTC where it is known, line."""
    told = _data("at", moment.at, f"{moment.at:.3f} s", moment)
    known = utc.text(moment.at)
    where = f"line {moment.line}" + (f", {moment.later:.4g} s later" if moment.later else "")
    small = f"{known[11:]} · {where}" if known else where
    return Markup(f"{told}<small>{html.escape(small)}</small>")


def after(moment: Moment, since: Moment) -> Markup:
    """How long after `since`."""
    return Markup(_data("after", moment.at - since.at, f"{moment.at - since.at:+.3f} s", moment, since))


def took(moment: Moment, since: Moment) -> Markup:
    """How long from `since` on."""
    return Markup(_data("after", moment.at - since.at, f"{moment.at - since.at:.3f} s", moment, since))


def name(text: str) -> Markup:
    """Who did it, on one line."""
    return Markup(f'<span class="by">{html.escape(text)}</span>' if text else "")


def _data(style: str, value: float, text: str, moment: Moment, since: Moment | None = None) -> str:
    names = f' data-later="{moment.later:.6f}"' if moment.later else ""
    if since is not None:
        names += f' data-from="{since.line}"'
        names += f' data-from-later="{since.later:.6f}"' if since.later else ""
    return f'<data class="{style}" value="{value:.6f}" data-line="{moment.line}"{names}>{text}</data>'
