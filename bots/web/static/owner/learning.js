// Is it learning? One sentence, a few figures, a curve that moves, what it reads, how far it looks back.

import { get } from "/static/owner/api.js";
import { Recent, draw } from "/static/owner/curve.js";
import { digits, find, make, sentence, tell, whole } from "/static/owner/dom.js";
import { Reach } from "/static/owner/reach.js";
import { Reading } from "/static/owner/reading.js";

const REDRAWN = 500, LOOKED_UP = 60_000; // milliseconds
const LEGENDS = {
  now: [["raw", "each lesson"], ["soft", "their mean"]],
  life: [["soft", "in lessons"], ["strong", "never taught"]],
};

export class Learning {
  constructor() {
    Object.assign(this, { recent: new Recent(), reading: new Reading(), reach: new Reach() });
    Object.assign(this, { life: [], span: "now", drawn: 0 });
    for (const choice of document.querySelectorAll("[name=span]")) {
      choice.addEventListener("change", () => this.choose(choice.value));
    }
    this.choose("now");
    setInterval(() => document.hidden || this.lookUp(), LOOKED_UP);
  }

  choose(span) {
    this.span = span;
    const keys = LEGENDS[span].map(([kind, name]) => make("span", { className: `key ${kind}` }, name));
    find("legend").replaceChildren("Bits per byte, less is better: ", ...keys);
    this.draw();
    if (span === "life") this.lookUp();
  }

  /** How it is, when the line is there (again). */
  state(state) {
    tell(find("sentence"), sentence(state.sentence || "it has hardly begun; that can be said after some lessons"));
    tell(find("step"), whole(state.step));
    tell(find("held"), digits(state.held_out_bits));
    tell(find("best"), digits(state.best_bits));
    if (Number.isFinite(state.tokens_per_second)) tell(find("speed"), whole(state.tokens_per_second));
  }

  step(step) {
    this.recent.add(step.step, step.bits_per_byte);
    if (document.hidden || performance.now() - this.drawn < REDRAWN) return;
    this.drawn = performance.now();
    tell(find("step"), whole(step.step));
    if (Number.isFinite(step.tokens_per_second)) tell(find("speed"), whole(step.tokens_per_second));
    this.draw();
    this.reading.show(step.reading);
    this.reach.show(step.windows, step.memory);
  }

  examined({ held_out_bits: bits, best }) {
    tell(find("held"), digits(bits));
    tell(find("best"), digits(best));
    this.lookUp();
  }

  draw() {
    const now = this.span === "now";
    draw(find("curve"), find("marks"), now ? this.recent.lines : this.life);
    find("curve").setAttribute("aria-label", `How badly it predicts, ${now ? "in its last lessons" : "over its life"}`);
  }

  /** Its life so far. */
  async lookUp() {
    if (this.span !== "life") return;
    try {
      const curve = (metric) => get(`/api/curve?metric=${metric}&points=200`);
      const [taught, never] = await Promise.all([curve("bits_per_byte"), curve("held_out")]);
      this.life = [{ kind: "soft", points: taught.points }, { kind: "strong", points: never.points }];
      this.draw();
    } catch {
      // the line is gone, which the header says
    }
  }
}
