// Slot x node: the phase that each board has reached, quorums, and the votes behind each cell.

import { board as colour } from "../colours.js";
import { become, el, empty, seconds, table, update, wide } from "../dom.js";
import { fields, kindName, who } from "../messages.js";
import { DECIDED, judged, sizes } from "../quorums.js";
import { run, store } from "../store.js";

export const name = "slots";
export const title = "Slots";
export const keys = [["arrows", "go to another cell"], ["Enter", "show its votes"]];
const PHASES = ["waits", "vote 1", "vote 2", "vote 3", "vote 4", "decided"];
const SHOWN = 24;
const MESSAGES_SHOWN = 40;

let body, detail, legend, head, rows, known, chosen = null; // chosen: [slot, node]; known: by slot, what a row shows and its element

export function open(main) {
  head = el("thead", {});
  rows = el("tbody", {});
  known = new Map();
  body = el("div", { onkeydown: move });
  legend = el("p", { class: "said" });
  detail = wide("Votes");
  detail.setAttribute("aria-live", "polite");
  main.append(wide("Slots and boards", legend, body), detail);
}

function move(event) {
  const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  const cell = event.target.closest("td, th");
  if (!step || !cell) return;
  const row = cell.parentNode, rows = [...row.parentNode.children];
  rows[rows.indexOf(row) + step[0]]?.children[[...row.children].indexOf(cell) + step[1]]?.querySelector("button")?.focus();
  event.preventDefault();
}

export function draw() {
  const cells = Object.values(store.tables.slots);
  const nodes = Object.keys(store.tables.boards).map(Number).sort((a, b) => a - b);
  const [n, f] = sizes(nodes.length);
  update(legend, !nodes.length ? "" : `Each cell is the phase that a board reached in a slot, and the view if it is not the first. A quorum is ${n - f} of ${n} boards. Choose a cell for its votes.`);
  const bySlot = new Map();
  for (const cell of cells) bySlot.set(cell.slot, [...(bySlot.get(cell.slot) ?? []), cell]);
  const slots = [...bySlot.keys()].sort((a, b) => b - a).slice(0, SHOWN);
  if (!slots.length) {
    update(body, empty("No slot has been opened yet."));
    detail.hidden = true;
    return;
  }
  if (!rows.isConnected) body.replaceChildren(el("table", { class: "matrix" }, head, rows));
  update(head, el("tr", {}, el("th", { scope: "col" }, "slot"), nodes.map((node) => el("th", { scope: "col" }, el("i", { class: "dot", style: `--own: ${colour(node)}` }), `board ${node}`)), el("th", { scope: "col", class: "words" }, "quorum")));
  update(rows, slots.map((slot) => kept(slot, nodes, bySlot.get(slot))));
  for (const slot of known.keys()) if (!bySlot.has(slot)) known.delete(slot);
  drawDetail(nodes);
}

/** The row of a slot: the one that stands, while it shows the same. */
function kept(slot, nodes, cells) {
  const shows = JSON.stringify([nodes.length, chosen?.[0] === slot ? chosen[1] : null, cells.map((cell) => [cell.node, cell.phase, cell.view, cell.steps.length])]);
  const old = known.get(slot);
  if (old?.shows === shows) return old.element;
  const element = row(slot, nodes, cells);
  if (!old) {
    known.set(slot, { shows, element });
    return element;
  }
  old.shows = shows;
  become(old.element, element);
  return old.element;
}

function row(slot, nodes, cells) {
  const at = new Map(cells.map((cell) => [cell.node, cell]));
  const { best, isQuorum, conflict } = judged(cells, nodes.length, run().byzantine);
  return el("tr", { key: `slot-${slot}`, class: conflict ? "conflict" : "" }, el("th", { scope: "row" }, slot),
    nodes.map((node) => {
      const cell = at.get(node);
      if (!cell) return el("td", { class: "phase-0" }, "·");
      const words = PHASES[cell.phase] + (cell.view ? ` · v${cell.view}` : "");
      const isChosen = chosen?.[0] === slot && chosen?.[1] === node;
      return el("td", { class: `phase-${cell.phase}` },
        el("button", { class: "cell", "aria-pressed": String(isChosen), "aria-label": `slot ${slot}, board ${node}: ${words}`, onclick: () => { chosen = [slot, node]; draw(); } }, words));
    }),
    el("td", { class: `words ${conflict ? "bad" : isQuorum ? "good" : "open"}` }, conflict ? `conflict: ${conflict}` : best ? `${PHASES[best.phase]}: ${best.boards.size} of ${nodes.length}` : "-"));
}

function drawDetail(nodes) {
  detail.hidden = chosen == null;
  if (!chosen) return;
  const [slot, node] = chosen;
  const cells = nodes.map((each) => store.tables.slots[`${slot}/${each}`]).filter(Boolean);
  const mine = cells.find((cell) => cell.node === node);
  const steps = cells.flatMap((cell) => cell.steps.map(([phase, view, value, at, lamport]) => ({ node: cell.node, phase, view, value, at, lamport })))
    .sort((a, b) => a.lamport - b.lamport || a.node - b.node);
  const messages = received(slot, node);
  update(detail, el("h2", {}, `Slot ${slot}: votes of all boards, and what board ${node} had received`),
    mine ? null : empty(`Slot ${slot} is no longer among the latest slots. The trace has it: search in Events.`),
    el("div", { class: "columns" },
      steps.length ? table(["board", "step", "view", "value", "mission time", "Lamport"], steps.map((step) => [
        el("td", { class: step.node === node ? "chosen" : "" }, `board ${step.node}`), step.phase === DECIDED ? "decided" : step.phase === 0 ? "entered" : `vote ${step.phase}`,
        step.view, step.value ? el("td", {}, el("code", {}, step.value)) : "-", seconds(step.at, 3), step.lamport])) : null,
      el("div", {}, messages.length
        ? table([`received by board ${node}`, "from", "about", "sent at", "received at"], messages)
        : empty("The page has no message of this slot: the scenario does not trace messages, or they are too old."))));
}

/** What a board received of a slot, from the events that the page has: a receipt names its sending. */
function received(slot, node) {
  const sends = new Map();
  const receipts = [];
  for (const line of store.events) {
    if (line.event === "Send" && line.slot === slot) sends.set(`${line.node}/${line.lamport}/${line.kind}`, line);
    else if (line.event === "Receive" && line.node === node) receipts.push(line);
  }
  return receipts.map((line) => [line, sends.get(`${line.from}/${line.sent}/${line.kind}`)]).filter(([, send]) => send).slice(-MESSAGES_SHOWN)
    .map(([line, send]) => [kindName(line.kind), who(line.from), fields({ view: send.view }), seconds(send.received, 3), seconds(line.received, 3)]);
}
