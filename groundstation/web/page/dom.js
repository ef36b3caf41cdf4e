// Builds elements, and updates in place those that stand. Text is always set as text: nothing that a board, a log or a
// scenario says is read as markup.

const HANDLERS = Symbol("handlers");

function handle(event) {
  event.currentTarget[HANDLERS][event.type]?.(event);
}

function listen(node, type, handler) {
  node[HANDLERS] ??= {};
  if (!(type in node[HANDLERS])) node.addEventListener(type, handle);
  node[HANDLERS][type] = handler;
}

function nodes(children) {
  return children.flat(Infinity).filter((child) => child != null && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
}

/** An element. `attributes`: also `on<event>` handlers, and `key`, which names it among its siblings for `update`. */
export function el(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) listen(node, key.slice(2), value);
    else if (key === "key") node.dataset.key = value;
    else if (value === true) node.setAttribute(key, "");
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...nodes(children));
  return node;
}

/** Make `target` have these children. What is there already stays, and with it focus, selection, scroll and input. */
export function update(target, ...children) {
  match(target, nodes(children));
}

function match(target, wanted) {
  const keys = new Map(wanted.filter((node) => node.dataset?.key).map((node) => [node.dataset.key, node]));
  const there = new Map();
  for (const node of [...target.children]) {
    const key = node.dataset.key;
    if (!key) continue;
    if (keys.has(key)) there.set(key, node);
    else node.remove();
  }
  let at = target.firstChild;
  for (const node of wanted) {
    if (node === at) {
      at = at.nextSibling;
      continue;
    }
    const key = node.dataset?.key;
    const old = key ? there.get(key) : at && !at.dataset?.key ? at : null;
    if (old && old.nodeType === node.nodeType && old.nodeName === node.nodeName && node.parentNode === null) {
      if (old === at) at = at.nextSibling;
      else target.insertBefore(old, at);
      become(old, node);
    } else {
      target.insertBefore(node, at);
    }
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

/** Make the element `old` be as `next`, which is used up. */
export function become(old, next) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== next.data) old.data = next.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!next.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const type of Object.keys(old[HANDLERS] ?? {})) old[HANDLERS][type] = next[HANDLERS]?.[type];
  for (const [type, handler] of Object.entries(next[HANDLERS] ?? {})) listen(old, type, handler);
  match(old, [...next.childNodes].map((child) => { child.remove(); return child; }));
}

/** A table of texts and elements. `keyOf`: the key of a row, by its index. */
export function table(headings, rows, attributes = {}, keyOf = null) {
  return el("table", attributes,
    el("thead", {}, el("tr", {}, headings.map((heading) => el("th", { scope: "col" }, heading)))),
    el("tbody", {}, rows.map((row, index) => el("tr", keyOf ? { key: keyOf(index) } : {},
      row.map((cell) => (cell instanceof HTMLTableCellElement ? cell : el("td", {}, cell)))))));
}

export function card(title, ...children) {
  return el("section", { class: "card" }, el("h2", {}, title), ...children);
}

export function wide(title, ...children) {
  const made = card(title, ...children);
  made.classList.add("wide");
  return made;
}

/** What stands where there is nothing to show. */
export function empty(...words) {
  return el("p", { class: "empty" }, ...words);
}

/** A number with its unit, on one line. */
export function quantity(value, unit) {
  return unit ? `${value}\u00a0${unit}` : String(value);
}

/** Seconds for people: 12.3 s. */
export function seconds(value, digits = 1) {
  return value == null ? "-" : quantity(value.toFixed(digits), "s");
}

/** A span of time for people: 0.25 s, 12.3 s, 4 min 5 s, 3 h 2 min. */
export function span(value) {
  if (value == null) return "-";
  if (value < 1) return quantity(Number(value.toPrecision(2)), "s");
  if (value < 120) return seconds(value);
  if (value < 7200) return `${quantity(Math.floor(value / 60), "min")} ${quantity(Math.floor(value % 60), "s")}`;
  return `${quantity(Math.floor(value / 3600), "h")} ${quantity(Math.floor((value % 3600) / 60), "min")}`;
}

/** Bytes for people: 86.9 kB. */
export function bytes(value) {
  return value == null ? "-" : value === 0 ? "not known" : quantity((value / 1000).toFixed(1), "kB");
}
