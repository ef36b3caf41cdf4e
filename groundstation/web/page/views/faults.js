// The fault palette: faults of links and of boards in the words of the scenario file, what holds now, what was ordered.

import { card, el, empty, seconds, table, update, wide } from "../dom.js";
import { inputs, values } from "../form.js";
import { act, notify } from "../main.js";
import { active } from "../reach.js";
import { isHiding, may, nodes, noFlight, order, run, store, whyNot } from "../store.js";
import { orderWords } from "../words.js";
import { obstacle } from "./overview.js";

export const name = "faults";
export const title = "Faults";
export const keys = [["n", "a new fault of links"], ["b", "a fault of a board"], ["e", "end the first ordered fault"]];
const ORDERS_SHOWN = 100;

let link, board, holding, orders, count = "";

export function open(main) {
  link = palette("link", "Begin", sendLink);
  board = palette("board", "Play", sendBoard);
  holding = el("div", {});
  orders = el("div", {});
  main.append(card("Fault of links", link.means, link.form), card("Fault of a board", board.means, board.form), wide("Faults that hold now", holding), wide("Orders", orders));
  count = "";
  fill();
}

export function onKey(key) {
  if (key === "n") link.choice.focus();
  else if (key === "b") board.choice.focus();
  else if (key === "e") end(active().find((fault) => fault.ordered));
  else return false;
  return true;
}

function palette(id, verb, send) {
  const made = { id, means: el("p", { class: "said", id: `${id}-means` }), fields: el("div", { class: "grid" }) };
  made.choice = el("select", { id: `${id}-kind`, "aria-describedby": `${id}-means`, onchange: (event) => refill(made, event) });
  made.button = el("button", { class: "first" }, verb);
  made.why = el("p", { class: "said" });
  made.form = el("form", { onsubmit: (event) => { event.preventDefault(); send(); } }, made.fields, el("p", {}, made.button), made.why);
  return made;
}

/** What the forms depend on. */
function shape() {
  return JSON.stringify([nodes().length, store.flight.kinds, store.flight.plays]);
}

function fill() {
  const words = store.hello?.vocabulary;
  if (!words) return;
  count = shape();
  refill(link);
  refill(board);
}

function refill(palette, event) {
  const words = palette === link ? store.hello.vocabulary.link_faults : store.hello.vocabulary.board_faults;
  const { choice } = palette;
  const chosen = choice.value || Object.keys(words)[0];
  if (!chosen) return; // faults are for those who may play them
  choice.replaceChildren(...Object.keys(words).map((each) => {
    const why = palette === link ? "" : whyNobody(each);
    return el("option", { value: each, selected: each === chosen, disabled: why !== "" }, each.replaceAll("_", " ") + (why && ` (${why})`));
  }));
  palette.means.textContent = words[chosen].means.replaceAll("`", "");
  const fixed = palette === link
    ? [el("label", { for: "link-name" }, "name *"), el("div", {}, el("input", { id: "link-name", required: true, maxlength: "60", value: freeName(chosen) }), " ", el("small", {}, "how reports count it")),
      el("label", { for: "link-seconds" }, "how long"), el("div", {}, el("input", { id: "link-seconds", type: "number", step: "any", min: "0" }), el("span", { class: "unit" }, " s"), " ", el("small", {}, "mission time; empty: until it is ended"))]
    : [el("label", { for: "board-node" }, "board *"), el("select", { id: "board-node" }, nodes().map((node) => {
      const why = whyNot(node, chosen);
      return el("option", { value: node, disabled: why !== "" }, `board ${node}${why && ` (${why})`}`);
    }))];
  palette.fields.replaceChildren(el("label", { for: choice.id }, "fault"), choice, ...fixed,
    ...words[chosen].fields.flatMap((field) => inputs(field, `${palette.id}-${field.name}`)));
  if (event) choice.focus();
}

/** Why no board can play a fault; "" if one can. */
function whyNobody(fault) {
  const reasons = nodes().map((node) => whyNot(node, fault));
  return reasons.length && reasons.every(Boolean) ? [...new Set(reasons)].join("; ") : "";
}

function freeName(fault) {
  const taken = store.tables.faults;
  const base = fault.replaceAll("_", "-");
  for (let number = 1; ; number += 1) {
    const one = number === 1 ? base : `${base}-${number}`;
    if (!(one in taken)) return one;
  }
}

async function sendLink() {
  try {
    const length = document.getElementById("link-seconds").value;
    const body = { kind: "fault", name: document.getElementById("link-name").value, seconds: length === "" ? null : Number(length), rule: { fault: link.choice.value, ...values(link.form) } };
    const answer = await act(order(body));
    if (answer.outcome === "accepted") document.getElementById("link-name").value = freeName(`${link.choice.value}-again`);
  } catch (error) {
    notify(`not sent: ${error.message}`);
  }
}

function sendBoard() {
  act(order({ kind: "board", board: Number(document.getElementById("board-node").value), action: board.choice.value, fields: values(board.form) }));
}

function end(fault) {
  if (fault) act(order({ kind: "end-fault", name: fault.name }));
}

export function draw() {
  for (const palette of [link, board]) palette.form.closest("section").hidden = store.hello != null && !may("fault");
  if (store.hello && (!link.choice.options.length || count !== shape())) fill();
  const isLive = store.flight.state === "flying";
  for (const [palette, what] of [[link, "fault"], [board, "board"]]) {
    const why = noFlight() || (may(what) ? "" : `The ${store.hello.role} may not play faults; the director may.`);
    palette.button.disabled = why !== "";
    update(palette.why, why);
  }
  drawHolding(isLive);
  drawOrders();
}

function drawHolding(isLive) {
  const { now } = run();
  const rows = active();
  const off = Object.values(store.tables.boards).filter((row) => !row.on);
  update(holding, rows.length || off.length
    ? table(["fault", "what it does", "links or board", "since", "until", "by", ""], [
      ...rows.map((fault) => [
        fault.name, el("td", { class: "text" }, fault.means.replaceAll("`", "")), fault.about, seconds(fault.start), fault.end == null ? "the end of the mission" : `${seconds(fault.end)} (in ${seconds(fault.end - now)})`,
        fault.ordered ? fault.sender : "the scenario",
        fault.ordered ? el("button", { disabled: !isLive || !may("end-fault"), onclick: () => end(fault), "aria-label": `End ${fault.name}` }, "End") : "",
      ]),
      ...off.map((row) => [
        "off", el("td", { class: "text" }, row.why_off), `board ${row.node}`, seconds(row.since), "it is started", "",
        el("button", { disabled: obstacle(row, "start") !== "", title: obstacle(row, "start"), onclick: () => act(order({ kind: "board", board: row.node, action: "start", fields: {} })), "aria-label": `Start board ${row.node}` }, "Start"),
      ]),
    ], {}, (index) => `fault-${index < rows.length ? rows[index].name : off[index - rows.length].node}`)
    : empty(isHiding() ? "Nothing is known beforehand of what holds now. What the director plays is told in the debrief." : "No fault of links holds now, and every board is on."));
}

function drawOrders() {
  const all = Object.entries(store.tables.orders).sort(([, a], [, b]) => b.offset - a.offset).slice(0, ORDERS_SHOWN);
  update(orders, all.length
    ? table(["mission time", "by", "order", "outcome"], all.map(([, each]) => [seconds(each.at), each.sender, el("td", { class: "text" }, orderWords(each.told)),
      el("td", { class: `text ${each.outcome === "accepted" ? "good" : "bad"}` }, each.reason ? `${each.outcome}: ${each.reason}` : each.outcome)]), {}, (index) => `order-${all[index][0]}`)
    : empty("Nobody has ordered anything yet."));
}
