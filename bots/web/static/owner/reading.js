// What it reads now, token by token, at a pace that a person can follow.

import { find, make, sentence, tell } from "/static/owner/dom.js";

const EACH = 70, WAIT = 1500; // milliseconds a token, and until the next passage
const SIGNS = { "\n": "⏎\n", "\t": "⇥" };
const TURN = " · "; // where a turn or a text begins or ends: tokens without words, often two in a row

export class Reading {
  constructor() {
    this.place = find("reading");
    this.until = 0;
    this.place.addEventListener("click", ({ target }) => { // fingers can't point
      if (target.title) tell(find("guessed"), sentence(target.title));
    });
  }

  /** Tokens [{ text, hit, guess }]; what comes too early to be read is left out. */
  show(tokens) {
    if (!tokens?.length || performance.now() < this.until) return;
    this.until = performance.now() + EACH * tokens.length + WAIT;
    this.place.replaceChildren(...tokens.flatMap(({ text, hit, guess }, n) => {
      const [, before, words] = text.match(/^( *)(.*)$/s);
      const said = text || tokens[n - 1]?.text === "" ? words.replace(/[\n\t]/g, (sign) => SIGNS[sign]) : TURN;
      const shown = make("span", { className: hit ? "hit" : "" }, said);
      if (!hit && guess) shown.title = `it had guessed: ${guess}`;
      shown.style.animationDelay = `${n * EACH}ms`;
      return [before, shown];
    }));
    const hits = tokens.filter((token) => token.hit).length;
    tell(find("guessed"), `It had guessed ${hits} of these ${tokens.length} tokens right; they are underlined.`);
  }
}
