"""What is broken in the module of specs/snapshot, and what must notice."""

from tests.spec_mutants.mutant import SpecMutant

FEATURE = "snapshot"
MODULE = "snapshot.tla"

THREE = "three boards"
INITIATORS = "two initiators, one item fits"
REBOOT = "two boards, one reboot"
OVERTAKEN = "a snapshot that overtakes another"
LIAR = "two correct boards and a liar"
ENDS = "every snapshot ends"
THREE_REBOOT = "three boards, one reboot"
LIAR_REBOOT = "a liar that starts one snapshot twice"


def mutant(name: str, before: str, after: str, run: str, caught_by: str) -> SpecMutant:
    return SpecMutant(f"snapshot: {name}", FEATURE, MODULE, before, after, run, caught_by)


MUTANTS = (
    mutant(
        "what comes after the recording is not recorded",
        ".channels[j] = Append(@, item), !.count = @ + 1]",
        ".channels[j] = @]",
        THREE,
        "ChannelsExact",
    ),
    mutant(
        "what comes after the marker is recorded, too",
        'InProgress(i, o) /\\ recording[i][o].status[j] = "open"\n       THEN [recording[i][o] EXCEPT !.channels',
        "InProgress(i, o)\n       THEN [recording[i][o] EXCEPT !.channels",
        THREE,
        "StateKept",
    ),
    mutant(
        "markers overtake items",
        "THEN Append(wire[i][j], Marker(i, o, number))",
        "THEN <<Marker(i, o, number)>> \\o wire[i][j]",
        THREE,
        "ChannelsExact",
    ),
    mutant(
        "items overtake markers",
        "IF j \\in to /\\ Reaches(i, j) THEN Append(@[j], Item(i, item))",
        "IF j \\in to /\\ Reaches(i, j) THEN <<Item(i, item)>> \\o @[j]",
        THREE,
        "ChannelsExact",
    ),
    mutant(
        "the marker is sent to itself only",
        "IF j # i /\\ Reaches(i, j)\n",
        "IF FALSE\n",
        ENDS,
        "EverySnapshotEnds",
    ),
    mutant(
        "records the state with an item too many",
        "state |-> local[i], given",
        "state |-> local[i] + 1, given",
        THREE,
        "NoTokenTwice",
    ),
    mutant(
        "done before all markers are in",
        'IsFinished(i, o) == InProgress(i, o) /\\ \\A j \\in Board : recording[i][o].status[j] = "closed"',
        'IsFinished(i, o) == InProgress(i, o) /\\ \\E j \\in Peers(i) : recording[i][o].status[j] = "closed"',
        THREE,
        "DoneIsWhole",
    ),
    mutant(
        "records again with each marker",
        "  /\\ number > latest[i][o]\n",
        "",
        OVERTAKEN,
        "MarkerOnce",
    ),
    mutant(
        "a marker lost with the old channel counts as received",
        'THEN [recording[i][o] EXCEPT !.status[j] = "lost"]',
        'THEN [recording[i][o] EXCEPT !.status[j] = "closed"]',
        REBOOT,
        "MarkerOnce",
    ),
    mutant(
        "a peer that reboots spoils only what waits for its marker",
        'IF InProgress(i, o) THEN [recording[i][o] EXCEPT !.status[j] = "lost"]',
        'IF InProgress(i, o) /\\ recording[i][o].status[j] = "open" THEN [recording[i][o] EXCEPT !.status[j] = "lost"]',
        THREE_REBOOT,
        "MarkerOnce",
    ),
    mutant(
        "what was sent to a former life reaches the next",
        "  /\\ wire' = [j \\in Board |-> [wire[j] EXCEPT ![i] = <<>>]]\n  /\\ UNCHANGED done",
        "  /\\ UNCHANGED <<wire, done>>",
        THREE_REBOOT,
        "PartsFit",
    ),
    mutant(
        "parts of different lives make a picture",
        " /\\ \\A k \\in {i, j} : done[i][o].lives[k] = done[j][o].lives[k]",
        "",
        LIAR_REBOOT,
        "ChannelsExact",
    ),
    mutant(
        "ends a snapshot without saying why",
        "  /\\ IsSpoilt(i, o, reason)\n",
        "",
        REBOOT,
        "NoSilentEnd",
    ),
    mutant(
        "the bound loses items in silence",
        "THEN [recording[i][o] EXCEPT !.channels[j] = Append(@, item), !.count = @ + 1]",
        "THEN [recording[i][o] EXCEPT !.channels[j] = IF Len(@) < 1 THEN Append(@, item) ELSE @]",
        INITIATORS,
        "TokensKept",
    ),
    mutant(
        "a liar's marker closes every channel",
        'EXCEPT ![i][o].status[j] = "closed"]\n',
        'EXCEPT ![i][o].status = [k \\in Board |-> "closed"]]\n',
        LIAR,
        "MarkerOnce",
    ),
)
