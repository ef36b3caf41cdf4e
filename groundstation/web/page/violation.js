// What a violated property shows when it is opened: the shortest first part of the trace with it, and its module's lines.

import { el, seconds, table, update } from "./dom.js";
import { act } from "./main.js";
import { fields, who } from "./messages.js";
import { may, replay, store } from "./store.js";

const AGAIN_MS = 700;

let asked = null; // the property that is open

/** Show a violated property in a card, and keep asking until the search for its first part is over. `shut` closes it. */
export async function open(card, property, shut) {
  asked = property;
  while (asked === property && card.isConnected) {
    const answer = await ask(property);
    if (asked !== property || !card.isConnected) return;
    update(card, told(property, answer, shut));
    if (answer.state !== "searching") return;
    await new Promise((then) => setTimeout(then, AGAIN_MS));
  }
}

export function close(card) {
  asked = null;
  card.remove();
}

async function ask(property) {
  try {
    const answer = await fetch(`/api/violation?${new URLSearchParams({ property })}`);
    return await answer.json();
  } catch (error) {
    return { state: "not found", reason: `no answer from the console: ${error.message}` };
  }
}

function told(property, answer, shut) {
  return [
    el("div", { class: "tools" }, el("h2", { tabindex: "-1" }, `${property} is violated`), el("button", { onclick: shut, "aria-keyshortcuts": "Escape" }, "Close ", el("kbd", { "aria-hidden": "true" }, "Escape"))),
    answer.sentence ? el("p", {}, answer.sentence) : null,
    ...part(answer),
    ...(answer.statements ?? []).map(statement),
  ];
}

function part(answer) {
  if (answer.state === "searching") return [el("p", { class: "open", role: "status" }, "Searching for the shortest first part of the trace that shows it …")];
  if (answer.state !== "found") return [el("p", { class: "bad" }, `The shortest first part of the trace that shows it is not known: ${answer.reason ?? "the console gave no reason"}.`)];
  const { events } = answer;
  return [
    el("p", {}, `The first ${answer.lines} lines of the trace show it, the first ${answer.lines - 1} do not. Marked is what the violation names. `,
      store.flight.replay && may("replay") ? el("button", { onclick: () => act(replay("line", answer.lines)) }, "Go to this moment") : null),
    el("div", { class: "log", tabindex: "0", role: "region", "aria-label": "the end of the shortest first part" },
      table(["line", "mission time", "Lamport", "who", "event"], events.flatMap((event, index) => [
        ...(index && event.number > events[index - 1].number + 1 ? [[el("td", { colspan: "5", class: "said" }, `${event.number - events[index - 1].number - 1} lines between`)]] : []),
        cells(event),
      ]), { class: "prefix" }, null)),
    ...answer.violations.map((text) => el("p", { class: "bad told" }, text)),
  ];
}

function cells(event) {
  const style = event.is_bad ? "marked" : "";
  if (event.received == null) return [el("td", { class: style }, event.number), el("td", { colspan: "4", class: style }, "cannot be read")];
  return [el("td", { class: style }, `${event.is_bad ? "▶ " : ""}${event.number}`), el("td", { class: style }, seconds(event.received, 3)), el("td", { class: style }, event.lamport),
    el("td", { class: style }, who(event.node)), el("td", { class: `${style} text` }, `${event.event} ${fields({ ...event, number: null, is_bad: null })}`)];
}

function statement({ module, line, text }) {
  return el("figure", {}, el("figcaption", { class: "said" }, `${module}, line\u00a0${line}`),
    el("pre", { tabindex: "0", "aria-label": `${module}, from line ${line} on` }, text.map(([number, words]) => `${String(number).padStart(4)}  ${words}\n`).join("")));
}
