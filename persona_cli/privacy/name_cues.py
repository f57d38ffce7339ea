"""The words that announce a name, and the capitalised words that are none: data for names.py, case folded."""

from __future__ import annotations

import re
from typing import Final


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


HONORIFICS: Final = _set(
    "mr mrs ms miss mx dr prof professor sir madam lady lord rev reverend fr father sister brother judge justice "
    "captain capt colonel col general gen lieutenant lt sergeant sgt major senator sen president herr frau "
    "monsieur madame mme mlle señor señora senor senora sr sra don doña hon detective officer nurse coach uncle "
    "aunt auntie"
)
# Followed by a name whoever is meant: "my wife Emma", "our landlord Bob".
RELATIONS: Final = _set(
    "wife husband spouse partner fiancé fiancée fiance fiancee girlfriend boyfriend son daughter kid child baby "
    "brother sister mother father mom mum dad mommy mummy daddy grandma grandpa grandmother grandfather uncle "
    "aunt cousin nephew niece stepson stepdaughter twin friend bestie boss manager supervisor colleague coworker "
    "teammate employee assistant doctor dentist therapist psychiatrist physician surgeon nurse lawyer attorney "
    "landlord landlady tenant neighbor neighbour roommate flatmate teacher professor tutor coach client patient "
    "customer student candidate recruiter ex named called nicknamed alias"
)
GREETINGS: Final = _set("dear hi hello hey hiya greetings thanks cheers sincerely regards love yours best bye goodbye")
SAYING: Final = _set(
    "said says wrote writes told tells asked asks replied replies thinks thought wants lives works called "
    "mentioned emailed texted explained answered added"
)
LIVING: Final = _set(
    "in from near to visiting visit around outside towards toward across throughout via at leaving reaching"
)
WORKING: Final = _set("at for with by join joined joining via versus vs")
# Kinds of organisation: as the last word ("Acme Bank") or before "of" ("University of Bath").
ORG_LAST: Final = _set(
    "inc incorporated ltd limited llc llp plc gmbh ag kg corp corporation co company group holdings holding "
    "partners associates bank university college school academy institute hospital clinic foundation trust "
    "council association society agency ministry department bureau commission committee church airlines airways "
    "motors pharmaceuticals laboratories labs technologies technology systems solutions software consulting "
    "services industries enterprises ventures capital insurance investments studios studio press media "
    "entertainment records hotel hotels restaurant museum library theatre theater stadium airport station "
    "federation union league club fc bv nv oy ab sa spa srl pty kk sarl sas se"
)
LEGAL_FORMS: Final = _set("inc incorporated ltd limited llc llp plc gmbh corp corporation nv oy srl pty sarl sas")
ORG_FIRST: Final = _set(
    "university bank institute ministry department bureau church museum college school hospital academy "
    "federation embassy republic kingdom city state province district county commonwealth"
)
PLACE_LAST: Final = _set(
    "city county river lake mountain mountains island islands beach bay valley park bridge square harbour harbor "
    "hill hills peninsula province state town village canyon desert ocean sea street avenue road boulevard lane "
    "drive"
)
PLACE_FIRST: Final = _set("mount mt lake fort port saint st san santa new los las cape isle el")
# Between two capitalised words of one name.
LINKS: Final = _set("of the de del della der den van von la le du da di dos das bin ibn al el y and")
NAME_LINKS: Final = _set("de del della der den van von la le du da di dos das bin ibn al el y")
MONTHS_DAYS: Final = _set(
    "january february march april may june july august september october november december jan feb mar apr jun "
    "jul aug sep sept oct nov dec monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu "
    "thur thurs fri sat sun christmas easter thanksgiving halloween ramadan hanukkah diwali"
)
PEOPLES: Final = _set(
    "english american americans british briton french german germans spanish italian italians portuguese dutch "
    "belgian swiss austrian danish swedish norwegian finnish icelandic irish scottish welsh polish czech slovak "
    "hungarian romanian bulgarian greek turkish russian russians ukrainian serbian croatian slovenian bosnian "
    "albanian estonian latvian lithuanian chinese japanese korean koreans vietnamese thai indonesian malay "
    "filipino indian indians pakistani bangladeshi nepali tibetan mongolian kazakh uzbek afghan iranian persian "
    "iraqi syrian lebanese israeli jewish arab arabic arabs saudi egyptian moroccan algerian tunisian libyan "
    "ethiopian kenyan nigerian ghanaian african africans asian asians european europeans latin latino latina "
    "hispanic mexican canadian canadians australian brazilian argentine argentinian chilean peruvian colombian "
    "venezuelan cuban jamaican caribbean hebrew hindi urdu bengali tamil telugu punjabi mandarin cantonese "
    "swahili yiddish catalan basque gaelic roman romans christian christians muslim muslims islamic islam "
    "christianity catholic catholics protestant buddhist buddhism hindu hinduism judaism jew jews sikh western "
    "eastern northern southern bible quran koran god jesus christ allah lord victorian elizabethan kantian "
    "marxist keynesian bayesian gaussian boolean cartesian"
)
# Capitalised words of common tools, formats and abbreviations: what everybody uses says nothing about anybody.
COMMON_TERMS: Final = _set(
    "api apis pdf html css json xml yaml csv sql http https url urls uri ui ux gui cli cpu gpu ram rom ssd usb "
    "hdmi vpn lan wan wifi dns ip tcp udp ssl tls ssh ftp smtp iot ai ml nlp llm llms gpt bert ocr ide sdk jdk "
    "jvm oop mvc orm crud rest soap jwt oauth saml sso mfa aws gcp saas paas iaas b2b b2c crm erp kpi kpis roi "
    "seo sem ppc cta faq faqs ceo cfo cto coo cio cmo hr pr qa qc rnd r&d it ot ok eta asap fyi btw imo imho lol "
    "omg wtf tbd tba diy aka etc ps pm am gmt utc est pst cst edt pdt bst cet usd eur gbp jpy cny inr aud cad chf "
    "usa us uk eu un uae tv pc pcs mac cd dvd dj vip atm pin sms gps id ids iq eq dna rna hiv aids covid mri ct "
    "ecg ekg icu er gp iv bmi adhd ptsd ocd asd iep phd md mba ba bs bsc msc ma jd gpa sat gre gmat toefl ielts "
    "esl cv cvs resume nda sla rfp rfq sow mou po gdp gaap ifrs cpa vat ira hsa apr etf ipo esg csr ngo ngos npo "
    "ebitda capex opex yoy qoq fy q1 q2 q3 q4 ii iii iv vi vii viii ix xi xii am bc ad bce ce lgbt lgbtq lgbtqia "
    "bipoc dei html5 css3 ascii utf pos sku skus rsvp rpg nba nfl dvd blu ux pov npc mmo fps pvp hp xp javascript "
    "typescript python java html node.js numpy pandas jupyter linux unix windows ubuntu android ios macos excel "
    "powerpoint word github git docker kubernetes mysql postgresql mongodb sqlite redis nginx apache react "
    "angular vue django flask spring tensorflow pytorch keras scikit matplotlib chatgpt bing youtube google "
    "internet wikipedia latex markdown bootstrap jquery php ruby rust kotlin swift scala matlab bash powershell "
    "arduino wordpress photoshop bluetooth ethernet smartart english math maths i i'm i'd i've i'll sir madam "
    "ma'am mom mum dad mommy daddy mama papa grandma grandpa http html dom npm pip cdn json ajax regex stdin "
    "stdout ssn dob nino iban bic vin mrn ein itin wi fi"
)
# Names that are words, at the head of a sentence far more often the word.
WORD_FIRST: Final = _set(
    "will may mark can art sue rich bill pat rob drew an my long good day so do see in to long so lee van ray jay "
    "guy miles chance chase hope faith grace joy rose april june august summer autumn dawn holly ivy iris lily "
    "daisy penny frank grant pierce reed wade young white black brown green king page price rice stone wood woods "
    "love best case chase small short sharp banks fields mills west north church park"
)
AUXILIARIES: Final = _set("will may can do so see must my an in to")
# "Name: Grace Hope": what stands before the colon of a form line, and the kind of what follows.
LABELS: Final[dict[str, str]] = {
    **dict.fromkeys(
        "name|full name|first name|last name|surname|given name|maiden name|nickname|patient|patient name|client|"
        "client name|"
        "customer|employee|employee name|student|student name|candidate|applicant|author|sender|recipient|from|"
        "to|cc|bcc|"
        "attn|contact|contact person|contact name|signed|signature|witness|landlord|tenant|manager|supervisor|doctor|"
        "physician|provider|teacher|parent|guardian|mother|father|spouse|emergency contact|cardholder|account holder|"
        "beneficiary|prepared by|written by|reported by|approved by|submitted by|directed by|attendees|participants|"
        "player|owner|buyer|seller|referred by|interviewer".split("|"),
        "PERSON",
    ),
    **dict.fromkeys(
        "company|company name|employer|organization|organisation|organization name|business|business name|firm|"
        "school|"
        "university|college|institution|hospital|clinic|bank|vendor|supplier|brand|client company|department".split(
            "|"
        ),
        "ORG",
    ),
    **dict.fromkeys(
        "city|town|country|state|county|location|place|place of birth|birthplace|hometown|region|province|venue|"
        "destination|nationality".split("|"),
        "PLACE",
    ),
    **dict.fromkeys("project|project name|product|product name|book|title of book|pet|pet name".split("|"), "DETAIL"),
}
# A phrase directly before a name.
NAME_PHRASE: Final = re.compile(
    r"(?:\b(?:my|his|her|their|your|the|our)\s+(?:\w+\s+)?name(?:'s|’s|\s+is|\s+was)|\bname\s+is|\bi(?:\s+am|'m|"
    r"’m|m)|"
    r"\bthis\s+is|\bcall(?:s|ed)?\s+me|\bgo(?:es)?\s+by|\bknown\s+as|\bwritten\s+by|\bauthored\s+by|"
    r"\bsigned\s+by|\bsigned|"
    r"\bon\s+behalf\s+of|\bmarried\s+to|\bmet\s+with|\bspoke\s+(?:to|with)|\bmr\.?|\bmrs\.?|\bms\.?|\bdr\.?)[\s,]+$",
    re.IGNORECASE,
)
ORG_PHRASE: Final = re.compile(
    r"\b(?:work(?:s|ed|ing)?|employed|job|position|role|intern(?:ed|ship)?|study|studying|studied|graduated|"
    r"engineer|manager|analyst|developer|consultant|director|career|opportunity)\s+(?:\w+\s+){0,2}?(?:at|for|"
    r"with|from|by)"
    r"\s+(?:the\s+)?$|\b(?:company|firm|startup|employer|bank|university|school|hospital|brand)\s+(?:is\s+|"
    r"called\s+|named\s+)"
    r"+(?:the\s+)?$",
    re.IGNORECASE,
)
