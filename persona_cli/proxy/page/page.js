// The page: the list of requests, the totals, what is chosen, and every listener.

import { subject } from "/body.js";
import { clearLink, link } from "/link.js";
import { bytes, clock, drawRequest, refreshValues, showExactly, stateMark, toggleValue } from "/request.js";
import { follow } from "/stream.js";
import { showAll } from "/values.js";

const LAST = 50; // as many as persona itself holds (feed.py)
const at = (id) => document.getElementById(id);

const requests = new Map(); // number -> request
let chosen = 0; // the number of the one on the screen
let following = true; // whether a newer request comes on the screen by itself
let connecting = false; // whether the user wants to see how a client is pointed here
let due = false;

function draw() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    const numbers = [...requests.keys()].sort((one, other) => other - one);
    if (following || !requests.has(chosen)) chosen = numbers[0] ?? 0;
    at("work").hidden = !numbers.length;
    at("connect").hidden = Boolean(numbers.length) && !connecting;
    at("connect-empty").hidden = Boolean(numbers.length);
    for (const id of ["show-connect", "show-values"]) at(id).hidden = !numbers.length;
    drawList(numbers);
    if (chosen) drawRequest(requests.get(chosen));
  });
}

function drawList(numbers) {
  const list = at("requests");
  const held = new Map([...list.children].map((item) => [Number(item.dataset.number), item]));
  for (const [number, item] of held) if (!requests.has(number)) item.remove();
  numbers.forEach((number, place) => {
    const item = held.get(number) ?? newItem(number);
    fillItem(item, requests.get(number));
    if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
  });
}

function newItem(number) {
  const item = document.createElement("li");
  item.dataset.number = number;
  const button = document.createElement("button");
  button.type = "button";
  item.append(button);
  return item;
}

function fillItem(item, passed) {
  const button = item.firstChild;
  button.setAttribute("aria-current", String(passed.number === chosen));
  button.tabIndex = passed.number === chosen ? 0 : -1;
  const took = passed.ms_before ? `${Math.round(passed.ms_before).toLocaleString("en")} ms` : "";
  const kept = passed.stayed.length ? `${passed.stayed.length} kept back` : "";
  const key = [passed.state, passed.host, passed.model, passed.left.length, took, kept].join("\n");
  if (item.dataset.key === key) return;
  item.dataset.key = key;
  const names = line("names", span("client", passed.client), " ", span("model", passed.model));
  button.title = passed.host;
  button.replaceChildren(
    line("first", names, span("when", clock(passed.time))),
    subject(passed.left) ? span("subject", subject(passed.left)) : span("subject none", "Nothing has left"),
    line("third", stateMark(passed.state), span("took", [kept, took].filter(Boolean).join(" · "))),
  );
}

function line(name, ...parts) {
  const root = span(name, "");
  root.append(...parts);
  return root;
}

function span(name, text) {
  const root = document.createElement("span");
  root.className = name;
  root.textContent = text;
  return root;
}

function choose(number, open = true) {
  if (!requests.has(number)) return;
  chosen = number;
  following = number === Math.max(...requests.keys());
  clearLink();
  if (open) document.body.dataset.open = "true";
  draw();
}

function passed(step) {
  const before = requests.get(step.number);
  const request = { ...before, ...step };
  requests.set(step.number, request);
  while (requests.size > LAST) requests.delete(Math.min(...requests.keys()));
  if (before && before.state !== request.state && ["done", "failed", "refused"].includes(request.state)) {
    at("told").textContent = `Request ${request.number} from ${request.client}: ${request.state}, ${request.stayed.length} private values stayed here.`;
  }
  draw();
}

function tell(state, word, sentence) {
  at("connection").dataset.state = state;
  if (at("connection").textContent !== word) at("connection").textContent = word;
  at("trouble").hidden = !sentence;
  if (at("trouble").textContent !== sentence) at("trouble").textContent = sentence;
}

at("requests").addEventListener("click", (event) => {
  const item = event.target.closest("li");
  if (item) choose(Number(item.dataset.number));
});

at("requests").addEventListener("keydown", (event) => {
  const items = [...at("requests").children];
  const place = items.indexOf(event.target.closest("li"));
  const to = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to === undefined || !items[to]) return;
  event.preventDefault();
  choose(Number(items[to].dataset.number), false);
  items[to].firstChild.focus();
});

document.querySelector(".back").addEventListener("click", (event) => {
  event.preventDefault();
  document.body.dataset.open = "false";
  at("requests").querySelector("[aria-current=true]")?.focus();
});

document.querySelector(".choice").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  for (const other of event.currentTarget.children) other.setAttribute("aria-pressed", String(other === button));
  clearLink();
  showExactly(button.dataset.view === "exact");
});

at("show-values").addEventListener("click", (event) => {
  const yes = event.currentTarget.getAttribute("aria-pressed") !== "true";
  event.currentTarget.setAttribute("aria-pressed", String(yes));
  event.currentTarget.textContent = yes ? "Hide values" : "Show values";
  showAll(yes);
  refreshValues();
});

at("show-connect").addEventListener("click", (event) => {
  connecting = !connecting;
  event.currentTarget.setAttribute("aria-expanded", String(connecting));
  draw();
});

document.addEventListener("click", async (event) => {
  const value = event.target.closest("button[data-value]");
  if (value) toggleValue(Number(value.dataset.value));
  const copy = event.target.closest("button[data-copies]");
  if (!copy) return;
  const label = copy.firstChild.textContent;
  try {
    await navigator.clipboard.writeText(at(copy.dataset.copies).textContent);
    copy.firstChild.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(at(copy.dataset.copies));
    copy.firstChild.textContent = "Selected";
  }
  if (label === "Copy") setTimeout(() => (copy.firstChild.textContent = label), 1500);
});

for (const begins of ["mouseover", "focusin"]) {
  at("request").addEventListener(begins, (event) => link(at("request"), event.target.closest("[data-entry]")));
}
at("request").addEventListener("mouseleave", clearLink);
at("request").addEventListener("focusout", clearLink);
addEventListener("scroll", clearLink, { passive: true });
addEventListener("resize", clearLink, { passive: true });

at("base-url").textContent = `${location.origin}/v1`;
at("exports").textContent = `export OPENAI_BASE_URL=${location.origin}/v1\nexport OPENAI_API_KEY="$(cat TOKEN-FILE)"`;

follow(
  {
    start() {
      requests.clear();
      chosen = 0;
      following = true;
      draw();
    },
    passed,
    totals(totals) {
      at("total-requests").textContent = totals.requests.toLocaleString("en");
      at("total-kept").textContent = totals.kept.toLocaleString("en");
      at("total-bytes").textContent = bytes(totals.bytes_left);
    },
  },
  tell,
);
