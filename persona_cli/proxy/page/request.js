// One request on the screen: what left and what stayed side by side, and the answer below.

import { drawBody, mark } from "/body.js";
import { valuesIn } from "/marks.js";
import { hideEach, kindName, refresh, toggle, valueButton } from "/values.js";

const STATES = {
  preparing: "Preparing",
  refused: "Refused",
  sending: "On its way",
  answering: "Answering",
  done: "Done",
  failed: "Failed",
};
const at = (id) => document.getElementById(id);

let drawn = {}; // what stands on the screen now
let exact = false;

/** The words and the look of a state. */
export function stateMark(state) {
  const root = document.createElement("span");
  root.className = "state";
  root.dataset.state = state;
  root.textContent = STATES[state] ?? state;
  return root;
}

export function bytes(count) {
  if (count < 1000) return `${count} B`;
  return count < 1e6 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

export function clock(time) {
  return new Date(time).toLocaleTimeString("en-GB");
}

/** Draw `passed`, and of it only what has changed. */
export function drawRequest(passed) {
  const before = drawn.number === passed.number ? drawn : {};
  drawn = passed;
  if (before.number !== passed.number) hideEach();
  about(passed);
  const stayed = before.stayed !== passed.stayed;
  if (stayed) drawStayed(passed.stayed);
  if (stayed || before.left !== passed.left || before.state !== passed.state) drawLeft(passed);
  if (stayed || before.answer !== passed.answer || before.state !== passed.state) drawAnswer(passed);
}

export function showExactly(yes) {
  exact = yes;
  if (drawn.number) drawLeft(drawn);
}

/** Show or hide the value of an entry, wherever it stands. */
export function toggleValue(entry) {
  toggle(entry);
  refreshValues();
}

export function refreshValues() {
  if (drawn.number) refresh(at("request"), drawn.stayed);
}

function about(passed) {
  const ready = passed.ms_before ? `ready in ${Math.round(passed.ms_before).toLocaleString("en")} ms` : "";
  at("request-title").replaceChildren(`Request ${passed.number} `, stateMark(passed.state));
  at("request-about").textContent = [`${passed.client} → ${passed.host || "this machine"}`, passed.model, clock(passed.time), ready]
    .filter(Boolean)
    .join(" · ");
  at("request-error").hidden = !passed.error;
  at("request-error").textContent = passed.error;
  at("receipt").hidden = !passed.receipt;
  at("receipt-number").textContent = `Receipt ${passed.receipt}. The same in your terminal:`;
  at("receipt-command").textContent = `persona audit show ${passed.receipt}`;
}

function drawLeft(passed) {
  const gone = passed.bytes_left > 0;
  at("left-about").textContent = gone ? `${bytes(passed.bytes_left)} to ${passed.host}` : nothingLeft(passed.state);
  document.querySelector(".choice").hidden = !passed.left;
  drawBody(at("left-body"), passed.left, passed.stayed, exact);
}

function nothingLeft(state) {
  if (state === "preparing") return "Nothing yet";
  return state === "refused" ? "Nothing: persona would not let it go" : "Nothing";
}

function drawStayed(stayed) {
  const values = new Set(stayed.map((kept) => kept.value)).size;
  at("stayed-about").textContent = stayed.length ? `${values} private ${values === 1 ? "value" : "values"}; click one to see it` : "Nothing private was found";
  at("stayed").hidden = !stayed.length;
  at("stayed-rows").replaceChildren(...stayed.map(row));
}

function row(kept, entry) {
  const root = document.createElement("tr");
  root.id = `stayed-${entry}`;
  root.dataset.entry = entry;
  const token = document.createElement("th");
  token.scope = "row";
  if (kept.token) {
    const chip = document.createElement("span");
    chip.className = "token";
    chip.dataset.kind = kept.kind;
    chip.textContent = kept.token;
    token.append(chip);
  } else {
    const none = document.createElement("span");
    none.className = "none";
    none.textContent = "nothing";
    token.append(none);
  }
  const value = document.createElement("td");
  value.append(valueButton(kept, entry));
  const done = document.createElement("td");
  const treatment = document.createElement("span");
  treatment.className = "treatment";
  treatment.dataset.treatment = kept.treatment;
  treatment.textContent = kept.treatment;
  const kind = document.createElement("span");
  kind.className = "kind";
  kind.textContent = kindName(kept.kind);
  done.append(kind, " ", treatment);
  root.append(token, value, done);
  return root;
}

function drawAnswer(passed) {
  const running = !["done", "failed", "refused"].includes(passed.state);
  document.querySelector(".answer").hidden = !passed.answer && !running;
  at("answer").dataset.running = String(running && passed.state === "answering");
  at("answer").setAttribute("aria-busy", String(running));
  at("answer").replaceChildren(
    ...valuesIn(passed.answer, passed.stayed).map((piece) => (piece.value ? valueButton(passed.stayed[piece.entry], piece.entry, passed.stayed[piece.entry].token) : mark(piece, passed.stayed))),
  );
  const restored = at("answer").querySelectorAll("button[data-value]").length;
  const words = restored ? `${restored} ${restored === 1 ? "value" : "values"} put back on this machine` : "";
  at("answer-about").textContent = words || (passed.answer ? "As it came" : running ? "Not yet" : "None");
}
