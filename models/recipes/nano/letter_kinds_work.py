"""Letters about work, appointments and access."""

from __future__ import annotations

from models.recipes.nano.letters import Letter

BOSS = "{my boss|my manager|my team lead|the office|my teacher|my supervisor|our director}"
CONTACT = "{my colleague|our client|my doctor|my dentist|my boss|the electrician|my tax adviser|the school|my teacher}"

WORK_LETTERS = (
    Letter(
        name="sick note",
        slots={"who": "PERSON", "date": "DATE"},
        optional={"detail": "DETAIL", "person": "PERSON", "phone": "PHONE"},
        choices={"rel": BOSS},
        asks=(
            "$write to $to that I am ill and can't come {in|to work} until $date.",
            "$write to tell $to that I am sick and back on $date.",
            "Call in sick for me with $to. I am back on $date. $write.",
            "I am ill because of $detail. $write to $to, I will be back on $date.",
        ),
        held=(
            "$write, $to needs to know that I am unwell and away until $date.",
            "I can't work before $date, I am not well. $write for $to.",
        ),
        body=(
            "{I am sorry, but I am ill and can't come in.|Unfortunately I am ill today.|I have to tell you that I am "
            "sick.}",
            "{The reason is $detail.|It is because of $detail.}",
            "{I expect to be back on $date.|I should be back on $date.|The doctor says that I can return on $date.}",
            "{$person can take over until then.|$person knows my tasks and can step in.}",
            "{In urgent cases you can reach me at $phone.|If something is urgent, call $phone.}",
            "?{I will send the doctor's note as soon as I have it.|I will keep you up to date.|Thank you for "
            "understanding.}",
        ),
        facts={
            "date": "I will be back on $date",
            "detail": "The reason is $detail",
            "person": "$person takes over for me",
            "phone": "My number is $phone",
        },
    ),
    Letter(
        name="leave",
        slots={"who": "PERSON", "date": "DATE", "until": "DATE"},
        optional={"place": "PLACE", "person": "PERSON"},
        choices={"rel": BOSS, "kind": "{leave|holiday|time off|unpaid leave|days off}"},
        asks=(
            "$write to $to asking for $kind from $date to $until.",
            "Ask $to for $kind from $date until $until. $write.",
            "$write to request $kind from $to between $date and $until.",
            "I would like $kind from $date to $until. $write to $to.",
        ),
        held=(
            "$write, I need $kind starting $date and ending $until, it goes to $to.",
            "$to decides about my $kind, $date to $until. $write.",
        ),
        body=(
            "{I would like to take $kind from $date to $until.|I am writing to ask for $kind from $date to "
            "$until.|May I take $kind "
            "from $date until $until?}",
            "{We are planning to travel to $place.|I would like to visit $place.}",
            "{$person will take over my tasks.|$person has agreed to stand in for me.}",
            "?{My work will be finished before I leave.|I will prepare everything well.|I will hand over open tasks "
            "in time.}",
            "?{Please let me know if this is possible.|Could you please approve this?|I would be glad about a yes.}",
        ),
        facts={
            "date": "The first day is $date",
            "until": "The last day is $until",
            "place": "I am travelling to $place",
            "person": "$person can stand in for me",
        },
    ),
    Letter(
        name="reschedule",
        slots={"who": "PERSON", "date": "DATE", "new": "DATE"},
        optional={"place": "PLACE", "detail": "DETAIL"},
        choices={
            "rel": CONTACT,
            "meeting": "{appointment|meeting|call|interview|lesson|check-up|consultation|lunch|visit}",
        },
        asks=(
            "$write to $to to move our $meeting from $date to $new.",
            "Move the $meeting with $to from $date to $new. $write.",
            "$write asking $to whether we can have the $meeting on $new instead of $date.",
            "I can't make the $meeting with $to on $date. $write and suggest $new.",
        ),
        held=(
            "$write: the $meeting with $to on $date does not suit me, $new does.",
            "$new would be better than $date for the $meeting. $write for $to.",
        ),
        body=(
            "{I am sorry, but I can't make our $meeting on $date.|Unfortunately I am not free for our $meeting on "
            "$date.|Something came "
            "up and I can't keep our $meeting on $date.}",
            "{The reason is $detail.|It is because of $detail.}",
            "{Would $new suit you?|Could we meet on $new instead?|Would it be possible to move it to $new?|Does $new "
            "work for you?}",
            "{We could meet in $place.|I will be in $place on that day.}",
            "?{I am sorry for the trouble.|Please tell me if that works.|If not, please suggest another day.}",
        ),
        facts={
            "date": "The $meeting is on $date",
            "new": "I am free on $new",
            "place": "We meet in $place",
            "detail": "I can't come because of $detail",
        },
        weight=1.2,
    ),
    Letter(
        name="introduction",
        slots={"who": "PERSON", "person": "PERSON"},
        optional={"org": "ORG", "mail": "EMAIL", "place": "PLACE"},
        choices={
            "rel": CONTACT,
            "role": "{gardener|designer|nurse|developer|translator|teacher|baker|lawyer|painter|cook|engineer}",
        },
        asks=(
            "$write to $to introducing $person, a good $role.",
            "Introduce $person, who is a $role, to $to. $write.",
            "$write recommending the $role $person to $to.",
            "$write to $to about $person from $org, a $role.",
        ),
        held=(
            "$to is looking for a $role and $person would fit. $write.",
            "$write so that $to meets $person, the $role.",
        ),
        body=(
            "{I would like to introduce $person to you|May I introduce $person|I want to recommend $person to you}. "
            "$person is a "
            "{good|careful|friendly|skilled|reliable} $role.",
            "{$person works for $org.|At the moment $person is with $org.}",
            "{$person lives in $place.|The office is in $place.}",
            "?{I have always been happy with the work.|We have known each other for years.|You will work well "
            "together.}",
            "{You can write to $mail.|The e-mail address is $mail.}",
            "?{I think that a short talk would be good for both of you.|Please get in touch if you are interested.}",
        ),
        facts={
            "person": "$person is a $role",
            "org": "$person works for $org",
            "mail": "The address of $person is $mail",
            "place": "$person lives in $place",
        },
    ),
    Letter(
        name="application",
        slots={"org": "ORG"},
        optional={"who": "PERSON", "date": "DATE", "url": "URL", "phone": "PHONE", "place": "PLACE"},
        choices={
            "job": (
                "{gardener|designer|nurse|developer|translator|teacher|baker|sales "
                "assistant|cook|engineer|driver|clerk}"
            )
        },
        asks=(
            "$write to $org applying for the job as $job.",
            "I want to work as a $job at $org. $write of application.",
            "$write applying at $org as $job, addressed to $who.",
            "$write to follow up on my application as $job at $org from $date.",
        ),
        held=("$org has an opening for a $job. $write to apply.", "$write in which I offer myself to $org as $job."),
        body=(
            "{I would like to apply for the job as $job at $org.|I am writing to apply as $job at $org.|I am very "
            "interested in the job "
            "as $job at $org.}",
            "{I first wrote to you on $date.|I sent you my documents on $date.}",
            "?{I have worked in this field for five years and enjoy it.|I am reliable and learn quickly.|I like "
            "working in a team and "
            "taking care of details.}",
            "{I live in $place and can start soon.|I am based in $place.}",
            "{You can see my work at $url.|My references are at $url.}",
            "{Please call me on $phone.|My phone number is $phone.}",
            "?{I would be happy to meet you in person.|I look forward to a talk with you.}",
        ),
        facts={
            "org": "The firm is $org",
            "who": "The person in charge is $who",
            "date": "I sent my application on $date",
            "url": "My portfolio is at $url",
            "phone": "My phone number is $phone",
            "place": "I live in $place",
        },
    ),
    Letter(
        name="access",
        slots={"who": "PERSON", "url": "URL", "user": "USERNAME"},
        optional={"secret": "SECRET", "date": "DATE"},
        choices={
            "rel": CONTACT,
            "system": (
                "{the shared folder|the photo album|the booking page|the new system|the project site|the Wi-Fi page}"
            ),
        },
        asks=(
            "$write to $to with the access to $system: $url, user name $user.",
            "Send $to the link $url and the user name $user for $system. $write.",
            "$write to $to explaining how to log in to $system at $url as $user.",
            "$write for $to: $system is at $url, user $user, password $secret.",
        ),
        held=("$to wants to get into $system at $url with $user. $write.",),
        body=(
            "{Here is the access to $system|This is how you get to $system|As promised, here is the way to $system}: "
            "{go to|open|please "
            "open} $url and {log in as|use the user name} $user.",
            "{The password is $secret.|Your password is $secret.}",
            "{The access works until $date.|Please log in before $date.}",
            "?{Please keep it to yourself.|Please do not pass it on.|Tell me if it does not work.}",
        ),
        facts={
            "url": "$system is at $url",
            "user": "The user name is $user",
            "secret": "The password is $secret",
            "date": "The access ends on $date",
        },
        weight=0.8,
    ),
    Letter(
        name="out of office",
        slots={"date": "DATE", "person": "PERSON"},
        optional={"mail": "EMAIL", "phone": "PHONE", "start": "DATE"},
        asks=(
            "Write an out-of-office {reply|message}. I am back on $date and $person stands in for me.",
            "$write that I am out of office until $date and that $person can help.",
            "I am away from $start to $date. Write an automatic reply, $person takes over.",
        ),
        held=("Set up an absence text: back on $date, ask $person meanwhile.",),
        body=(
            "{Thank you for your message.|Thank you for writing to me.}",
            "{I am out of the office and back on $date.|I am away and will be back on $date.|I am not in the office "
            "until $date.}",
            "{I am away from $start on.|My absence starts on $start.}",
            "{In urgent cases please contact $person.|$person will help you until then.|Please turn to $person if it "
            "is urgent.}",
            "{The address is $mail.|You can write to $mail.}",
            "{The number is $phone.|You can call $phone.}",
            "?{I will answer when I return.|Your message will not be forwarded.}",
        ),
        facts={
            "date": "I am back on $date",
            "person": "$person stands in for me",
            "mail": "The e-mail of $person is $mail",
            "phone": "The number of $person is $phone",
            "start": "I am away from $start",
        },
        to="nobody",
        weight=0.7,
        polite_end=False,
    ),
)
