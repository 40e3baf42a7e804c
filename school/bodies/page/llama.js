// The llama brain, one token at a time. Its definition is brain/species/llama.py, and
// school/bodies/alone/numpy_llama.py says the same in NumPy.
"use strict";

const RMS_EPSILON = 2 ** -23; // of its norms, where the body says no other

function rmsNormed(x, weight, epsilon) {
  let squares = 0;
  for (const value of x) squares += value * value;
  const scale = 1 / Math.sqrt(squares / x.length + epsilon);
  return Float32Array.from(x, (value, i) => value * scale * weight.values[i]);
}

class LlamaBrain {
  constructor(config, weights) {
    Object.assign(this, { weights, layers: config.layers, heads: config.heads, groups: config.key_heads });
    Object.assign(this, { room: config.context + 1, width: config.embed_width / config.heads });
    this.epsilon = config.epsilon || RMS_EPSILON;
    this.pixel = linear(weights, "pixel");
    this.selfState = selfState(weights);
    const half = this.width / 2, turn = (of) => new Float32Array(this.room * half).map((_, i) => {
      const speed = Math.fround(10000 ** ((-2 * (i % half)) / this.width));
      return of(Math.fround((Math.floor(i / half) - config.context) * speed));
    });
    this.cosine = turn(Math.cos);
    this.sine = turn(Math.sin);
  }

  /** The state of somebody who has not read a token yet: keys, not turned yet, and values of the last tokens. */
  fresh() {
    const size = this.room * this.groups * this.width;
    const rows = () => Array.from({ length: this.layers }, () => new Float32Array(size));
    return { keys: rows(), values: rows(), heard: 0 };
  }

  /** Read a token under a colour; moves the state. Logits and the colour that it expects. */
  step(token, pixel, state) {
    const { weights } = this, size = weights.tokens.shape[1];
    const word = weights.tokens.values.subarray(token * size, (token + 1) * size), colour = this.pixel(pixel);
    const taken = weights.speak ? word : this.normed(word, "token_norm.weight"); // else one table serves both
    let x = taken.map((value, i) => value + colour[i]);
    state.heard = Math.min(state.heard + 1, this.room);
    for (let number = 0; number < this.layers; number++) {
      const attended = this.attend(number, x, state);
      x = x.map((value, i) => value + attended[i]);
      const fed = this.feed(`layers.${number}.feed`, x);
      x = x.map((value, i) => value + fed[i]);
    }
    const hidden = this.normed(x, "norm.weight");
    return { logits: multiply(weights.speak || weights.tokens, hidden), pixel: this.selfState(hidden, pixel) };
  }

  /** As step: what it would save is small. */
  read(token, pixel, state) {
    this.step(token, pixel, state);
  }

  normed(x, name) {
    return rmsNormed(x, this.weights[name], this.epsilon);
  }

  attend(number, x, state) {
    const { weights, heads, groups, width, room } = this, name = `layers.${number}.attention`, step = groups * width;
    const read = multiply(weights[`${name}.read.weight`], this.normed(x, `${name}_norm.weight`));
    const keys = state.keys[number], values = state.values[number], out = new Float32Array(heads * width);
    [keys, values].forEach((kept, which) => {
      const start = (heads + which * groups) * width;
      kept.copyWithin(0, step);
      kept.set(read.subarray(start, start + step), (room - 1) * step);
    });
    for (let group = 0; group < groups; group++) {
      const places = Array.from({ length: state.heard }, (_, i) => room - state.heard + i);
      const row = (kept, place) => kept.subarray(place * step + group * width, place * step + (group + 1) * width);
      const turned = places.map((place) => this.turned(row(keys, place), place));
      for (let head = (group * heads) / groups; head < ((group + 1) * heads) / groups; head++) {
        const query = this.turned(read.subarray(head * width, (head + 1) * width), room - 1);
        const scores = Float64Array.from(turned, (key) => {
          let score = 0;
          for (let e = 0; e < width; e++) score += query[e] * key[e];
          return score / Math.sqrt(width);
        });
        softmax(scores).forEach((share, i) => {
          const value = row(values, places[i]);
          for (let e = 0; e < width; e++) out[head * width + e] += share * value[e];
        });
      }
    }
    return multiply(weights[`${name}.write.weight`], out);
  }

  /** The pairs (x[i], x[i + width / 2]) turned by the angles of their place. */
  turned(x, place) {
    const half = this.width / 2, out = new Float32Array(this.width);
    for (let i = 0; i < half; i++) {
      const cosine = this.cosine[place * half + i], sine = this.sine[place * half + i];
      out[i] = x[i] * cosine - x[i + half] * sine;
      out[i + half] = x[i + half] * cosine + x[i] * sine;
    }
    return out;
  }

  feed(name, x) {
    const both = multiply(this.weights[`${name}.read.weight`], this.normed(x, `${name}_norm.weight`));
    const half = both.length / 2, gated = both.subarray(half).map((value, i) => value * both[i] * sigmoid(both[i]));
    return multiply(this.weights[`${name}.write.weight`], gated);
  }
}
