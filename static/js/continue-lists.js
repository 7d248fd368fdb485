// Enter goes on with a list, a checklist or a quote. On an empty item it leads out of it, one level at
// a time, and at last leaves a blank line: words right under a list would belong to it. Tab and Shift+Tab
// move items of a list in and out; where there is nothing to move, they leave the text as anywhere.
import { isInCode, linesAround, replace } from "./writing.js";

const area = document.querySelector("#editor textarea");
// The quote that a line stands in, its indentation, its mark, and the box of a task.
const LINE = /^((?: {0,3}> ?)*)([ \t]*)(?:([-*+]|\d{1,9}[.)])([ \t]+)(\[[ xX]\](?:[ \t]+|$))?)?/;

area.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isDone =
    (event.key === "Enter" && !event.shiftKey && goOn()) ||
    (event.key === "Tab" && move(event.shiftKey ? outdented : indented));
  if (isDone) event.preventDefault();
});

function goOn() {
  const { value: text, selectionStart: from, selectionEnd: to } = area;
  const { start, end } = linesAround(text, from);
  const line = text.slice(start, end);
  const [all, quote, indent, mark, room, box] = LINE.exec(line);
  if ((!mark && !quote) || from < start + all.length || isInCode(text, from)) return false;
  if (to <= end && !line.slice(all.length).trim()) {
    if (mark && move(outdented)) return true;
    const over = read(text.slice(linesAround(text, start - 1).start, Math.max(0, start - 1)));
    const rest = mark ? quote : "";
    replace(area, start, end, over.isEmpty ? rest : `${rest.trimEnd()}\n${rest}`);
    return true;
  }
  const item = mark ? indent + following(mark) + room + (box ? "[ ] " : "") : "";
  replace(area, from, to, `\n${quote}${item}`);
  return true;
}

function following(mark) {
  const number = Number.parseInt(mark, 10);
  return Number.isNaN(number) ? mark : `${number + 1}${mark.at(-1)}`;
}

function move(by) {
  const { value: text, selectionStart: from, selectionEnd: to } = area;
  const { start, end } = linesAround(text, from, to);
  const lines = text.slice(start, end).split("\n").map(read);
  if (!lines[0].mark || isInCode(text, from)) return false;
  const change = by(lines[0].depth, above(text, start, lines[0]));
  if (!change) return false;
  const moved = lines.map((line) => shifted(line, change));
  const after = moved.join("\n");
  const last = moved.at(-1).length - lines.at(-1).all.length;
  replace(
    ...[area, start, end, after],
    Math.max(start, from + moved[0].length - lines[0].all.length),
    lines.length > 1 ? start + after.length : Math.max(start, to + last),
  );
  return true;
}

function read(line) {
  const [found, quote, indent, mark, room] = LINE.exec(line);
  const depth = [...indent].reduce((width, one) => width + (one === "\t" ? 4 : 1), 0);
  const inner = mark ? depth + mark.length + Math.min(room.length, 4) : 0;
  return { all: line, quote, indent, depth, mark, inner, isEmpty: found === line && !mark };
}

// The items before a line in the same list, the nearest first.
function above(text, start, { quote }) {
  const items = [];
  for (const line of text.slice(0, Math.max(0, start - 1)).split("\n").reverse().map(read)) {
    if (line.quote.trim() !== quote.trim()) break;
    if (line.mark) items.push(line);
    else if (!line.isEmpty && !line.depth) break;
  }
  return start ? items : [];
}

// Into the item before it, as deep as that one's words.
function indented(depth, items) {
  const before = items.find((item) => item.depth <= depth);
  return before && before.inner > depth ? before.inner - depth : 0;
}

function outdented(depth, items) {
  return depth ? (items.find((item) => item.depth < depth)?.depth ?? 0) - depth : 0;
}

function shifted({ all, quote, indent, depth, isEmpty }, change) {
  if (isEmpty) return all;
  return quote + " ".repeat(Math.max(0, depth + change)) + all.slice(quote.length + indent.length);
}
