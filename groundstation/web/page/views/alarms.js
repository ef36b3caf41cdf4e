// Alarms: what calls for a person, and who has taken it.

import { el, empty, quantity, seconds, table, update, wide } from "../dom.js";
import { act } from "../main.js";
import { may, order, store } from "../store.js";

export const name = "alarms";
export const title = "Alarms";
const SHELVE_SECONDS = 60;
const URGENT = { raised: 0, returned: 1, acknowledged: 2, normal: 3 };

let list, limits;

export function open(main) {
  list = el("div", {});
  limits = el("div", {});
  main.append(wide("Alarms", list), wide("Limits", el("p", { class: "said" }, "From the scenario file; without limits there, the usual ones. An alarm is raised when so many samples in a row are beyond a limit. There are four samples a second."), limits));
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
  update(list, rows.length ? table(["alarm", "board", "level", "state", "since", "value then", "raised", "person", ""], rows.map((row) => [
    row.name, row.board ?? "swarm", el("td", { class: row.level === "critical" ? "bad" : row.level === "warning" ? "open" : "good" }, row.level), el("td", { class: "text" }, stateOf(row)),
    seconds(row.since), valueOf(row), `${row.count} ×`, row.assigned_to ?? "-", isLive && row.state !== "normal" ? buttons(row) : ""]), {}, (index) => `alarm-${rows[index].key}`)
    : empty("No alarm has been raised."));
  const all = Object.values(store.tables.limits ?? {}).sort((a, b) => a.name.localeCompare(b.name, "en"));
  update(limits, table(["alarm", "looks at", "boards", "warning", "critical", "raised after"], all.map((row) => [
    row.name, el("td", { class: "text long" }, row.means), row.of_board ? row.boards?.join(", ") ?? "all" : "the swarm", range(row, "warning"), range(row, "critical"), quantity(row.persistence, row.persistence === 1 ? "sample" : "samples")]), {}, (index) => `limit-${all[index].name}`));
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

const isYesOrNo = (row) => row.parameter === "off"; // 1 or 0: its name says all

function valueOf(row) {
  if (row.value == null) return "-";
  return isYesOrNo(row) ? (row.value ? "yes" : "no") : quantity(Math.round(row.value * 10) / 10, row.unit);
}

function range(row, level) {
  const [low, high] = [row[`${level}_low`], row[`${level}_high`]];
  if (isYesOrNo(row)) return high == null && low == null ? "-" : "yes";
  return [low == null ? null : `below ${quantity(low, row.unit)}`, high == null ? null : `above ${quantity(high, row.unit)}`].filter(Boolean).join(", ") || "-";
}

function buttons(row) {
  const give = (text, fields) => el("button", { key: text, onclick: () => act(order({ kind: "alarm", alarm: row.key, ...fields })), "aria-label": `${text} ${row.key}` }, text);
  return el("td", {}, el("div", { class: "tools" }, ["raised", "returned"].includes(row.state) ? give("Acknowledge", { action: "acknowledge" }) : null,
    give(`Shelve ${SHELVE_SECONDS} s`, { action: "shelve", seconds: SHELVE_SECONDS }), give("Take", { action: "assign", to: store.hello.name })));
}
