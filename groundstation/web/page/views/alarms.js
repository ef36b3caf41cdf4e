// Alarms: what calls for a person, and who has taken it.

import { el, seconds, table, wide } from "../dom.js";
import { act } from "../main.js";
import { may, order, store } from "../store.js";

export const name = "alarms";
export const title = "Alarms";
const SHELVE_SECONDS = 60;
const URGENT = { raised: 0, returned: 1, acknowledged: 2, normal: 3 };

let list, limits, drawn = "";

export function open(main) {
  list = el("div", {});
  limits = el("div", {});
  main.append(wide("Alarms", list), wide("Limits", el("p", { class: "said" }, "From the scenario file; without limits there, the usual ones. An alarm is raised when so many samples in a row are beyond a limit. There are four samples a second."), limits));
  drawn = "";
}

/** Alarms that call for somebody now. Stored runs call nobody. */
export function calling() {
  if (store.flight.state !== "flying") return [];
  return sorted().filter((row) => ["raised", "returned"].includes(row.state) && row.shelved_until == null);
}

function sorted() {
  return Object.values(store.tables.alarms ?? {}).sort((a, b) => URGENT[a.state] - URGENT[b.state] || (a.level === "critical" ? -1 : 1) - (b.level === "critical" ? -1 : 1) || b.since - a.since);
}

export function acknowledge(row) {
  if (row) act(order({ kind: "alarm", alarm: row.key, action: "acknowledge" }));
}

export function draw() {
  const rows = sorted();
  const isLive = store.flight.state === "flying" && may("alarm");
  const key = JSON.stringify([rows, isLive]);
  if (key === drawn) return;
  drawn = key;
  list.replaceChildren(rows.length ? table(["alarm", "board", "level", "state", "value", "since", "raised", "person", ""], rows.map((row) => [
    row.name, row.board ?? "swarm", el("td", { class: row.level === "critical" ? "bad" : row.level === "warning" ? "open" : "good" }, row.level), stateOf(row),
    row.value == null ? "-" : `${Math.round(row.value * 10) / 10} ${row.unit}`, seconds(row.since), `${row.count} ×`, row.assigned_to ?? "-", isLive ? buttons(row) : ""]))
    : el("p", { class: "empty" }, "No alarm has been raised."));
  const all = Object.values(store.tables.limits ?? {});
  limits.replaceChildren(table(["alarm", "looks at", "boards", "warning", "critical", "samples in a row"], all.map((row) => [
    row.name, row.parameter, row.boards ? row.boards.join(", ") : "all", range(row.warning_low, row.warning_high, row.unit), range(row.critical_low, row.critical_high, row.unit), row.persistence])));
}

function stateOf(row) {
  const parts = [row.state];
  if (row.acknowledged_by) {
    const who = `by ${row.acknowledged_by} at ${seconds(row.acknowledged_at)}`;
    if (row.state === "acknowledged") parts[0] = `acknowledged ${who}`;
    else parts.push(`acknowledged ${who}`);
  }
  if (row.shelved_until != null) parts.push(`shelved by ${row.shelved_by} until ${seconds(row.shelved_until)}`);
  return parts.join(", ");
}

function range(low, high, unit) {
  return [low == null ? null : `below ${low} ${unit}`, high == null ? null : `above ${high} ${unit}`].filter(Boolean).join(", ") || "-";
}

function buttons(row) {
  const give = (text, fields, label) => el("button", { onclick: () => act(order({ kind: "alarm", alarm: row.key, ...fields })), "aria-label": `${label} ${row.key}` }, text);
  return el("td", {}, ["raised", "returned"].includes(row.state) ? give("Acknowledge", { action: "acknowledge" }, "Acknowledge") : null, " ",
    give("Shelve 60 s", { action: "shelve", seconds: SHELVE_SECONDS }, "Shelve"), " ", give("Take", { action: "assign", to: store.hello.name }, "Take"));
}
