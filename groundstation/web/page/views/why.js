// Why does the swarm not move? The sentence first, then who is missing in which phase, and who does not hear whom.

import { board as colour } from "../colours.js";
import { el, empty, seconds, span, update, wide } from "../dom.js";
import { run, store } from "../store.js";

export const name = "why";
export const title = "Why";
export const key = "y";
export const keys = [["n", "ask about the next open slot"]];
const STYLES = {
  moving: "good", "waiting for light time": "open", "waiting for a timer": "open", "impossible under the present faults": "bad", stuck: "bad",
};
const PHASES = ["vote 1", "vote 2", "vote 3", "vote 4"];

let said, choice, votes, links, chosen = "open";

export function open(main) {
  said = el("div", { "aria-live": "polite" });
  choice = el("p", { class: "tools" });
  votes = wide("Boards and phases");
  links = wide("Who hears whom");
  main.append(wide("Why does the swarm not move?", said, choice), votes, links);
}

function slots() {
  return Object.keys(store.tables.why ?? {}).filter((each) => each !== "open").map(Number).sort((a, b) => a - b);
}

export function onKey(pressed) {
  if (pressed !== "n") return false;
  const known = slots();
  if (!known.length) return true;
  const place = chosen === "open" ? 0 : known.indexOf(Number(chosen));
  chosen = place + 1 < known.length ? String(known[place + 1]) : "open";
  draw();
  return true;
}

const go = (view, words) => el("button", { key: view, onclick: () => document.getElementById(`tab-${view}`)?.click() }, words);

export function draw() {
  const rows = store.tables.why ?? {};
  if (!(chosen in rows)) chosen = "open";
  const told = rows[chosen];
  votes.hidden = links.hidden = !told?.boards.length;
  if (!told) {
    update(said, empty("Nothing has been seen yet."));
    update(choice);
    return;
  }
  update(said,
    el("p", { class: "why" }, el("span", { class: `badge ${STYLES[told.state]}` }, told.state), ` ${told.sentence}`),
    told.unknown.length ? el("p", { class: "said" }, `What is missing to tell: ${told.unknown.join(", ")}.`) : null,
    el("p", { class: "said" }, `Judged at ${seconds(told.at)} of mission time from what the ground has seen, whatever the scenario plays. A quorum is ${told.quorum} boards.`));
  update(choice, !told.boards.length ? [] : slots().map((slot, place) => {
    const is = chosen === String(slot) || (chosen === "open" && place === 0);
    return el("button", { key: `slot-${slot}`, "aria-pressed": String(is), onclick: () => { chosen = place ? String(slot) : "open"; draw(); } }, `slot ${slot}`);
  }), go("slots", "Slots"), go("space-time", "Space-time"));
  if (!told.boards.length) return;
  update(votes, el("h2", {}, `Boards and phases of slot ${told.slot}, view ${told.view}`), matrix(told));
  update(links, el("h2", {}, "Who hears whom"), hearing(told));
}

function matrix(told) {
  return el("table", { class: "matrix narrow" },
    el("thead", {}, el("tr", {}, ["board", ...PHASES, "decided"].map((each) => el("th", { scope: "col" }, each)), el("th", { scope: "col", class: "words" }, "what is wrong"))),
    el("tbody", {}, told.boards.map((board) => {
      const isThere = board.view === told.view;
      const cells = PHASES.map((_, index) => {
        const has = board.is_decided || (isThere && board.phase > index);
        const isWanted = !has && index + 1 === told.phase;
        return el("td", { class: has ? `phase-${index + 1}` : isWanted ? "bad" : "phase-0" }, has ? "voted" : isWanted ? "missing" : "·");
      });
      const words = board.kind === "able" ? [board.is_missing && board.view != null && !isThere ? `is in view ${board.view}` : "", deaf(told, board.node)].filter(Boolean).join("; ") : `${board.kind}: ${board.words}`;
      const since = board.since == null || board.kind === "able" ? "" : `, for ${span(Math.max(0, run().now - board.since))}`;
      return el("tr", { key: `board-${board.node}` },
        el("th", { scope: "row" }, el("i", { class: "dot", style: `--own: ${colour(board.node)}` }), `board ${board.node}`), cells,
        el("td", { class: board.is_decided ? "phase-5" : "phase-0" }, board.is_decided ? "decided" : "·"),
        el("td", { class: `words text long ${board.kind === "able" ? "said" : "bad"}` }, words + since));
    })));
}

/** Whom a board does not hear. */
function deaf(told, node) {
  const from = told.links.filter((link) => link.destination === node && link.kind !== "lossy link").map((link) => link.source);
  return from.length ? `does not hear ${from.join(", ")}` : "";
}

function hearing(told) {
  const nodes = told.boards.map((board) => board.node);
  const bad = new Map(told.links.map((link) => [`${link.source}/${link.destination}`, link]));
  const out = new Set(told.boards.filter((board) => !board.takes_part).map((board) => board.node));
  const cell = (source, destination) => {
    if (source === destination) return el("td", { class: "phase-0" }, "");
    const link = bad.get(`${source}/${destination}`);
    if (link) return el("td", { class: "bad", title: link.words }, link.kind);
    return out.has(source) || out.has(destination) ? el("td", { class: "phase-0" }, "·") : el("td", { class: "good" }, "hears");
  };
  return el("table", { class: "matrix narrow" },
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "receiver"), nodes.map((node) => el("th", { scope: "col" }, `from ${node}`)))),
    el("tbody", {}, nodes.map((node) => el("tr", { key: `to-${node}` }, el("th", { scope: "row" }, `board ${node}`), nodes.map((source) => cell(source, node))))));
}
