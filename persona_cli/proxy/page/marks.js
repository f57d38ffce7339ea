// Where placeholders and private values stand in a text. Pure functions: text and entries in, pieces out.
//
// A piece is {text, entry, kind}: `entry` is the index of what stayed here that it stands for, or -1.

const TOKEN = /\[([A-Z]+)_[0-9]+[a-z]*\]/u;
const WORD = /[\p{L}\p{N}]/u;
const SHORT = 3; // a value as short as "5" is no value inside "150"

/** The pieces of `text`, with the tokens of `stayed` and whatever else looks like one marked. */
export function tokensIn(text, stayed, escaped = false) {
  const needles = new Map();
  stayed.forEach((kept, entry) => {
    for (const form of escaped ? inJson(kept.token) : [kept.token]) {
      if (form && !needles.has(form)) needles.set(form, entry);
    }
  });
  return pieces(text, needles, stayed, true);
}

/** The pieces of `text`, with the values of `stayed` marked (`piece.value`), and tokens that were left in place. */
export function valuesIn(text, stayed) {
  const needles = new Map();
  stayed.forEach((kept, entry) => kept.value && !needles.has(kept.value) && needles.set(kept.value, entry));
  const found = pieces(text, needles, stayed, false);
  return found.flatMap((piece) => (piece.entry < 0 ? tokensIn(piece.text, stayed) : [{ ...piece, value: true }]));
}

function pieces(text, needles, stayed, tokens) {
  const forms = [...needles.keys()].sort((one, other) => other.length - one.length).map(quoted);
  if (tokens) forms.push(TOKEN.source);
  if (!forms.length || !text) return text ? [{ text, entry: -1, kind: "" }] : [];
  const found = [];
  let end = 0;
  const pattern = new RegExp(forms.join("|"), "gu");
  for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
    const [form] = match;
    const entry = needles.has(form) ? needles.get(form) : -1;
    if (form.length < SHORT && insideWord(text, match.index, form)) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index), entry: -1, kind: "" });
    found.push({ text: form, entry, kind: entry < 0 ? form.match(TOKEN)[1] : stayed[entry].kind || "DETAIL" });
    end = match.index + form.length;
  }
  if (end < text.length) found.push({ text: text.slice(end), entry: -1, kind: "" });
  return found;
}

function insideWord(text, start, form) {
  return WORD.test(text[start - 1] ?? "") || WORD.test(text[start + form.length] ?? "");
}

/** How `text` can stand inside a JSON string: with the characters beyond ASCII as they are, and escaped. */
function inJson(text) {
  const plain = JSON.stringify(text).slice(1, -1);
  const ascii = plain.replace(/[\u0080-\uffff]/g, (one) => "\\u" + one.charCodeAt(0).toString(16).padStart(4, "0"));
  return plain === ascii ? [plain] : [plain, ascii];
}

function quoted(text) {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
