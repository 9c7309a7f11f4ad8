// The page: what was read and written, character by character, and what else could stand there.

const MOST = 20000; // characters at a time
const BUDGET = 50; // ms, after which the page draws and hears
const SHOWN = 8; // alternatives
const CALM = matchMedia("(prefers-reduced-motion: reduce)").matches; // the page does not follow the text
const ASKED = "Point at a character that was written: what else could stand there?";

const reading = new Reading(new Network(data));
const idOf = new Map(data.symbols.map((symbol, id) => [symbol, id]));
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const pieces = []; // characters: from which symbol to which, with how many bits, and its span
let typed = []; // characters that are not read yet, the last one first
let running = false, left = 0, begun = 0, before = 0, settings = null, here = null;

const knows = (character) => data.bytes || idOf.has(character);
const lastEnd = () => (pieces.length ? pieces[pieces.length - 1].end : 0);
const written = () => Math.max(0, pieces.length - before);
const count = (n) => `${n.toLocaleString("en")} character${n === 1 ? "" : "s"}`;
const spoken = (name) => ({ "␣": "space", "↵": "line break" }[name] || name);
const beside = (step) => pieces[pieces.indexOf(here) + step];

// CRLF as LF, and each word in the Unicode form that leaves fewer characters unknown, as in text/unicode_form.py.
function fit(text) {
  const lost = (word) => [...new Set(word)].filter((c) => !knows(c));
  const better = (word, form) => lost(form).length < lost(word).length && lost(form).every((c) => word.includes(c));
  const fitted = (word) => (lost(word).length && ["NFC", "NFD"].map((form) => word.normalize(form)).find((form) => better(word, form))) || word;
  return text.replaceAll("\r\n", "\n").split(/(\s+)/).map(fitted).join("");
}

function add(character, end, unknown = false) {
  const begin = lastEnd(), bits = reading.bits.slice(begin, end).reduce((a, b) => a + b, 0), text = $("text");
  const span = element("span", control(character), shadeOf(bits) + (character === "\n" ? " nl" : "") + (unknown ? " unknown" : ""));
  pieces.push(span.piece = { character, begin, end, bits, unknown, span });
  let line = text.lastElementChild;
  if (!line || line.lastElementChild.textContent === "\n") text.append(line = element("div", ""));
  line.append(span);
}

// Bytes complete a character now and then; one that begins a character may show that those before it are none.
function accept(id) {
  reading.add(id);
  const found = data.bytes ? [...decoder.decode(Uint8Array.of(id), { stream: true })] : [data.symbols[id]];
  const begins = data.bytes && id >= 0xc2 && id <= 0xf4;
  found.forEach((character, k) => add(character, reading.ids.length - (begins || k < found.length - 1 ? 1 : 0)));
}

function cut(place) {
  for (const { span } of pieces.splice(place)) {
    const line = span.parentElement;
    span.remove();
    if (!line.firstChild) line.remove();
  }
  decoder.decode(); // forgets a character that is not complete
  reading.cut(lastEnd());
}

function read(character) {
  const known = knows(character), rare = data.unknown === null ? [] : [data.unknown];
  for (const id of data.bytes ? new TextEncoder().encode(character) : known ? [idOf.get(character)] : rare) reading.add(id);
  add(character, reading.ids.length, !known);
}

function write() {
  const id = reading.draw(settings, uniform(settings.seed, reading.ids.length));
  if (id < 0) stop("The network's output is not a finite number.");
  else if (id === data.end) stop("The document ends here.");
  else accept(id);
}

function turn() {
  const until = performance.now() + BUDGET, line = $("text").lastElementChild;
  const seesEnd = !CALM && (!line || line.getBoundingClientRect().bottom <= innerHeight);
  while (running && performance.now() < until) {
    if (typed.length) read(typed.pop());
    else if (left-- > 0) write();
    else stop("Done.");
  }
  const speed = 1000 * written() / (performance.now() - begun);
  if (running) $("status").textContent = count(pieces.length) + (written() ? `, ${Math.round(speed).toLocaleString("en")} a second` : "");
  if (seesEnd && pieces.length) pieces[pieces.length - 1].span.scrollIntoView({ block: "nearest" });
  if (running) setTimeout(turn);
}

function run(characters) {
  show(false);
  settings = { temperature: $("temperature").valueAsNumber, topP: $("top-p").valueAsNumber, seed: $("seed").valueAsNumber };
  [left, begun, before, running] = [characters, performance.now(), pieces.length + typed.length, true];
  $("write").textContent = "Stop";
  turn();
}

function stop(why) {
  running = false;
  cut(pieces.length); // the bytes of a character that is not complete
  const strange = new Set(pieces.filter((piece) => piece.unknown).map((piece) => piece.character));
  const named = [...strange].slice(0, 20).map((c) => `${control(c)} (U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")})`);
  const unknown = `The model does not know ${named.join(", ")}: it ${data.unknown === null ? "skips them" : "reads them as a rare character"}.`;
  $("write").textContent = "Write";
  $("said").textContent = $("status").textContent = `${why} ${count(written())} written, ${count(pieces.length)} in all. ${named.length ? unknown : ""}`;
}

function show(editing) {
  if (here) here.span.classList.remove("here");
  here = null;
  $("where").textContent = ASKED;
  for (const id of ["value", "expected"]) $(id).replaceChildren();
  $("edit").hidden = !editing;
  $("text").hidden = editing;
  $("change").textContent = editing ? "Done" : "Edit";
}

function edit() {
  if (running) stop("Stopped.");
  $("edit").value = [...pieces.map((piece) => piece.character), ...typed.reverse()].join("");
  show(true);
  $("edit").focus();
}

function takeEdited() {
  if ($("edit").hidden) return;
  const text = [...fit($("edit").value)], differs = pieces.findIndex((piece, i) => piece.character !== text[i]);
  cut(differs < 0 ? pieces.length : differs);
  typed = text.slice(pieces.length).reverse();
}

function nameOf(id) {
  if (id === data.end) return "end of the document";
  return data.bytes && id > 127 ? `\\x${id.toString(16)}` : seen(data.symbols[id]);
}

function select(piece, byKey) {
  if (!piece) return;
  if (running) stop("Stopped.");
  if (here) here.span.classList.remove("here");
  here = piece;
  piece.span.classList.add("here");
  const p = reading.expect(piece.begin), was = piece.unknown ? -1 : reading.ids[piece.begin];
  const likeliest = [...p.keys()].filter((id) => id !== data.unknown).sort((a, b) => p[b] - p[a]).slice(0, SHOWN);
  const value = piece.unknown ? "unknown to the model" : `${piece.bits.toFixed(1)} bits, ${percent(2 ** -piece.bits)}`;
  $("where").textContent = `${seen(piece.character)} · character ${(pieces.indexOf(piece) + 1).toLocaleString("en")}`;
  $("value").textContent = value;
  $("expected").replaceChildren(...likeliest.map((id) => {
    const item = element("li", ""), button = element("button", `${nameOf(id)} ${percent(p[id])}`, id === was ? "hit" : "");
    button.setAttribute("aria-label", `go on with ${spoken(nameOf(id))}, ${percent(p[id])}`);
    button.addEventListener("click", () => goOn(id));
    item.append(button);
    return item;
  }));
  if (!byKey) return;
  piece.span.scrollIntoView({ block: "nearest" });
  $("said").textContent = `${spoken(seen(piece.character))}, ${value}`;
}

function goOn(id) {
  if (!$("controls").reportValidity()) return;
  cut(pieces.indexOf(here));
  typed = [];
  if (id !== data.end) accept(id);
  $("write").focus();
  run(id === data.end ? 0 : MOST);
  if (id === data.end) stop("The document ends here.");
}

function vertical(step) { // the nearest character of the next row
  let i = pieces.indexOf(here) + step;
  const { offsetTop, offsetLeft } = here.span, place = (i) => pieces[i]?.span ?? {};
  while (place(i).offsetTop === offsetTop) i += step;
  while (place(i + step).offsetTop === place(i).offsetTop && (place(i).offsetLeft - offsetLeft) * step < 0) i += step;
  return pieces[i];
}

const KEYS = {
  ArrowLeft: () => beside(-1), ArrowRight: () => beside(1), ArrowUp: () => vertical(-1), ArrowDown: () => vertical(1),
  Home: () => pieces[0], End: () => pieces[pieces.length - 1],
};

show(true);
$("seed").value = Math.floor(Math.random() * 1000);
$("legend").append("surprisal", ...LABELS.map((label, s) => element("span", label, "s" + s)));
$("controls").addEventListener("submit", (event) => {
  event.preventDefault();
  takeEdited();
  run(MOST);
});
$("write").addEventListener("click", (event) => {
  if (!running) return;
  event.preventDefault(); // Stop does not ask whether the numbers are valid
  stop("Stopped.");
});
$("change").addEventListener("click", () => {
  if ($("edit").hidden) return edit();
  takeEdited();
  run(0);
  return $("text").focus();
});
$("text").addEventListener("click", (event) => select(event.target.piece, false));
$("text").addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter" && here) $("expected").querySelector("button").focus();
  else if (event.key === "Enter" || KEYS[event.key]) select(here ? KEYS[event.key]() : pieces[0], true);
  else return;
  event.preventDefault();
});
$("details").addEventListener("keydown", (event) => { if (event.key === "Escape") $("text").focus(); });
