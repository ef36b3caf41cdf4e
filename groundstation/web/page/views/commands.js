// Telecommands: a form for each verb of the ledger, and the stages of all that were asked for.

import { card, el, empty, seconds, table, update, wide } from "../dom.js";
import { act } from "../main.js";
import { may, order, store } from "../store.js";

export const name = "commands";
export const title = "Telecommands";
export const keys = [["n", "a new telecommand"]];
const SHOWN = 40;

let rows, form, verbs, why;

export function open(main) {
  verbs = el("select", { id: "verb", onchange: fields });
  form = el("form", { class: "grid", onsubmit: send });
  rows = el("div", {});
  why = el("p", { class: "said" });
  main.append(card("New telecommand", el("p", { class: "said" }, "It goes to every board, and counts when f + 1 boards give the same answer."), form, why), wide("Telecommands", rows));
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
  const obstacle = store.flight.state !== "flying" ? "There is no flight that takes orders now." : may("telecommand") ? "" : `The ${store.hello.role} may not command the swarm.`;
  form.querySelector("button").disabled = obstacle !== "";
  update(why, obstacle);
  const all = Object.values(store.tables.operations).sort((a, b) => b.number - a.number).slice(0, SHOWN);
  const stage = (operation) => {
    const boards = Object.values(operation.boards);
    const count = (what) => boards.filter((board) => board[what] != null).length;
    return `sent ${count("uplinked")}, received ${count("received")}, applied ${count("applied")}`;
  };
  update(rows, all.length
    ? table(["number", "asked by", "command", "queued", "boards", "state", "slot", "answer"], all.map((each) => [
      each.number, each.sender ?? "workload", el("td", { class: "text" }, each.command.join(" ")), seconds(each.queued), stage(each),
      el("td", { class: each.state === "confirmed" ? "good" : "open" }, each.state === "confirmed" ? `confirmed after ${seconds(each.finished - each.queued)}` : each.state),
      each.slot ?? "-", el("td", { class: "text" }, each.result ? each.result.join(" ") : "-")]), {}, (index) => `operation-${all[index].number}`)
    : empty("Nothing has been asked of the swarm yet."));
}
