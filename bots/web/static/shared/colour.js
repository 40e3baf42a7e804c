// Its self-state is a colour: red, green and blue from 0 to 1. Here it becomes one that can be seen, and a fur.

const GREY = [0.5, 0.5, 0.5];

export const isColour = (colour) => Array.isArray(colour) && colour.length === 3 && colour.every(Number.isFinite);

/** As it is, for a style: #8a7f6c. */
export function hex(colour) {
  const byte = (part) => Math.round(255 * Math.min(1, Math.max(0, part)));
  return "#" + colour.map((part) => byte(part).toString(16).padStart(2, "0")).join("");
}

/** Hue in degrees, and how far from grey it is, from 0 to 1. */
function hueOf([red, green, blue]) {
  const most = Math.max(red, green, blue), span = most - Math.min(red, green, blue);
  if (span === 0) return { hue: 30, span };
  const [first, from, to] = most === red ? [0, blue, green] : most === green ? [2, red, blue] : [4, green, red];
  return { hue: (60 * (first + (to - from) / span) + 360) % 360, span };
}

/** A bear's tones from the colour it feels: the same hue, as strong as the feeling, in the lightness of fur. Where it
 * feels next to nothing, it is a brown bear. */
export function furOf(colour) {
  const { hue, span } = hueOf(isColour(colour) ? colour : GREY), felt = Math.min(1, span * 3);
  const strength = Math.round(28 + 18 * felt), tone = Math.round(felt < 0.08 ? 30 : hue);
  return {
    "--fur": `hsl(${tone}, ${strength}%, 68%)`,
    "--fur-shade": `hsl(${tone}, ${strength}%, 58%)`,
    "--fur-light": `hsl(${tone}, ${Math.round(strength * 0.9)}%, 89%)`,
    "--face": `hsl(${tone}, 32%, 18%)`,
  };
}

/** Follows colours that come often, slowly; so that what is painted changes seldom. */
export class Calm {
  constructor(share = 0.15, telling = 0.012) {
    Object.assign(this, { share, telling, now: null, shown: null });
  }

  /** The colour to paint, or null where the last one still stands. */
  follow(colour) {
    if (!isColour(colour)) return null;
    this.now = this.now ? this.now.map((old, i) => old + this.share * (colour[i] - old)) : colour;
    const moved = this.shown ? Math.max(...this.now.map((part, i) => Math.abs(part - this.shown[i]))) : 1;
    if (moved < this.telling) return null;
    this.shown = [...this.now];
    return this.shown;
  }
}
