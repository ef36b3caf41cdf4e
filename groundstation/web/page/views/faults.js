// The fault palette: link faults in the words of the scenario file, and what people have ordered.

import { card, el, seconds, table, wide } from "../dom.js";
import { act } from "../main.js";
import { may, order, store } from "../store.js";

export const name = "faults";
export const title = "Faults";

let form, kinds, rows, means;

export function open(main) {
  kinds = el("select", { id: "fault", onchange: fields });
  means = el("p", { class: "said" });
  form = el("form", { class: "grid", onsubmit: send });
  rows = el("div", {});
  main.append(card("New link fault", means, form), wide("Orders", rows));
  fields();
}

function fields() {
  const known = store.hello?.vocabulary.link_faults ?? {};
  const kind = kinds.value || Object.keys(known)[0];
  kinds.replaceChildren(...Object.keys(known).map((each) => el("option", { value: each, selected: each === kind }, each)));
  means.textContent = known[kind]?.means ?? "";
  const input = (name, hint, more = {}) => [el("label", { for: `r-${name}` }, name), el("input", { id: `r-${name}`, name, placeholder: hint, ...more })];
  form.replaceChildren(el("label", { for: "fault" }, "fault"), kinds,
    ...input("name", "how reports count it", { required: true }), ...input("seconds", "how long, in mission seconds; empty: until ended"),
    ...Object.entries(known[kind]?.fields ?? {}).flatMap(([name, field]) => input(name, field.description ?? field.type ?? "JSON", { "data-rule": "1" })),
    el("button", { class: "first" }, "Begin"));
}

function send(event) {
  event.preventDefault();
  const rule = { fault: kinds.value };
  for (const input of form.querySelectorAll("input[data-rule]")) {
    if (input.value === "") continue;
    try { rule[input.name] = JSON.parse(input.value); } catch { rule[input.name] = input.value; }
  }
  const seconds = form.elements.seconds.value;
  act(order({ kind: "fault", name: form.elements.name.value, seconds: seconds === "" ? null : Number(seconds), rule }));
}

export function draw() {
  if (!kinds.options.length && store.hello) fields();
  form.querySelector("button").disabled = store.flight.state !== "flying" || !may("fault");
  const all = Object.values(store.tables.orders).sort((a, b) => b.line - a.line);
  rows.replaceChildren(all.length
    ? table(["mission time", "by", "order", "outcome"], all.map((each) => [seconds(each.at), each.sender, el("td", { class: "text" }, JSON.stringify(each.told)),
      el("td", { class: `text ${each.outcome === "accepted" ? "good" : "bad"}` }, each.reason ? `${each.outcome}: ${each.reason}` : each.outcome)]))
    : el("p", { class: "empty" }, "Nobody has ordered anything yet."));
}
