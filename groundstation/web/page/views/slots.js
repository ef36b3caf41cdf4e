// Slot x node: the phase that each board has reached.

import { el, wide } from "../dom.js";
import { store } from "../store.js";

export const name = "slots";
export const title = "Slots";
const PHASES = ["waits", "vote 1", "vote 2", "vote 3", "vote 4", "decided"];
const SHOWN = 24;

let body;

export function open(main) {
  body = el("div", {});
  main.append(wide("Slots and boards", el("p", { class: "said" }, "Each cell is the phase that a board reached in a slot, and the view if it is not the first."), body));
}

export function draw() {
  const cells = Object.values(store.tables.slots);
  const nodes = Object.keys(store.tables.boards).map(Number).sort((a, b) => a - b);
  const slots = [...new Set(cells.map((cell) => cell.slot))].sort((a, b) => b - a).slice(0, SHOWN);
  if (!slots.length) return body.replaceChildren(el("p", { class: "empty" }, "No slot has been opened yet."));
  const at = new Map(cells.map((cell) => [`${cell.slot}/${cell.node}`, cell]));
  body.replaceChildren(el("table", { class: "matrix" },
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "slot"), nodes.map((node) => el("th", { scope: "col" }, `board ${node}`)))),
    el("tbody", {}, slots.map((slot) => el("tr", {}, el("th", { scope: "row" }, slot), nodes.map((node) => {
      const cell = at.get(`${slot}/${node}`);
      if (!cell) return el("td", { class: "phase-0" }, "·");
      return el("td", { class: `phase-${cell.phase}`, title: cell.value ? `value ${cell.value}` : "" }, PHASES[cell.phase] + (cell.view ? ` · view ${cell.view}` : ""));
    }))))));
}
