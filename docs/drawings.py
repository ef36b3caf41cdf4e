"""The drawings of docs/images, made from boxes and arrows.

    python -m docs.drawings

Each drawing has a ground of its own, so it can be read on a light and on a dark page. Coordinates are pixels from the
upper left corner.
"""

import sys
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

FOLDER = Path(__file__).parent / "images"
INK, SOFT, LINE = "#1d2733", "#5f6b77", "#8794a1"
# Fill and edge of a box.
PLAIN = ("#ffffff", "#8794a1")
BOARD = ("#e3f0fb", "#2171b5")
GROUND = ("#e8f5ee", "#1a8a5a")
SPEC = ("#f3ecfa", "#7a4fb0")
FAULT = ("#fdeaea", "#c62f3b")
LINE_PIXELS = 17


@dataclass
class Drawing:
    """One picture; `parts` is SVG."""

    name: str
    width: int
    height: int
    title: str
    parts: list[str] = field(default_factory=list)

    def box(self, x: int, y: int, width: int, height: int, text: str, look: tuple[str, str] = PLAIN) -> None:
        """A box; the first line of its text is bold, further ones are soft."""
        self.parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="{look[0]}" stroke="{look[1]}"/>'
        )
        lines = text.split("\n")
        top = y + height / 2 - (len(lines) - 1) * LINE_PIXELS / 2 + 5
        for number, line in enumerate(lines):
            style = f'font-weight="600" fill="{INK}"' if number == 0 else f'font-size="12" fill="{SOFT}"'
            self.text(x + width // 2, round(top + number * LINE_PIXELS), line, "middle", style)

    def frame(self, x: int, y: int, width: int, height: int, text: str, look: tuple[str, str] = PLAIN) -> None:
        """A box around others, with its name in the upper left corner."""
        self.parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="8" fill="{look[0]}" fill-opacity="0.5"'
            f' stroke="{look[1]}" stroke-dasharray="5 3"/>'
        )
        self.text(x + 10, y + 19, text, "start", f'font-weight="600" fill="{look[1]}"')

    def text(
        self, x: int, y: int, text: str, anchor: str = "middle", style: str = f'font-size="12" fill="{SOFT}"'
    ) -> None:
        """One line of text, or several below each other."""
        for number, line in enumerate(text.split("\n")):
            place = f'x="{x}" y="{y + number * LINE_PIXELS}"'
            self.parts.append(f'<text {place} text-anchor="{anchor}" {style}>{escape(line, quote=False)}</text>')

    def arrow(self, *points: tuple[int, int], color: str = LINE, both: bool = False) -> None:
        """A line through `points`, with a head at its end."""
        path = " ".join(f"{x},{y}" for x, y in points)
        head = 'marker-end="url(#head)"' + (' marker-start="url(#head)"' if both else "")
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.6" {head}/>')

    def svg(self) -> str:
        """The file."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}"'
            f' height="{self.height}" font-family="Verdana, DejaVu Sans, sans-serif" font-size="13">'
        )
        marker = (
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"'
            f' orient="auto-start-reverse" markerUnits="userSpaceOnUse"><path d="M0 0L8 4L0 8z" fill="{SOFT}"/>'
            "</marker></defs>"
        )
        ground = f'<rect width="{self.width}" height="{self.height}" rx="8" fill="#fbfcfd"/>'
        title = f"<title>{escape(self.title, quote=False)}</title>"
        return "\n".join([head, title, marker, ground, *self.parts, "</svg>", ""])


def overview() -> Drawing:
    """What a rehearsal is."""
    d = Drawing("overview", 820, 290, "A rehearsal: boards, the ether with its faults, the trace, the modules")
    for number, remark in enumerate(("", "", "crashes", "lies")):
        look = FAULT if remark else BOARD
        d.box(20, 20 + 64 * number, 130, 50, f"board {number}" + (f"\n{remark}" if remark else "\nMicroPython"), look)
        d.arrow((150, 45 + 64 * number), (230, 45 + 64 * number), both=True)
    d.frame(230, 20, 300, 242, "ground station", GROUND)
    d.box(250, 52, 150, 92, "ether\ncarries each frame;\nloses, delays,\ndamages some", FAULT)
    d.box(250, 160, 150, 84, "telecommands\nconfirmed on f + 1\nequal replies", PLAIN)
    d.box(420, 52, 95, 192, "trace\nevery step\nof every\nboard", PLAIN)
    d.arrow((400, 98), (420, 98))
    d.arrow((400, 202), (420, 202))
    d.box(590, 30, 210, 62, "TLA+ modules\nagreement, log, ledger, ...", SPEC)
    d.box(590, 116, 210, 62, "checker\nis each step a step of them?", SPEC)
    d.box(590, 202, 210, 52, "verdict\nPASS or the step that is wrong", PLAIN)
    d.arrow((515, 147), (590, 147))
    d.arrow((695, 92), (695, 116))
    d.arrow((695, 178), (695, 202))
    return d


def floors() -> Drawing:
    """Which package imports which."""
    d = Drawing("floors", 760, 452, "The floors: each package imports only those below it")
    rows = [
        ("hil", "board kinds: virtual, emulated", BOARD),
        ("swarm_sim", "deterministic simulator, campaigns, shrinking, adversaries", GROUND),
        ("groundstation", "links, ether and faults, telecommands, record, report, command line", GROUND),
        ("specs", "TLA+ modules, decision records, and the checker of traces", SPEC),
    ]
    for number, (name, text, look) in enumerate(rows):
        d.box(20, 16 + 58 * number, 640, 46, f"{name}\n{text}", look)
    d.frame(20, 248, 640, 190, "firmware/amu: flight software, knows none of the floors above", BOARD)
    d.box(36, 280, 120, 40, "boards")
    d.box(176, 280, 120, 40, "node")
    for number, name in enumerate(("consensus", "ledger", "services")):
        d.box(330, 280 + 50 * number, 120, 40, name)
        d.arrow((296, 300), (314, 300), (314, 300 + 50 * number), (330, 300 + 50 * number))
        d.arrow((450, 300 + 50 * number), (468, 300 + 50 * number), (468, 350), (484, 350))
    d.arrow((156, 300), (176, 300))
    d.box(484, 330, 76, 40, "wire")
    d.box(580, 330, 68, 40, "core")
    d.arrow((560, 350), (580, 350))
    d.arrow((700, 30), (700, 420))
    d.text(712, 228, "imports", "middle", f'font-size="12" fill="{SOFT}" transform="rotate(90 712 228)"')
    return d


def frame() -> Drawing:
    """The way of a frame from one board to another."""
    d = Drawing("frame", 860, 420, "A frame's way from one board to another")
    d.frame(16, 16, 250, 388, "board A", BOARD)
    d.box(36, 48, 210, 46, "node\nready(): effects in order")
    steps = ("1  journal\nrecords reach flash", "2  trace frames\nwhat it did", "3  flight frames\nwhat it says")
    for number, text in enumerate(steps):
        d.box(36, 118 + 62 * number, 210, 46, text)
    d.arrow((141, 94), (141, 118))
    d.arrow((141, 164), (141, 180))
    d.arrow((141, 226), (141, 242))
    d.box(36, 320, 210, 62, "runtime\nseals one frame per peer:\nCBOR, HMAC, CRC, COBS")
    d.arrow((141, 288), (141, 320))
    d.frame(306, 16, 246, 388, "ground station", GROUND)
    d.box(326, 328, 206, 46, "link, framer\nbytes become frames")
    d.arrow((246, 351), (326, 351))
    d.text(286, 342, "serial")
    d.box(
        326,
        190,
        206,
        84,
        "ether\nasks the fault plan for the\nframe's fates: when each\ncopy arrives, if at all",
        FAULT,
    )
    d.arrow((380, 328), (380, 274))
    d.text(345, 306, "flight")
    d.box(326, 48, 206, 46, "recorder\ntrace.ndjson")
    d.arrow((541, 351), (541, 71), (532, 71))
    d.text(497, 306, "trace")
    d.parts.append(f'<polyline points="532,351 541,351" fill="none" stroke="{LINE}" stroke-width="1.6"/>')
    d.frame(592, 16, 252, 388, "board B", BOARD)
    checks = (
        "framer, address\nis it whole, and for me?",
        "rate limit\ntoo many from this peer?",
        "tag\nis it from that peer?",
    )
    for number, text in enumerate(checks):
        d.box(612, 336 - 62 * number, 212, 46, text)
    d.arrow((718, 336), (718, 320))
    d.arrow((718, 274), (718, 258))
    d.arrow((718, 212), (718, 196))
    d.box(612, 150, 212, 46, "codec\nbytes become messages")
    d.arrow((718, 150), (718, 112))
    d.box(612, 48, 212, 64, "node\nstep() for each message,\nthen ready() again")
    d.arrow((532, 232), (572, 232), (572, 359), (612, 359))
    return d


def telecommand() -> Drawing:
    """The way of a telecommand."""
    d = Drawing("telecommand", 860, 330, "A telecommand's way, from an operator's request to a confirmation")
    d.frame(16, 16, 216, 298, "ground station", GROUND)
    d.box(34, 50, 180, 62, "operation\ngets a number;\n`queued` goes on record")
    d.box(34, 140, 180, 46, "request\nto every board, repeated")
    d.box(34, 226, 180, 66, "confirmed\nf + 1 boards gave\nthe same answer")
    d.arrow((124, 112), (124, 140))
    d.frame(272, 16, 572, 298, "each board", BOARD)
    d.box(290, 128, 130, 70, "pending\nits own copy, with\na tag for it alone")
    d.arrow((214, 163), (290, 163))
    d.box(452, 50, 160, 62, "propose\nthe view's leader puts\nrequests into a body")
    d.box(452, 132, 160, 62, "four votes\na board votes only for\nrequests it has itself")
    d.box(452, 222, 160, 70, "decide\nn - f boards cast\nvote 4")
    d.arrow((420, 150), (436, 150), (436, 81), (452, 81))
    d.arrow((532, 112), (532, 132))
    d.arrow((532, 194), (532, 222))
    d.box(654, 132, 172, 62, "apply\nthe ledger, once,\nin slot order")
    d.box(654, 222, 172, 70, "reply\nslot and result")
    d.arrow((612, 257), (634, 257), (634, 163), (654, 163))
    d.arrow((740, 194), (740, 222))
    d.arrow((740, 292), (740, 304), (250, 304), (250, 259), (214, 259))
    return d


def seed() -> Drawing:
    """The way of a seed."""
    d = Drawing("seed", 860, 300, "A seed's way, from a number to boards that show the bug")
    d.box(16, 40, 92, 52, "seed\n7")
    d.box(148, 40, 130, 52, "draw\nwhich faults exist", GROUND)
    d.box(318, 40, 130, 52, "scenario\nTOML")
    d.box(488, 26, 160, 80, "simulator\nflight code, virtual\ntime, one thread", GROUND)
    d.box(688, 26, 156, 80, "modules, oracles\nevery step, flash,\nmemory, progress", SPEC)
    for start, end in ((108, 148), (278, 318), (448, 488), (648, 688)):
        d.arrow((start, 66), (end, 66))
    d.box(688, 150, 156, 52, "failure\nproperty and cause", FAULT)
    d.arrow((766, 106), (766, 150))
    d.box(488, 150, 160, 52, "campaign\nsorts seeds by cause", GROUND)
    d.arrow((688, 176), (648, 176))
    d.box(318, 150, 130, 52, "shrink\nfails alike, smaller", GROUND)
    d.arrow((488, 176), (448, 176))
    d.arrow((383, 150), (383, 92), both=True)
    d.box(318, 232, 130, 52, "small.toml\nfor a person")
    d.arrow((383, 202), (383, 232))
    d.box(488, 232, 160, 52, "rehearsal\nthe same file on boards", BOARD)
    d.arrow((448, 258), (488, 258))
    d.box(688, 232, 156, 52, "same property\nbroken on boards", FAULT)
    d.arrow((648, 258), (688, 258))
    return d


def usb_wiring() -> Drawing:
    """Picos on a hub."""
    d = Drawing("usb_wiring", 860, 260, "Four Picos, each with a USB cable to a hub, and the hub at the computer")
    d.box(16, 92, 190, 76, "computer\nground station,\namu boards, amu bench", GROUND)
    d.box(300, 92, 170, 76, "USB hub\nwith a supply of its own;\nbetter: ports that switch")
    d.arrow((206, 130), (300, 130), both=True)
    d.text(253, 122, "USB")
    for number in range(4):
        y = 16 + 60 * number
        d.box(600, y, 244, 46, f"Pico, node {number}\nits serial number is its name", BOARD)
        d.arrow((470, 130), (500, 130), (500, y + 23), (600, y + 23))
        d.text(550, y + 16, "data cable")
    return d


def uart_wiring() -> Drawing:
    """A Pico behind a serial adapter."""
    d = Drawing("uart_wiring", 860, 220, "A serial adapter's TX, RX and ground at GP1, GP0 and ground of a Pico")
    d.box(16, 92, 150, 60, "computer\nground station", GROUND)
    d.box(250, 40, 210, 164, "USB-serial adapter\n3.3 V levels, never 5 V;\nwith a serial number")
    d.arrow((166, 122), (250, 122), both=True)
    d.text(208, 114, "USB")
    pico = "Raspberry Pi Pico\nUSB connector upwards: pins\n1 to 3 at the upper left;\npower by its USB or a supply"
    d.box(634, 40, 210, 164, pico, BOARD)
    wires = (("TX", "GP1, pin 2", (460, 634)), ("RX", "GP0, pin 1", (634, 460)), ("GND", "GND, pin 3", None))
    for number, (adapter, pin, arrow) in enumerate(wires):
        y = 72 + 50 * number
        if arrow is None:
            d.parts.append(f'<polyline points="460,{y} 634,{y}" fill="none" stroke="{INK}" stroke-width="2"/>')
        else:
            d.arrow((arrow[0], y), (arrow[1], y), color=BOARD[1])
        d.text(470, y - 6, adapter, "start", f'font-weight="600" fill="{INK}"')
        d.text(624, y - 6, pin, "end", f'font-weight="600" fill="{INK}"')
    d.text(547, 24, "transmit goes to receive, both ways")
    return d


# A theorem of tetrabft_proofs.tla: upper left corner, what it says.
THEOREMS = {
    "QuorumsMeet": ((20, 92), "two quorums share\nan honest replica"),
    "BlockingSetHasHonest": ((460, 92), "f + 1 replicas have\nan honest one"),
    "QuorumsBlock": ((680, 92), "a quorum has f + 1\nhonest replicas"),
    "OneAccepted": ((20, 192), "in a phase of a view a\nquorum votes for one value"),
    "SilenceIsSafe": ((240, 192), "views from r on: a quorum\ncast no vote 4 in them"),
    "BlockingClaimIsSafe": ((460, 192), "views below r: f + 1\nclaim that it is safe there"),
    "ClaimIsCarried": ((680, 192), "an honest claim by votes 2\nis one of f + 1 by votes 1"),
    "TwoValuesClaimedIsSafe": ((460, 292), "views below r: two values\nare claimed, (iii-B)"),
    "LocksFollow": ((680, 292), "no other vote 3 from r on:\nno other vote 4"),
    "SimpleInvariants": ((20, 392), "votes of phases 2 to 4\nhave a quorum before them"),
    "SafeToVoteIsSafe": ((350, 392), "rule 3: no other value can be\nchosen in a view below"),
    "HeartInvariant": ((240, 492), "so it is for each vote,\nin every reachable state"),
    "Agreed": ((130, 592), "no two honest replicas\ndecide differently"),
    "OneChosen": ((350, 592), "one value at most has a\nquorum of votes 4"),
    "Accepting": ((680, 592), "all voters accept what\nthe leader may propose"),
}
# The second cites the first, by way of other lemmas or itself. Points between them, where the way is not straight.
CITED: dict[tuple[str, str], tuple[tuple[int, int], ...]] = {
    ("QuorumsMeet", "OneAccepted"): (),
    ("BlockingSetHasHonest", "BlockingClaimIsSafe"): (),
    ("QuorumsBlock", "ClaimIsCarried"): (),
    ("BlockingClaimIsSafe", "TwoValuesClaimedIsSafe"): (),
    ("SilenceIsSafe", "SafeToVoteIsSafe"): ((340, 370), (450, 370)),
    ("TwoValuesClaimedIsSafe", "SafeToVoteIsSafe"): ((560, 370), (450, 370)),
    ("SafeToVoteIsSafe", "HeartInvariant"): ((450, 470), (340, 470)),
    ("SimpleInvariants", "HeartInvariant"): ((120, 470), (340, 470)),
    ("HeartInvariant", "Agreed"): ((340, 570), (230, 570)),
    ("HeartInvariant", "OneChosen"): ((340, 570), (450, 570)),
    ("LocksFollow", "Accepting"): (),
    ("OneAccepted", "Agreed"): ((10, 223), (10, 623)),
    ("ClaimIsCarried", "Accepting"): ((890, 223), (890, 623)),
    ("BlockingClaimIsSafe", "SafeToVoteIsSafe"): ((450, 223), (450, 370)),
}


def agreement() -> Drawing:
    """On what the theorems about one slot rest."""
    d = Drawing("agreement", 900, 672, "Theorems about one slot: each rests on those with an arrow to it")
    d.box(240, 16, 420, 40, "n >= 3f + 1, and at most f replicas lie")
    for x in (120, 560, 780):
        d.arrow((450, 56), (450, 74), (x, 74), (x, 92))
    for name, ((x, y), text) in THEOREMS.items():
        d.box(x, y, 200, 62, f"{name}\n{text}", GROUND if y > 580 else SPEC)
    for (first, second), between in CITED.items():
        (x, y), (to_x, to_y) = THEOREMS[first][0], THEOREMS[second][0]
        begin, end = (x + 100, y + 62), (to_x + 100, to_y)
        if between and between[0][1] == y + 31:  # out of its side
            begin = (x if between[0][0] < x else x + 200, y + 31)
        if between and between[-1][1] == to_y + 31:
            end = (to_x if between[-1][0] < to_x else to_x + 200, to_y + 31)
        d.arrow(begin, *between, end)
    return d


ALL = (overview, floors, frame, telecommand, seed, usb_wiring, uart_wiring, agreement)


def main() -> int:
    """Write all drawings."""
    for make in ALL:
        drawing = make()
        (FOLDER / f"{drawing.name}.svg").write_text(drawing.svg(), encoding="utf-8")
        print(f"docs/images/{drawing.name}.svg: {drawing.title}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
