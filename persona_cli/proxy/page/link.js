// The mark between a placeholder and its row in the table: both light up, with a line across where they stand side by side.

const at = (id) => document.getElementById(id);
let lit = null;

/** Light up everything that belongs to the entry of `element`, null for nothing. */
export function link(root, element) {
  const entry = element?.dataset.entry;
  if (entry === undefined) {
    clearLink();
    return;
  }
  if (lit === element) return;
  clearLink();
  lit = element;
  for (const part of root.querySelectorAll(`[data-entry="${CSS.escape(entry)}"]`)) part.classList.add("lit");
  const row = at(`stayed-${entry}`);
  if (!row) return;
  bring(row);
  const marks = [...at("left-body").querySelectorAll(`mark[data-entry="${CSS.escape(entry)}"]`)];
  draw(marks.includes(element) ? element : marks.find(visible), row.cells[0].firstChild);
}

export function clearLink() {
  if (lit === null) return;
  lit = null;
  for (const part of document.querySelectorAll(".lit")) part.classList.remove("lit");
  at("link").classList.remove("on");
}

/** Scroll the table, and nothing else, so far that `row` shows. */
function bring(row) {
  const frame = at("stayed-scroll").getBoundingClientRect();
  const place = row.getBoundingClientRect();
  if (place.top < frame.top) at("stayed-scroll").scrollTop -= frame.top - place.top;
  else if (place.bottom > frame.bottom) at("stayed-scroll").scrollTop += place.bottom - frame.bottom;
}

/** The line runs under the placeholder and between the lines of text to the edge of its card, then across. */
function draw(from, to) {
  if (!from || !visible(from) || !visible(to)) return;
  const start = [...from.getClientRects()].at(-1);
  const edge = at("left-body").getBoundingClientRect().right;
  const end = to.getBoundingClientRect();
  const [y1, x2, y2] = [start.bottom + 1.5, end.left - 5, end.top + end.height / 2];
  const bend = (x2 - edge) * 0.55;
  if (bend < 8) return;
  at("link-path").setAttribute("d", `M${start.left + 2} ${y1} H${edge} C${edge + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`);
  at("link-to").setAttribute("cx", x2);
  at("link-to").setAttribute("cy", y2);
  at("link").dataset.kind = from.dataset.kind;
  at("link").classList.add("on");
}

function visible(element) {
  const place = element.getBoundingClientRect();
  return place.bottom > 0 && place.top < innerHeight;
}
