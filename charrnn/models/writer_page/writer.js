// The page: what was read and written, character by character, and what else could stand there.

const MOST = 20000; // characters at a time
const BUDGET = 50; // ms, after which the page draws and hears
const SHOWN = 8; // alternatives
const CALM = matchMedia("(prefers-reduced-motion: reduce)").matches; // the page does not follow the text
const RARE = data.unknown === null ? [] : [data.unknown];

const reading = new Reading(new Network(data));
const idOf = new Map(data.symbols.map((symbol, id) => [symbol, id]));
const encoder = new TextEncoder(), decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const pieces = []; // the characters: elements, each with the symbols from begin to end, and their bits
let typed = []; // characters that are not read yet, the last one first
let running = false, left = 0, chosen = null, begun = 0, before = 0, settings = null;
let here = null; // the character that is pointed at

const encode = (c) => (data.bytes ? [...encoder.encode(c)] : idOf.has(c) ? [idOf.get(c)] : []);
const lastEnd = () => (pieces.length ? pieces[pieces.length - 1].end : 0);
const written = () => Math.max(0, pieces.length - before);
const count = (n) => `${n.toLocaleString("en")} character${n === 1 ? "" : "s"}`;

// Each word in the Unicode form that leaves fewer characters unknown, as in text/unicode_form.py.
function fit(text) {
  const lost = (word) => [...new Set(word)].filter((c) => !encode(c).length);
  const better = (made, word) => lost(made).length < lost(word).length && lost(made).every((c) => word.includes(c));
  const fitted = (word) => ["NFC", "NFD"].map((form) => word.normalize(form)).find((made) => better(made, word));
  return text.split(/(\s+)/).map((word) => fitted(word) ?? word).join("");
}

function add(character, end, unknown = false) {
  const begin = lastEnd(), bits = reading.bits.slice(begin, end).reduce((a, b) => a + b, 0);
  const names = [shadeOf(bits), character === "\n" ? "nl" : "", unknown ? "unknown" : ""].join(" ");
  const piece = Object.assign(element("span", control(character), names), { character, begin, end, bits, unknown });
  pieces.push(piece);
  place(piece);
}

// Bytes complete a character now and then; one that begins a character may show that those before it are none.
function accept(id) {
  reading.add(id);
  const found = data.bytes ? [...decoder.decode(Uint8Array.of(id), { stream: true })] : [data.symbols[id]];
  const begins = data.bytes && id >= 0xc2 && id <= 0xf4;
  found.forEach((character, k) => add(character, reading.ids.length - (begins || k < found.length - 1 ? 1 : 0)));
}

function cut(length) {
  for (const piece of pieces.splice(length)) {
    const block = piece.parentElement;
    piece.remove();
    if (!--block.size) block.remove();
  }
  decoder.decode(); // forgets a character that is not complete
  reading.cut(lastEnd());
}

function read(character) {
  const ids = encode(character);
  for (const id of ids.length ? ids : RARE) reading.add(id);
  add(character, reading.ids.length, !ids.length);
}

function write() {
  const id = chosen ?? reading.draw(settings, uniform(settings.seed, reading.ids.length));
  chosen = null;
  if (id < 0) stop("The network's output is not a finite number.");
  else if (id === data.end) stop("The document ends here; another seed may go on.");
  else accept(id);
}

function turn() {
  const until = performance.now() + BUDGET, status = $("status"), last = pieces[pieces.length - 1];
  const follows = !CALM && !(last?.getBoundingClientRect().top > innerHeight);
  while (running && performance.now() < until) {
    if (typed.length) {
      read(typed.pop());
      begun = performance.now();
    } else if (chosen !== null || left-- > 0) write();
    else stop("Done.");
  }
  const speed = Math.round(1000 * written() / (performance.now() - begun));
  const rate = written() ? `${speed.toLocaleString("en")} a second` : `${typed.length.toLocaleString("en")} to read`;
  if (running) status.textContent = `${count(pieces.length)}, ${rate}`;
  if (follows) status.scrollIntoView({ block: "nearest" });
  if (running) setTimeout(turn);
}

// Reads what was typed, then writes: first the symbol `id`, if there is one.
function run(characters, id = null) {
  show(false);
  const [temperature, topP, seed] = ["temperature", "top-p", "seed"].map((name) => $(name).valueAsNumber);
  settings = { temperature, topP, seed };
  [left, chosen, begun, before] = [characters, id, performance.now(), pieces.length + typed.length];
  running = $("write").formNoValidate = true; // Stop does not ask whether the numbers are valid
  $("write").textContent = "Stop";
  turn();
}

function stop(why) {
  running = $("write").formNoValidate = false;
  $("write").textContent = "Write";
  cut(pieces.length); // the bytes of a character that is not complete
  const strange = [...new Set(pieces.filter((piece) => piece.unknown).map((piece) => piece.character))];
  const named = strange.slice(0, 20).map((c) => `${control(c)} (${codeOf(c)})`).join(", ");
  const skipped = RARE.length ? "reads them as a rare character" : "skips them";
  const said = [`${why} ${count(written())} written, ${count(pieces.length)} in all.`];
  if (named) said.push(`The model does not know ${named}: it ${skipped}.`);
  if (pieces.length) said.push("Point at a character: what else could stand there?");
  $("said").textContent = $("status").textContent = said.join(" ");
}

function show(editing) {
  here?.classList.remove("here");
  here = null;
  for (const id of ["where", "value", "expected"]) $(id).replaceChildren();
  $("edit").hidden = !editing;
  $("text").hidden = editing;
  $("change").textContent = editing ? "Done" : "Edit";
}

function takeEdited() {
  if ($("edit").hidden) return;
  const text = [...fit($("edit").value)].reverse();
  let same = 0; // the characters before what was changed stay; a text box has "\n" for "\r" and for "\r\n"
  for (; same < pieces.length; same++) {
    const [character, next] = [0, 1].map((n) => pieces[same + n]?.character);
    if (character === "\r" && next === "\n") continue;
    if (text[text.length - 1] !== (character === "\r" ? "\n" : character)) break;
    text.pop();
  }
  cut(same);
  typed = text;
}

function nameOf(id) {
  if (id === data.end) return "end of the document";
  return data.bytes && id > 127 ? `\\x${id.toString(16)}` : seen(data.symbols[id]);
}

function select(piece) {
  if (!piece) return;
  if (running) stop("Stopped.");
  here?.classList.remove("here");
  here = piece;
  here.classList.add("here");
  const p = reading.expect(here.begin), was = here.unknown ? -1 : reading.ids[here.begin];
  const likeliest = [...p.keys()].filter((id) => id !== data.unknown).sort((a, b) => p[b] - p[a]);
  const value = here.unknown ? "unknown to the model" : `${here.bits.toFixed(1)} bits, ${percent(2 ** -here.bits)}`;
  $("where").textContent = `${seen(here.character)} · character ${(pieces.indexOf(here) + 1).toLocaleString("en")}`;
  $("value").textContent = value;
  $("expected").replaceChildren(...likeliest.slice(0, SHOWN).map((id) => {
    const name = nameOf(id), share = percent(p[id]), item = element("li", "");
    const button = element("button", `${name} ${share}`, id === was ? "hit" : "");
    button.setAttribute("aria-label", `go on with ${spoken(name)}, ${share}`);
    button.addEventListener("click", () => goOn(id));
    item.append(button);
    return item;
  }));
  here.scrollIntoView({ block: "nearest" });
  $("said").textContent = `${spoken(seen(here.character))}, ${value}`;
}

function goOn(id) {
  if (!$("controls").reportValidity()) return;
  cut(pieces.indexOf(here));
  typed = [];
  $("write").focus({ preventScroll: true });
  run(MOST, id);
}

const KEYS = {
  ArrowLeft: (i) => i - 1, ArrowRight: (i) => i + 1, Home: () => 0, End: () => pieces.length - 1,
  ArrowUp: (i) => vertical(pieces, i, -1), ArrowDown: (i) => vertical(pieces, i, 1),
};

show(true);
$("seed").value = Math.floor(Math.random() * 1000);
$("legend").append("surprisal", ...LABELS.map((label, s) => element("span", label, "s" + s)));
$("controls").addEventListener("submit", (event) => {
  event.preventDefault();
  if (running) return stop("Stopped.");
  takeEdited();
  return run(MOST);
});
$("change").addEventListener("click", () => {
  const editing = $("edit").hidden;
  if (running) stop("Stopped.");
  if (editing) {
    $("edit").value = [...pieces.map((piece) => piece.character), ...typed.reverse()].join("");
    show(true);
  } else {
    takeEdited();
    run(0);
  }
  $(editing ? "edit" : "text").focus();
});
$("text").addEventListener("click", (event) => { if (event.target.character) select(event.target); });
$("text").addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Enter" && here) $("expected").querySelector("button").focus();
  else if (event.key === "Enter" || KEYS[event.key]) select(pieces[here ? KEYS[event.key](pieces.indexOf(here)) : 0]);
  else return;
  event.preventDefault();
});
$("details").addEventListener("keydown", (event) => { if (event.key === "Escape") $("text").focus(); });
