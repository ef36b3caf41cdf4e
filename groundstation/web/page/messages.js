// The events of the trace by who did what: sendings, their receipts, and which message a sending was.

import { store } from "./store.js";

export const GROUND = 255;
export const BROADCAST = 254;
const ENVELOPE = new Set(["run", "node", "boot", "seq", "lamport", "ticks", "received", "event", "offset", "value", "digest"]);

export function who(node) {
  return node === GROUND ? "ground" : `board ${node}`;
}

/** The fields of a line in a few words, without those of every line. Digests are cut. */
export function fields(line) {
  return Object.entries(line).filter(([key, value]) => value != null && (!ENVELOPE.has(key) || key === "value")).map(([key, value]) => {
    const text = typeof value === "object" ? JSON.stringify(value) : spoken(key, value);
    return `${key} ${text.length > 40 ? `${text.slice(0, 12)}…` : text}`;
  }).join(", ");
}

function spoken(key, value) {
  if (typeof value !== "number") return String(value);
  if (key === "kind") return kindName(value);
  return ["to", "from"].includes(key) ? (value === BROADCAST ? "all" : who(value)) : String(value);
}

/** The name of a kind of message: "proposal", "vote", ... */
export function kindName(kind) {
  return store.hello?.vocabulary.messages[String(kind)] ?? "other";
}
