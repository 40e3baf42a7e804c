// The overlay for a stream: the bear, what it says and to whom, and, if wanted, what it reads. Public things only.
//   ?theme=night|day|plain|bold   ?captions=1   ?size=1.2

import { Bear } from "/static/shared/bear.js";
import { hex } from "/static/shared/colour.js";
import { listen } from "/static/shared/stream.js";
import { Bubble } from "/static/overlay/bubble.js";

const PATIENCE = 6000; // milliseconds without a line after which the bear sleeps
const find = (id) => document.getElementById(id);
const root = document.documentElement, wanted = new URLSearchParams(location.search);
const places = Object.fromEntries(["to", "lines", "words"].map((id) => [id, find(id)]));
const bear = new Bear(find("bear"));
const bubble = new Bubble({ box: find("bubble"), ...places }, () => bear.speak(), () => bear.hush());
let name = "baby", nodding = 0, fresh = true;

root.dataset.theme = wanted.get("theme") || "night";
root.dataset.captions = wanted.get("captions") === "1" ? "1" : "0";
const size = Number(wanted.get("size"));
if (size >= 0.25 && size <= 4) root.style.setProperty("--scale", size);

function feel({ mood, colour, pulse }) {
  bear.be(mood);
  const shown = bear.feel(colour);
  bear.breathe(pulse);
  if (shown) find("colour").style.backgroundColor = hex(shown);
  if (!mood || find("feeling").textContent === mood) return;
  find("feeling").textContent = mood;
  find("bear").setAttribute("aria-label", `${name}, a little bear, feels ${mood}`);
}

function caption(text) {
  if (text) find("caption").textContent = text;
  find("caption").classList.toggle("seen", Boolean(text));
}

function clear() {
  bubble.clear();
  bear.hush();
}

/** Awake, or asleep because nobody answers; a short break is not shown. */
function present(there) {
  clearTimeout(nodding);
  if (there) bear.sleep(false);
  else nodding = setTimeout(() => bear.sleep(true), PATIENCE);
  fresh ||= !there;
  root.dataset.awake = there ? "yes" : "no";
}

listen("/overlay/events", {
  state(state) {
    name = state.name || name;
    if (fresh) clear(caption("")); // what was said before the line broke is over
    fresh = false;
    feel(state);
  },
  face: feel,
  reply_begin: ({ id, to }) => bubble.begin(id, to),
  reply_token: ({ id, text }) => bubble.add(id, text),
  reply_end(end) {
    bubble.end(end.id);
    feel(end);
  },
  clear,
  caption: ({ text }) => caption(text),
}, present);
