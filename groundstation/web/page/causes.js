// The latest events of the trace as a space-time diagram needs them: who did it, when, and what was its cause.
//
// An event's causes are the event before it on the same board, and for a receipt the sending. A receipt may stand before its
// sending in the trace, because each board's line has its own delay.

import { BROADCAST, GROUND, kindName } from "./messages.js";
import { store } from "./store.js";

const VOTES = { Vote1: 1, Vote2: 2, Vote3: 3, Vote4: 4 };

export class Causes {
  constructor() {
    this.clear();
  }

  clear() {
    this.first = store.first; // number of items[0]
    this.refilled = store.refilled;
    this.items = []; // {number, line, at, lamport, node, event, slot, before, cause, label}; before, cause: numbers, or null
    this.last = new Map(); // node -> number of its latest event
    this.sends = new Map(); // sender/Lamport time/kind -> item
    this.waiting = new Map(); // the same -> receipts whose sending has not come yet
    this.phases = new Map(); // node/slot -> phase of its latest vote
    this.ground = []; // items of the ground station, in the order of the trace
  }

  /** Take in what is new in the store, and forget what it has forgotten. Returns whether numbers may mean other events now. */
  follow() {
    const isOther = store.refilled !== this.refilled || store.first < this.first || store.first + store.events.length < this.first + this.items.length;
    if (isOther) this.clear();
    const gone = store.first - this.first;
    if (gone > 0) this.forget(gone);
    for (let index = this.items.length; index < store.events.length; index += 1) this.add(store.events[index], store.first + index);
    return isOther;
  }

  /** The number of the event at an offset of the trace; null if it is not here. */
  numberAt(offset) {
    let low = 0, high = store.events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (store.events[middle].offset < offset) low = middle + 1;
      else high = middle;
    }
    return store.events[low]?.offset === offset ? store.first + low : null;
  }

  forget(count) {
    this.items.splice(0, count);
    this.first = store.first;
    const isOld = (item) => item.number < this.first;
    for (const [key, item] of this.sends) if (isOld(item)) this.sends.delete(key);
    for (const [key, items] of this.waiting) if (items.every(isOld)) this.waiting.delete(key);
    while (this.ground.length && isOld(this.ground[0])) this.ground.shift();
    if (this.phases.size > 4096) this.phases.clear();
  }

  item(number) {
    return number == null ? undefined : this.items[number - this.first];
  }

  add(line, number) {
    const item = { number, line, at: line.received, lamport: line.lamport, node: line.node, event: line.event, slot: line.slot ?? null, before: this.last.get(line.node) ?? null, cause: null, label: "" };
    this.items.push(item);
    this.last.set(line.node, number);
    if (line.node === GROUND) this.ground.push(item);
    else if (line.event in VOTES) this.phases.set(`${line.node}/${line.slot}`, VOTES[line.event]);
    else if (line.event === "Send") this.sent(item, line);
    else if (line.event === "Receive") this.received(item, line);
  }

  sent(item, line) {
    const kind = kindName(line.kind);
    const phase = kind === "vote" ? this.phases.get(`${line.node}/${line.slot}`) : null;
    item.label = phase ? `vote ${phase}` : kind;
    item.to = line.to === BROADCAST ? "all" : `board ${line.to}`;
    const key = `${line.node}/${line.lamport}/${line.kind}`;
    this.sends.set(key, item);
    for (const receipt of this.waiting.get(key) ?? []) this.join(receipt, item);
    this.waiting.delete(key);
  }

  received(item, line) {
    item.label = kindName(line.kind);
    if (line.from === GROUND) {
      const cause = this.ground.findLast((each) => each.lamport <= line.sent);
      if (cause) item.cause = cause.number;
      return;
    }
    const key = `${line.from}/${line.sent}/${line.kind}`;
    const send = this.sends.get(key);
    if (send) this.join(item, send);
    else if (this.waiting.has(key)) this.waiting.get(key).push(item);
    else this.waiting.set(key, [item]);
  }

  join(receipt, send) {
    receipt.cause = send.number;
    receipt.label = send.label;
    receipt.slot = send.slot;
  }

  /** Numbers of the events that an event depends on, and of those that depend on it, among what is here. */
  around(number) {
    const past = new Set(), future = new Set([number]);
    const open = [number];
    while (open.length) {
      const item = this.item(open.pop());
      for (const cause of item ? [item.before, item.cause] : []) {
        if (cause != null && cause >= this.first && !past.has(cause)) {
          past.add(cause);
          open.push(cause);
        }
      }
    }
    const effects = new Map();
    for (const item of this.items) {
      for (const cause of [item.before, item.cause]) {
        if (cause == null) continue;
        if (effects.has(cause)) effects.get(cause).push(item.number);
        else effects.set(cause, [item.number]);
      }
    }
    open.push(number);
    while (open.length) {
      for (const effect of effects.get(open.pop()) ?? []) {
        if (!future.has(effect)) {
          future.add(effect);
          open.push(effect);
        }
      }
    }
    future.delete(number);
    return [past, future];
  }
}
