// The little bear: layers of SVG above one another, so that what moves (by CSS, transforms only) is never drawn anew.

import { Calm, furOf } from "/static/shared/colour.js";
import { FACES } from "/static/shared/faces.js";

const SVG = "http://www.w3.org/2000/svg";
const SILENT = 900; // milliseconds without a token after which its mouth closes
const SLOW = 0.75, QUICK = 2.1; // how fast it breathes, as a share of what the style says

function drawn(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

const circle = (kind, cx, cy, r) => drawn("circle", { class: kind, cx, cy, r });
const ellipse = (kind, cx, cy, rx, ry) => drawn("ellipse", { class: kind, cx, cy, rx, ry });
const path = (kind, d) => drawn("path", { class: kind, d });

function layer(kind, ...parts) {
  const picture = drawn("svg", { class: `layer ${kind}`, viewBox: "0 0 200 230", "aria-hidden": "true" });
  picture.append(...parts);
  return picture;
}

function group(kind, ...layers) {
  const box = document.createElement("div");
  box.className = kind;
  box.append(...layers);
  return box;
}

const letter = (text) => Object.assign(document.createElement("i"), { textContent: text });

const body = () =>
  layer("bear-body", ellipse("fur-shade", 100, 184, 58, 46), ellipse("fur-light", 100, 192, 36, 31),
    ellipse("fur-shade", 68, 222, 19, 9), ellipse("fur-shade", 132, 222, 19, 9),
    ellipse("fur", 47, 190, 14, 22), ellipse("fur", 153, 190, 14, 22));

const head = () =>
  layer("bear-skull", circle("fur-shade", 45, 50, 27), circle("fur-shade", 155, 50, 27),
    circle("fur-light", 45, 51, 14), circle("fur-light", 155, 51, 14), ellipse("fur", 100, 108, 79, 71),
    ellipse("fur-light", 100, 134, 38, 29),
    ellipse("cheek", 47, 128, 12, 8), ellipse("cheek", 153, 128, 12, 8),
    path("face", "M88 120q12 -7 24 0q1 8 -12 14q-13 -6 -12 -14z"));

export class Bear {
  /** Draws it into an element, which has the size. */
  constructor(place) {
    this.place = place;
    this.calm = new Calm();
    this.mood = "sleepy";
    this.eyes = layer("bear-eyes");
    this.brows = layer("bear-brows");
    this.mouth = layer("bear-mouth");
    const open = layer("bear-open", ellipse("face", 100, 145, 11, 10), ellipse("tongue", 100, 150, 6, 4));
    // The eyes are the last, for whatever lies on something that moves becomes a layer, too.
    const all = group("bear-head", head(), this.brows, this.mouth, open, this.eyes);
    place.replaceChildren(group("bear-trunk", body()), all, group("bear-snore", ...[..."zzz"].map(letter)));
    this.show();
    this.feel([0.5, 0.5, 0.5]);
  }

  show() {
    const { eyes, brows, mouth } = FACES[this.asleep ? "asleep" : this.mood] || FACES.calm;
    const parts = [["fill", "face"], ["line", "stroke"], ["shine", "shine"]].filter(([form]) => eyes[form]);
    this.eyes.replaceChildren(...parts.map(([form, kind]) => path(kind, eyes[form])));
    this.brows.replaceChildren(path("stroke", brows));
    this.mouth.replaceChildren(path("stroke", mouth));
  }

  /** In this mood, a word. */
  be(mood) {
    if (!mood || mood === this.mood) return;
    this.mood = mood;
    this.show();
  }

  /** In this colour, red, green and blue from 0 to 1. What it shows of it now, or null where that stays as it was. */
  feel(colour) {
    const shown = this.calm.follow(colour);
    for (const [name, value] of Object.entries(shown ? furOf(shown) : {})) this.place.style.setProperty(name, value);
    return shown;
  }

  /** How quick its pulse is, from 0 to 1. */
  breathe(pulse) {
    if (!Number.isFinite(pulse)) return;
    this.pulse = this.pulse === undefined ? pulse : this.pulse + 0.2 * (pulse - this.pulse);
    const rate = SLOW + (QUICK - SLOW) * Math.min(1, Math.max(0, this.pulse));
    if (Math.abs(rate - (this.rate || 0)) < 0.04) return;
    this.rate = rate;
    for (const part of this.place.querySelectorAll(".bear-trunk, .bear-head")) {
      for (const motion of part.getAnimations()) motion.updatePlaybackRate(rate);
    }
  }

  /** Its mouth moves now, and for a moment. */
  speak() {
    this.place.classList.add("speaking");
    clearTimeout(this.speaking);
    this.speaking = setTimeout(() => this.hush(), SILENT);
  }

  hush() {
    clearTimeout(this.speaking);
    this.place.classList.remove("speaking");
  }

  sleep(asleep) {
    if (asleep === this.asleep) return;
    this.asleep = asleep;
    this.place.classList.toggle("asleep", asleep);
    this.show();
  }
}
