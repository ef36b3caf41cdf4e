// Telecommands: a form for each verb of the ledger, and the stages of all that were asked for.

import { card, el, empty, seconds, table, update, wide } from "../dom.js";
import { act } from "../main.js";
import { isHiding, may, noFlight, order, store } from "../store.js";

export const name = "commands";
export const title = "Telecommands";
export const keys = [["n", "a new telecommand"]];
const SHOWN = 40;

let rows, form, verbs, why, detail, chosen = null;

export function open(main) {
  verbs = el("select", { id: "verb", onchange: fields });
  form = el("form", { class: "grid", onsubmit: send });
  rows = el("div", {});
  why = el("p", { class: "said" });
  detail = card("Stages", empty("Choose a telecommand below for the times of its stages."));
  main.append(card("New telecommand", el("p", { class: "said" }, "It goes to every board, and counts when f + 1 boards give the same answer."), form, why), detail, wide("Telecommands", rows));
  fields();
}

export function onKey(key) {
  if (key === "n") verbs.focus();
  return key === "n";
}

function fields(event) {
  const known = store.hello?.vocabulary.verbs ?? {};
  const verb = verbs.value || Object.keys(known)[0];
  verbs.replaceChildren(...Object.keys(known).map((each) => el("option", { value: each, selected: each === verb }, each)));
  form.replaceChildren(el("label", { for: "verb" }, "verb"), verbs,
    ...(known[verb] ?? []).flatMap((field) => [
      el("label", { for: `f-${field.name}` }, `${field.name} *`),
      el("input", { id: `f-${field.name}`, name: field.name, "data-type": field.type, required: field.type !== "bytes", placeholder: field.wants, inputmode: field.type === "integer" ? "numeric" : "text" }),
    ]), el("button", { class: "first" }, "Send"));
  if (event) verbs.focus();
}

function send(event) {
  event.preventDefault();
  const given = {};
  for (const input of form.querySelectorAll("input")) {
    const isNumber = input.dataset.type === "integer" && /^[0-9]+$/.test(input.value);
    given[input.name] = isNumber ? Number(input.value) : input.value;
  }
  act(order({ kind: "telecommand", verb: verbs.value, fields: given }));
}

export function draw() {
  if (!verbs.options.length && store.hello) fields();
  const obstacle = noFlight() || (may("telecommand") ? "" : `The ${store.hello.role} may not command the swarm.`);
  form.querySelector("button").disabled = obstacle !== "";
  update(why, obstacle);
  const all = Object.values(store.tables.operations).sort((a, b) => b.number - a.number).slice(0, SHOWN);
  const stage = (operation) => {
    const boards = Object.values(operation.boards);
    const count = (what) => boards.filter((board) => board[what] != null).length;
    return `${isHiding() ? "" : `sent ${count("uplinked")}, `}received ${count("received")}, applied ${count("applied")}`;
  };
  update(rows, all.length
    ? table(["number", "asked by", "command", "queued", "boards", "state", "slot", "answer"], all.map((each) => [
      el("td", {}, el("button", { "aria-pressed": String(each.number === chosen), "aria-label": `stages of telecommand ${each.number}`, onclick: () => choose(each.number) }, each.number)),
      each.sender ?? "workload", el("td", { class: "text" }, words(each.command)), seconds(each.queued), stage(each),
      el("td", { class: each.state === "confirmed" ? "good" : "open" }, each.state === "confirmed" ? `confirmed after ${seconds(each.finished - each.queued)}` : each.state),
      each.slot ?? "-", el("td", { class: "text" }, each.result ? words(each.result) : "-")]), {}, (index) => `operation-${all[index].number}`)
    : empty("Nothing has been asked of the swarm yet."));
  drawDetail();
}

function choose(number) {
  chosen = number;
  draw();
  detail.scrollIntoView({ block: "nearest" });
}

/** Parts of a command or an answer; digests are cut. */
function words(parts) {
  return parts.map((part) => (typeof part === "string" && part.length > 24 ? `${part.slice(0, 12)}…` : part ?? "-")).join(" ");
}

function drawDetail() {
  const operation = store.tables.operations[chosen];
  if (!operation) return;
  const boards = Object.entries(operation.boards).sort(([a], [b]) => a - b);
  const times = (stage) => boards.map(([, board]) => board[stage]).filter((at) => at != null).sort((a, b) => a - b);
  const first = (stage) => (times(stage).length ? `${seconds(times(stage)[0], 3)}, ${times(stage).length} ${times(stage).length === 1 ? "board" : "boards"}` : "not yet");
  const row = (name, value, style = "") => el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: style }, value));
  update(detail, el("h2", {}, `Stages of telecommand ${operation.number}`),
    el("table", {}, el("tbody", {}, row("asked by", operation.sender ?? "workload"), row("queued", `${seconds(operation.queued, 3)}, Lamport time ${operation.lamport}`),
      row("first sent", first("uplinked")), row("first received", first("received")), row("first applied", first("applied")),
      row("decided", operation.slot == null ? "not yet" : `in slot ${operation.slot}`),
      row(operation.state === "confirmed" ? "confirmed by f + 1" : operation.state, operation.finished == null ? "not yet" : seconds(operation.finished, 3), operation.state === "confirmed" ? "good" : "open"))),
    table(["board", "sent", "times sent", "received", "receipt", "applied"], boards.map(([node, board]) => [`board ${node}`, seconds(board.uplinked), board.attempts ?? "-", seconds(board.received), board.status ?? "-", seconds(board.applied)])));
}
