// One answer: the words as they come, then what may be said about it.

import { post } from "/static/owner/api.js";
import { make, sentence, visible } from "/static/owner/dom.js";
import { hex, isColour } from "/static/shared/colour.js";

export class Answer {
  /** tell(text): what goes wrong. Its element is ``line``. */
  constructor(tell) {
    this.tell = tell;
    this.id = null;
    this.words = make("div", { className: "words" });
    this.note = make("p", { className: "note" });
    this.buttons = { good: this.button("good", "Good"), bad: this.button("bad", "Bad") };
    this.buttons.fix = make("button", { type: "button", className: "fix", onclick: () => this.openFix() }, "Fix…");
    const why = make("button", { type: "button", className: "why", onclick: () => this.why() }, "Why?");
    const row = make("div", { className: "marks-row" }, ...Object.values(this.buttons), why);
    const speaker = make("span", { className: "unseen" }, "baby: ");
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", "About this answer");
    this.line = make("li", { className: "baby growing" }, speaker, this.words, row, this.note);
  }

  button(verdict, label) {
    const button = make("button", { type: "button", className: verdict, onclick: () => this.mark(verdict) }, label);
    button.setAttribute("aria-pressed", "false");
    return button;
  }

  begin(id) {
    this.id = id;
  }

  add(text) {
    const seen = visible(text);
    this.words.append(this.words.textContent ? seen : seen.trimStart());
  }

  /** It was said to the end, or broken off. */
  end({ colour, told } = {}) {
    this.line.classList.remove("growing");
    if (isColour(colour)) this.line.style.setProperty("--felt", hex(colour));
    if (told) this.note.textContent = "You told it that.";
    if (!this.id || !this.words.textContent) this.line.querySelector(".marks-row").remove();
    if (!this.words.textContent) this.words.textContent = "…";
  }

  async mark(verdict, text) {
    const said = await this.tried(post("/api/feedback", { reply: this.id, verdict, ...(text && { text }) }));
    if (!said) return false;
    for (const [name, button] of Object.entries(this.buttons)) {
      button.setAttribute("aria-pressed", String(name === verdict));
    }
    this.note.textContent = sentence(said.message);
    return true;
  }

  async why() {
    const said = await this.tried(post("/api/why", { reply: this.id }));
    if (said) this.note.textContent = sentence(said.message);
  }

  async tried(asked) {
    try {
      return await asked;
    } catch (error) {
      this.tell(error.message);
      return null;
    }
  }

  /** A place to write what it should have said. */
  openFix() {
    if (this.correction) return this.correction.elements[0].focus();
    const text = make("textarea", { rows: 3, maxLength: 4000, required: true, value: this.words.textContent });
    const never = make("button", { type: "button", onclick: () => this.closeFix() }, "Never mind");
    const row = make("div", { className: "row end" }, never, make("button", { className: "main" }, "Put it right"));
    this.correction = make("form", { className: "correction" }, make("label", {}, "It should have said", text), row);
    this.correction.addEventListener("submit", (event) => this.fix(event, text.value.trim()));
    this.correction.addEventListener("keydown", (event) => this.heedKey(event, text));
    this.line.append(this.correction);
    text.select();
    this.correction.scrollIntoView({ block: "nearest" });
  }

  async fix(event, text) {
    event.preventDefault();
    if (await this.mark("fix", text)) this.closeFix();
  }

  /** Enter in the text puts it right, Escape leaves everything as it is. */
  heedKey(event, text) {
    const enter = event.key === "Enter" && event.target === text && !event.shiftKey && !event.isComposing;
    if (!enter && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    if (enter) this.correction.querySelector(".main").click(); // it asks for a text, if there is none
    else this.closeFix();
  }

  closeFix() {
    this.correction?.remove();
    this.correction = null;
    this.buttons.fix.focus();
  }
}
