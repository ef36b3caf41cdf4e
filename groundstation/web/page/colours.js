// The colours of boards, messages and marks: those of the report, lighter on a dark page.

import { store } from "./store.js";

const DARK_BELOW = 0.32; // luminance of what cannot be seen on a dark page
let known = new Map();

export function isDark() {
  const theme = document.documentElement.dataset.theme;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** A colour of the style sheet, such as "--ink". */
export function style(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Forget what was computed: the theme has changed. */
export function forget() {
  known = new Map();
}

/** A colour that can be seen on the page as it is. */
export function seen(colour) {
  if (!known.has(colour)) known.set(colour, isDark() ? lighter(colour) : colour);
  return known.get(colour);
}

function lighter(colour) {
  const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
  const luminance = 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  if (luminance > DARK_BELOW) return colour;
  const share = Math.min(0.75, 0.35 + (DARK_BELOW - luminance));
  return `#${parts.map((part) => Math.round(255 * (part + (1 - part) * share)).toString(16).padStart(2, "0")).join("")}`;
}

function words() {
  return store.hello?.vocabulary.colours ?? { boards: ["#0072B2"], byzantine: "#D81B3A", messages: {}, marks: {} };
}

export function board(node) {
  const { boards, byzantine } = words();
  return seen(store.tables.boards[node]?.byzantine ? byzantine : boards[node % boards.length]);
}

export function message(label) {
  return seen(words().messages[label] ?? "#a08b75");
}

export function mark(event) {
  return seen(words().marks[event] ?? "#5f6b77");
}
