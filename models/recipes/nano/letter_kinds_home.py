"""Letters about the home, contracts and money."""

from __future__ import annotations

from models.recipes.nano.letters import Letter

LANDLORD = "{my landlord|my landlady|our landlord|the property manager|the caretaker}"
FIRM_FACT = "{The firm is called $org|I am a customer of $org|It is about $org}"

HOME_LETTERS = (
    Letter(
        name="repair",
        slots={"who": "PERSON", "date": "DATE", "place": "ADDRESS"},
        optional={"phone": "PHONE", "person": "PERSON"},
        choices={
            "rel": LANDLORD,
            "thing": (
                "the {heating|boiler|kitchen tap|front door|lift|bathroom window|washing machine|hot "
                "water|shower|roof|"
                "oven|cellar light|doorbell|radiator|drain|fridge|intercom}"
            ),
            "fault": "{broken|not working|out of order|making a loud noise|leaking|faulty}",
        },
        asks=(
            "$write to $to that $thing in $place has been $fault since $date.",
            "$write to $to saying that $thing has been $fault since $date. The flat is at $place.",
            "$write to $to about $thing in $place, which has been $fault since $date, and ask for a repair.",
            "$write to $to: $thing at $place is $fault since $date, please fix it.",
            "Tell $to that $thing at $place has been $fault since $date.",
            "$thing has been $fault since $date. $write to $to and ask for someone to come to $place.",
        ),
        held=(
            "$write for $to because $thing at $place has been $fault from $date on.",
            "since $date $thing in $place has been $fault, so let $to know and ask for help. $write.",
        ),
        body=(
            "{I am writing to let you know|I wanted to let you know|I would like to report|I am sorry to tell you} "
            "that $thing "
            "{in|at} $place has been $fault since $date.",
            "?{This makes everyday life quite difficult.|We have tried to manage, but it is getting worse.|It is "
            "hard to live "
            "with this for long.|As you can imagine, this is not pleasant.}",
            "{Please send someone to repair it|Please arrange a repair|Please have it looked at|I would be glad if "
            "you could "
            "have it fixed} {as soon as possible|this week|in the next few days|soon}.",
            "?{I am at home most evenings.|Please tell me when someone can come.|I can be there at any time to open "
            "the door.}",
            "{You can reach me at $phone.|Please call me on $phone to agree on a time.|My number is $phone.}",
            "{If I am not at home, $person can open the door.|$person has a key and can let you in.}",
        ),
        facts={
            "date": "{It started on $date|The problem has been there since $date}",
            "place": "{I live at $place|The flat is at $place|My address is $place}",
            "phone": "{My phone number is $phone|I can be reached at $phone}",
            "person": "$person has a spare key",
        },
        weight=1.4,
    ),
    Letter(
        name="complaint",
        slots={"org": "ORG", "id": "ID", "date": "DATE"},
        optional={"money": "MONEY", "mail": "EMAIL"},
        choices={
            "item": (
                "the {chair|lamp|coffee "
                "machine|jacket|phone|book|table|suitcase|headphones|printer|bicycle|carpet|mirror}"
            ),
            "wrong": (
                "{arrived damaged|never arrived|does not work|has the wrong size|has a scratch|came without a "
                "cable|broke "
                "after two days}"
            ),
        },
        asks=(
            "$write to $org: $item from order $id of $date $wrong.",
            "$write to $org to complain that $item $wrong. The order number is $id, ordered on $date.",
            "I ordered $item from $org on $date and it $wrong. $write. The order number is $id.",
            "$write complaining to $org about order $id from $date, because $item $wrong.",
        ),
        held=(
            "$item that I bought at $org on $date $wrong. $write of complaint, my order is $id.",
            "$write for the customer service of $org, order $id, $date: $item $wrong.",
        ),
        body=(
            "{I am writing about my order $id of $date|This is about order $id, which I placed on $date|On $date I "
            "ordered from "
            "you, order number $id}. {Unfortunately|I am sorry to say that|To my regret}{,|} $item $wrong.",
            "?{I was looking forward to it and am disappointed.|I have been a customer of $org for years and did not "
            "expect "
            "this.|I had expected better from $org.}",
            "{Please send me a replacement|I would like a replacement or my money back|Please refund the full price}"
            "{.| within two weeks.| as soon as you can.}",
            "{The price was $money.|I paid $money for it.}",
            "{You can reach me at $mail.|Please reply to $mail.}",
            "?{I hope we can settle this quickly.|Please tell me how we proceed.}",
        ),
        facts={
            "id": "{The order number is $id|My order has the number $id}",
            "date": "I ordered it on $date",
            "money": "{It cost $money|I paid $money}",
            "mail": "My e-mail address is $mail",
            "org": FIRM_FACT,
        },
        to="org",
        weight=1.2,
    ),
    Letter(
        name="cancel",
        slots={"org": "ORG", "id": "ID", "date": "DATE"},
        optional={"place": "ADDRESS", "mail": "EMAIL"},
        choices={"contract": "{contract|subscription|membership|insurance|phone contract|newspaper subscription|plan}"},
        asks=(
            "$write to $org to cancel my $contract $id {by|from} $date.",
            "Cancel my $contract with $org. The number is $id and it should end on $date. $write.",
            "$write to cancel the $contract with $org, number $id, as of $date.",
        ),
        held=(
            "$write telling $org that my $contract $id ends on $date.",
            "I want to leave $org on $date, my $contract is $id. $write.",
        ),
        body=(
            "{I would like to cancel|I am writing to cancel|I hereby cancel} my $contract with the number $id {as "
            "of|from} $date.",
            "{Please confirm the cancellation in writing.|Please send me a confirmation with the end date.|I ask you "
            "to confirm "
            "this.}",
            "?{Please do not take any more money from my account after that day.|Please delete my data when the "
            "$contract ends.|I "
            "no longer need it.|My situation has changed.}",
            "{My address is $place.|Please send the confirmation to $place.}",
            "{Please write to $mail.|You can send it to $mail.}",
            "?{Thank you for the good service so far.|Thank you for everything, $org.}",
        ),
        facts={
            "id": "The number of the $contract is $id",
            "date": "{It should end on $date|The last day is $date}",
            "place": "My address is $place",
            "mail": "My e-mail is $mail",
            "org": FIRM_FACT,
        },
        to="org",
    ),
    Letter(
        name="money",
        slots={"who": "PERSON", "money": "MONEY", "date": "DATE"},
        optional={"id": "ID"},
        choices={
            "rel": "{my friend|my flatmate|our client|my brother|the tenant|my colleague|my neighbour}",
            "why": (
                "{the train tickets|the dinner|the concert|the rent|the repair|the holiday flat|the invoice|the "
                "present}"
            ),
        },
        asks=(
            "$write to $to asking to pay back $money for $why by $date.",
            "Remind $to that $money for $why {is|was} due on $date.",
            "$to still owes me $money for $why. $write and ask for it by $date.",
            "$write to remind $to of the $money for $why, due on $date.",
        ),
        held=(
            "$write so that $to sends me the $money for $why before $date.",
            "$date is the last day for $to to pay $money for $why. $write.",
        ),
        body=(
            "{I hope you are well.|I hope all is fine.|}",
            "{A short reminder|Just a reminder|I would like to remind you}{: | that }{the $money for $why is still "
            "open.|I have not "
            "received the $money for $why yet.}",
            "{Could you send it by $date?|Please pay it by $date.|It would be great to have it by $date.}",
            "{Please give the number $id with the payment.|The reference is $id.}",
            "?{If you have already paid, please ignore this.|If there is a problem, just tell me.|Thank you for "
            "taking care of it.}",
        ),
        facts={"money": "It is about $money", "date": "It is due on $date", "id": "The reference is $id"},
    ),
    Letter(
        name="new contact",
        slots={"who": "PERSON", "place": "ADDRESS", "date": "DATE"},
        optional={"phone": "PHONE", "mail": "EMAIL"},
        choices={"rel": "{my friend|my bank adviser|my aunt|my old neighbour|my doctor|my teacher|my colleague}"},
        asks=(
            "$write to $to that I am moving to $place on $date.",
            "Tell $to my new address $place, from $date. $write.",
            "$write to $to with my new address: $place, valid from $date.",
            "I am moving on $date. $write to $to, the new address is $place.",
        ),
        held=(
            "$write, $to should know that from $date I live at $place.",
            "my home will be $place as of $date, $write for $to.",
        ),
        body=(
            "{I am moving|I wanted to tell you that I am moving|There is news: I am moving}{.| house.| soon.}",
            "{From $date my new address is $place.|My address from $date will be $place.|As of $date you will find "
            "me at $place.}",
            "{My new phone number is $phone.|You can call me on $phone.}",
            "{My e-mail address is $mail.|You can write to me at $mail.}",
            "?{Please change it in your address book.|Please send letters there from then on.|You are welcome to "
            "visit.}",
        ),
        facts={
            "place": "My new address is $place",
            "date": "I am moving on $date",
            "phone": "My new phone number is $phone",
            "mail": "My e-mail address is $mail",
        },
    ),
    Letter(
        name="question",
        slots={"org": "ORG", "id": "ID"},
        optional={"date": "DATE", "phone": "PHONE"},
        choices={
            "what": (
                "{when my parcel will arrive|why my bill is so high|how I can change my plan|whether my form has "
                "arrived|what "
                "documents you need|how long the repair takes|when the technician comes|whether I can pay in two "
                "parts|what the next "
                "step is}"
            ),
        },
        asks=(
            "$write to $org asking $what. My customer number is $id.",
            "Ask $org $what. The reference is $id. $write.",
            "$write to $org, reference $id: I want to know $what.",
        ),
        held=(
            "$write to find out from $org $what, number $id.",
            "what I need from $org is to know $what, my file is $id. $write.",
        ),
        body=(
            "{I have a question about my file $id|My customer number is $id and I have a question|I am writing about "
            "the reference "
            "$id}.",
            "{Could you please tell me|I would like to know|Can you tell me} $what{?|, please?}",
            "{My last letter was from $date.|I first asked about this on $date.}",
            "{You can call me on $phone.|My phone number is $phone.}",
            "?{I could not find the answer on your website.|A short answer is enough.|This would help me a lot.}",
            "?{Thank you for your help, $org is always quick.|Many thanks to everyone at $org.}",
        ),
        facts={
            "id": "{My customer number is $id|The reference is $id}",
            "date": "I first wrote to them on $date",
            "phone": "My phone number is $phone",
            "org": FIRM_FACT,
        },
        to="org",
    ),
)
