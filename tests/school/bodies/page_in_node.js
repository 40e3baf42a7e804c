// Runs what a page's worker runs, and answers questions about it: {said, weights, tasks} as JSON on standard input.
"use strict";

const fs = require("fs");
const given = JSON.parse(fs.readFileSync(0, "utf-8"));
const names = ["BytePairs", "Talk", "choose", "randomFrom", "mood", "endsSentence", "waiting", "mayEnd", "gelu", "halves"];
const source = given.sources.map((file) => fs.readFileSync(file, "utf-8")).join("\n");
const house = new Function(`${source}\nreturn { ${names.join(", ")} };`)();
const bytes = Uint8Array.from(Buffer.from(given.weights, "base64"));
const newTalk = (seed = 1) => new house.Talk(given.said, bytes, seed);

/** The best token, again and again, under the colours that it expects; a turn's mark comes now and then. */
function greedy({ ids, tokens }) {
  const { brain, pixel } = newTalk(), state = brain.fresh(), said = [], colours = [], logits = [];
  ids.slice(0, -1).forEach((id) => brain.read(id, pixel, state));
  let out = brain.step(ids[ids.length - 1], pixel, state);
  for (let i = 0; i <= tokens; i++) {
    logits.push(Array.from(out.logits));
    colours.push(Array.from(out.pixel));
    said.push(i % 50 === 49 ? 1 : out.logits.reduce((best, x, id) => (x > out.logits[best] ? id : best), 0));
    out = brain.step(said[i], out.pixel, state);
  }
  return { said, colours, logits };
}

/** What follows a text as it is, without marks. */
function raw({ text, tokens }) {
  const talk = newTalk(), { brain, pixel, marks } = talk, state = brain.fresh(), said = [];
  const ids = talk.letters.encode(text);
  ids.slice(0, -1).forEach((id) => brain.read(id, pixel, state));
  let out = brain.step(ids[ids.length - 1], pixel, state);
  while (said.length < tokens) {
    said.push(house.choose(out.logits, [], (id) => id < marks.count, marks.end, { temperature: 0 }, null));
    out = brain.step(said[said.length - 1], out.pixel, state);
  }
  return said;
}

function answers({ questions, temperature, seed, longest }) {
  const talk = Object.assign(newTalk(seed), temperature === undefined ? {} : { temperature }, longest && { longest });
  const said = questions.map((question) => Array.from(talk.answer(question), ({ token }) => token));
  return { said, pixel: Array.from(talk.pixel) };
}

function drawn({ logits, recent, forbidden, ending, how, times }) {
  const random = house.randomFrom(7), counts = logits.map(() => 0);
  for (let i = 0; i < times; i++) {
    counts[house.choose(logits, recent, (id) => forbidden.includes(id), ending, how, random)] += 1;
  }
  return counts;
}

/** An answer that is stopped after a few tokens, and the same one that ends there by itself. */
function stopped({ question, after }) {
  const early = newTalk(), late = Object.assign(newTalk(), { longest: after });
  let count = 0;
  for (const _ of early.answer(question)) if (++count === after) break;
  Array.from(late.answer(question));
  return [Array.from(early.pixel), Array.from(late.pixel)];
}

const tasks = {
  greedy,
  raw,
  answers,
  drawn,
  stopped,
  encode: ({ texts }) => texts.map((text) => newTalk().letters.encode(text)),
  waiting: ({ texts }) => texts.map(house.waiting),
  mayEnd: ({ texts }) => texts.map(house.mayEnd),
  ends: ({ rows }) => rows.map(([said, logits]) => (newTalk().endWell(logits, said), logits)),
  refuses: ({ rows }) => rows.map(([said, token, longest]) => Object.assign(newTalk(), { longest }).refuses(said, token)),
  sentences: ({ texts }) => texts.map(house.endsSentence),
  moods: ({ lives }) => lives.map(([colours, losses]) => house.mood(colours, losses)),
  gelu: ({ x }) => Array.from(house.gelu(Float64Array.from(x))),
  halves: () => Array.from(house.halves(), (x, bits) => (((bits >> 10) & 31) === 31 ? 0 : x)),
};
process.stdout.write(JSON.stringify(given.tasks.map(([name, task]) => tasks[name](task))));
