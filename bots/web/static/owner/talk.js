// Talking to it: what is typed is asked, and the answer grows in its place.

import { Refused, ask, post } from "/static/owner/api.js";
import { Answer } from "/static/owner/answer.js";
import { obey } from "/static/owner/commands.js";
import { find, make, sentence } from "/static/owner/dom.js";

const BROKEN = "It fell asleep before it had answered; ask again.";
const NEAR = 80; // pixels from the end at which a reader wants to see what comes

export class Talk {
  constructor(bear) {
    Object.assign(this, { bear, said: find("said"), question: find("question"), last: null, speaking: null });
    find("form").addEventListener("submit", (event) => this.submit(event.preventDefault()));
    this.question.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.submit(event.preventDefault());
    });
    find("stop").addEventListener("click", () => this.stop());
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.stop());
    for (const button of document.querySelectorAll("[data-do]")) {
      button.addEventListener("click", () => this.do(button.dataset.do));
    }
    this.prepareLesson();
  }

  tell(text) {
    find("notice").textContent = sentence(text);
  }

  submit() {
    const text = this.question.value.trim();
    if (!text || this.speaking) return;
    this.question.value = "";
    this.tell("");
    if (text.startsWith("/")) obey(text, this);
    else this.ask(text);
  }

  async ask(text) {
    const mine = this.append(make("li", { className: "you" }, make("span", { className: "unseen" }, "you: "), text));
    const answer = new Answer((problem) => this.tell(problem)), stopping = new AbortController();
    this.append(answer.line);
    this.speak(stopping);
    let ended = {};
    const heard = {
      begin: ({ id }) => answer.begin(id),
      token: (token) => this.follow(() => answer.add(token.text), this.bear.speak()),
      end: (end) => (ended = end),
      error: ({ message }) => this.tell(message),
    };
    try {
      await ask(text, heard, stopping.signal);
    } catch (error) {
      if (error.name !== "AbortError") this.failed(error, answer, mine, text);
    }
    this.follow(() => answer.end(ended));
    this.bear.hush();
    if (answer.id) this.last = answer;
    this.speak(null);
  }

  /** Nothing that was typed is lost. */
  failed(error, answer, mine, text) {
    this.tell(error instanceof Refused ? error.message : BROKEN);
    if (answer.id) return;
    answer.line.remove();
    mine.remove();
    if (!this.question.value) this.question.value = text;
  }

  speak(stopping) {
    this.speaking = stopping;
    this.said.setAttribute("aria-busy", String(Boolean(stopping)));
    find("send").hidden = Boolean(stopping);
    find("stop").hidden = !stopping;
  }

  stop() {
    this.speaking?.abort();
  }

  append(line) {
    this.said.append(line);
    this.said.scrollTop = this.said.scrollHeight;
    return line;
  }

  /** Change something, and stay at the end if the reader was there. */
  follow(change) {
    const { scrollTop, scrollHeight, clientHeight } = this.said, near = scrollHeight - scrollTop - clientHeight < NEAR;
    change();
    if (near) this.said.scrollTop = this.said.scrollHeight;
  }

  /** One of the house's verbs; says how it went. */
  async do(verb, what) {
    try {
      this.tell((await post(`/api/${verb}`, what)).message);
      if (verb === "new") this.begin();
      return true;
    } catch (error) {
      this.tell(error.message);
      return false;
    }
  }

  begin() {
    this.last = null;
    this.said.replaceChildren();
    this.question.focus();
  }

  prepareLesson() {
    const dialog = find("lesson"), form = dialog.querySelector("form");
    document.querySelector("[data-open=lesson]").addEventListener("click", () => dialog.showModal());
    document.querySelector("[data-close=lesson]").addEventListener("click", () => dialog.close());
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const done = await this.do("teach", { question: find("when").value.trim(), answer: find("then").value.trim() });
      if (done) form.reset();
      dialog.close();
    });
  }
}
