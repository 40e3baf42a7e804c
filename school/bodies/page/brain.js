// The interneuron brain, one token at a time. Its definition is brain/species/interneuron.py; numpy_brain.py beside this
// folder says the same in NumPy. Vectors are Float32Array; sums are of double precision, as JavaScript's numbers are.
"use strict";

const EPSILON = 1e-5; // torch's, of its LayerNorm
const ROOM = 4; // how many times the longest window fits into what is kept of the past

// ---- numbers --------------------------------------------------------------------------------------------------------

/** What each of the 65,536 numbers of 16 bits is. */
function halves() {
  const values = new Float32Array(1 << 16);
  for (let bits = 0; bits < values.length; bits++) {
    const exponent = (bits >> 10) & 31, fraction = bits & 1023, sign = bits >> 15 ? -1 : 1;
    values[bits] = sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
  }
  return values;
}

/** Weights by name from numbers of 16 bits in a row: each {shape, values}. */
function unpack(places, bytes) {
  const table = halves(), row = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1), weights = {};
  for (const [name, [start, shape]] of Object.entries(places)) {
    const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
    for (let i = 0; i < values.length; i++) values[i] = table[row[start + i]];
    weights[name] = { shape, values };
  }
  return weights;
}

// The normal distribution function between -REACH and REACH, summed up by Simpson's rule, and read with a straight line
// between two entries: right to 2e-8.
const REACH = 6, PER_UNIT = 1024;
const BELOW = (() => {
  const density = (x) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  const table = new Float64Array(2 * REACH * PER_UNIT + 2), step = 1 / PER_UNIT;
  for (let i = 1; i < table.length; i++) {
    const x = (i - 1) * step - REACH;
    table[i] = table[i - 1] + (step / 6) * (density(x) + 4 * density(x + step / 2) + density(x + step));
  }
  table[table.length - 2] = table[table.length - 1] = 1;
  return table;
})();

/** In place. */
function gelu(x) {
  for (let i = 0; i < x.length; i++) {
    const place = (Math.min(Math.max(x[i], -REACH), REACH) + REACH) * PER_UNIT, index = place | 0;
    x[i] *= BELOW[index] + (place - index) * (BELOW[index + 1] - BELOW[index]);
  }
  return x;
}

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

/** In place. */
function softmax(x) {
  let most = -Infinity, sum = 0;
  for (const value of x) most = Math.max(most, value);
  for (let i = 0; i < x.length; i++) sum += x[i] = Math.exp(x[i] - most);
  for (let i = 0; i < x.length; i++) x[i] /= sum;
  return x;
}

/** A matrix (rows, columns) times a vector, plus a bias. */
function multiply(matrix, x, bias, out = new Float32Array(matrix.shape[0])) {
  const [rows, columns] = matrix.shape, values = matrix.values, even = columns - (columns % 4);
  for (let row = 0, at = 0; row < rows; row++, at += columns) {
    let a = 0, b = 0, c = 0, d = 0;
    for (let i = 0; i < even; i += 4) {
      a += values[at + i] * x[i];
      b += values[at + i + 1] * x[i + 1];
      c += values[at + i + 2] * x[i + 2];
      d += values[at + i + 3] * x[i + 3];
    }
    for (let i = even; i < columns; i++) a += values[at + i] * x[i];
    out[row] = a + b + c + d + (bias ? bias[row] : 0);
  }
  return out;
}

/** plain * x + share * LayerNorm(x). */
function normed(x, weight, bias, plain = 0, share = 1) {
  let mean = 0, variance = 0;
  for (let i = 0; i < x.length; i++) mean += x[i];
  mean /= x.length;
  for (let i = 0; i < x.length; i++) variance += (x[i] - mean) ** 2;
  const scale = 1 / Math.sqrt(variance / x.length + EPSILON), out = new Float32Array(x.length);
  for (let i = 0; i < x.length; i++) out[i] = plain * x[i] + share * ((x[i] - mean) * scale * weight[i] + bias[i]);
  return out;
}

/** A linear layer and a LayerNorm, plain or blended, by the names of their weights. */
const linear = (weights, name) => (x) => multiply(weights[`${name}.weight`], x, weights[`${name}.bias`].values);
const norm = (weights, name) => {
  const weight = weights[`${name}.weight`].values, bias = weights[`${name}.bias`].values;
  return (x) => normed(x, weight, bias);
};
const blendedNorm = (weights, name) => {
  const weight = weights[`${name}.norm.weight`].values, bias = weights[`${name}.norm.bias`].values;
  const [plain, share] = weights[`${name}.scales`].values;
  return (x) => normed(x, weight, bias, plain, share);
};

// ---- the species ----------------------------------------------------------------------------------------------------

class InterneuronBrain {
  constructor(config, weights, marks, kept) {
    const values = (name) => weights[name].values;
    Object.assign(this, { marks, kept, weights, neurons: config.neurons, longest: config.longest_window });
    this.lastPlace = config.positions - 1;
    this.gates = config.neurons / config.neurons_per_gate;
    this.blend = softmax(Float64Array.from(values("embedding.blend")));
    this.tokens = weights["embedding.tokens"];
    this.tokenNorm = blendedNorm(weights, "embedding.norm");
    this.pixel = linear(weights, "embedding.pixel");
    this.neuronNorm = norm(weights, "neurons.norm");
    this.windows = this.boxes(values("interneurons.log_sizes"));
    const refine = (number, kind) => kind(weights, `interneurons.refine.${number}`);
    this.refine = [refine(0, norm), refine(1, linear), gelu, refine(3, norm), refine(4, linear)];
    this.memories = ["memory1", "memory2"].map((name) => new Memory(weights, name, this.gates));
    this.outNorm = blendedNorm(weights, "logits.norm");
    this.think = linear(weights, "logits.think");
    this.thoughtNorm = norm(weights, "logits.thought_norm");
    this.speak = linear(weights, "logits.speak");
    this.logitNorm = blendedNorm(weights, "logits.blend");
    this.gate = config.word_memory ? linear(weights, "words.gate") : null;
    this.stateHead = [linear(weights, "self_state.layers.0"), linear(weights, "self_state.layers.2")];
  }

  /** What each of the last tokens, the latest last, counts in each window. */
  boxes(logSizes) {
    return Array.from(logSizes, (log) => {
      const size = Math.exp(log), box = new Float32Array(this.longest);
      for (let i = 0; i < box.length; i++) box[i] = Math.min(Math.max(size - (this.longest - 1 - i), 0), 1) / size;
      return box;
    });
  }

  /** The state of somebody who has not read a token yet. */
  fresh() {
    const vocabulary = this.tokens.shape[0], row = (length) => new Float32Array(length);
    return {
      past: row(ROOM * this.longest * this.neurons),
      end: this.longest,
      averages: this.memories.map(() => [row(this.neurons), row(this.neurons)]),
      counts: [row(vocabulary), row(vocabulary)],
      position: 0,
      previous: 0,
    };
  }

  copy(state) {
    return structuredClone(state);
  }

  /** Read a token under a colour; moves the state. Logits and the colour that it expects. */
  step(token, pixel, state) {
    const hidden = this.thoughtNorm(this.think(this.outNorm(this.activate(token, pixel, state))));
    const logits = this.logitNorm(this.speak(hidden));
    if (this.gate) this.addWords(logits, hidden, state.counts);
    const [first, last] = this.stateHead;
    return { logits, pixel: last(gelu(first(Float32Array.from([...hidden, ...pixel])))).map(sigmoid) };
  }

  /** As step, where nobody wants to hear what it makes of it. */
  read(token, pixel, state) {
    this.activate(token, pixel, state);
  }

  activate(token, pixel, state) {
    state.position = token < this.marks ? 0 : Math.min(state.position + 1, this.lastPlace);
    const embedded = this.embed(token, pixel, state);
    state.previous = token;
    if (this.gate) this.count(token, state.counts);
    const gain = this.weights["neurons.gain"].values[0], scaled = this.neuronNorm(embedded).map((x) => x * gain);
    const activations = gelu(multiply(this.weights["neurons.rows"], scaled, this.weights["neurons.bias"].values));
    const mixed = this.mix(activations, state);
    const first = this.refine.reduce((x, part) => part(x), mixed).map((x, i) => x + mixed[i]);
    const second = this.memories[0].pass(first, state.averages[0]);
    return this.memories[1].pass(first.map((x, i) => (x + second[i]) / 2), state.averages[1]);
  }

  embed(token, pixel, state) {
    const width = this.tokens.shape[1], [share, place, colour] = this.blend;
    const row = (name, index) => this.weights[name].values.subarray(index * width, (index + 1) * width);
    const word = this.tokenNorm(row("embedding.tokens", token)), position = row("embedding.positions", state.position);
    if (this.weights["embedding.before"]) {
      const echo = row("embedding.before", state.previous);
      for (let i = 0; i < width; i++) word[i] += echo[i];
    }
    return this.pixel(pixel).map((x, i) => share * word[i] + place * position[i] + colour * x);
  }

  /** The activations plus what each neuron makes of the windows over the last ones. */
  mix(activations, state) {
    const { neurons, longest } = this, { past } = state, weights = this.weights["interneurons.cerebellum"].values;
    if (state.end === ROOM * longest) {
      past.copyWithin(0, (state.end - longest) * neurons);
      state.end = longest;
    }
    past.set(activations, state.end++ * neurons);
    const out = Float32Array.from(activations), first = state.end - longest, mean = new Float64Array(neurons);
    this.windows.forEach((box, k) => {
      mean.fill(0);
      for (let i = 0; i < longest; i++) {
        if (box[i]) for (let n = 0, at = (first + i) * neurons; n < neurons; n++) mean[n] += box[i] * past[at + n];
      }
      for (let n = 0; n < neurons; n++) out[n] += weights[k * neurons + n] * mean[n];
    });
    return out;
  }

  count(token, counts) {
    counts.forEach((row, k) => {
      for (let v = 0; v < row.length; v++) row[v] *= this.kept[k];
      if (token >= this.marks) row[token] += 1;
    });
  }

  addWords(logits, hidden, counts) {
    const scales = this.gate(hidden), weights = this.weights["words.weight"].values;
    counts.forEach((row, k) => {
      for (let v = 0; v < row.length; v++) {
        if (row[v]) logits[v] += (1 + scales[k]) * weights[k * row.length + v] * Math.log1p(row[v]);
      }
    });
  }
}

/** A memory layer: two moving averages, and gates that choose, for every few neurons, what is used of them. */
class Memory {
  constructor(weights, name, gates) {
    this.gates = gates;
    this.kept = [0, 1].map((k) => {
      const { shape, values } = weights[`${name}.decay_logits`], length = shape[2];
      return values.subarray(k * length, (k + 1) * length).map(sigmoid);
    });
    const part = (of, kind) => kind(weights, `${name}.${of}`);
    Object.assign(this, { norm: part("norm", norm), reduce: part("reduce", linear), gate: part("gate", linear) });
    Object.assign(this, { project: part("project", linear), answerNorm: part("answer.1", norm) });
    this.answer = part("answer.2", linear);
  }

  /** Moves the averages. */
  pass(inputs, averages) {
    const { gates } = this, gated = new Float32Array(inputs.length);
    averages.forEach((average, k) => {
      const kept = this.kept[k];
      for (let n = 0; n < average.length; n++) {
        average[n] = inputs[n] + kept[kept.length > 1 ? n : 0] * (average[n] - inputs[n]);
      }
    });
    const reduced = this.reduce(this.norm(inputs)), scores = this.gate(reduced);
    for (let g = 0; g < gates; g++) {
      const shares = softmax(Float64Array.from([0, 1, 2, 3], (source) => scores[source * gates + g]));
      for (let source = 0; source < 4; source++) scores[source * gates + g] = shares[source];
    }
    for (let n = 0, g = 0; n < inputs.length; n++, g = n % gates) {
      gated[n] = scores[g] * averages[0][n] + scores[gates + g] * averages[1][n] + scores[2 * gates + g] * inputs[n];
    }
    const projected = this.project(gated).map((x, i) => x + reduced[i]);
    const answer = this.answer(this.answerNorm(gelu(projected)));
    return gated.map((x, n) => x + scores[3 * gates + (n % gates)] * answer[n]);
  }
}
