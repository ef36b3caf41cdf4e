// Counts votes: quorums in a slot, and where two of them disagree.

export const DECIDED = 5;

/** Boards and faulty ones that the swarm tolerates: [n, f]. A quorum is n - f. */
export function sizes(count) {
  return [count, Math.floor((count - 1) / 3)];
}

/**
 * The votes of a slot: for each phase, view and value the boards that cast it. `cells`: the cells of the slot. A decision is
 * counted whatever its view: a board may learn a decision of another view.
 */
export function ballots(cells) {
  const found = new Map();
  for (const cell of cells) {
    for (const [phase, view, value] of cell.steps) {
      if (phase === 0 || !value) continue;
      const key = phase === DECIDED ? `5//${value}` : `${phase}/${view}/${value}`;
      if (!found.has(key)) found.set(key, { phase, view, value, boards: new Set() });
      found.get(key).boards.add(cell.node);
    }
  }
  return [...found.values()];
}

/**
 * What a slot has reached: `best`, the ballot of the latest phase with the most boards; `isQuorum`; `conflict`, in words, where two
 * values have a quorum of the same phase and view, or two honest boards decided differently.
 */
export function judged(cells, count, byzantine) {
  const [n, f] = sizes(count);
  const all = ballots(cells);
  const later = (a, b) => b.phase - a.phase || b.view - a.view || b.boards.size - a.boards.size;
  const quorums = all.filter((each) => each.boards.size >= n - f).sort(later);
  const best = quorums[0] ?? [...all].sort(later)[0] ?? null;
  let conflict = "";
  for (const one of all) {
    for (const other of all) {
      if (one.phase !== other.phase || one.value >= other.value) continue;
      if (one.phase === DECIDED) {
        const honest = (ballot) => [...ballot.boards].some((node) => !byzantine.includes(node));
        if (honest(one) && honest(other)) conflict = `boards decided both ${one.value} and ${other.value}`;
      } else if (one.view === other.view && one.boards.size >= n - f && other.boards.size >= n - f) {
        conflict ||= `${one.value} and ${other.value} both have a quorum of vote ${one.phase} in view ${one.view}`;
      }
    }
  }
  return { best, isQuorum: quorums.length > 0, conflict };
}
