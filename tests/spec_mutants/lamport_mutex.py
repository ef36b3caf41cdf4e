"""What is broken in the module of specs/lamport_mutex, and what must notice."""

from tests.spec_mutants.mutant import SpecMutant

FEATURE = "lamport_mutex"
MODULE = "lamport_mutex.tla"

WITHOUT_END = "two boards that request without end"
REBOOTS = "two boards, two reboots"
THREE = "three boards, two requests"
LIAR = "two correct boards and a liar"
GRANTED = "every request is granted"


def mutant(name: str, before: str, after: str, run: str, caught_by: str) -> SpecMutant:
    return SpecMutant(f"mutex: {name}", FEATURE, MODULE, before, after, run, caught_by)


MUTANTS = (
    mutant(
        "enters without hearing from everybody",
        "\\A j \\in Peers(i) :\n       /\\ later[i][j]\n",
        "\\A j \\in Peers(i) :\n       /\\ heard[i][j]\n",
        THREE,
        "GrantedInOrder",
    ),
    mutant(
        "one later word is enough",
        "\\A j \\in Peers(i) :\n       /\\ later[i][j]\n       /\\ queue",
        "\\A j \\in Peers(i) :\n       /\\ \\E k \\in Peers(i) : later[i][k]\n       /\\ queue",
        THREE,
        "GrantedInOrder",
    ),
    mutant(
        "the queue is not looked at",
        "queue[i][j] = NoTime \\/ Before(requested[i], i, queue[i][j], j)",
        "TRUE",
        THREE,
        "GrantedInOrder",
    ),
    mutant(
        "ties are not broken",
        "Before(s, i, t, j) == s < t \\/ (s = t /\\ i < j)",
        "Before(s, i, t, j) == s <= t",
        THREE,
        "MutualExclusion",
    ),
    mutant(
        "the later request goes first",
        "Before(s, i, t, j) == s < t \\/",
        "Before(s, i, t, j) == s > t \\/",
        THREE,
        "LaterMeansKnown",
    ),
    mutant(
        "any word is late enough",
        "(requested[i] # NoTime /\\ sent > requested[i])",
        "requested[i] # NoTime",
        WITHOUT_END,
        "LaterMeansKnown",
    ),
    mutant(
        "a release is not taken out of the queue",
        'kind = "release" -> NoTime',
        'kind = "release" -> @',
        GRANTED,
        "EveryRequestGranted",
    ),
    mutant(
        "requests are not answered",
        'wire\' = IF item.kind = "request" /\\ Reaches(i, j)',
        "wire' = IF FALSE",
        GRANTED,
        "EveryRequestGranted",
    ),
    mutant(
        "releases are not sent",
        'wire\' = ToAll(i, "release", time)',
        "wire' = wire",
        WITHOUT_END,
        "QueueTruthful",
    ),
    mutant(
        "channels are not in order",
        "THEN Append(wire[i][j], Sent(i, j, kind, time))",
        "THEN <<Sent(i, j, kind, time)>> \\o wire[i][j]",
        THREE,
        "TimesGrow",
    ),
    mutant(
        "a new channel is not greeted with the outstanding request",
        'IF requested[i] # NoTime THEN Sent(i, j, "request", requested[i]) ELSE Sent',
        "Sent",
        REBOOTS,
        "RequestsArrive",
    ),
    mutant(
        "a new channel is greeted with a new time",
        'Sent(i, j, "request", requested[i]) ELSE',
        'Sent(i, j, "request", clock[i] + 1) ELSE',
        REBOOTS,
        "RequestsArrive",
    ),
    mutant(
        "asks before it has heard from all",
        "heard[i][j] /\\ queue[i][j] < time",
        "known[i][j] # NoLife /\\ queue[i][j] < time",
        REBOOTS,
        "GrantedInOrder",
    ),
    mutant(
        "the former life's request is not forgotten",
        "Forgets(i, j) ==\n  /\\ queue' = [queue EXCEPT ![i][j] = NoTime]",
        "Forgets(i, j) ==\n  /\\ queue' = queue",
        REBOOTS,
        "QueueTruthful",
    ),
    mutant(
        "items of a life that was not met are received",
        "item.life = known[i][j]",
        "item.life <= life[j]",
        REBOOTS,
        "RequestsArrive",
    ),
    mutant(
        "items are sent to a life that was not met",
        "j \\in Correct /\\ known[i][j] = life[j]",
        "j \\in Correct /\\ known[i][j] # NoLife",
        REBOOTS,
        "TimesGrow",
    ),
    mutant(
        "a turn outlives the reboot",
        "  /\\ holding' = [holding EXCEPT ![i] = FALSE]\n  /\\ queue' = [queue EXCEPT ![i] = [j",
        "  /\\ holding' = holding\n  /\\ queue' = [queue EXCEPT ![i] = [j",
        REBOOTS,
        "TypeOK",
    ),
    mutant(
        "a liar's word counts for everybody",
        "![i][j] = @ \\/ (requested[i] # NoTime /\\ sent > requested[i])]",
        "![i] = [k \\in Board |-> @[k] \\/ (requested[i] # NoTime /\\ sent > requested[i])]]",
        LIAR,
        "LaterMeansKnown",
    ),
)
