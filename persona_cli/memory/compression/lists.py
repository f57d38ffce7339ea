"""The English words that compression knows by heart, in lower case with a straight apostrophe."""

from __future__ import annotations

FILLERS = frozenset(
    "a an the very really quite rather just actually basically literally simply honestly well so anyway "
    "also too even please kindly perhaps maybe like okay ok oh um uh such some any that which there here "
    "somewhat pretty".split()
)
FUNCTIONS = frozenset(
    "i you he she it we they me him her us them my your his its our their mine yours hers ours theirs "
    "myself yourself himself herself itself ourselves themselves this these those who whom whose what "
    "where when why how is am are was were be been being do does did doing have has had having will would "
    "shall should can could may might must of in on at to from by with about into over under between "
    "through during for as and or but if than then because while though although both each other own same "
    "i'm i'd i'll i've you're you'd you'll you've he's he'd he'll she's she'd she'll it's it'd it'll "
    "we're we'd we'll we've they're they'd they'll they've that's there's what's who's let's".split()
)
NEGATIONS = frozenset(
    "no not never none nobody nothing nowhere neither nor without cannot cant dont doesnt didnt isnt "
    "wasnt wont except unless hardly barely "
    "nicht kein keine keinen keiner nie niemals ne pas jamais aucun aucune sans nunca jamás ningún ninguna sin "
    "mai nessuno nessuna senza niet geen nooit não nenhum nie ikke inte aldrig не нет никогда".split()
)
TIMES = frozenset(
    "monday tuesday wednesday thursday friday saturday sunday january february march april june july "
    "august september october november december today tomorrow yesterday tonight morning noon afternoon "
    "evening midnight night pm a.m p.m o'clock ago until till since before after later soon always daily "
    "weekly monthly yearly hour hours minute minutes day days week weeks weekend month months year years".split()
)
# Small words that turn what a sentence says: on which condition, until when, with or without.
TURNING = frozenset("if unless until till before after without except instead never no not nor neither cannot".split())
# Small words that bend it: how many, which, how sure.
BENDING = frozenset(
    "since because or than but against only all every each most must should more less first last next".split()
)
# "e.g." ends no sentence.
ABBREVIATIONS = frozenset("mr. mrs. ms. dr. prof. st. no. e.g. i.e. etc. vs. approx. ca.".split())
