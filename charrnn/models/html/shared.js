"use strict";
// What the pages of `view` and `export --to html` have in common. Text enters a page only through textContent.

const LIMITS = [0.5, 1, 2, 4, 6]; // bits, as in surprisal.py
// C1 controls, line separators, bidi controls and lone surrogates, as in text/characters/printable.py
const MOVING = /[\u0080-\u009f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/u;

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

function seen(c) {
  if (c === "\n") return "↵";
  if (c === " ") return "␣";
  return control(c);
}

function control(c) {
  const code = c.codePointAt(0);
  if (code < 32 && c !== "\n" && c !== "\t") return String.fromCodePoint(0x2400 + code);
  if (code === 127) return "␡";
  return MOVING.test(c) ? "<U+" + code.toString(16).toUpperCase().padStart(4, "0") + ">" : c;
}

function shadeOf(bits) {
  const found = LIMITS.findIndex((limit) => bits < limit);
  return "s" + (found < 0 ? LIMITS.length : found);
}

function percent(p) { return p < 0.01 ? "<1 %" : Math.round(100 * p) + " %"; }

const LABELS = [`below ${LIMITS[0]} bits`, ...LIMITS.slice(1).map((limit) => `below ${limit}`), `${LIMITS[LIMITS.length - 1]} or more`];
