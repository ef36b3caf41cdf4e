"""The page beside a stored run: hostile text, keys, focus, a console that dies, a part that is missing."""

import hashlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from groundstation.orders.order import read
from groundstation.record import run_directory
from groundstation.report import report
from groundstation.web import follower, hub
from groundstation.web.flights import Flight
from groundstation.web.follower import Follower
from groundstation.web.people import Entry, RoleFile
from tests.browser.conftest import STORED, Opened
from tests.support.host_flight import fly

pytestmark = pytest.mark.browser

VIEWS = "1234567890"
# What the page would send to a flight, in place of one.
CAPTURE = """import("/page/store.js").then(({ store, changed }) => {
  let { flight } = store;
  Object.defineProperty(store, "flight", {
    get: () => ({ ...flight, state: "flying" }),
    set: (told) => { flight = told; },
  });
  window.asked = [];
  const accepted = { json: async () => ({ outcome: "accepted" }) };
  window.fetch = async (path, { body }) => { asked.push(JSON.parse(body).order); return accepted; };
  changed();
})"""


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that is over."""
    return fly(tmp_path_factory.mktemp("runs"), **STORED).directory


def test_what_a_trace_says_is_shown_as_text(opened: Callable[..., Opened], tmp_path: Path) -> None:
    evil = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    head = {"run": evil, "node": 255, "boot": 0, "ticks": 1}
    told = {"kind": "note", "text": evil}
    swarm = {"versions": {"python": evil}, "replica_count": 4, "byzantine": [], "window_slots": 4}
    lines: list[dict[str, Any]] = [
        {"event": "RunStart", "scenario": evil, "seed": 1, **swarm},
        {"event": "BoardCrash", "board": 1, "reason": evil},
        {"event": "Order", "order": evil, "sender": evil, "told": told, "outcome": "refused", "reason": evil},
        {"event": "Telecommand", "stage": "queued", "client": 0, "operation": 1, "command": [evil]},
        {"event": "Silent", "node": 2, "reason": evil},
        {"event": "Vote1", "node": 2, "slot": 1, "view": 0, "value": evil},
    ]
    trace = tmp_path / "trace.ndjson"
    text = [{**head, "seq": number, "lamport": number + 1, "received": number / 10} for number in range(len(lines))]
    trace.write_text("".join(json.dumps({**one, **line}) + "\n" for one, line in zip(text, lines)))
    console = opened(Flight(trace=trace))
    console.wait('#title:text-matches("<img")')
    for key in VIEWS:
        console.page.keyboard.press(key)
        console.wait('[role="tabpanel"] .card')
    assert console.page.locator("img, main script").count() == 0
    assert "owned" not in console.page.title().split("<")[0]
    assert console.errors == []


def test_what_a_scenario_says_is_shown_as_text(opened: Callable[..., Opened], tmp_path: Path) -> None:
    evil = "<img src=x onerror=self.owned=1>"
    step = {"name": evil, "text": evil * 3, "expect": {"voting": 4}}
    kill = {"kind": "board", "board": 1, "action": "kill", "fields": {"restart_after": 0.2}}
    run = fly(
        tmp_path,
        description=evil,
        mission={"slots": 6, "limit_seconds": 60.0},
        workload={"operations": 6, "in_flight": 2},
        faults=[{"fault": "drop", "probability": 0.05, "name": evil}],
        alarms=[{"name": evil, "parameter": "view", "warning_high": -1.0}],
        procedure={"title": evil, "steps": [step]},
        injects=[{"name": evil, "at": 0.2, "order": kill}],
    ).directory
    console = opened(Flight(run=run))
    console.wait('article[aria-label="board 1"]')
    owned = "self.owned !== undefined || document.querySelectorAll('#view img, #view script, #bar img').length > 0"
    for view, shown in (("5", evil), ("6", evil), ("9", "<img"), ("c", evil), ("1", ""), ("y", ""), ("8", "")):
        console.page.keyboard.press(view)
        console.wait('[role="tabpanel"] .card')
        console.page.locator("#view").filter(has_text=shown).wait_for()
        assert not console.page.evaluate(owned), view
    # The report says it, too: as the console serves it, and as a file, where no policy keeps scripts out.
    report.write(run)
    for place in (f"http://127.0.0.1:{console.served.port}/report", (run / run_directory.REPORT).as_uri()):
        page = console.context.new_page()
        page.goto(place)
        assert evil in page.text_content("body")
        assert not page.evaluate("self.owned !== undefined || document.querySelectorAll('img[src=x]').length > 0"), (
            place
        )
    assert console.errors == []


def test_a_view_that_is_drawn_again_keeps_elements_focus_and_input(opened: Callable[..., Opened], stored: Path) -> None:
    console = opened(Flight(run=stored))
    console.wait('article[aria-label="board 1"]')
    kept = console.page.evaluate(
        """async () => {
          const { update, el, table } = await import("/page/dom.js");
          const host = document.body.appendChild(el("div", {}));
          const row = (key) => [el("td", {}, el("button", {}, key), el("input", {}))];
          const rows = (keys) => table(["a"], keys.map(row), {}, (index) => keys[index]);
          update(host, rows(["b", "c"]));
          const [b, c] = host.querySelectorAll("tbody tr");
          c.querySelector("input").value = "typed";
          b.querySelector("button").focus();
          update(host, rows(["a", "b", "c"]));
          const after = [...host.querySelectorAll("tbody tr")];
          const same = after[1] === b && after[2] === c && document.activeElement === b.querySelector("button");
          update(host, rows(["c"]));
          const gone = host.querySelectorAll("tbody tr").length;
          return [same, c.querySelector("input").value, gone, host.querySelector("tbody tr") === c];
        }"""
    )
    assert kept == [True, "typed", 1, True]


def test_a_step_is_chosen_before_the_diagram_is_drawn_and_stays_chosen(
    opened: Callable[..., Opened], stored: Path
) -> None:
    console = opened(Flight(run=stored))
    page = console.page
    console.wait('article[aria-label="board 1"]')
    console.until("store.events.length > 0 && store.events[0].offset > 0")  # what was before comes when it is wanted
    held: list[Any] = []
    page.route("**/api/events*", lambda route: held.append(route))
    press = """(keys) => {
      for (const key of keys) document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
      return document.querySelector(".detail")?.textContent;
    }"""
    told = page.evaluate(press, ["2", "]"])  # no frame passes between the keys
    assert told
    while not held:
        page.wait_for_timeout(10)
    page.unroute("**/api/events*")  # and what is held goes on
    console.until("store.events[0].offset === 0")
    page.evaluate("() => new Promise((then) => requestAnimationFrame(() => requestAnimationFrame(then)))")
    line = '.detail tr:has(th:text-is("offset")) td'
    chosen = page.text_content(line)
    assert chosen in told
    page.keyboard.press("[")
    assert int(page.text_content(line)) < int(chosen)
    assert console.errors == []


def test_a_long_trace_says_how_much_of_it_has_been_read(
    opened: Callable[..., Opened], stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, read_on = threading.Event(), Follower._read_whole
    monkeypatch.setattr(follower, "LONG_BYTES", 10_000)
    monkeypatch.setattr(follower, "QUICK_BYTES", 20_000)
    monkeypatch.setattr(Follower, "_read_whole", lambda self: go.is_set() and read_on(self))
    console = opened(Flight(trace=stored / run_directory.TRACE))
    console.wait('article[aria-label="board 1"]')
    console.wait('#reading:text-matches("being read: 0 % of")')
    go.set()
    console.page.locator("#reading").wait_for(state="hidden")
    console.until("store.flight.trace.is_partial === false && store.flight.trace.read === store.flight.trace.size")
    assert console.errors == []


def test_two_quorums_that_disagree_are_a_conflict(opened: Callable[..., Opened], stored: Path) -> None:
    console = opened(Flight(run=stored))
    judged = """async ([votes, byzantine]) => {
      const { judged } = await import("/page/quorums.js");
      const cells = votes.map((steps, node) => ({ node, steps: steps.map((step) => [...step, 0, 0]) }));
      const { isQuorum, conflict } = judged(cells, 4, byzantine);
      return [isQuorum, conflict !== ""];
    }"""
    a, b = [4, 0, "aa"], [4, 0, "bb"]
    for votes, byzantine, wanted in (
        ([[a], [a], [], []], [], [False, False]),
        ([[a], [a], [a], []], [], [True, False]),
        ([[a], [a, b], [a, b], [b]], [], [True, True]),
        ([[a], [a], [a], [[4, 1, "bb"]]], [], [True, False]),
        ([[[5, 0, "aa"]], [[5, 1, "bb"]], [], []], [], [False, True]),
        ([[[5, 0, "aa"]], [[5, 1, "bb"]], [], []], [1], [False, False]),
    ):
        assert console.page.evaluate(judged, [votes, byzantine]) == wanted, votes


def test_a_console_that_dies_is_told_and_found_again(opened: Callable[..., Opened], stored: Path) -> None:
    console = opened(Flight(run=stored))
    console.wait('article[aria-label="board 1"]')
    console.served.close()
    console.wait('#notice:text-matches("does not answer")')
    console.state("not connected")
    console.keep("lost")
    assert console.page.locator('article[aria-label="board 1"]').count() == 1  # what is old stays readable


def _lines(first: int, count: int) -> str:
    head = {"run": "r", "node": 1, "boot": 0, "event": "Apply", "ticks": 1}
    lines = [
        {
            **head,
            "seq": n,
            "lamport": n + 1,
            "received": n / 100,
            "slot": n + 1,
            "value": "aa" * 32,
            "digest": "bb" * 32,
        }
        for n in range(first, first + count)
    ]
    return "".join(json.dumps(line) + "\n" for line in lines)


def test_a_page_that_did_not_keep_up_is_closed_and_fills_its_gap_afterwards(
    opened: Callable[..., Opened], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "DEAF_SECONDS", 1.0)
    trace = tmp_path / "trace.ndjson"
    trace.write_text(_lines(0, 300))
    console = opened(Flight(trace=trace))
    page = console.page
    page.keyboard.press("0")
    console.wait('p:text-matches("of the latest 300; no gap")')
    held: list[Any] = []
    page.route("**/api/events*", lambda route: held.append(route))
    # A page that stands still: it draws nothing, and so it acknowledges nothing.
    page.evaluate(
        """() => {
          window.go = requestAnimationFrame;
          window.stood = [];
          window.requestAnimationFrame = (then) => stood.push(then);
        }"""
    )
    with trace.open("a") as file:
        file.write(_lines(300, 2000))
    console.until("store.closed.includes('did not keep up')")
    page.evaluate(
        """() => {
          window.requestAnimationFrame = go;
          for (const then of stood) if (typeof then === "function") go(then);
        }"""
    )
    console.wait('p:text-matches("1 gap, being filled")')
    page.locator("#filter").fill("no such words")
    console.wait('p:text-matches("No event matches")')
    page.locator("#filter").fill("")
    gap = page.evaluate("import('/page/store.js').then(({ store }) => [...store.gaps.values()])")
    assert len(gap) == 1
    assert gap[0][1] - gap[0][0] > 100_000
    console.keep("gap")
    page.unroute("**/api/events*")  # and what is held goes on
    console.wait('p:text-matches("of the latest 2300; no gap")')
    offsets = page.evaluate("import('/page/store.js').then(({ store }) => store.events.map((line) => line.seq))")
    assert offsets == list(range(2300))
    assert console.errors == []


def test_without_the_plotter_the_page_says_so_and_all_else_works(opened: Callable[..., Opened], stored: Path) -> None:
    console = opened(Flight(run=stored))
    console.page.route("**/vendor/**", lambda route: route.abort())
    console.page.keyboard.press("8")
    console.wait('p:text-matches("uPlot, which draws the plots, is not installed")')
    console.page.keyboard.press("3")
    console.wait("table.matrix")


def test_a_slot_shows_its_votes_and_the_space_time_diagram_its_window(
    opened: Callable[..., Opened], stored: Path
) -> None:
    console = opened(Flight(run=stored))
    page = console.page
    page.keyboard.press("3")
    console.wait('button[aria-label*="slot 5, board 1"]').click()
    console.wait('h2:text-matches("Slot 5: votes of all boards")')
    page.keyboard.press("2")
    console.wait("#diagram")
    page.keyboard.press("Home")
    page.locator("summary").click()
    console.wait('button:text-is("choose")').click()
    console.wait('.detail p:text-matches("depend on it")')
    page.keyboard.press("9")
    title = page.locator("svg.lanes rect title").first
    title.wait_for(state="attached")
    assert title.text_content() == "in contact from 0.0\u00a0s to 0.6\u00a0s"
    assert console.errors == []


def test_keys_act_neither_in_a_field_nor_for_a_button_that_is_pressed(
    opened: Callable[..., Opened], stored: Path
) -> None:
    console = opened(Flight(run=stored))
    page, keys = console.page, console.page.keyboard
    console.wait('article[aria-label="board 1"]')
    keys.press("0")
    page.locator("#filter").focus()
    for key in "?1ty":
        keys.press(key)
    assert page.locator("#filter").input_value() == "?1ty"
    assert not page.locator("dialog").is_visible()
    assert page.locator('#tab-events[aria-selected="true"]').count() == 1
    keys.press("Escape")
    keys.press("c")
    page.evaluate(CAPTURE)
    page.evaluate(
        """import("/page/store.js").then(({ store }) => {
          const step = { number: 0, title: "t", name: "one", status: "held" };
          store.tables.procedure = { 0: { ...step, poll: [], answers: {}, history: [] } };
        })"""
    )
    page.locator("#tab-slots").focus()
    keys.press("Enter")  # presses the tab; it does not let the step begin
    console.wait('#tab-slots[aria-selected="true"]')
    assert page.evaluate("asked") == []
    keys.press("c")
    page.locator("#view").focus()
    keys.press("Enter")
    page.wait_for_function("asked.length === 1")
    keys.press("?")
    console.wait("dialog[open]")
    page.evaluate("document.activeElement.blur()")
    keys.press("1")  # beneath an open message nothing acts
    assert page.locator('#tab-procedure[aria-selected="true"]').count() == 1


def test_what_a_kind_of_board_cannot_play_is_greyed_with_the_reason(
    opened: Callable[..., Opened], stored: Path
) -> None:
    console = opened(Flight(run=stored))
    console.page.keyboard.press("5")
    console.wait('label:text-is("probability *")')
    slow = console.page.locator('#board-kind option[value="slow"]')
    slow.wait_for(state="attached")
    assert slow.is_disabled()
    assert slow.text_content() == "slow (host boards cannot play slow)"
    assert console.page.locator('#board-kind option[value="pause"]').is_enabled()


def test_faults_with_tables_are_typed_and_checked_before_they_are_sent(
    opened: Callable[..., Opened], stored: Path
) -> None:
    console = opened(Flight(run=stored))
    page = console.page
    page.keyboard.press("5")
    console.wait('label:text-is("probability *")')
    page.evaluate(CAPTURE)
    begin = page.get_by_role("button", name="Begin", exact=True)

    page.locator("#link-kind").select_option("partition")
    begin.click()
    console.wait('#notice:text-matches("groups: put at least one board into a group")')
    page.get_by_label("group of board 0").select_option("group 2")
    page.get_by_label("group of board 1").select_option("group 1")
    page.get_by_label("group of board 3").select_option("group 2")
    console.keep("faults-partition")
    begin.click()
    page.wait_for_function("asked.length === 1")

    page.locator("#link-kind").select_option("light_time")
    for _ in range(2):
        page.get_by_role("button", name="Add a row").click()
    seconds = page.locator('[data-column="seconds"]')
    seconds.nth(0).fill("2")
    seconds.nth(1).fill("3.5")
    begin.click()
    console.wait('#notice:text-matches("pairs: boards 0 and 1 stand there twice")')
    page.get_by_label("second board").nth(1).select_option("board 0")
    begin.click()
    console.wait('#notice:text-matches("board 0 stands beside itself")')
    page.get_by_label("second board").nth(1).select_option("board 2")
    begin.click()
    page.wait_for_function("asked.length === 2")

    page.locator("#link-kind").select_option("contact_window")
    page.get_by_role("button", name="Add a row").click()
    for column, texts in (("aos", ("0", "9")), ("los", ("10", "20"))):
        for place, text in enumerate(texts):
            page.locator(f'[data-column="{column}"]').nth(place).fill(text)
    begin.click()
    console.wait('#notice:text-matches("pass 2: begins at 9 s, before the pass above it ends")')
    console.keep("faults-passes")
    page.get_by_role("button", name="Remove").nth(1).click()
    begin.click()
    page.wait_for_function("asked.length === 3")

    rules = [asked["rule"] for asked in page.evaluate("asked")]
    assert rules[0] == {"fault": "partition", "groups": [[1], [0, 3]]}
    pairs = [{"nodes": [0, 1], "seconds": 2}, {"nodes": [0, 2], "seconds": 3.5}]
    assert rules[1] == {"fault": "light_time", "pairs": pairs}
    assert rules[2] == {"fault": "contact_window", "passes": [{"aos": 0, "los": 10}], "outside": "hold"}
    for rule in rules:
        told = {"kind": "fault", "name": "x", "seconds": 1, "rule": rule}
        assert read(json.dumps({"id": "1", "sender": "a", "order": told})).order.bound(0.0)  # type: ignore[union-attr]
    assert console.errors == []


def test_an_observer_logs_in_and_may_only_look(opened: Callable[..., Opened], stored: Path) -> None:
    digest = hashlib.sha256(b"my token").hexdigest()
    roles = RoleFile(people=[Entry(name="olga", role="observer", token_sha256=digest)])
    console = opened(Flight(run=stored), roles)
    console.wait("#token").fill("wrong")
    console.page.keyboard.press("Enter")
    console.wait('dialog p.bad:text-matches("token")')
    console.page.locator("#token").fill("my token")
    console.page.keyboard.press("Enter")
    console.wait('#who:text-is("olga, observer")')
    console.wait('article[aria-label="board 1"]')
    assert console.page.get_by_role("button", name="Kill board 1").is_disabled()
    console.page.keyboard.press("s")
    console.wait('#notice:text-matches("olga is observer, which may not")')
