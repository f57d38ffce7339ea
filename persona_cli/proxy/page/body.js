// What left, drawn for reading: the messages as text, then the rest of the body; or the exact bytes.

import { tokensIn } from "/marks.js";

const MUCH = 60000; // characters drawn at once; the rest comes when asked for
const LONG = 400; // a system message that is longer than this starts folded: it is most often persona's own

/** Draw the body `left` into `root`, as its messages or exactly. */
export function drawBody(root, left, stayed, exact) {
  root.replaceChildren();
  const body = exact ? null : parsed(left);
  if (body === null) {
    root.append(block(left, stayed, "exact", true));
    return;
  }
  const { messages = [], ...rest } = body;
  for (const message of messages) root.append(drawMessage(message, stayed));
  for (const name of ["prompt", "input"].filter((each) => typeof rest[each] === "string")) {
    root.append(drawMessage({ role: name, content: rest[name] }, stayed));
    delete rest[name];
  }
  if (Object.keys(rest).length) root.append(section("settings", [block(pretty(rest), stayed, "exact", true)]));
}

function drawMessage(message, stayed) {
  const { role = "", content, ...rest } = message;
  const parts = [];
  for (const part of Array.isArray(content) ? content : [content]) {
    if (typeof part === "string") parts.push(block(part, stayed, "prose"));
    else if (part?.type === "text" && typeof part.text === "string") parts.push(block(part.text, stayed, "prose"));
    else if (part !== null && part !== undefined) parts.push(block(pretty(part), stayed, "exact", true));
  }
  if (Object.keys(rest).length) parts.push(block(pretty(rest), stayed, "exact", true));
  return section(String(role), parts, ["system", "developer"].includes(role));
}

/** A part of the body under its name, folded where it may be and is long. */
function section(name, parts, folds = false) {
  const length = parts.reduce((sum, part) => sum + part.textContent.length, 0);
  const folded = folds && length > LONG;
  const root = document.createElement(folded ? "details" : "section");
  root.className = "message";
  root.dataset.role = name;
  const title = document.createElement(folded ? "summary" : "h4");
  title.textContent = folded ? `${name} · ${length.toLocaleString("en")} characters` : name;
  root.append(title, ...parts);
  return root;
}

/** The beginning of what the body asks, in one line: of its last message from a user. */
export function subject(left) {
  const body = parsed(left) ?? {};
  const content = (body.messages ?? []).findLast((message) => message.role === "user")?.content ?? body.prompt ?? body.input ?? "";
  const text = Array.isArray(content) ? content.map((part) => part?.text ?? "").join(" ") : content;
  return String(text).slice(0, 300).replace(/\s+/gu, " ").trim();
}

function block(text, stayed, look, escaped = false) {
  const root = document.createElement(look === "exact" ? "pre" : "div");
  root.className = look;
  root.append(...tokensIn(text.slice(0, MUCH), stayed, escaped).map((piece) => mark(piece, stayed)));
  if (text.length > MUCH) {
    const more = document.createElement("button");
    more.type = "button";
    more.className = "button more";
    more.textContent = `Show the other ${(text.length - MUCH).toLocaleString("en")} characters`;
    more.addEventListener("click", () => more.replaceWith(...tokensIn(text.slice(MUCH), stayed, escaped).map((piece) => mark(piece, stayed))));
    root.append(more);
  }
  return root;
}

/** A piece of text as a node: a placeholder as a mark that can be reached with the keyboard. */
export function mark(piece, stayed) {
  if (!piece.kind) return document.createTextNode(piece.text);
  const root = document.createElement("mark");
  root.textContent = piece.text;
  root.dataset.kind = piece.kind;
  if (piece.entry >= 0) {
    root.dataset.entry = piece.entry;
    root.tabIndex = 0;
    root.setAttribute("aria-describedby", `stayed-${piece.entry}`);
    root.title = stayed[piece.entry].treatment;
  } else {
    root.title = "a placeholder of an earlier request";
  }
  return root;
}

function parsed(left) {
  try {
    const body = JSON.parse(left);
    const drawable = body !== null && typeof body === "object" && !Array.isArray(body);
    const chat = drawable && (body.messages === undefined || (Array.isArray(body.messages) && body.messages.every(isMessage)));
    return chat ? body : null;
  } catch {
    return null;
  }
}

const isMessage = (message) => message !== null && typeof message === "object" && !Array.isArray(message);

const pretty = (value) => JSON.stringify(value, null, 2);
