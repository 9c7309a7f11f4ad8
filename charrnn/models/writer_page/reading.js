// What the network has read, and what it expects at any place of it.

const EVERY = 32; // symbols between two states that are kept
const LEAST = 0.01; // of a probability, as in generation/predictors.py
const COLDEST = 1e-200; // a temperature

class Reading {
  constructor(network) {
    Object.assign(this, { network, ids: [], bits: [], at: 0, known: -1 });
    [this.p, this.weighted] = [0, 0].map(() => new Float64Array(data.vocab_size));
    this.order = Uint32Array.from(this.p.keys());
    if (data.begin !== null) network.step(data.begin);
    this.states = [network.state.slice()];
  }

  // The probabilities, by the network, of the symbol at a place; the next call overwrites them.
  expect(place) {
    if (place === this.known) return this.p;
    const kept = Math.min(Math.floor(place / EVERY), this.states.length - 1);
    if (place < this.at || kept * EVERY > this.at) {
      this.network.state.set(this.states[kept]);
      this.at = kept * EVERY;
    }
    while (this.at < place) {
      this.network.step(this.ids[this.at++]);
      if (this.at === this.states.length * EVERY) this.states.push(this.network.state.slice());
    }
    const o = this.network.logits(), p = this.p;
    if (place === 0 && data.begin === null) o.fill(0); // a blind guess
    let top = -Infinity, total = 0;
    for (let i = 0; i < o.length; i++) top = Math.max(top, o[i]);
    for (let i = 0; i < o.length; i++) total += p[i] = Math.exp(o[i] - top);
    for (let i = 0; i < o.length; i++) p[i] /= total;
    this.known = place;
    return p;
  }

  add(id) {
    this.bits.push(-Math.log2(this.expect(this.ids.length)[id]));
    this.ids.push(id);
  }

  cut(place) {
    this.expect(Math.min(place, this.at));
    this.ids.length = this.bits.length = place;
    this.states.length = Math.min(this.states.length, Math.floor(place / EVERY) + 1);
  }

  // The id of the next symbol, as generation/sampling.py chooses it with u in [0, 1); -1 if the output is not finite.
  draw({ temperature, topP }, u) {
    const p = this.expect(this.ids.length), { weighted: w, order } = this, taught = data.smoothing / w.length;
    for (let i = 0; i < w.length; i++) w[i] = Math.max(p[i] - taught, LEAST * p[i]); // less what label smoothing added
    if (data.unknown !== null) w[data.unknown] = 0;
    const top = w.reduce((a, b) => Math.max(a, b)), power = 1 / Math.max(temperature, COLDEST);
    if (!(top > 0)) return -1;
    if (temperature === 0) return w.indexOf(top);
    order.sort(topP < 1 ? (a, b) => w[b] - w[a] || a - b : undefined); // by id if all are kept, which is quick
    let all = 0, kept = 0, total = 0, sum = 0, place = -1;
    for (const id of order) all += w[id] = (w[id] / top) ** power;
    while (kept < w.length && total < topP * all) total += w[order[kept++]];
    while (sum <= u * total) sum += w[order[++place]];
    return order[place];
  }
}

function mixed(x) {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

// A number in [0, 1) for each seed and place: a text that was stopped goes on as if it had not been.
function uniform(seed, place) { return mixed(mixed(seed + 1) + place) / 2 ** 32; }
