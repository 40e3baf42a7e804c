// How fast a page's worker is in node: {sources, said, weights, question, tokens} as JSON on standard input.
"use strict";

const fs = require("fs");
const given = JSON.parse(fs.readFileSync(0, "utf-8"));
const source = given.sources.map((file) => fs.readFileSync(file, "utf-8")).join("\n");
const Talk = new Function(`${source}\nreturn Talk;`)();
const seconds = (act) => {
  const started = performance.now();
  act();
  return (performance.now() - started) / 1000;
};

let talk;
const load = seconds(() => (talk = new Talk(given.said, Buffer.from(given.weights, "base64"), 1)));
const first = seconds(() => talk.answer(given.question).next());
const state = talk.brain.fresh();
let out = talk.readAll(talk.letters.encode(given.question), state);
const go = () => {
  for (let i = 0; i < given.tokens; i++) {
    const best = out.logits.reduce((most, x, id) => (x > out.logits[most] ? id : most), 0);
    out = talk.brain.step(best, out.pixel, state);
  }
};
go(); // V8 compiles what has run for a while
const rate = given.tokens / seconds(go);
process.stdout.write(JSON.stringify({ load_seconds: load, first_token_ms: 1000 * first, tokens_per_second: rate }));
