// Byte pairs, the choice of a token, and how a question is read and an answer said: byte_pairs.py, choosing.py and
// talk.py once more.
"use strict";

// ---- letters --------------------------------------------------------------------------------------------------------

class BytePairs {
  constructor(letters, marks) {
    this.pieces = letters.pieces; // a character for each byte
    const known = new Map(letters.pieces.map((piece, i) => [piece, i]).slice(marks));
    this.first = Array.from({ length: 256 }, (_, byte) => known.get(String.fromCharCode(byte)));
    this.merges = new Map();
    letters.merges.forEach(([left, right], rank) => {
      this.merges.set(left * 65536 + right, { rank, id: known.get(this.pieces[left] + this.pieces[right]) });
    });
    const code = (number) => `\\u{${number.toString(16)}}`;
    const [l, n, s] = ["letters", "numbers", "spaces"].map((kind) =>
      letters[kind].map(([from, to]) => `${code(from)}-${code(to)}`).join(""),
    );
    this.words = new RegExp(
      `'(?:s|t|re|ve|m|ll|d)| ?[${l}]+| ?[${n}]+| ?[^${s}${l}${n}]+|[${s}]+(?![^${s}])|[${s}]+`,
      "gu",
    );
  }

  /** Lone surrogates have no bytes and become question marks. */
  encode(text) {
    const words = text.replace(/\p{Surrogate}/gu, "?").match(this.words) || [];
    return words.flatMap((word) => this.merged(new TextEncoder().encode(word)));
  }

  bytes(ids) {
    return Uint8Array.from(ids.map((id) => this.pieces[id]).join(""), (letter) => letter.charCodeAt(0));
  }

  decode(ids) {
    return new TextDecoder().decode(this.bytes(ids));
  }

  /** Again and again the pair that was learned first, and of those the leftmost, is joined. */
  merged(bytes) {
    const ids = Int32Array.from(bytes, (byte) => this.first[byte]), none = 0x7fffffff;
    const found = (i) => this.merges.get(ids[i] * 65536 + ids[i + 1]);
    const rank = (i) => (i >= 0 && i + 1 < length && found(i) ? found(i).rank : none);
    let length = ids.length;
    const ranks = Int32Array.from(ids, (_, i) => rank(i));
    for (;;) {
      let best = 0;
      for (let i = 1; i + 1 < length; i++) if (ranks[i] < ranks[best]) best = i;
      if (length < 2 || ranks[best] === none) return Array.from(ids.subarray(0, length));
      ids[best] = found(best).id;
      ids.copyWithin(best + 1, best + 2, length);
      ranks.copyWithin(best + 1, best + 2, length);
      length -= 1;
      ranks[best] = rank(best);
      if (best) ranks[best - 1] = rank(best - 1);
    }
  }
}

/** A token for each character: characters.py once more. */
class Characters {
  constructor(letters, marks) {
    this.pieces = letters.pieces;
    this.unknown = letters.unknown;
    const decoder = new TextDecoder();
    this.ids = new Map(letters.pieces.map((piece, i) => [decoder.decode(this.bytes([i])), i]).slice(marks));
  }

  encode(text) {
    const found = Array.from(text.replace(/\p{Surrogate}/gu, "?"), (letter) => this.ids.get(letter) ?? this.unknown);
    return found.filter((token) => token >= 0);
  }
}
Characters.prototype.bytes = BytePairs.prototype.bytes;
Characters.prototype.decode = BytePairs.prototype.decode;

const END_OF_SENTENCE = /[.!?…。！？؟।။።]+["'”’»)\]\s]*$/u;
const SHORT_FORM = /(?:^|[\s(])(?:[A-ZÀ-ÞΑ-ΩА-Я][\p{L}\p{N}_]{0,2}|\p{Nd}+)\.$/u; // Mr. and Dr., a letter, 15.
const endsSentence = (text) => END_OF_SENTENCE.test(text) && !SHORT_FORM.test(text.trimEnd());

const PAIRS = ["()", "[]", "{}", "“”", "„“", "„”", "«»", '""', "「」", "『』"];
const BLANK = /[\t-\r\x1c-\x1f\x85\p{Z}]/u;
const [OPENERS, CLOSERS] = [0, 1].map((side) => PAIRS.map((pair) => pair[side]));
const NUMBER = /(?:^|[^\p{L}\p{N}_])[\p{L}\p{N}_]{1,2}\)$/u; // of a list, where no bracket is open
const SAYS = /[^\t-\r\x1c-\x1f\x85\p{Z}\p{P}]/u;

/** A text in which what opens and closes nothing is another character, and what is torn none: brackets.py once more. */
const plainly = (text) => text.replace(/[:;]-?[()[\]]/g, "\u263a").replace(/\ufffd/g, " ");

/** The marks that a text still needs to close what it opened; null where it closes what it did not open, or what has
 * nothing in it. */
function waiting(text) {
  const opened = [], plain = plainly(text);
  let bare = false; // nothing stands in what was opened last
  for (let i = 0; i < plain.length; i++) {
    if (BLANK.test(plain[i])) continue;
    if (PAIRS.includes(opened[opened.length - 1] + plain[i])) {
      if (bare) return null;
      opened.pop();
    } else if (OPENERS.includes(plain[i])) {
      opened.push(plain[i]);
      bare = true;
      continue;
    } else if (CLOSERS.includes(plain[i]) && !NUMBER.test(plain.slice(0, i + 1))) return null;
    bare = false;
  }
  const wanted = (mark) => (mark === "„" && plain.includes("”") ? "”" : CLOSERS[OPENERS.indexOf(mark)]);
  return opened.reverse().map(wanted).join("");
}

/** Whether a text says anything, also in what it opened last, and can be closed: behind a colon that would smile. */
function mayEnd(text) {
  const needed = waiting(text);
  return needed !== null && SAYS.test(plainly(text)) && waiting(text + needed) === "";
}

// ---- choosing -------------------------------------------------------------------------------------------------------

/** Numbers in [0, 1) that follow from a seed: a xorshift generator (Marsaglia 2003, "Xorshift RNGs"). */
function randomFrom(seed) {
  let x = (seed ^ 0x2545f491) | 0 || 1;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) / 2 ** 32;
  };
}

function logSum(logits, without) {
  let most = -Infinity, sum = 0;
  for (let i = 0; i < logits.length; i++) if (i !== without) most = Math.max(most, logits[i]);
  for (let i = 0; i < logits.length; i++) if (i !== without) sum += Math.exp(logits[i] - most);
  return most + Math.log(sum);
}

/** A token. how: temperature, topK, topP, penalty; forbidden(id): what must not come; ending: what ends an answer. */
function choose(given, recent, forbidden, ending, how, random) {
  const logits = Float64Array.from(given, (x, id) => (forbidden(id) ? -Infinity : x));
  if (how.penalty && recent.length) {
    const before = logSum(logits, ending), kept = logits[ending];
    for (const id of recent) logits[id] -= how.penalty;
    logits[ending] = kept + logSum(logits, ending) - before;
  }
  if (how.temperature === 0) return logits.reduce((best, x, id) => (x > logits[best] ? id : best), 0);
  let best = Array.from(logits.keys()).filter((id) => logits[id] > -Infinity);
  best = best.sort((a, b) => logits[b] - logits[a]).slice(0, how.topK || undefined);
  const shares = best.map((id) => Math.exp((logits[id] - logits[best[0]]) / how.temperature));
  const total = shares.reduce((sum, share) => sum + share, 0);
  let count = 0, held = 0;
  while (count < best.length && (count === 0 || held / total < how.topP)) held += shares[count++];
  let left = random() * held;
  for (let i = 0; i < count; i++) if ((left -= shares[i]) < 0) return best[i];
  return best[count - 1];
}

// ---- talk -----------------------------------------------------------------------------------------------------------

class Talk {
  constructor(said, bytes, seed) {
    const { marks, habits, speech } = said;
    Object.assign(this, { marks, habits, speech, temperature: speech.temperature, longest: speech.max_tokens });
    const alphabets = { "byte pairs": BytePairs, characters: Characters };
    this.letters = new alphabets[said.letters.kind](said.letters, marks.count);
    const kinds = { interneuron: InterneuronBrain, llama: LlamaBrain }, kind = kinds[said.config.species];
    this.brain = new kind(said.config, unpack(said.weights, bytes), marks.count, habits.kept);
    this.noBeginning = new Set(said.no_beginning);
    this.marked = new Set(said.marked);
    this.final = said.final;
    this.begun = new Set(said.begun);
    this.goesOn = new Set(said.goes_on);
    this.lines = said.lines;
    this.random = randomFrom(seed);
    this.reset();
  }

  /** Forget the conversation. */
  reset() {
    this.state = this.brain.fresh();
    this.pixel = new Float32Array(3).fill(this.habits.neutral);
    this.recent = [];
  }

  /** Each token of an answer as it comes, the colour it expects with it, and how it surprised itself, in nats; the last
   * tokens close what it opened. Ends early where the generator is told to return; the turn is over then, too. */
  *answer(text) {
    const { marks, speech } = this, words = this.letters.encode(text).slice(-speech.question_tokens);
    const twin = speech.guidance > 1 ? structuredClone(this.state) : null, spoken = [];
    let other = twin && this.readAll(this.turn([]), twin);
    let out = this.readAll(this.turn(words), this.state), unread = null, owed = null;
    try {
      for (;;) {
        const more = (speech.guidance - 1) * 2 ** (-spoken.length / this.habits.guided), asked = out.logits;
        const mixed = twin ? asked.map((x, i) => x + more * (x - other.logits[i])) : asked;
        let token = owed ? owed.shift() : this.next(mixed, spoken);
        if (token === marks.end) {
          owed = this.closing(spoken);
          if (!owed.length) return;
          token = owed.shift();
        }
        spoken.push(token);
        this.recent = [...this.recent, token].slice(-speech.repetition_window);
        unread = token;
        yield { token, pixel: Array.from(out.pixel), surprise: logSum(asked, -1) - asked[token] };
        out = this.brain.step(token, out.pixel, this.state);
        unread = null;
        owed = owed || this.last(spoken);
        if (spoken.length >= this.longest || (owed && !owed.length)) return;
        if (twin) other = this.brain.step(token, other.pixel, twin);
      }
    } finally {
      if (unread !== null) out = this.brain.step(unread, out.pixel, this.state);
      this.pixel = this.brain.step(marks.end, out.pixel, this.state).pixel;
    }
  }

  /** A question, and that the answer's turn has come; what ends a turn stands in none. */
  turn(words) {
    const { marks } = this, [space] = this.letters.encode(" ");
    return [...marks.person, ...words.map((token) => (token === marks.end ? space : token)), marks.end, ...marks.baby];
  }

  readAll(tokens, state) {
    tokens.slice(0, -1).forEach((token) => this.brain.read(token, this.pixel, state));
    return this.brain.step(tokens[tokens.length - 1], this.pixel, state);
  }

  next(logits, spoken) {
    const { marks, speech } = this, begun = spoken.some((token) => /[^ \t\n\r\v\f]/.test(this.letters.pieces[token]));
    const past = this.past(spoken), refused = new Set(), pulled = logits.slice();
    if (past > 0) this.final.forEach((id) => (pulled[id] += this.habits.pull * past));
    if (this.begun.has(spoken[spoken.length - 1])) this.spell(pulled);
    if (this.final.length) this.endWell(pulled, spoken);
    const forbidden = (id) => {
      if (refused.has(id) || (!begun && this.noBeginning.has(id))) return true;
      return id < marks.count && id !== marks.end;
    };
    const how = { topK: speech.top_k, topP: speech.top_p, penalty: speech.repetition_penalty };
    how.temperature = this.temperature * speech.calibration;
    for (;;) {
      const token = choose(pulled, this.recent, forbidden, marks.end, how, this.random);
      if (!this.refuses(spoken, token)) return token;
      refused.add(token);
      if (pulled.every((_, id) => forbidden(id))) return marks.end;
    }
  }

  /** A word that is begun goes on as words do: what is much less likely than another way to go on falls. */
  spell(logits) {
    const { spelled, far } = this.habits, goesOn = (id) => this.goesOn.has(id);
    const left = logSum(logits.filter((_, id) => !goesOn(id)), -1);
    const best = logits.reduce((most, x, id) => (goesOn(id) && x > most ? x : most), left), least = best + Math.log(spelled);
    logits.forEach((x, id) => (goesOn(id) ? x : left) < least && (logits[id] -= far));
  }

  /** A second end of line is the answer's end, and none comes in a sentence, in which it breaks off only where that is
   * likelier than each mark that could end it. */
  endWell(logits, spoken) {
    const { lines, final, marks: { end }, habits: { far } } = this;
    const ended = final.includes(spoken.filter((token) => !lines.includes(token)).pop());
    if (!ended && final.some((id) => logits[end] < logits[id])) logits[end] -= far;
    if (!lines.includes(spoken[spoken.length - 1])) return;
    if (ended) logits[end] = logSum([end, ...lines].map((id) => logits[id]), -1);
    lines.forEach((id) => (logits[id] -= far));
  }

  /** How many tokens it is past the length from which on the next end of a sentence will do. */
  past(spoken) {
    return spoken.length - this.longest * this.habits.long;
  }

  /** Whether a token may not come: it would close what isn't open or has nothing in it, end what may not end yet, open
   * something late, or leave no room for what has to follow. */
  refuses(spoken, token) {
    if (!this.marked.has(token)) return false;
    const [said, text] = [spoken, [...spoken, token]].map((tokens) => this.letters.decode(tokens));
    const [before, after] = [said, text].map(waiting), half = Math.ceil(this.longest * this.habits.long);
    if (before === null) return false;
    if (token === this.marks.end) return !mayEnd(said);
    if (after === null || (spoken.length >= half && after.length > before.length)) return true;
    const then = spoken.length + 1 + (mayEnd(text) ? 0 : 1);
    return Math.max(then, half) + this.letters.encode(after).length > this.longest;
  }

  /** The tokens that close what is open. */
  closing(spoken) {
    return this.marked.size ? this.letters.encode(waiting(this.letters.decode(spoken)) || "") : [];
  }

  /** What is still to be said of an answer that is over; null where it goes on. */
  last(spoken) {
    if (this.past(spoken) < 0) return null;
    const owed = this.closing(spoken), full = owed.length && spoken.length + owed.length >= this.longest;
    const ends = endsSentence(this.letters.decode(spoken.slice(-this.habits.tail)));
    return full || (ends && !this.refuses(spoken, this.marks.end)) ? owed : null;
  }
}
