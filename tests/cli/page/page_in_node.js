// Runs the script of a page of `view` with as much of a document as it asks for, and prints what the page would show.
"use strict";
const fs = require("fs");
const html = fs.readFileSync(process.argv[2], "utf8");
const script = /<script>([\s\S]*?)<\/script>/.exec(html)[1];
const json = /<script type="application\/json" id="data">([\s\S]*?)<\/script>/.exec(html)[1];

class Element {
  constructor() { Object.assign(this, { children: [], options: [], style: {}, value: "", selectedIndex: 0, own: "" }); }
  get lastElementChild() { return this.children[this.children.length - 1]; }
  get textContent() { return this.own + this.children.map((child) => child.textContent).join(""); }
  set textContent(text) { this.own = text; }
  append(...children) { this.children.push(...children); }
  replaceChildren(...children) { this.children = children; }
  addEventListener() {}
  setAttribute() {}
  scrollIntoView() {}
}

const elements = {};
globalThis.document = {
  getElementById: (id) => (elements[id] ??= new Element()),
  createElement: () => new Element(),
  documentElement: new Element(),
};
elements.data = new Element();
elements.data.textContent = json;
const shown = new Function(`${script}
  return characters.map((_, i) => {
    select(i, false);
    return { where: $("where").textContent, expected: $("expected").children.map((row) => row.children[0].textContent),
             hits: $("expected").children.filter((row) => row.className === "hit").map((row) => row.children[0].textContent) };
  });`)();
console.log(JSON.stringify({ text: elements.text.textContent, shown }));
