"use strict";
// What the pages of `view` and `export --to html` have in common. Text enters a page only through textContent.

const LIMITS = [0.5, 1, 2, 4, 6]; // bits, as in surprisal.py
// C1 controls, line separators, bidi controls and lone surrogates, as in text/characters/printable.py
const MOVING = /[\u0080-\u009f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/u;
const UNSEEN = /^[\p{Z}\p{C}\p{M}]$/u; // separators, controls and marks
const BLOCK = 1000; // characters, up to the end of a line; a longer line is broken at four times that

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);

function bytes(base64) {
  const binary = atob(base64), found = new Uint8Array(binary.length);
  for (let i = 0; i < found.length; i++) found[i] = binary.charCodeAt(i); // five times as fast as Uint8Array.from
  return found;
}

function element(tag, text, className) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function codeOf(c) { return "U+" + c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0"); }

// A character alone: also what is blank, or has no form of its own.
function seen(c) {
  return { "\n": "↵", " ": "␣", "\t": "⇥" }[c] ?? (UNSEEN.test(c) && c > "\x7f" ? `<${codeOf(c)}>` : control(c));
}

function spoken(name) { return { "␣": "space", "↵": "line break", "⇥": "tab" }[name] ?? name; }

function control(c) {
  const code = c.codePointAt(0);
  if (code < 32 && c !== "\n" && c !== "\t") return String.fromCodePoint(0x2400 + code);
  if (code === 127) return "␡";
  return MOVING.test(c) ? `<${codeOf(c)}>` : c;
}

function shadeOf(bits) {
  const found = LIMITS.findIndex((limit) => bits < limit);
  return "s" + (found < 0 ? LIMITS.length : found);
}

function percent(p) { return p < 0.01 ? "<1 %" : Math.round(100 * p) + " %"; }

const LABELS = [`below ${LIMITS[0]} bits`, ...LIMITS.slice(1).map((limit) => `below ${limit}`), `${LIMITS[LIMITS.length - 1]} or more`];

// The text is in blocks, of which only those that are seen are drawn.
function place(span) {
  let block = $("text").lastElementChild;
  const size = block?.lastElementChild.textContent.endsWith("\n") ? BLOCK : 4 * BLOCK;
  if (!block || block.size >= size) $("text").append(block = Object.assign(element("div", "", "block"), { size: 0 }));
  block.append(span);
  block.size++;
}

// The last character of the row in a direction.
function edge(spans, i, step) {
  const top = (i) => spans[i]?.getBoundingClientRect().top;
  while (top(i + step) === top(i)) i += step;
  return i;
}

// The nearest character of the next row in a direction.
function vertical(spans, i, step) {
  const left = (i) => spans[i].getBoundingClientRect().left, far = (j) => Math.abs(left(j) - left(i));
  const first = edge(spans, i, step) + step;
  if (!spans[first]) return i;
  const end = edge(spans, first, step) + step;
  let nearest = first;
  for (let j = first; j !== end; j += step) if (far(j) < far(nearest)) nearest = j;
  return nearest;
}
