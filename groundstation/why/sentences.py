"""What stands in the way, in words."""

from groundstation.why import answer as a
from groundstation.why.conditions import ABLE, MAYBE_BURST, OPEN, Conditions

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
        a.CUT: "nothing of {} reaches {}: frames are lost",
        a.HELD: "nothing of {} reaches {}: frames are held back",
        a.DAMAGE: "nothing of {} reaches {} whole: frames are damaged",
        a.LIGHT_TIME: "frames of {} to {} are on their way",
        a.LOSS: "frames of {} to {} are lost in part",
        a.UNKNOWN: "nothing of {} reaches {}, and whether it was sent is not known",
    }
    if any(condition.words == MAYBE_BURST for condition in conditions.links.values()):
        words[a.UNKNOWN] = "nothing of {} reaches {}: a burst of loss lasts, or the link is cut"
    texts = [words[kind].format(a.boards(list(senders)), a.boards(nodes)) for (kind, senders), nodes in unheard.items()]
    if len(texts) > GROUPS_TOLD:
        texts[GROUPS_TOLD:] = [f"and {len(texts) - GROUPS_TOLD} further groups likewise"]
    alike = " (a cut link and a closed contact look alike)" if any(kind == a.CUT for kind, _ in unheard) else ""
    return "; ".join(texts) + alike
