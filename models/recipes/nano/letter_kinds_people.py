"""Letters between people: invitations, thanks, apologies, good wishes."""

from __future__ import annotations

from models.recipes.nano.letters import Letter

FRIEND = "{my friend|my sister|my brother|my aunt|my neighbour|my old friend|my cousin|my colleague|my uncle|my niece}"
EVENT = (
    "{my birthday party|our summer party|a barbecue|our wedding|a small dinner|my farewell party|a picnic|game "
    "night|our housewarming}"
)
THEIR_EVENT = (
    "{the birthday party|the summer party|the barbecue|the wedding|the dinner|the picnic|game night|the concert}"
)

PEOPLE_LETTERS = (
    Letter(
        name="invitation",
        slots={"who": "PERSON", "date": "DATE", "place": "PLACE"},
        optional={"person": "PERSON", "url": "URL", "phone": "PHONE"},
        choices={"rel": FRIEND, "event": EVENT},
        asks=(
            "$write inviting $to to $event on $date in $place.",
            "Invite $to to $event. It is on $date in $place. $write.",
            "$write to invite $to to $event in $place on $date.",
            "I am planning $event for $date in $place. $write to invite $to.",
        ),
        held=(
            "$write, $to should come to $event, $date, $place.",
            "let $to know that $event takes place in $place on $date. $write.",
        ),
        body=(
            "{I would like to invite you to|You are invited to|I would love to see you at|Please come to} $event on "
            "$date in $place.",
            "?{There will be good food and music.|We will start in the afternoon and stay as long as we like.|It "
            "will be a relaxed "
            "evening with friends.|There will be plenty to eat and drink.}",
            "{$person will be there too.|$person is coming as well and looks forward to seeing you.}",
            "{All details are at $url.|You can find the way at $url.}",
            "?{Please let me know if you can come.|Tell me if you can make it.|Just say yes or no, so that I can "
            "plan.}",
            "{You can call me on $phone.|My number is $phone.}",
            "?{It would mean a lot to me.|I would be so happy to see you.|I can't wait to see you.}",
        ),
        facts={
            "date": "{The party is on $date|It takes place on $date}",
            "place": "It takes place in $place",
            "person": "$person is coming too",
            "url": "The details are at $url",
            "phone": "My phone number is $phone",
        },
        weight=1.3,
    ),
    Letter(
        name="thanks",
        slots={"who": "PERSON"},
        optional={"date": "DATE", "place": "PLACE", "person": "PERSON"},
        choices={
            "rel": FRIEND,
            "gift": (
                "{the book|the flowers|the lovely dinner|the help with the move|the birthday present|the good "
                "advice|looking "
                "after the cat|the lift to the airport|the invitation|the cake|watering the plants|the concert ticket}"
            ),
        },
        asks=(
            "$write to thank $to for $gift.",
            "Thank $to for $gift. $write.",
            "$write to $to saying thank you for $gift on $date.",
            "$write thanking $to for $gift in $place.",
            "$write to thank $to for $gift, also from $person.",
        ),
        held=("$write that shows $to how grateful I am for $gift.", "$to deserves a thank-you for $gift. $write."),
        body=(
            "{Thank you so much for $gift.|I want to thank you for $gift.|Many thanks for $gift.|I am very grateful "
            "for $gift.}",
            "{It was so good to see you on $date.|I often think back to $date.}",
            "{I still think of our time in $place.|It was a lovely time in $place.}",
            "{$person says thank you too.|$person sends thanks as well.}",
            "?{It made me very happy.|It was exactly what I needed.|You really made my day.|That was very kind of "
            "you.}",
            "?{I hope I can return the favour soon.|Next time it is my turn.|Let us meet again soon.}",
        ),
        facts={"date": "We met on $date", "place": "We met in $place", "person": "$person was there too"},
    ),
    Letter(
        name="apology",
        slots={"who": "PERSON", "date": "DATE"},
        optional={"detail": "DETAIL", "place": "PLACE"},
        choices={
            "rel": FRIEND,
            "fault": (
                "{missing the dinner|being late|forgetting the birthday|not calling back|missing the "
                "meeting|cancelling at the "
                "last minute|losing the key|not coming to the party}"
            ),
        },
        asks=(
            "$write to $to to say sorry for $fault on $date.",
            "Apologise to $to for $fault on $date. $write.",
            "$write apologising to $to for $fault on $date because of $detail.",
            "I feel bad about $fault on $date. $write to $to.",
        ),
        held=(
            "$write: I regret $fault on $date, it is for $to.",
            "say sorry to $to, on $date I hurt them by $fault. $write.",
        ),
        body=(
            "{I am very sorry for $fault on $date.|I want to say sorry for $fault on $date.|Please forgive me for "
            "$fault on $date.}",
            "{The reason was $detail.|It was because of $detail.}",
            "?{I know that you were counting on me.|It was not my intention to let you down.|I should have told you "
            "earlier.}",
            "{Can I make it up to you with a coffee in $place?|Let us meet in $place, so that I can say it in person.}",
            "?{I promise that it will not happen again.|I hope that you can forgive me.|I will do better next time.}",
        ),
        facts={"date": "It happened on $date", "detail": "The reason was $detail", "place": "$to lives in $place"},
    ),
    Letter(
        name="accept or decline",
        slots={"who": "PERSON", "date": "DATE"},
        optional={"person": "PERSON", "detail": "DETAIL"},
        choices={"rel": FRIEND, "event": THEIR_EVENT},
        asks=(
            "$write to $to that I can't come to $event on $date.",
            "Decline the invitation of $to to $event on $date. $write.",
            "$write to $to to turn down $event on $date because of $detail.",
            "$to invited me to $event on $date, but I can't make it. $write.",
        ),
        held=(
            "$write for $to, $event on $date has to happen without me.",
            "I will not be at $event on $date. $write so that $to knows.",
        ),
        body=(
            "{Thank you for the invitation to $event on $date.|Thank you for inviting me to $event on $date.|It was "
            "kind of you to "
            "invite me to $event on $date.}",
            "{Unfortunately I can't come.|I am sorry, but I can't make it.|Sadly I am not able to come.}",
            "{The reason is $detail.|It is because of $detail.}",
            "{Perhaps $person can come instead.|$person will come, though.}",
            "?{I hope you have a wonderful time.|Let us meet another time.|I will be thinking of you.|Please take "
            "lots of pictures.}",
        ),
        facts={
            "date": "It is on $date",
            "person": "$person would like to go",
            "detail": "I can't go because of $detail",
        },
    ),
    Letter(
        name="wishes",
        slots={"who": "PERSON"},
        optional={"place": "PLACE", "date": "DATE", "org": "ORG"},
        choices={
            "rel": FRIEND,
            "reason": (
                "{the birthday|the new job|the wedding|the new baby|the degree|the new home|the promotion|the "
                "driving test}"
            ),
        },
        asks=(
            "$write to congratulate $to on $reason.",
            "Congratulate $to on $reason. $write.",
            "$write to $to with good wishes for $reason on $date.",
            "$write with congratulations for $to on $reason at $org.",
            "$write to congratulate $to on $reason in $place.",
        ),
        held=("$to has $reason to celebrate. $write.", "$write full of good wishes for $to because of $reason."),
        body=(
            "{Congratulations on $reason!|My warmest congratulations on $reason!|I was so happy to hear about "
            "$reason. Congratulations!}",
            "{I will think of you on $date.|I hope that $date is a special day.}",
            "{I wish you a great time at $org.|$org is lucky to have you.}",
            "{I wish you all the best in $place.|I hope to visit you in $place soon.}",
            "?{You have really earned it.|I am very proud of you.|This is wonderful news.}",
            "?{I wish you health and joy.|Let us celebrate together soon.|Enjoy every moment.}",
        ),
        facts={"place": "$to lives in $place", "date": "The big day is $date", "org": "$to works at $org"},
        polite_end=False,
    ),
    Letter(
        name="condolence",
        slots={"who": "PERSON", "person": "PERSON"},
        optional={"place": "PLACE", "date": "DATE"},
        choices={"rel": FRIEND, "lost": "{mother|father|grandmother|grandfather|husband|wife|friend|dog}"},
        asks=(
            "$write to $to, whose $lost $person has died.",
            "$write of condolence to $to about the death of the $lost $person.",
            "$person, the $lost of $to, died on $date. $write.",
        ),
        held=("$write to comfort $to after the loss of $person, the $lost.",),
        body=(
            "{I was very sad to hear that your $lost $person has died.|I am so sorry about the loss of your $lost "
            "$person.}",
            "{I heard about it on $date.|My thoughts were with you on $date.}",
            "?{$person was a warm and kind soul.|I will always remember $person with joy.}",
            "{I will never forget our days in $place.|I often think of $place.}",
            "?{My thoughts are with you and your family.|I am thinking of you in these hard days.}",
            "?{If there is anything I can do, please tell me.|I am here for you at any time.}",
        ),
        facts={
            "person": "$person was the $lost of $to",
            "place": "They lived in $place",
            "date": "It happened on $date",
        },
        weight=0.6,
        polite_end=False,
    ),
)
