// Builds elements. Text is always set as text: nothing that a board, a log or a scenario says is read as markup.

/** An element. `attributes`: also `on<event>` handlers; `children`: elements and texts. */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.flat().filter((child) => child != null).map((child) => (child instanceof Node ? child : String(child))));
  return node;
}

/** A table of texts and elements. */
export function table(headings, rows, attributes = {}) {
  return el("table", attributes,
    el("thead", {}, el("tr", {}, headings.map((heading) => el("th", { scope: "col" }, heading)))),
    el("tbody", {}, rows.map((row) => el("tr", {}, row.map((cell) => (cell instanceof HTMLTableCellElement ? cell : el("td", {}, cell)))))));
}

export function card(title, ...children) {
  return el("section", { class: "card" }, el("h2", {}, title), ...children);
}

export function wide(title, ...children) {
  const made = card(title, ...children);
  made.classList.add("wide");
  return made;
}

/** Seconds for people: 12.3 s. */
export function seconds(value) {
  return value == null ? "-" : `${value.toFixed(1)} s`;
}

/** Bytes for people: 86.9 kB. */
export function bytes(value) {
  return value == null ? "-" : value === 0 ? "not known" : `${(value / 1000).toFixed(1)} kB`;
}
