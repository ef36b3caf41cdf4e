// Typed inputs from the console's words: numbers with units and bounds, boards as check boxes, choices as lists.

import { el } from "./dom.js";
import { nodes } from "./store.js";

const FOLDED_FROM = 14;

function bounds(field) {
  const low = field.least != null ? `at least ${field.least}` : field.above != null ? `above ${field.above}` : "";
  const high = field.most != null && field.most < 1e9 ? `at most ${field.most}` : "";
  return [low, high].filter(Boolean).join(", ");
}

/** Label and input of a field, for a form of two columns. `id` makes its ids unique on the page. */
export function inputs(field, id) {
  const label = field.name.replaceAll("_", " ");
  const says = [field.says === label ? "" : field.says.replaceAll("`", ""), bounds(field), field.required ? "" : field.default == null || typeof field.default === "object" ? "" : `usually ${field.default}`].filter(Boolean).join("; ");
  const hint = el("small", { id: `${id}-hint` }, says);
  if (["boards", "groups", "choices", "stations"].includes(field.input)) {
    const choices = many(field, id);
    return [el("span", { class: "label", id: `${id}-label` }, label, field.required ? " *" : ""),
      el("div", { role: "group", "aria-labelledby": `${id}-label`, "aria-describedby": `${id}-hint`, "data-field": field.name, "data-input": field.input }, choices.length > FOLDED_FROM ? el("details", { class: "folded" }, el("summary", {}, `choose among ${choices.length}`), choices) : choices, hint)];
  }
  const attributes = { id, "data-field": field.name, "data-input": field.input, "aria-describedby": `${id}-hint`, required: field.required };
  const input = field.input === "choice"
    ? el("select", attributes, field.choices.map((each) => el("option", { value: each, selected: each === field.default }, each)))
    : ["number", "integer"].includes(field.input)
      ? el("input", { ...attributes, type: "number", step: field.input === "integer" ? "1" : "any", min: field.least ?? field.above, max: field.most, placeholder: field.default ?? "" })
      : el("input", { ...attributes, type: "text" });
  return [el("label", { for: id }, label, field.required ? " *" : ""), el("div", {}, input, field.unit ? el("span", { class: "unit" }, ` ${field.unit}`) : null, " ", hint)];
}

function many(field, id) {
  if (field.input === "stations") {
    return nodes().map((node) => el("label", { class: "check" }, `board ${node} `,
      el("select", { "aria-label": `place of board ${node}` }, field.choices.map((each) => el("option", { value: each }, each)))));
  }
  const choices = field.input === "choices" ? field.choices : nodes();
  return choices.map((each) => el("label", { class: "check", for: `${id}-${each}` }, el("input", { type: "checkbox", id: `${id}-${each}`, value: String(each) }), ` ${each}`));
}

/** The values that a form's inputs have, by field, without those left empty. Throws an Error that says what is wrong. */
export function values(form) {
  const found = {};
  for (const node of form.querySelectorAll("[data-field]")) {
    const value = one(node);
    if (value !== undefined) found[node.dataset.field] = value;
  }
  return found;
}

function one(node) {
  const checked = () => [...node.querySelectorAll("input:checked")].map((input) => input.value);
  const { input, field } = node.dataset;
  if (input === "boards") return checked().length ? checked().map(Number) : undefined;
  if (input === "groups") return checked().length ? [checked().map(Number)] : undefined;
  if (input === "choices") return checked().length ? checked() : undefined;
  if (input === "stations") return [...node.querySelectorAll("select")].map((select) => select.value);
  if (node.value === "") return undefined;
  if (input === "number" || input === "integer") return Number(node.value);
  if (input !== "json") return node.value;
  try {
    return JSON.parse(node.value);
  } catch {
    throw new Error(`${field}: want JSON`);
  }
}
