"""What a sentence is about that nobody tells a stranger, and whether it is about a person: word lists, no model.

The topics are those of the law and of contextual integrity: special categories (GDPR art. 9 and 10), money, work and
school records, family matters, conflicts, what was said in confidence (Nissenbaum 2004). A topic is a word for the
user, and for the cloud in place of the sentence; it says nothing of what the sentence says.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

# Stems; a word begins with one of them. A stem with a "$" is a whole word.
_STEMS: Final = {
    "health": """
        abus addict anaem aids$ alcohol allerg alzheimer ambulanc amput anorex antibiotic anxi arthrit asthma autis
        biops bipolar bleed$ bleeding blood$ bulimi cancer cardiac cardiolog chemo cholest chronic clinic$
        clinical coma$ concuss counsel cured$ deaf dementia depress detox diabet diagnos dialys disab diseas
        disorder doctor$ donor dosage dose$ drug drunk dyslex eating$ emergenc epilep fertil fever fractur gynaec haem
        gastro genetic hallucin heart$ hepatit herpes hiv$ homebound hospice hospital hyperten ill$ illness
        immun impair incontin infect inflamm injur insomn insulin kidney lab$ leukaem leukem lupus medic$ medical
        medicat medicin melanom menopaus menstru mental migraine miscarr narcot nausea neurolog nurse$ obes
        oncolog operat$ opioid organ$ overdos pain$ painful panic paralys parkins patholog patient pharmac
        phobia physician pneumon postpart pregnan prescri prognos psych ptsd$ radiolog rehab relaps remission
        respirat schizo sclerosis seizure self-harm sick sober sobriet steroid stroke$ suicid surge$ surgeon
        surger surgic sympt syndrom terminal$ therap transplant trauma treated$ treatment tremor tumor tumour ulcer
        unwell vaccin virus vomit weight$ wheelchair wound""",
    "money": """
        afford alimon asset audit bank$ bankrupt benefits$ bonus borrow broke$ budget$ compensat cost credit
        creditor debt default$ earn earns$ equity$ evict expense fee$ financ foreclos fund$ funding fundrais
        garnish income inherit insolv insur invest investor lien loan margin$ mortgage net-worth overdraft owe
        owed$ owes$ owing$ paid$ pay$ payment payroll pension portfolio price profit refinanc rent$ repay
        retire revenue salar saving$ savings$ settlement$ shares$ stock$ tax$ taxes$ trust$ valuat wage wages$
        wealth welfare""",
    "law": """
        abduct accus acquit alleg allegat appeal$ arraign arrest assault asylum attorney bail$ blackmail
        breach brib burglar charge$ charged$ charges$ cheat complaint$ contraband convict copyright$ corrupt
        court crime crimin custod defendant defens deport detain disciplin embezzl evidenc extort felon fine$
        fined$ forg fraud guilt harass illegal immigra incarcer indict infring injunct inmate investigat jail$
        judge$ jury$ kidnap laundering lawsuit lawyer legal liab litig malpract manslaught misconduct
        misdemean murder negligen offend offens parole$ patent plagiar plaint plea$ police prison probation
        prosecut rape$ refugee restraining robber sanction$ scandal sentenc smuggl sue$ sued$ suing$ suspect
        testif testimon theft thief trafficking trial$ undocument unlawful vandal verdict victim violat violen
        visa$ warrant whistle witness""",
    "family": """
        abort$ abortion abuse adopt affair$ anniversar ashes$ bereave boyfriend breakup brother$ cheating
        child$ children$ conceiv custody date$ dated$ dating$ daughter$ death$ deceased$ died$ divorc dying$
        elop engaged$ engagement estrang ex$ ex-husband ex-wife father$ funeral girlfriend grief griev
        guardian$ husband infidel intima ivf$ kids$ love$ lover marital marriag married$ marry mistress
        mother$ orphan parent$ parents$ partner$ passed$ paternity pregnant prenup propos relationship romanc
        romantic separat sibling$ single$ sister$ son$ spouse step surrogate widow wife$""",
    "belief": """
        abolition activis agnost asexual atheis ballot$ baptis belief$ bisexual buddhis candidac$ catholic$
        christian church closet communis conservative$ convert$ democrat ethnic faith$ feminis gay$ gender
        homosex islam jewish lesbian lgbt liberal$ mosque muslim non-binary nonbinary orient$ orientation
        parish partisan politic pray protest$ queer racial racis relig republican ritual sexual socialis
        synagog temple$ transgend transition transsex union$ vote$ voted$ voting$ worship""",
    "work": """
        absent acqui appraisal attendance$ candidate demot dismiss expel fail failed$ failing$ failure fired$
        firing$ gpa$ grade$ grades$ headhunt hire$ hired$ hiring$ interview job-hunt laid-off layoff merger
        missed$ misses$ notice$ offer$ performance pip$ probation promot quit$ quitting$ raise$ recruit
        redundan reference$ reprimand resign restructur review$ reviews$ score$ scored$ scores$ severance
        struggl suspen takeover terminat transcript$ tutor underperform unemploy vacan warning$""",
    "conflict": """
        afraid$ alone$ angry$ annoy argu asham betray bitter$ blame bullied$ bully bullying$ complain concern$
        concerned$ concerns$ conflict confront critic cry$ crying$ disagree disappoint dishonest dislik
        dispute embarrass emotion enemy envy fear fears$ feeling$ feelings$ feud fight fought$ frustrat gossip
        guilty$ hate hatred hopeless$ hostil humiliat hurt$ insecur insult jealous lied$ lonelin lonely lying$
        mistreat nervous offended$ overwhelm quarrel regret reject resent rude$ rumor rumour shame stress
        tension threat toxic troubl uncomfort unhapp upset worr""",
    "confidence": """
        anonym between-us classif closed-door$ confess confid covert disclos discreet embargo hidden$ hide$
        hiding$ internal$ leak leaked$ nda$ nobody-knows non-disclos off-the-record password personal$ pin$
        privat proprietar redact restricted$ secret sensitive$ surpris tell-anyone unannounc undisclos
        unreleas upcoming$ vulnerab""",
}  # fmt: skip
# A field that is called like this says something even where its value is only "yes".
TELLING_KEYS: Final = frozenset({"health", "belief"})
_PERSONS: Final = frozenset(
    "i me my mine myself he him his himself she her hers herself they them their theirs themselves we us our ours "
    "applicant boss brother candidate child children client clients colleague coworker customer cousin dad daughter "
    "defendant employee ex father friend husband kid kids mom mother mum neighbor neighbour nephew niece parent "
    "parents partner patient patients peer pupil roommate sister someone son spouse student students suspect team "
    "tenant uncle aunt user victim wife witness".split()
)
_WORD: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def topic(text: str, fewest: int = 1) -> str:
    """The sensitive topic of a sentence, "" for none: that of most of its words, and of at least `fewest`."""
    counts: dict[str, int] = {}
    for word in dict.fromkeys(_WORD.findall(text.lower())):
        for name in _topics_of(word):
            counts[name] = counts.get(name, 0) + 1
    best = max(counts, key=lambda name: counts[name]) if counts else ""
    return best if best and counts[best] >= fewest else ""


def about_a_person(text: str) -> bool:
    """Whether the sentence speaks of somebody by a pronoun or a role. Names are detection's to find."""
    return any(word in _PERSONS for word in _WORD.findall(text.lower()))


@lru_cache(maxsize=8192)
def _topics_of(word: str) -> tuple[str, ...]:
    return tuple(name for name, pattern in _patterns() if pattern.match(word))


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    found = []
    for name, stems in _STEMS.items():
        forms = [re.escape(stem[:-1]) + r"\Z" if stem.endswith("$") else re.escape(stem) for stem in stems.split()]
        found.append((name, re.compile("|".join(forms))))
    return tuple(found)
