// The properties of the modules: each in words, and whether it holds so far. A red one opens the shortest first part of the
// trace that shows it, and what its module says.

import { el, empty, update, wide } from "../dom.js";
import { isHiding, store } from "../store.js";
import * as violation from "../violation.js";

export const name = "properties";
export const title = "Properties";
const STYLES = { holds: "good", violated: "bad", "not checked": "said" };
const LATER = { holds: " so far", violated: "", "not checked": " yet" }; // as long as the whole trace is not checked

export const keys = [["v", "open the first violated property, or the next one"], ["Escape", "close it"]];

let said, body, opened, drawn = "", chosen = null;

export function open(main) {
  said = el("p", { class: "said" });
  body = el("div", {});
  opened = wide("");
  opened.setAttribute("aria-live", "polite");
  main.append(wide("Properties", said, body));
  drawn = "";
  chosen = null;
}

export function onKey(pressed) {
  const red = sorted().filter((row) => row.state === "violated");
  if (pressed === "Escape" && chosen != null) choose(null);
  else if (pressed === "v" && red.length) choose(red[(red.findIndex((row) => row.id === chosen) + 1) % red.length].id);
  else return false;
  return true;
}

function choose(property) {
  const before = chosen;
  chosen = property;
  drawn = "";
  draw();
  if (property == null) {
    violation.close(opened);
    document.getElementById(`open-${before}`)?.focus();
    return;
  }
  document.getElementById("view").prepend(opened);
  violation.open(opened, property, () => choose(null));
  opened.scrollIntoView({ block: "nearest" });
}

function sorted() {
  const order = { violated: 0, holds: 1, "not checked": 2 };
  return Object.values(store.tables.properties ?? {}).sort((a, b) => order[a.state] - order[b.state] || a.id.localeCompare(b.id, "en", { numeric: true }));
}

/** Whether the check has come to the end of a trace that does not grow any more. */
function isWhole() {
  const trace = store.flight.trace;
  return ["over", "stored"].includes(store.flight.state) && store.flight.replay?.is_at_end !== false && trace != null && !trace.check_error && trace.checked >= trace.size;
}

function progress() {
  const trace = store.flight.trace;
  if (isWhole()) return "The checker has compared every step of the trace with the TLA+ modules.";
  if (isHiding()) return "The verdict on each property is told in the debrief.";
  if (!trace) return "The check begins with the flight.";
  if (store.flight.replay?.is_at_end === false && !trace.check_error) return trace.checked ? "This is the checker's verdict on the trace up to this moment." : "The trace up to this moment is checked when the replay stands still.";
  if (trace.check_error) return `The trace cannot be checked further: ${trace.check_error}`;
  const share = trace.size ? Math.floor((100 * trace.checked) / trace.size) : 0;
  return `The checker compares every step with the TLA+ modules while the mission flies; this is its verdict on the first ${share} % of the trace. The verdict on all of it comes after the flight.`;
}

export function draw() {
  const rows = sorted();
  const count = (state) => rows.filter((row) => row.state === state).length;
  update(said, `${progress()} ${rows.length ? `${count("holds")} hold, ${count("violated")} violated, ${count("not checked")} not checked${isWhole() ? "" : LATER["not checked"]}.` : ""}`);
  const key = JSON.stringify([chosen, isWhole(), ...rows.map((row) => [row.id, row.state, row.reason, row.violations])]);
  if (key === drawn) return;
  drawn = key;
  update(body, rows.length ? el("table", { class: "properties" },
    el("thead", {}, el("tr", {}, ["id", "property", "state", "module"].map((each) => el("th", { scope: "col" }, each)))),
    el("tbody", {}, rows.map(row)))
    : empty("Nothing has been checked yet."));
}

function opener(id) {
  const isOpen = chosen === id;
  return el("button", { class: "bad", id: `open-${id}`, "aria-expanded": String(isOpen), title: "the shortest first part of the trace that shows it, and what its module says", onclick: () => choose(isOpen ? null : id) }, id);
}

function row(each) {
  const words = `${each.state}${isWhole() ? "" : LATER[each.state]}`;
  const places = each.places.map(([module, line]) => `${module}, line\u00a0${line}`).join("; ");
  const isRed = each.state === "violated";
  const why = isRed ? each.violations.map((text) => text.split("\n")[0]) : each.state === "not checked" && each.reason ? [each.reason] : [];
  return el("tr", { key: each.id }, el("th", { scope: "row" }, isRed ? opener(each.id) : each.id), el("td", { class: "text long" }, each.sentence, why.map((text) => el("p", { class: isRed ? "bad" : "said" }, text))),
    el("td", { class: STYLES[each.state] }, words), el("td", { class: "text long said" }, places || each.feature));
}
