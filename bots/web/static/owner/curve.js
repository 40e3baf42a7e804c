// Curves as the report draws them: a picture that is stretched to its frame, with the numbers beside it as text.

import { digits, make, part } from "/static/owner/dom.js";

const ROUND = [0.25, 0.5, 1, 1.5, 2, 3, 4, 6, 8, 12];
const WIDE = 1000, HIGH = 300, MARKS = 4, KEPT = 240, SMOOTH = 0.12;

/** Round values between two others, about as many as MARKS; halves and doubles where one is many times the other. */
function ticks(low, high) {
  if (high > 2 * low) {
    const between = ROUND.filter((value) => value >= low && value <= high);
    return between.map((value) => ({ value, step: value % 1 ? 0.1 : 1 }));
  }
  const rough = (high - low) / MARKS, size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * size).find((each) => each >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9), count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, n) => ({ value: (first + n) * step, step }));
}

/** Lines [{ kind, points: [[step, value], ...] }] into the picture, their numbers into the marks. */
export function draw(picture, marks, lines) {
  const points = lines.flatMap((line) => line.points);
  if (points.length < 2) return;
  const [low, high] = bounds(points.map((point) => point[1]).sort((a, b) => a - b));
  const steps = points.map((point) => point[0]), first = Math.min(...steps), span = Math.max(...steps) - first || 1;
  const x = (step) => ((WIDE * (step - first)) / span).toFixed(1);
  const share = (value) => Math.log(Math.min(high, Math.max(low, value)) / low) / Math.log(high / low);
  const y = (value) => (HIGH * (1 - share(value))).toFixed(1);
  const round = ticks(low, high);
  const across = round.map(({ value }) => `M0 ${y(value)}H${WIDE}`), grid = across.join("") || "M0 0";
  const along = (its) => "M" + its.map(([step, value]) => `${x(step)} ${y(value)}`).join("L");
  const path = ({ kind, points: its }) => part("path", { class: kind, d: along(its) });
  picture.replaceChildren(part("path", { class: "grid", d: grid }), 
    ...lines.filter((line) => line.points.length).map(path));
  marks.replaceChildren(...round.map(({ value, step }) => {
    const mark = make("span", {}, digits(value, Math.max(0, -Math.floor(Math.log10(step) + 1e-9))));
    mark.style.top = `${(100 * y(value)) / HIGH}%`;
    return mark;
  }));
}

/** With a little room. The axis is logarithmic, as the first steps of a life are far above all others. */
function bounds(values) {
  const low = Math.max(0.01, values[0]), high = Math.max(low, values[values.length - 1]);
  const room = Math.max(1.02, (high / low) ** 0.06);
  return [low / room, high * room];
}

/** The last lessons as they come: each, and a running mean. */
export class Recent {
  constructor() {
    this.clear();
  }

  clear() {
    Object.assign(this, { raw: [], calm: [] });
  }

  add(step, value) {
    if (!Number.isFinite(value)) return;
    if (this.raw.length && step <= this.raw[this.raw.length - 1][0]) return;
    const before = this.calm.length ? this.calm[this.calm.length - 1][1] : value;
    this.raw = [...this.raw, [step, value]].slice(-KEPT);
    this.calm = [...this.calm, [step, before + SMOOTH * (value - before)]].slice(-KEPT);
  }

  get lines() {
    return [{ kind: "raw", points: this.raw }, { kind: "soft", points: this.calm }];
  }
}
