// What a run is that nobody flew on boards, and what has no meaning there.

import { store } from "./store.js";

export function about() {
  if (store.flight.behaviour) return ofBehaviour(store.flight.behaviour);
  if (store.flight.kind !== "simulated") return "";
  const description = store.tables.scenario.scenario?.description;
  return `A flight in the simulator, not on boards: a second is one of its virtual time, and nothing is known of heap or lines.${description ? ` Its scenario: ${description.replace(/\.$/, "")}.` : ""}`;
}

function ofBehaviour(told) {
  const liars = told.byzantine.length ? `Byzantine: ${told.byzantine.join(", ")} (${told.why_byzantine}).` : "No replica is Byzantine.";
  const boards = told.replicas.map((replica, node) => `${replica} is board ${node}`).join(", ");
  return `A behaviour of ${told.module} from ${told.file}${told.violated ? `; TLC: ${told.violated} is violated` : ""}. One second here is one step of the module: a behaviour has no time, no ticks, no messages and no boards. ${boards}. ${liars}`;
}
