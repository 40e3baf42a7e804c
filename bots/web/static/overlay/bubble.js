// The speech bubble. What it says often comes all at once, so it is said here at a pace that can be followed. Its box
// never changes; what has no more room moves up.

const PACE = 85, LONG = 60; // milliseconds from token to token; that many tokens are said in the time of LONG
const LINGER = 4000, PER_LETTER = 55, LONGEST = 20000; // milliseconds that an answer stays to be read

export class Bubble {
  /** said(): called for each token; done(): when all of it is said. */
  constructor({ box, to, lines, words }, said, done) {
    Object.assign(this, { box, to, lines, words, said, done, answer: null, waiting: [] });
  }

  begin(id, to) {
    this.stop();
    Object.assign(this, { answer: id, next: to ? `to ${to}` : "", begun: false, ended: false });
  }

  add(id, text) {
    if (id !== this.answer) return;
    this.waiting.push(text);
    this.timer ??= setInterval(() => this.say(), PACE);
  }

  end(id) {
    if (id !== this.answer) return;
    this.ended = true;
    if (!this.timer) this.linger();
  }

  say() {
    const many = Math.max(1, Math.ceil(this.waiting.length / LONG)), text = this.waiting.splice(0, many).join("");
    if (!text.trim() && !this.begun) return this.waiting.length || this.rest();
    if (!this.begun) this.appear();
    this.words.append(this.words.textContent ? text : text.trimStart());
    const over = this.words.offsetHeight - this.lines.offsetHeight; // whole lines, as all have the same height
    this.words.style.transform = over > 0 ? `translateY(${-over}px)` : "";
    this.said();
    if (!this.waiting.length) this.rest();
  }

  appear() {
    this.begun = true;
    this.to.textContent = this.next;
    this.words.textContent = "";
    this.box.classList.add("seen");
  }

  /** Nothing waits to be said just now. */
  rest() {
    this.timer = clearInterval(this.timer);
    if (this.ended) this.linger();
  }

  linger() {
    this.done();
    const time = Math.min(LONGEST, LINGER + PER_LETTER * this.words.textContent.length);
    this.leaving = setTimeout(() => this.leave(), time);
  }

  stop() {
    this.timer = clearInterval(this.timer);
    clearTimeout(this.leaving);
    this.waiting = [];
  }

  leave() {
    this.stop();
    this.answer = null;
    this.box.classList.remove("seen");
  }

  /** As if it had never been said. */
  clear() {
    this.leave();
    this.to.textContent = this.words.textContent = "";
  }
}
