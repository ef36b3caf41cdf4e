// The swarm at a glance: a card for each board, and the mission's numbers.

import { bytes, el, seconds, wide } from "../dom.js";
import { act } from "../main.js";
import { may, order, run, store } from "../store.js";

export const name = "overview";
export const title = "Swarm";
const STALE_SECONDS = 3; // of wall time without a word from a board, or from the flight

let mission, boards;

export function open(main) {
  mission = wide("Mission");
  boards = el("div", { class: "boards" });
  main.append(mission, wide("Boards", boards));
}

export function draw() {
  const state = run();
  const frames = Object.entries(state.frames).map(([fate, count]) => `${fate} ${count}`).join(", ");
  const all = Object.values(store.tables.operations);
  const lines = [
    `${all.filter((each) => each.state === "confirmed").length} of ${all.length} telecommands confirmed`,
    frames ? `frames: ${frames}` : "no frame has been carried yet",
  ];
  if (state.ended) lines.push(`mission ended: ${state.ended}`, ...state.waits_for);
  mission.replaceChildren(el("h2", {}, "Mission"), ...lines.map((line) => el("p", { class: "said" }, line)));
  const rows = Object.values(store.tables.boards).sort((a, b) => a.node - b.node);
  boards.replaceChildren(...(rows.length ? rows.map(board) : [el("p", { class: "empty" }, empty())]));
}

function empty() {
  return store.flight.state === "ready" ? "The boards are not made yet. Start the flight: press s." : "No board has been heard of yet.";
}

function board(row) {
  const age = row.heard == null ? null : run().now - row.heard + (store.flight.silent_seconds ?? 0);
  const isStale = row.on && store.flight.state === "flying" && (age == null || age > STALE_SECONDS);
  const facts = [
    ["mode", row.on ? row.mode : row.why_off],
    ["applied", `slot ${row.applied}`],
    ["view", row.view],
    ["life", row.boot],
    ["free heap", bytes(row.heap_free)],
    ["last heard", age == null ? "never" : `${seconds(age)} ago`],
  ];
  const buttons = [];
  if (store.flight.state === "flying" && may("board")) {
    const act1 = (action, fields = {}) => () => act(order({ kind: "board", board: row.node, action, fields }));
    if (row.on) buttons.push(["Kill", act1("kill")], ["Restart", act1("restart")], ["Pause 3 s", act1("pause", { seconds: 3 })]);
    else buttons.push(["Start", act1("start")]);
  }
  return el("article", { class: `board ${row.on ? (isStale ? "stale" : "") : "off"}`, "aria-label": `board ${row.node}` },
    el("h3", {}, el("span", {}, `Board ${row.node}`), el("span", { class: row.byzantine ? "bad" : isStale ? "open" : "said" }, row.byzantine ? "Byzantine" : isStale ? "stale" : row.on ? "on" : "off")),
    el("dl", {}, facts.flatMap(([key, value]) => [el("dt", {}, key), el("dd", {}, value)])),
    buttons.length ? el("div", { class: "row" }, buttons.map(([text, onclick]) => el("button", { onclick, "aria-label": `${text} board ${row.node}` }, text))) : null);
}
