// How far it looks back: from now, at the right, an arc for each window and a fading band for each memory. Distances
// are in tokens and logarithmic, as near ones matter most.

import { find, part, tell } from "/static/owner/dom.js";

const NOW = 575, FAR = 20, BASE = 118, BAND = 9; // units of the picture
const KEY = "Arcs are its windows, bands its memories; the brighter, the more it makes of one.";
const STEPS = [1, 4, 16, 64, 256, 1024];
const told = (tokens) => (tokens < 100 ? tokens.toFixed(1) : Math.round(tokens).toString());

export class Reach {
  constructor() {
    this.picture = find("reach");
    this.gates = new Map(); // the last that was seen of each, as not every step is looked at
  }

  gate(name, value) {
    if (Number.isFinite(value)) this.gates.set(name, value);
    return this.gates.get(name);
  }

  show(windows = [], memory = {}) {
    const arcs = windows.map(({ size, gate }, n) => ({ tokens: size, gate: this.gate(`window ${n}`, gate) }));
    const { names = [], spans, gates } = memory;
    const bands = names.map((name, n) => ({ name, tokens: spans[n], gate: this.gate(name, gates[n]) }));
    const kept = bands.filter((band) => Number.isFinite(band.tokens)).slice(0, 6);
    const most = Math.max(8, ...[...arcs, ...kept].map((one) => one.tokens));
    const x = (tokens) => NOW - ((NOW - FAR) * Math.log1p(tokens)) / Math.log1p(most);
    const shared = (gates) => Math.max(0.001, ...gates.map((one) => one.gate ?? 0));
    const bright = (gate, top) => (gate === undefined ? 0.5 : 0.18 + 0.82 * (gate / top)).toFixed(2);
    const highest = shared(arcs), strongest = shared(kept);
    this.picture.replaceChildren(
      fade(), part("path", { class: "base", d: `M${FAR} ${BASE}H${NOW + 10}` }),
      ...arcs.map(({ tokens, gate }) => arc(x(tokens), bright(gate, highest))),
      ...kept.map(({ tokens, gate }, n) => band(x(tokens), n, bright(gate, strongest))), ...scale(x, most));
    this.tell(arcs, kept);
  }

  /** The same in words. */
  tell(arcs, bands) {
    const sizes = arcs.map((arc) => told(arc.tokens)).join(", "), none = "This kind of brain has no windows.";
    const spans = bands.map((band) => `${band.name} ${told(band.tokens)}`).join(", ");
    const words = [arcs.length ? `Windows: ${sizes} tokens.` : none, ...(spans ? [`Memories: ${spans}.`] : [])];
    this.picture.setAttribute("aria-label", words.join(" "));
    tell(find("reaching"), arcs.length ? KEY : none);
  }
}

const fade = () => part("defs", {}, part("linearGradient", { id: "fading" },
  part("stop", { offset: "0", "stop-color": "currentColor", "stop-opacity": "0" }),
  part("stop", { offset: "1", "stop-color": "currentColor", "stop-opacity": "1" })));

function arc(to, bright) {
  const wide = (NOW - to) / 2, high = Math.min(wide * 0.42, BASE - 6);
  const d = `M${NOW} ${BASE}A${wide} ${high} 0 0 0 ${to} ${BASE}`;
  return part("path", { class: "window", d, opacity: bright, "stroke-width": 1.5 + 4 * bright });
}

function band(to, row, bright) {
  const box = { x: to, y: BASE + 5 + row * BAND, width: NOW - to, height: BAND - 3, rx: 3 };
  return part("rect", { class: "memory", ...box, opacity: bright, fill: "url(#fading)" });
}

function scale(x, most) {
  const marks = STEPS.filter((step) => step <= most).map((step) => part("text", { x: x(step), y: 188 }, String(step)));
  return [...marks, part("text", { class: "now", x: NOW - 5, y: 188 }, "now")];
}
