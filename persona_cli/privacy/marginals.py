"""How common a trait is: a stated rule, by the order of magnitude.

The shares are rounded by hand after what the public statistics below tell; no row was copied from them, and none should
be quoted as theirs. An estimate of k needs to know what is rare and what is not, not the last per cent.

Inhabitants of cities and countries are GeoNames' (data/cities.txt, data/countries.txt).

    ages, sex, marital status, children     US Census 2020 and American Community Survey 2022 (S0101, S1201, S1101)
    jobs                                    BLS Occupational Employment and Wage Statistics, May 2023; students NCES
                                            2022; retired workers SSA 2023. Employed people over ALL_PEOPLE
    employers                               BLS Current Employment Statistics 2023, the industry's employees
    health                                  CDC and NIMH prevalence pages as of 2023, of all adults
    religion, orientation                   Pew Religious Landscape Study 2023-24, Gallup 2024
    nationality                             rule: 14 % of the US are foreign-born (ACS 2022), over a dozen large groups

Knows nothing of text that leaves; that is disclosure.py.
"""

from __future__ import annotations

from typing import Final

ALL_PEOPLE: Final = 331_000_000
"""Inhabitants of the US (Census 2020): what stands in where no place is known."""
TOWN_PEOPLE: Final = 50_000
"""A place that is listed and no city of data/cities.txt: between its 15,000 and 100,000."""
ONE_YEAR: Final = 0.013
ONE_DECADE: Final = 0.13
ONE_MONTH: Final = 1 / 12
NATIONALITY: Final = 0.01
GENDER: Final = 0.5


def _table(*rows: tuple[float, str]) -> dict[str, float]:
    return {word: share for share, words in rows for word in words.split(", ")}


JOBS: Final = _table(
    (0.2, "retired, pensioner"),
    (0.055, "student"),
    (0.02, "unemployed, jobless"),
    (0.012, "teacher, salesperson, shop assistant"),
    (0.01, "nurse, cashier, driver, waiter, waitress, manager, cook, cleaner, housekeeper"),
    (0.006, "truck driver, lorry driver, software engineer, software developer, programmer, developer, secretary"),
    (0.004, "accountant, auditor, engineer, carer, caregiver, bookkeeper"),
    (0.003, "professor, lecturer, doctor, physician"),
    (0.002, "lawyer, solicitor, attorney, electrician, carpenter, mechanic, police officer, social worker, soldier"),
    (0.001, "firefighter, plumber, hairdresser, barber, pharmacist, farmer, designer, paramedic, chef, bartender"),
    (0.0006, "physiotherapist, physical therapist, psychologist, therapist, baker, gardener, flight attendant"),
    (0.0003, "architect, librarian, dentist, pilot, priest, pastor, butcher, judge, welder, musician, scientist"),
    (0.00015, "journalist, veterinarian, vet, actor, actress, translator, interpreter, economist, photographer"),
    (0.00005, "midwife, surgeon, anaesthetist, anesthesiologist, optician, historian, astronomer, sculptor"),
)
EMPLOYERS: Final = _table(
    (0.025, "school, restaurant, factory"),
    (0.016, "hospital, supermarket"),
    (0.012, "university, college, council"),
    (0.006, "bank, government, ministry, army, police, hotel"),
    (0.003, "church, charity, airline, law firm, insurance company, newspaper, start-up, startup"),
)
HEALTH: Final = _table(
    (0.2, "arthritis, anxiety"),
    (0.12, "diabetes, migraine, migraines"),
    (0.08, "depression, asthma"),
    (0.05, "cancer, adhd, ptsd"),
    (0.03, "bipolar disorder, psoriasis, autism, autistic"),
    (0.012, "pregnant, epilepsy, epileptic, coeliac disease, celiac disease, coeliac, celiac, ibd, deaf"),
    (0.005, "schizophrenia, crohn's disease, crohn's, colitis, dementia, parkinson's, parkinson's disease, blind"),
    (0.003, "hiv, multiple sclerosis, hepatitis"),
    (0.0006, "lupus, leukaemia, leukemia, sickle cell disease"),
    (0.0001, "cystic fibrosis, haemophilia, hemophilia, als, huntington's disease, narcolepsy"),
)
STATUS: Final = _table(
    (0.48, "married"),
    (0.34, "single, unmarried"),
    (0.1, "divorced"),
    (0.06, "widowed, widow, widower"),
    (0.02, "separated, engaged"),
)
FAITH: Final = _table(
    (0.6, "christian"),
    (0.2, "catholic"),
    (0.05, "atheist"),
    (0.02, "jewish, mormon"),
    (0.01, "muslim, buddhist, hindu"),
    (0.002, "sikh, quaker"),
)
ORIENTATION: Final = _table((0.03, "gay, bisexual"), (0.014, "lesbian"), (0.01, "transgender, trans, non-binary"))
CHILDREN: Final = _table((0.2, "mother, mum, mom, father, dad, parent"), (0.03, "single mother, single father"))
NUMBER_OF_CHILDREN: Final = 0.06
NATIONALITIES: Final = frozenset(
    "american australian austrian belgian brazilian british bulgarian canadian chinese croatian czech danish dutch "
    "egyptian english estonian ethiopian filipino finnish french german ghanaian greek hungarian icelandic indian "
    "indonesian iranian iraqi irish israeli italian jamaican japanese kenyan korean latvian lithuanian mexican "
    "moroccan nigerian norwegian pakistani polish portuguese romanian russian scottish serbian slovak slovenian somali "
    "spanish swedish swiss syrian turkish ukrainian vietnamese welsh".split()
)
