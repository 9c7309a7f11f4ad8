// The network: its equations are those of network/cells/*.py and network/readout.py.

const sigmoid = (a) => 1 / (1 + Math.exp(-a));
const PHI = { tanh: Math.tanh, sigmoid, relu: (a) => Math.max(a, 0) }[data.nonlinearity];

// out = bias + W x; four rows and two columns at once, so that the processor waits for neither. The last four rows may
// be some of those before them once more; rows beyond the last are nowhere.
function affine(W, x, bias, out) {
  const n = x.length, rows = out.length;
  for (let k = 0; k < rows; k += 4) {
    const j = Math.max(0, Math.min(k, rows - 4)), p = j * n, q = p + n, r = q + n, s = r + n;
    let a = bias[j], b = bias[j + 1], c = bias[j + 2], d = bias[j + 3], i = 0;
    for (; i + 1 < n; i += 2) {
      const u = x[i], v = x[i + 1];
      a += W[p + i] * u + W[p + i + 1] * v;
      b += W[q + i] * u + W[q + i + 1] * v;
      c += W[r + i] * u + W[r + i + 1] * v;
      d += W[s + i] * u + W[s + i + 1] * v;
    }
    for (; i < n; i++) { a += W[p + i] * x[i]; b += W[q + i] * x[i]; c += W[r + i] * x[i]; d += W[s + i] * x[i]; }
    out[j] = a; out[j + 1] = b; out[j + 2] = c; out[j + 3] = d;
  }
}

// Each turns x = W_xh x + b and r = W_hh h + b, gate after gate, and the state h (and c) into the next state.
const CELLS = {
  rnn({ h }, x, r) {
    for (let i = 0; i < h.length; i++) h[i] = PHI(x[i] + r[i]);
  },
  gru({ h }, x, r) { // r z n
    for (let i = 0, H = h.length; i < H; i++) {
      const z = sigmoid(x[H + i] + r[H + i]);
      const n = Math.tanh(x[2 * H + i] + sigmoid(x[i] + r[i]) * r[2 * H + i]);
      h[i] = n + z * (h[i] - n);
    }
  },
  lstm({ h, c }, x, r) { // i f o g
    for (let i = 0, H = h.length; i < H; i++) {
      c[i] = sigmoid(x[H + i] + r[H + i]) * c[i] + sigmoid(x[i] + r[i]) * Math.tanh(x[3 * H + i] + r[3 * H + i]);
      h[i] = sigmoid(x[2 * H + i] + r[2 * H + i]) * Math.tanh(c[i]);
    }
  },
};

class Network {
  constructor({ weights, num_layers: layers, hidden_size: H, vocab_size: V, cell, states }) {
    const w = this.w = {};
    for (const [name, packed] of Object.entries(weights)) { // as page.py has packed them
      const words = new Int16Array(bytes(packed.words).buffer), scales = new Float32Array(bytes(packed.scales).buffer);
      w[name] = Float32Array.from(words, (word, i) => word * scales[Math.floor(i * scales.length / words.length)]);
    }
    this.state = new Float32Array(layers * states * H);
    const part = (n) => this.state.subarray(n * H, (n + 1) * H);
    this.layers = Array.from({ length: layers }, (_, n) => {
      const own = (name) => w[n ? `${name}_${n + 1}` : name], [h, c] = [part(states * n), part(states * n + 1)];
      const bias = own("b_xh") || own("b_h"), b_hh = own("b_hh") || new Float32Array(bias.length);
      return { h, c, W_xh: own("W_xh"), W_hh: own("W_hh"), bias, b_hh };
    });
    [this.x, this.r] = [0, 0].map(() => new Float32Array(this.layers[0].bias.length));
    this.deep = w.W_hr && new Float32Array(H);
    this.o = new Float32Array(V);
    this.cell = CELLS[cell];
  }

  step(id) {
    const { x, r, layers } = this, H = layers[0].h.length;
    let below = null;
    for (const layer of layers) {
      if (below) affine(layer.W_xh, below, layer.bias, x);
      else for (let k = 0; k < x.length; k++) x[k] = layer.bias[k] + layer.W_xh[id * x.length + k];
      affine(layer.W_hh, layer.h, layer.b_hh, r);
      this.cell(layer, x, r);
      below = layer.h;
    }
  }

  // The logits of the next symbol; the next call overwrites them.
  logits() {
    const { w, deep, o } = this, { h } = this.layers[this.layers.length - 1];
    if (deep) {
      affine(w.W_hr, h, w.b_r, deep);
      for (let i = 0; i < h.length; i++) deep[i] = h[i] + Math.max(deep[i], 0);
    }
    affine(w.W_hy, deep || h, w.b_y, o);
    return o;
  }
}
