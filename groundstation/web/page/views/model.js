// The state of a behaviour of a module: each variable, and what the latest step changed.

import { el, table, update, wide } from "../dom.js";
import { store } from "../store.js";

export const name = "model";
export const title = "Model";
export const key = "d";

let said, body, drawn = "";

export function open(main) {
  said = el("p", {});
  body = el("div", {});
  main.append(wide("State of the module", said, body));
  drawn = "";
}

export function draw() {
  const told = store.flight.behaviour;
  const key = JSON.stringify(told?.state);
  if (!told || key === drawn) return;
  drawn = key;
  const { number, action, variables } = told.state;
  const rows = variables.flatMap((each) => each.parts.map(([argument, value, isChanged]) => ({ name: argument ? `${each.name}[${argument}]` : each.name, value, isChanged })));
  const changed = rows.filter((each) => each.isChanged).map((each) => each.name).join(", ");
  update(said, number === 0 ? "The initial state." : `State ${number} of ${told.states - 1}${action ? `, reached by ${action}` : ""}${changed ? `: changes ${changed}` : ""}.`);
  update(body, table(["variable", "value", ""], rows.map((each) => [
    el("th", { scope: "row" }, each.name), el("td", { class: "text" }, el("code", { class: each.isChanged ? "changed" : null }, each.value)), each.isChanged ? "changed" : ""]), { class: "variables" }, (index) => rows[index].name));
}
