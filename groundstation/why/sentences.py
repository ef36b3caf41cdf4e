"""What stands in the way, in words."""

from groundstation.why import answer as a
from groundstation.why.conditions import ABLE, OPEN, Conditions

GROUPS_TOLD = 4


def obstacles(conditions: Conditions, faults_max: int, quorum: int) -> tuple[list[str], str]:
    """Kinds of causes and the sentence, when fewer than a quorum of boards can vote and hear each other."""
    causes: list[str] = []
    texts: list[str] = []
    out: set[int] = set()
    for node, condition in enumerate(conditions.boards):
        if condition.kind != ABLE:
            causes.append(condition.kind)
            texts.append(f"board {node} {'is a liar: ' if condition.kind == a.LIAR else ''}{condition.words}")
            out.add(node)
    kinds = sorted({c.kind for c in conditions.links.values()} - {OPEN, a.LOSS, a.LIAR, a.LIGHT_TIME})
    if kinds:
        causes += [kind for kind in kinds if kind not in causes]
        texts.append(of_links(conditions, tuple(kinds)))
    liars = [node for node, condition in enumerate(conditions.boards) if condition.kind == a.LIAR]
    unheard = sorted(out - set(liars))
    counted = [f"{a.boards(unheard)} unheard"] if unheard else []
    counted += [f"{len(liars)} liar{'s' if len(liars) > 1 else ''}"] if liars else []
    total = f"{' and '.join(counted)} exceed f = {faults_max}; " if len(out) > faults_max else ""
    return list(dict.fromkeys(causes)), f"{total}fewer than {quorum} boards hear each other; " + "; ".join(texts)


def of_links(conditions: Conditions, kinds: tuple[str, ...]) -> str:
    """Which boards do not hear which, grouped: receivers with the same unheard senders stand together."""
    unheard: dict[tuple[str, tuple[int, ...]], list[int]] = {}
    for kind in kinds:
        for node in range(len(conditions.boards)):
            senders = tuple(s for (s, d), c in conditions.links.items() if d == node and c.kind == kind)
            if senders:
                unheard.setdefault((kind, senders), []).append(node)
    words = {
        a.CUT: "hear nothing of {} (frames are lost)",
        a.HELD: "hear nothing of {} (frames are held)",
        a.LIGHT_TIME: "wait for frames of {} that are on their way",
        a.LOSS: "lose frames of {}",
    }
    texts = [
        f"{a.boards(nodes)} {words.get(kind, 'hear nothing of {}').format(a.boards(list(senders)))}"
        for (kind, senders), nodes in unheard.items()
    ]
    if len(texts) > GROUPS_TOLD:
        texts[GROUPS_TOLD:] = [f"and {len(texts) - GROUPS_TOLD} further groups likewise"]
    return "; ".join(texts)
