// What people order, in words; how a verdict looks.

/** The style of a verdict. Without an answer nothing has failed. */
export function verdictStyle(verdict) {
  return { pass: "good", no_progress: "open", incomplete: "open" }[verdict] ?? "bad";
}

/** A verdict in words. */
export function verdictWords(verdict) {
  return verdict.replaceAll("_", " ");
}

/** An order in a few words. */
export function orderWords(body) {
  const rest = Object.entries(body).filter(([key, value]) => key !== "kind" && value != null).map(([key, value]) => [key.replaceAll("_", " "), typeof value === "object" ? of(value) : value])
    .filter(([, value]) => value !== "").map((pair) => pair.join(" "));
  return `${body.kind}${rest.length ? `: ${rest.join(", ")}` : ""}`;
}

function of(value) {
  if (Array.isArray(value)) return value.map((each) => (each === null ? "-" : typeof each === "object" ? `(${of(each)})` : each)).join(", ");
  return Object.entries(value).filter(([, each]) => each != null).map(([key, each]) => `${key.replaceAll("_", " ")} ${typeof each === "object" ? of(each) : each}`).join(", ");
}
