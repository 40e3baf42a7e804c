// What the species are made of, for one token at a time; school/bodies/alone/layers.py once more. Vectors are
// Float32Array; sums are of double precision, as JavaScript's numbers are.
"use strict";

const EPSILON = 1e-5; // torch's, of its LayerNorm

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

/** The colour that it expects, from the hidden state and the colour that it was shown. */
const selfState = (weights) => {
  const first = linear(weights, "self_state.layers.0"), last = linear(weights, "self_state.layers.2");
  return (hidden, pixel) => last(gelu(first(Float32Array.from([...hidden, ...pixel])))).map(sigmoid);
};
