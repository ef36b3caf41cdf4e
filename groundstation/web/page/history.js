// The latest events of the trace, and what is missing among them: where a batch left some out, and after a line that was lost.
//
// A gap stands under the offset of the event behind it, as [from, to]: the lines that begin in these bytes of the trace have
// not come, as far as we know. It is filled from its end, while nothing newer is missed.

import { changed, store } from "./store.js";

const EVENTS_KEPT = 20000;
const SPARE = 2000; // more, before the oldest go
const EARLIER_EVENTS = 4000; // to have at least, when a view wants the past
const LOOK_BYTES = 600_000; // asked for at a time
const PAUSE_MS = 200; // between two looks

let open = null; // first byte of a gap whose end is not known yet
let isAsking = false;
let trace = 0; // counts traces: an answer about another one is thrown away

export function forgetEvents() {
  store.first += store.events.length;
  store.events = [];
  store.gaps = new Map();
  open = null;
  trace += 1;
}

/** Take in the events of a batch. isNew: it is the first of its line, and begins with the latest events of all. */
export function follow(told, isNew) {
  let fresh = told.events;
  if (isNew) {
    if (!isSameTrace(fresh)) forgetEvents();
    const last = store.events.at(-1);
    if (last) {
      if (fresh[0].offset > last.offset) open ??= last.offset + 1;
      fresh = fresh.filter((line) => line.offset > last.offset);
    }
  } else if (fresh.length && fresh[0].offset <= (store.events.at(-1)?.offset ?? -1)) forgetEvents(); // the trace was cut
  else if (told.gap) open ??= told.gap[0];
  if (fresh.length && open != null) {
    // A page that has just been opened asks for what was before when somebody wants it; a resumed run is read on as before.
    if (store.events.length || !isNew) store.gaps.set(fresh[0].offset, [open, fresh[0].offset]);
    open = null;
  }
  store.events.push(...fresh);
  if (store.events.length > EVENTS_KEPT + SPARE) forgetOldest();
  if (!told.gap) setTimeout(refill, PAUSE_MS);
}

/** Whether the latest events of a console go on from, or overlap, those that we have. */
function isSameTrace(latest) {
  const last = store.events.at(-1), end = latest.at(-1);
  if (!last || !end || end.run !== last.run || end.offset < last.offset) return false;
  if (latest[0].offset > last.offset) return true;
  const same = latest.find((line) => line.offset === last.offset);
  return same != null && same.node === last.node && same.seq === last.seq && same.boot === last.boot;
}

function forgetOldest() {
  const count = store.events.length - EVENTS_KEPT;
  store.first += count;
  store.events.splice(0, count);
  for (const offset of store.gaps.keys()) if (offset <= store.events[0].offset) store.gaps.delete(offset);
}

/** Fill the latest gap, step by step. */
async function refill() {
  const behind = Math.max(...store.gaps.keys());
  if (!store.gaps.has(behind)) return;
  const [from, to] = store.gaps.get(behind);
  const first = Math.max(from, to - LOOK_BYTES);
  const found = await ask(first, to);
  if (!found || !store.gaps.delete(behind)) return;
  insert(found, behind);
  if (first > from) store.gaps.set(found[0]?.offset ?? behind, [from, first]);
  store.refilled += 1;
  if (store.events.length > EVENTS_KEPT) forgetOldest();
  changed();
  setTimeout(refill, PAUSE_MS);
}

function insert(lines, behind) {
  const index = store.events.findLastIndex((line) => line.offset < behind) + 1;
  store.events.splice(index, 0, ...lines);
  store.first -= lines.length;
}

/** Ask for events before those that we have. */
export async function earlier() {
  const before = store.events[0]?.offset;
  if (!before || store.events.length >= EARLIER_EVENTS) return;
  const found = await ask(Math.max(0, before - LOOK_BYTES), before);
  if (!found || store.events[0]?.offset !== before) return;
  insert(found, before);
  changed();
}

/** The lines that begin in bytes `first` to before `last`. Null: somebody asks already, or they cannot be had now. */
async function ask(first, last) {
  if (isAsking || !store.isConnected) return null;
  isAsking = true;
  const asked = trace, found = [];
  try {
    for (let next = first; next < last; next = found.at(-1).offset + 1) {
      const answer = await (await fetch(`/api/events?first=${next}&last=${last}`)).json();
      const lines = (answer.events ?? []).filter((line) => line.offset >= next && line.offset < last);
      if (!lines.length) break;
      found.push(...lines);
    }
    return asked === trace ? found : null;
  } catch {
    return null; // later batches ask again
  } finally {
    isAsking = false;
  }
}
