const SHADES = 9; // of a unit, from its lowest value to its highest
const ARRAYS = {
  h: "hidden state", c: "cell state", r: "reset gate", z: "update gate", n: "candidate",
  i: "input gate", f: "forget gate", o: "output gate", g: "candidate",
};

const characters = [...data.text];
const surprisals = bytes(data.surprisals);
const probabilities = bytes(data.probabilities);
const likeliest = new { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }[data.id_bytes](bytes(data.likeliest).buffer);
const firstBytes = bytes(data.first_bytes); // of each character, if the model reads bytes
const unknown = new Set(data.unknown);
const ends = new Set(data.ends); // of documents
const apart = characters.some((c, i) => c === "\n" && !ends.has(i)); // documents of several lines have an empty line between them
const spans = new Array(characters.length);
const places = new Array(characters.length); // [line, column, file]: in the file that the text was read from
let unit = null; // null: surprisal
let here = -1;

function bits(i) { return surprisals[i] / data.per_bit; }

function shade(i) {
  if (unit === null) return shadeOf(bits(i));
  return "u" + Math.min(SHADES - 1, Math.floor(unit.bytes[i] * SHADES / 256));
}

function classes(i) {
  return shade(i) + (ends.has(i) ? " end" : characters[i] === "\n" ? " nl" : "") + (unknown.has(i) ? " unknown" : "") + (i === here ? " here" : "");
}

function colour() {
  for (let i = 0; i < spans.length; i++) spans[i].className = classes(i);
}

function write() {
  let known = 0;
  characters.forEach((c, i) => {
    const span = spans[i] = element("span", ends.has(i) && apart ? "\n\n" : control(c));
    span.index = i;
    if (known < data.places.length && data.places[known][0] === i) places[i] = data.places[known++].slice(1);
    else places[i] = [places[i - 1][0], places[i - 1][1] + 1, places[i - 1][2]];
    place(span);
  });
  for (const block of $("text").children) {
    block.style.containIntrinsicSize = `auto ${1.5 * Math.max(1, block.textContent.split("\n").length - 1)}em`;
  }
}

function value(i) {
  const { low, high } = unit;
  return (low + (high - low) * unit.bytes[i] / 255).toFixed(2);
}

function describe(i) {
  const [line, column, file] = places[i], name = ends.has(i) ? data.end : seen(characters[i]);
  const of = data.files.length ? ` of ${data.files[file]}` : "";
  const surprise = unknown.has(i) ? "unknown to the model" : `${bits(i).toFixed(1)} bits`;
  const followed = unit === null ? "" : `, ${unit.name} = ${value(i)}`;
  return [`${name} · line ${line}, column ${column}${of}`, surprise + followed];
}

function expected(i) {
  const likely = [], byte = data.bytes && data.symbols[firstBytes[i]];
  const was = byte || (ends.has(i) ? data.end : characters[i]);
  for (let j = i * data.k; j < (i + 1) * data.k; j++) {
    const name = data.symbols[likeliest[j]], row = element("tr", "", name === was ? "hit" : "");
    row.append(element("td", [...name].length === 1 ? seen(name) : name || "rare"), element("td", percent(probabilities[j] / 255)));
    likely.push(row);
  }
  return likely;
}

function select(i, byKey) {
  if (!(i >= 0 && i < spans.length)) return;
  const before = here;
  here = i;
  if (before >= 0) spans[before].className = classes(before);
  spans[i].className = classes(i);
  const [where, what] = describe(i);
  $("where").textContent = where;
  $("value").textContent = what;
  $("expected").replaceChildren(...expected(i));
  if (byKey) {
    spans[i].scrollIntoView({ block: "nearest" });
    $("said").textContent = `${where}, ${what}`;
  }
}

function surprise(step) {
  let i = here + step;
  while (i >= 0 && i < spans.length && !unknown.has(i) && bits(i) < LIMITS[LIMITS.length - 1]) i += step;
  return i;
}

function turn(step) {
  const by = $("by"), to = by.selectedIndex + step;
  if (to < 0 || to >= by.options.length) return;
  by.selectedIndex = to;
  recolour();
  $("said").textContent = by.options[to].text;
}

const KEYS = {
  ArrowLeft: () => select(here - 1, true), ArrowRight: () => select(here + 1, true),
  ArrowUp: () => select(vertical(spans, here, -1), true), ArrowDown: () => select(vertical(spans, here, 1), true),
  Home: () => select(edge(spans, here, -1), true), End: () => select(edge(spans, here, 1), true),
  n: () => select(surprise(1), true), p: () => select(surprise(-1), true),
  "]": () => turn(1), "[": () => turn(-1), s: () => turn(-$("by").selectedIndex),
};

function signed(r) { return (r < 0 ? "−" : "+") + Math.abs(r).toFixed(2); }

function strongest(u) {
  return u.r.reduce((best, r, f) => (Math.abs(r) > Math.abs(u.r[best]) ? f : best), 0);
}

// Sorts units by how strongly each follows the chosen feature, or its own best one.
function list() {
  const chosen = $("feature").value, feature = (u) => (chosen === "" ? strongest(u) : Number(chosen));
  const strength = (u) => Math.abs(u.r[feature(u)] || 0);
  const sorted = [...data.units.keys()].sort((a, b) => strength(data.units[b]) - strength(data.units[a]));
  const options = sorted.map((number) => {
    const u = data.units[number], f = feature(u), kind = ARRAYS[u.name[0]] || "";
    const correlation = data.features.length ? `: ${signed(u.r[f])} ${data.features[f]}` : "";
    const option = element("option", `${u.name} ${kind}${correlation}`);
    option.value = number;
    return option;
  });
  const first = element("option", "surprisal");
  first.value = "";
  $("by").replaceChildren(first, ...options);
  $("by").value = unit === null ? "" : String(data.units.indexOf(unit));
}

function legend() {
  const labels = unit === null
    ? LABELS
    : Array.from({ length: SHADES }, (_, s) => (unit.low + (unit.high - unit.low) * (s + 0.5) / SHADES).toFixed(2));
  const swatches = labels.map((label, s) => element("span", label, (unit === null ? "s" : "u") + s));
  if (unknown.size) swatches.push(element("span", "unknown to the model", "unknown"));
  $("legend").replaceChildren(...swatches);
  $("legend").setAttribute("aria-label", `Legend of ${unit === null ? "surprisal" : unit.name}, from ${labels[0]} to ${labels[labels.length - 1]}`);
}

function recolour() {
  const chosen = $("by").value;
  unit = chosen === "" ? null : data.units[Number(chosen)];
  if (unit && !unit.bytes) unit.bytes = bytes(unit.values);
  legend();
  colour();
  if (here >= 0) select(here, false);
}

function start() {
  const any = element("option", "anything");
  any.value = "";
  $("feature").append(any, ...data.features.map((name, f) => Object.assign(element("option", name), { value: f })));
  write();
  list();
  $("by").value = data.open === null ? "" : String(data.open);
  recolour();
  $("by").addEventListener("change", recolour);
  $("feature").addEventListener("change", () => {
    list();
    if ($("feature").value === "") return;
    $("by").selectedIndex = 1; // the unit that follows it best
    recolour();
  });
  $("theme").addEventListener("change", () => { document.documentElement.style.colorScheme = $("theme").value; });
  $("text").addEventListener("keydown", (event) => {
    if (!KEYS[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (here < 0) select(0, true); else KEYS[event.key]();
  });
  let last = "";
  $("text").addEventListener("pointermove", (event) => {
    const at = `${event.screenX},${event.screenY}`; // the text may scroll below a still pointer
    if (at !== last && event.target.index !== undefined) select(event.target.index, false);
    last = at;
  });
  $("text").addEventListener("click", (event) => { if (event.target.index !== undefined) select(event.target.index, false); });
}

start();
