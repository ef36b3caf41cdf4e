// Which links carry nothing now, and by which fault; how long light takes.

import { run, store } from "./store.js";

function holds(fault, now) {
  return fault.start <= now && (fault.end == null || now < fault.end);
}

function inContact(fault, now) {
  return isOpen(store.tables.contacts[fault.name], now);
}

function isOpen(window, now) {
  return window == null || now >= window.until || window.passes.some(([aos, los]) => aos <= now && now < los);
}

/** The faults of links that hold now. A window of contact holds while there is no contact. */
export function active() {
  const { now } = run();
  return Object.values(store.tables.faults)
    .filter((fault) => holds(fault, now) && (fault.fault !== "contact_window" || !inContact(fault, now)))
    .sort((a, b) => a.start - b.start);
}

/** For each board: peers that it cannot exchange frames with, each with the names of the faults. */
export function cutOff() {
  const { now } = run();
  const scenario = store.tables.scenario.scenario;
  const heals = (one, other) => scenario?.heals_at != null && now >= scenario.heals_at && scenario.core.includes(one) && scenario.core.includes(other);
  const found = new Map();
  const note = (board, peer, name) => {
    if (!found.has(board)) found.set(board, new Map());
    const peers = found.get(board);
    if (!peers.has(peer)) peers.set(peer, new Set());
    peers.get(peer).add(name);
  };
  const hidden = Object.values(store.tables.contacts).filter((window) => window.cuts.length && !isOpen(window, now)).map((window) => ({ name: `not ${window.name}`, cuts: window.cuts }));
  for (const fault of [...active(), ...hidden]) {
    for (const [one, other] of fault.cuts) {
      if (heals(one, other)) continue;
      note(one, other, fault.name);
      note(other, one, fault.name);
    }
  }
  return found;
}

/** [least, most] one-way light time in seconds from a board to the others. Null: there is none in this mission. */
export function lightTime(board) {
  const row = store.tables.light.light?.seconds[board];
  if (!row) return null;
  const others = row.filter((_, other) => other !== board);
  return [Math.min(...others), Math.max(...others)];
}
