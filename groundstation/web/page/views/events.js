// The event log: the latest lines of the trace, filtered.

import { el, table, wide } from "../dom.js";
import { store } from "../store.js";

export const name = "events";
export const title = "Events";
export const keys = [["/", "filter the events"]];
const SHOWN = 200;
const ENVELOPE = new Set(["run", "node", "boot", "seq", "lamport", "ticks", "received", "event", "line"]);

let filter, rows, count;

export function open(main) {
  filter = el("input", { type: "search", id: "filter", placeholder: "words that a line must have", oninput: draw });
  count = el("p", { class: "said" });
  rows = el("div", { class: "log", tabindex: "0", role: "log", "aria-label": "events" });
  main.append(wide("Events", el("label", { for: "filter" }, "Filter "), filter, count, rows));
}

export function onKey(key) {
  if (key !== "/") return false;
  filter.focus();
  return true;
}

export function draw() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  const found = [];
  for (let index = store.events.length - 1; index >= 0 && found.length < SHOWN; index -= 1) {
    const line = store.events[index];
    const told = Object.entries(line).filter(([key]) => !ENVELOPE.has(key)).map(([key, value]) => `${key} ${JSON.stringify(value)}`).join("  ");
    const text = `${line.event} ${line.node === 255 ? "ground" : `board ${line.node}`} ${told}`.toLowerCase();
    if (words.every((word) => text.includes(word))) found.push([line.received.toFixed(3), line.lamport, line.node === 255 ? "ground" : `board ${line.node}`, line.event, told]);
  }
  count.textContent = `${found.length} shown of the latest ${store.events.length}; ${store.gaps.length ? `${store.gaps.length} gaps: the page was too slow` : "no gap"}`;
  rows.replaceChildren(found.length ? table(["mission s", "Lamport", "who", "event", "fields"], found) : el("p", { class: "empty" }, "No event matches."));
}
