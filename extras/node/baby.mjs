// Drives the program that `python wakeup.py share baby` makes: one process, kept alive, asked one thing after the other.
// Each question and each answer ends with a zero byte, which stands in neither.

import { spawn } from "node:child_process";

const LONGEST_PROMPT = 65_536; // characters
const MOST_WAITING = 64; // questions, beside the one that is being answered
const PATIENCE = 60_000; // milliseconds in which an answer must have ended
const OPTIONS = { topK: "--top-k", topP: "--top-p", penalty: "--penalty", seed: "--seed" };

/** What comes back for one question: pieces of text until it is over. */
class Reply {
  pieces = [];
  over = false;
  error = null;
  #wake = () => {};

  add(piece) {
    if (piece) this.pieces.push(piece);
    this.#wake();
  }

  end(error = null) {
    this.over = true;
    this.error ??= error;
    this.#wake();
  }

  async *[Symbol.asyncIterator]() {
    for (;;) {
      while (this.pieces.length) yield this.pieces.shift();
      if (this.error) throw this.error;
      if (this.over) return;
      await new Promise((resolve) => (this.#wake = resolve));
    }
  }

  async text() {
    let text = "";
    for await (const piece of this) text += piece;
    return text;
  }
}

/**
 * A baby. `program`: the file, which is started directly and never by a shell; `options`: `topK`, `topP`, `penalty`,
 * `seed`, `raw` (go on from the prompt as it is), and `patience` in milliseconds.
 */
export class Baby {
  #program;
  #words;
  #patience;
  #child = null;
  #own = null; // temperature and tokens as the program has them
  #turn = Promise.resolve();
  #waiting = 0;
  #closed = false;

  constructor(program, options = {}) {
    this.#program = program;
    this.#patience = options.patience ?? PATIENCE;
    this.#words = ["--zero", ...(options.raw ? ["--raw"] : [])];
    for (const [name, word] of Object.entries(OPTIONS)) {
      if (options[name] !== undefined) this.#words.push(word, String(number(options[name], name)));
    }
  }

  /**
   * The answer in pieces, as it is thought of. `temperature` and `tokens` are of this answer only. What was said before
   * is forgotten first, unless `remember` is true: several people may ask one baby. Whoever breaks off the loop lets the
   * next in as soon as the answer has ended.
   */
  async *generate(prompt, { temperature, tokens, remember = false } = {}) {
    const text = sayable(prompt);
    const leave = await this.#enter();
    let reply = null;
    try {
      const child = await this.#awake();
      if (!remember) await this.#ask(child, "/reset").text();
      await this.#set(child, "temperature", temperature);
      await this.#set(child, "tokens", tokens);
      reply = this.#ask(child, ` ${text}`); // with a blank before it, or it could be a command
      yield* reply;
    } finally {
      if (reply?.over === false) reply.text().then(leave, leave);
      else leave();
    }
  }

  /** The whole answer. Options as those of `generate`. */
  async say(prompt, options) {
    let text = "";
    for await (const piece of this.generate(prompt, options)) text += piece;
    return text;
  }

  /** Its card. */
  async about() {
    const leave = await this.#enter();
    try {
      return await this.#ask(await this.#awake(), "/about").text();
    } finally {
      leave();
    }
  }

  /** Ends the process; whoever still waits is told. */
  close() {
    this.#closed = true;
    this.#child?.process.kill();
  }

  /** Waits until nobody else is being answered. */
  async #enter() {
    if (this.#waiting > MOST_WAITING) throw new Error("too many are asking; try again later.");
    this.#waiting += 1;
    const before = this.#turn;
    let free;
    this.#turn = new Promise((resolve) => (free = resolve));
    await before;
    return () => {
      this.#waiting -= 1;
      free();
    };
  }

  /** The process, started anew if there is none. */
  async #awake() {
    if (this.#closed) throw new Error("this baby is closed.");
    if (this.#child) return this.#child;
    const process = spawn(this.#program, this.#words, { stdio: ["pipe", "pipe", "ignore"], windowsHide: true });
    const child = (this.#child = { process, reply: null, decoder: new TextDecoder(), changed: new Set() });
    const ended = (why) => {
      if (this.#child === child) this.#child = null;
      child.gone = new Error(`the program ended: ${why}`);
      child.reply?.end(child.gone);
    };
    process.on("error", (error) => ended(error.message));
    process.on("exit", (code, signal) => ended(this.#closed ? "it was closed." : `${signal ?? `status ${code}`}.`));
    process.stdin.on("error", () => {}); // its end is told by "exit"
    process.stdout.on("data", (bytes) => hear(child, bytes));
    const help = await this.#ask(child, "/help").text();
    const [temperature, tokens] = [...help.matchAll(/\(now ([^)]+)\)/g)].map((found) => Number(found[1]));
    this.#own = { temperature, tokens };
    return child;
  }

  #ask(child, message) {
    const reply = (child.reply = new Reply());
    if (child.gone) reply.end(child.gone);
    else {
      const timer = setTimeout(() => child.process.kill("SIGKILL"), this.#patience);
      const end = reply.end.bind(reply);
      reply.end = (error) => (clearTimeout(timer), end(error));
      child.process.stdin.write(`${message}\0`);
    }
    return reply;
  }

  /** A number of this answer, or the program's own again. */
  async #set(child, name, value) {
    if (value === undefined && !child.changed.has(name)) return;
    const said = await this.#ask(child, `/${name} ${value === undefined ? this.#own[name] : number(value, name)}`).text();
    if (!said.startsWith("from now on")) throw new RangeError(`${name}: ${said}`);
    child.changed[value === undefined ? "delete" : "add"](name);
  }
}

/** Bytes that the program wrote: text, and a zero where an answer ends. */
function hear(child, bytes) {
  const end = bytes.indexOf(0);
  if (end < 0) return void child.reply?.add(child.decoder.decode(bytes, { stream: true }));
  child.reply?.add(child.decoder.decode(bytes.subarray(0, end)));
  child.reply?.end();
}

function number(value, name) {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new TypeError(`${name} must be a number.`);
  return value;
}

function sayable(prompt) {
  if (typeof prompt !== "string") throw new TypeError("the prompt must be a string.");
  if (prompt.length > LONGEST_PROMPT) throw new RangeError(`the prompt may have ${LONGEST_PROMPT} characters.`);
  return prompt.replaceAll("\0", " ").toWellFormed?.() ?? prompt.replaceAll("\0", " ");
}
