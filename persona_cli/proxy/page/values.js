// Private values: in the page only while they are shown. Until then not even its source holds them.

const HIDDEN = "••••••";
const KINDS = {
  PERSON: "person", ORG: "organisation", PLACE: "place", ADDRESS: "address", DATE: "date", EMAIL: "e-mail",
  PHONE: "phone", URL: "web address", ID: "number", MONEY: "amount", USERNAME: "user name", SECRET: "secret",
  DETAIL: "detail", TEXT: "look-alike",
};

const shown = new Set(); // entries of the request on the screen that the user has clicked
let all = false;

/** What a kind of private value is called. */
export const kindName = (kind) => KINDS[kind || "DETAIL"] ?? kind.toLowerCase();

export const isShown = (entry) => all || shown.has(entry);

export function hideEach() {
  shown.clear();
}

export function showAll(yes) {
  all = yes;
  shown.clear();
}

export function toggle(entry) {
  if (shown.has(entry)) shown.delete(entry);
  else shown.add(entry);
}

/** A button that shows and hides the value of `kept`, with `instead` in its place while that is hidden. */
export function valueButton(kept, entry, instead = HIDDEN) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "value";
  button.dataset.entry = entry;
  button.dataset.value = entry;
  button.dataset.kind = kept.kind || "DETAIL";
  button.dataset.instead = instead || HIDDEN;
  fill(button, kept);
  return button;
}

/** Bring every value button inside `root` to what is to be shown now. */
export function refresh(root, stayed) {
  for (const button of root.querySelectorAll("button[data-value]")) fill(button, stayed[Number(button.dataset.value)]);
}

function fill(button, kept) {
  const open = isShown(Number(button.dataset.entry));
  button.textContent = open ? kept.value : button.dataset.instead;
  button.setAttribute("aria-pressed", String(open));
  if (open) button.removeAttribute("aria-label");
  else button.setAttribute("aria-label", `${kept.token || kindName(kept.kind)}: value hidden, press to show`);
  button.title = open ? "Hide" : "Show";
}
