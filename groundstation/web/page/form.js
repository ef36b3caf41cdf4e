// Typed inputs from the console's words: numbers with units and bounds, boards as check boxes, choices as lists, tables as rows.

import { el } from "./dom.js";
import { nodes } from "./store.js";

const FOLDED_FROM = 14;
const MANY = ["boards", "choices", "stations", "groups", "rows"]; // more than one input each
const CHECKS = { passes: checkPasses, pairs: checkPairs }; // what columns cannot say of themselves

function bounds(field) {
  const low = field.least != null ? `at least ${field.least}` : field.above != null ? `above ${field.above}` : "";
  const high = field.most != null && field.most < 1e9 ? `at most ${field.most}` : "";
  return [low, high].filter(Boolean).join(", ");
}

const spoken = (name) => name.replaceAll("_", " ");

/** Label and input of a field, for a form of two columns. `id` makes its ids unique on the page. */
export function inputs(field, id) {
  const label = spoken(field.name);
  const says = [field.says === label ? "" : field.says.replaceAll("`", ""), bounds(field), field.required ? "" : field.default == null || typeof field.default === "object" ? "" : `usually ${field.default}`].filter(Boolean).join("; ");
  const hint = el("small", { id: `${id}-hint` }, says);
  if (MANY.includes(field.input)) {
    const choices = many(field, id);
    return [el("span", { class: "label", id: `${id}-label` }, label, field.required ? " *" : ""),
      el("div", { role: "group", "aria-labelledby": `${id}-label`, "aria-describedby": `${id}-hint`, "data-field": field.name, "data-input": field.input, "data-required": String(field.required) },
        choices.length > FOLDED_FROM && field.input === "choices" ? el("details", { class: "folded" }, el("summary", {}, `choose among ${choices.length}`), choices) : choices, hint)];
  }
  return [el("label", { for: id }, label, field.required ? " *" : ""), el("div", {}, single(field, { id, "data-field": field.name, "data-input": field.input, "aria-describedby": `${id}-hint` }), unit(field), " ", hint)];
}

function unit(field) {
  return field.unit ? el("span", { class: "unit" }, `\u00a0${field.unit}`) : null;
}

function single(field, more) {
  const attributes = { ...more, required: field.required };
  if (field.input === "choice") return el("select", attributes, field.choices.map((each) => el("option", { value: each, selected: each === field.default }, each)));
  if (!["number", "integer"].includes(field.input)) return el("input", { ...attributes, type: "text" });
  return el("input", { ...attributes, type: "number", step: field.input === "integer" ? "1" : "any", min: field.least ?? field.above, max: field.most, placeholder: field.default ?? "" });
}

function many(field, id) {
  if (field.input === "rows") return rows(field);
  if (field.input === "stations" || field.input === "groups") {
    const [what, options] = field.input === "stations" ? ["place", field.choices.map((each) => [each, each])]
      : ["group", [["", "the others"], ...nodes().slice(1).map((_, index) => [String(index), `group ${index + 1}`])]];
    return nodes().map((node) => el("label", { class: "check" }, `board ${node} `,
      el("select", { "aria-label": `${what} of board ${node}`, "data-board": node }, options.map(([value, text]) => el("option", { value }, text)))));
  }
  const choices = field.input === "choices" ? field.choices : nodes();
  return choices.map((each) => el("label", { class: "check", for: `${id}-${each}` }, el("input", { type: "checkbox", id: `${id}-${each}`, value: String(each) }), ` ${each}`));
}

/** Rows of typed columns, and a button for one more. */
function rows(field) {
  const list = el("div", { class: "rows" });
  const add = () => {
    const row = el("div", { class: "tools row" }, field.columns.map((column) => cell(column)), el("button", { type: "button", onclick: () => row.remove() }, "Remove"));
    list.append(row);
    return row;
  };
  if (field.required) add();
  return [list, el("button", { type: "button", onclick: () => add().querySelector("input, select").focus() }, "Add a row")];
}

function cell(column) {
  const label = spoken(column.name), more = { "data-column": column.name, "data-input": column.input, title: column.says };
  if (column.input === "pair") return ["first", "second"].map((which, place) => el("select", { ...more, "aria-label": `${which} board` }, nodes().map((node, index) => el("option", { value: node, selected: index === place }, `board ${node}`))));
  return el("label", { class: "check" }, `${label} `, single(column, more), unit(column));
}

/** The values that a form's inputs have, by field, without those left empty. Throws an Error that says what is wrong. */
export function values(form) {
  const found = {};
  for (const node of form.querySelectorAll("[data-field]")) {
    const value = one(node);
    if (value !== undefined) found[node.dataset.field] = value;
    else if (node.dataset.required === "true") throw new Error(`${spoken(node.dataset.field)}: ${node.dataset.input === "groups" ? "put at least one board into a group" : "choose at least one"}`);
  }
  return found;
}

function one(node) {
  const checked = () => [...node.querySelectorAll("input:checked")].map((input) => input.value);
  const { input, field } = node.dataset;
  if (input === "boards") return checked().length ? checked().map(Number) : undefined;
  if (input === "groups") return grouped(node);
  if (input === "choices") return checked().length ? checked() : undefined;
  if (input === "stations") return [...node.querySelectorAll("select")].map((select) => select.value);
  if (input === "rows") return table(node, field);
  if (node.value === "") return undefined;
  return ["number", "integer"].includes(input) ? Number(node.value) : node.value;
}

/** Boards by group; those of no group are "the others". */
function grouped(node) {
  const groups = new Map();
  for (const select of node.querySelectorAll("select")) {
    if (select.value !== "") groups.set(select.value, [...(groups.get(select.value) ?? []), Number(select.dataset.board)]);
  }
  return groups.size ? [...groups.keys()].sort((a, b) => a - b).map((key) => groups.get(key)) : undefined;
}

function table(node, field) {
  const found = [...node.querySelectorAll(".row")].map((row) => {
    const told = {};
    for (const input of row.querySelectorAll("[data-column]")) {
      const { column, input: kind } = input.dataset;
      if (kind === "pair") (told[column] ??= []).push(Number(input.value));
      else told[column] = ["number", "integer"].includes(kind) ? Number(input.value) : input.value;
    }
    return told;
  });
  CHECKS[field]?.(found);
  return found.length ? found : undefined;
}

function checkPasses(passes) {
  passes.forEach(({ aos, los }, index) => {
    if (los <= aos) throw new Error(`pass ${index + 1}: los must be after aos, have ${aos} s and ${los} s`);
    if (index && aos < passes[index - 1].los) throw new Error(`pass ${index + 1}: begins at ${aos} s, before the pass above it ends; want them in order`);
  });
}

function checkPairs(pairs) {
  const seen = new Set();
  for (const { nodes: [one, other] } of pairs) {
    const name = [one, other].sort((a, b) => a - b).join(" and ");
    if (one === other) throw new Error(`pairs: board ${one} stands beside itself; want two boards`);
    if (seen.has(name)) throw new Error(`pairs: boards ${name} stand there twice; want each pair once`);
    seen.add(name);
  }
}
