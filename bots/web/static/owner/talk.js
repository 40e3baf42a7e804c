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
    this.atEnd = true; // of what was said, where who reads was last
    this.asked = false; // something that the next line may answer
    find("form").addEventListener("submit", (event) => this.submit(event.preventDefault()));
    this.question.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.submit(event.preventDefault());
    });
    find("stop").addEventListener("click", () => this.stop());
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.stop());
    for (const button of document.querySelectorAll("[data-type]")) {
      button.addEventListener("click", () => this.type(button.dataset.type));
    }
    this.said.addEventListener("scroll", () => (this.atEnd = this.isAtEnd()));
    new ResizeObserver(() => this.atEnd && this.toEnd()).observe(this.said); // a keyboard takes half of its room
    this.prepareLesson();
  }

  /** ``asks``: it can be answered with yes or no. */
  tell(text, asks = false) {
    find("notice").textContent = sentence(text);
    this.asked = asks;
    find("asked").hidden = !asks;
  }

  submit() {
    const text = this.question.value.trim();
    if (!text || this.speaking) return;
    this.question.value = "";
    if (this.asked || text.startsWith("/")) this.type(text);
    else this.ask(text, this.tell(""));
  }

  /** As if it had been typed: a command, or the answer to what was asked back; what is neither, is said. */
  async type(line) {
    const asked = this.asked;
    this.tell("");
    try {
      const told = await obey(line, this.last, asked);
      if (told && !told.was) return this.ask(line);
      if (told?.begins) this.begin();
      if (told) this.tell(told.message, told.asks);
      if (told?.asks && matchMedia("(pointer: fine)").matches) this.question.focus(); // on a phone keys would hide it
    } catch (error) {
      this.failed(error, line);
    }
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
      if (error.name !== "AbortError") this.broke(error, answer, mine, text);
    }
    this.follow(() => answer.end(ended));
    this.bear.hush();
    if (answer.id) this.last = answer;
    this.speak(null);
  }

  broke(error, answer, mine, text) {
    if (answer.id) return this.tell(error instanceof Refused ? error.message : BROKEN);
    answer.line.remove();
    mine.remove();
    this.failed(error, text);
  }

  /** Nothing that was typed is lost. */
  failed(error, text) {
    this.tell(error instanceof Refused ? error.message : BROKEN);
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
    this.toEnd();
    return line;
  }

  isAtEnd() {
    return this.said.scrollHeight - this.said.scrollTop - this.said.clientHeight < NEAR;
  }

  toEnd() {
    this.said.scrollTop = this.said.scrollHeight;
  }

  /** Change something, and stay at the end if the reader was there. */
  follow(change) {
    const wasAtEnd = this.isAtEnd();
    change();
    if (wasAtEnd) this.toEnd();
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
      const what = { question: find("when").value.trim(), answer: find("then").value.trim() };
      try {
        this.tell((await post("/api/teach", what)).message, form.reset());
      } catch (error) {
        this.tell(error.message);
      }
      dialog.close();
    });
  }
}
