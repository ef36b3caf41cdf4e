// The event log: the latest lines of the trace, filtered; a search in the whole trace, also for what lacks another event before it.

import { bytes, el, table, update, wide } from "../dom.js";
import { store } from "../store.js";

export const name = "events";
export const title = "Events";
export const keys = [["/", "filter the events"]];
const SHOWN = 80;
const HEADINGS = ["mission s", "Lamport", "who", "event", "fields"];
const PAUSE_MS = 500; // between two drawings: more often than that nobody can read it
const ENVELOPE = new Set(["run", "node", "boot", "seq", "lamport", "ticks", "received", "event", "offset"]);

let made = new Map(); // line -> its row, of the lines that are shown
let filter, nothing, rows, count, found, form, goesOn = null, drawn = "", drawnAt = 0, lastFilter = "";

export function open(main) {
  filter = el("input", { type: "search", id: "filter", placeholder: "words that a line must have", oninput: draw });
  count = el("p", { class: "said" });
  rows = el("div", { class: "log", tabindex: "0", role: "log", "aria-label": "latest events" }, listed([]));
  nothing = el("p", { class: "empty" }, "No event matches.");
  found = el("div", { class: "log", tabindex: "0", role: "region", "aria-label": "found events" });
  const field = (id, label, more) => [el("label", { for: id }, label), el("input", { id, name: id, ...more })];
  form = el("form", { class: "grid", onsubmit: (event) => { event.preventDefault(); search(0); } },
    field("words", "events with the words", { required: true, placeholder: "EnterView board" }),
    field("without", "not preceded by", { placeholder: "Receive" }),
    field("within", "within, in mission seconds", { type: "number", min: "0", step: "any", value: "1" }),
    el("button", { class: "first" }, "Search the whole trace"));
  drawn = "";
  made = new Map();
  main.append(wide("Latest events", el("label", { for: "filter" }, "Filter "), filter, count, nothing, rows), wide("Search", form, found));
}

export function onKey(key) {
  if (key !== "/") return false;
  filter.focus();
  return true;
}

function told(line) {
  return Object.entries(line).filter(([key]) => !ENVELOPE.has(key)).map(([key, value]) => `${key} ${JSON.stringify(value)}`).join("  ");
}

function who(line) {
  return line.node === 255 ? "ground" : `board ${line.node}`;
}

function cells(line) {
  return [line.received.toFixed(3), line.lamport, who(line), line.event, told(line)];
}

function listed(lines) {
  return table(HEADINGS, lines.map(cells));
}

/** Rows of lines: those that stand, and for new lines those of lines that are gone. A busy swarm would leave heaps of them. */
function rowsOf(lines) {
  const wanted = new Set(lines);
  const free = [...made].filter(([line]) => !wanted.has(line)).map(([, row]) => row);
  made = new Map(lines.map((line) => [line, made.get(line) ?? write(free.pop(), line)]));
  return made;
}

function write(row, line) {
  row ??= el("tr", {}, HEADINGS.map(() => el("td", {}, "-")));
  row.dataset.key = `line-${line.offset}`;
  for (const [index, cell] of cells(line).entries()) row.cells[index].firstChild.data = cell;
  return row;
}

/** What stands where lines have not come: below the event behind them. */
function gap(behind) {
  const [from, to] = store.gaps.get(behind.offset);
  return el("tr", { key: `gap-${to}`, class: "gap" }, el("td", { colspan: HEADINGS.length },
    `Lines are missing here: ${bytes(to - from)} of the trace have not come to this page. They are asked for; the search has them.`));
}

async function search(first) {
  const asked = new URLSearchParams({ words: form.elements.words.value, without: form.elements.without.value, seconds: form.elements.within.value || "0", first });
  const answer = await (await fetch(`/api/search?${asked}`)).json();
  if (!answer.events) return found.replaceChildren(el("p", { class: "bad" }, answer.reason));
  goesOn = answer.goes_on;
  const more = goesOn == null ? el("p", { class: "said" }, "That is all.") : el("button", { onclick: () => search(goesOn) }, "Go on");
  found.replaceChildren(answer.events.length ? listed(answer.events) : el("p", { class: "empty" }, "No event matches in this part."), more);
}

export function draw() {
  const last = store.first + store.events.length;
  const key = `${filter.value}/${last}/${store.events.length}/${[...store.gaps.keys()]}`;
  const now = performance.now();
  if (key === drawn || (now - drawnAt < PAUSE_MS && filter.value === lastFilter)) return;
  [drawn, drawnAt, lastFilter] = [key, now, filter.value];
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = [];
  let matching = 0;
  for (let index = store.events.length - 1; index >= 0 && matching < SHOWN; index -= 1) {
    const line = store.events[index];
    const text = words.length ? `${line.event} ${who(line)} ${told(line)}`.toLowerCase() : "";
    if (words.every((word) => text.includes(word))) {
      shown.push(line);
      matching += 1;
    }
    if (store.gaps.has(line.offset)) shown.push(gap(line));
  }
  const standing = rowsOf(shown.filter((each) => !(each instanceof Node)));
  const gaps = store.gaps.size;
  count.textContent = `${matching} lines shown of the latest ${store.events.length}; ${gaps ? `${gaps} ${gaps === 1 ? "gap" : "gaps"}, being filled` : "no gap"}`;
  update(rows.querySelector("tbody"), shown.map((each) => standing.get(each) ?? each));
  nothing.hidden = matching > 0;
}
