// The baby beside the page: it thinks here, so that the page never waits.
"use strict";

const SLICE = 40; // milliseconds after which it looks whether somebody said stop
const channel = new MessageChannel();
let talk = null, speaking = null, heard = Promise.resolve();

/** Lets messages in; a timer would wait for longer than a token takes. */
const pause = () => new Promise((resolve) => {
  channel.port1.onmessage = resolve;
  channel.port2.postMessage(null);
});

function wake({ said, weights, seed }) {
  const text = atob(weights), bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  talk = new Talk(said, bytes, seed);
  postMessage({ kind: "awake" });
}

async function ask({ text, temperature, tokens }) {
  Object.assign(talk, { temperature, longest: tokens });
  const decoder = new TextDecoder(), colours = [], surprises = [], mine = {}, started = performance.now();
  let looked = started, first = 0;
  speaking = mine;
  for (const { token, pixel, surprise } of talk.answer(text)) {
    const now = performance.now();
    first = first || now - started;
    colours.push(pixel);
    surprises.push(surprise);
    const piece = decoder.decode(talk.letters.bytes([token]), { stream: true });
    postMessage({ kind: "said", piece, colour: pixel, mood: mood(colours, surprises) });
    if (now - looked > SLICE) {
      await pause();
      looked = now;
    }
    if (speaking !== mine) break;
  }
  const seconds = (performance.now() - started) / 1000;
  postMessage({ kind: "done", piece: decoder.decode(), tokens: colours.length, seconds, first });
}

onmessage = ({ data }) => {
  if (data.kind === "stop") speaking = null;
  else heard = heard.then(() => ({ wake, ask, reset: () => talk.reset() })[data.kind](data)).catch(broke);
};

function broke(error) {
  postMessage({ kind: "broke", why: String(error && error.message ? error.message : error) });
}
