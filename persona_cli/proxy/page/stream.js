// The connection to persona: server-sent events, and what to say while there are none.

const AGAIN = 2000; // milliseconds between two tries when the browser itself has given up

const WORDS = {
  live: "Live",
  lost: "Reconnecting …",
  closed: "Not connected",
};
const LOST = "The connection to persona is lost. This page shows what it has seen, and goes on by itself when persona is back.";
const CLOSED =
  "persona has been started anew or no longer knows this browser. Open the link that persona serve --http printed, or the one that persona serve --status gives.";

/** Follow the stream for good. `on` has start(), passed(step), totals(totals); `tell(state, word, sentence)`. */
export function follow(on, tell) {
  const source = new EventSource("/events");
  source.addEventListener("open", () => tell("live", WORDS.live, ""));
  source.addEventListener("start", () => on.start());
  source.addEventListener("passed", (event) => on.passed(JSON.parse(event.data)));
  source.addEventListener("totals", (event) => on.totals(JSON.parse(event.data)));
  source.addEventListener("error", async () => {
    if (source.readyState !== EventSource.CLOSED) {
      tell("lost", WORDS.lost, LOST);
      return;
    }
    source.close();
    const known = await answers();
    if (known === 401) tell("closed", WORDS.closed, CLOSED);
    else tell("lost", WORDS.lost, LOST);
    setTimeout(() => follow(on, tell), AGAIN);
  });
}

/** The status with which persona answers this browser, 0 for no answer. */
async function answers() {
  try {
    return (await fetch("/page.svg", { cache: "no-store" })).status;
  } catch {
    return 0;
  }
}
