// The interneuron brain, one token at a time. Its definition is brain/species/interneuron.py, and
// school/bodies/alone/numpy_brain.py says the same in NumPy.
"use strict";

const ROOM = 4; // how many times the longest window fits into what is kept of the past

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
    this.selfState = selfState(weights);
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

  /** Read a token under a colour; moves the state. Logits and the colour that it expects. */
  step(token, pixel, state) {
    const hidden = this.thoughtNorm(this.think(this.outNorm(this.activate(token, pixel, state))));
    const logits = this.logitNorm(this.speak(hidden));
    if (this.gate) this.addWords(logits, hidden, state.counts);
    return { logits, pixel: this.selfState(hidden, pixel) };
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
