// The owner's page: hears what the house tells and hands it on.

import { get } from "/static/owner/api.js";
import { Elsewhere, showDays } from "/static/owner/days.js";
import { find, tell, whole } from "/static/owner/dom.js";
import { Learning } from "/static/owner/learning.js";
import { fitScreen } from "/static/owner/screen.js";
import { Talk } from "/static/owner/talk.js";
import { Bear } from "/static/shared/bear.js";
import { hex, isColour } from "/static/shared/colour.js";
import { listen } from "/static/shared/stream.js";

const PATIENCE = 1500; // milliseconds that a line may be gone before it is told
const AGES = [[1, 120, "second"], [60, 7200, "minute"], [3600, 172_800, "hour"], [86_400, Infinity, "day"]];
const bear = new Bear(find("bear")), talk = new Talk(bear), learning = new Learning(), elsewhere = new Elsewhere();
let paused = false, fresh = true, waiting = 0, age = "";

function feel({ mood, colour, pulse, step }) {
  bear.be(mood);
  bear.feel(colour);
  bear.breathe(pulse);
  if (isColour(colour)) find("colour").style.backgroundColor = hex(colour);
  if (step !== undefined) tell(find("how"), [mood, `step ${whole(step)}`, age].filter(Boolean).join(" · "));
}

function lasting(seconds) {
  const [size, , unit] = AGES.find(([, most]) => seconds < most), count = Math.round(seconds / size);
  return `${whole(count)} ${unit}${count === 1 ? "" : "s"} old`;
}

function show(state) {
  tell(find("name"), state.name);
  document.title = state.name;
  age = Number.isFinite(state.age_seconds) ? lasting(state.age_seconds) : "";
  paused = Boolean(state.paused);
  find("pause").textContent = paused ? "Let lessons go on" : "Let lessons pause";
  line(true, doing(state));
  feel(state);
  if (state.saved_step) saved(state.saved_step);
  learning.state(state);
}

const saved = (step) => tell(find("saved"), `saved at step ${whole(step)}`);

function doing({ awake, learning, rests }) {
  if (awake === false) return "falling asleep";
  if (paused) return "lessons pause";
  return learning === false ? "awake, not learning" : rests ? "resting" : "learning";
}

function line(there, words) {
  document.body.dataset.line = there ? "there" : "gone";
  find("line").className = there ? "there" : "gone";
  tell(find("line"), words);
  bear.sleep(!there);
}

/** The line broke, or a door is closed: say which. */
function lost() {
  waiting = setTimeout(async () => {
    line(false, "asleep");
    try {
      await get("/api/status");
    } catch (error) {
      talk.tell(error.message);
    }
  }, PATIENCE);
}

listen("/events", {
  state(state) {
    if (document.body.dataset.line === "gone") talk.tell("");
    show(state);
    if (!fresh) return;
    fresh = false;
    showDays();
    learning.lookUp();
  },
  step(step) {
    feel(step);
    learning.step(step);
  },
  examined: (exam) => learning.examined(exam),
  saved: ({ step }) => saved(step),
  reply_begin: (begin) => elsewhere.begin(begin),
  reply_token: (token) => elsewhere.token(token),
  reply_end: (end) => elsewhere.end(end),
}, (there) => {
  clearTimeout(waiting);
  if (!there) lost(fresh = true);
});

find("pause").addEventListener("click", async () => {
  await talk.type(paused ? "/resume" : "/pause");
});

/** Which part a phone shows. */
function turn() {
  const part = ["learning", "days"].find((name) => location.hash === `#${name}`) || "talk";
  document.body.dataset.part = part;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${part}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

addEventListener("hashchange", turn);
turn();
fitScreen();
if (matchMedia("(pointer: fine)").matches) find("question").focus();
navigator.serviceWorker?.register("/sw.js").catch(() => {}); // only on a safe origin, as browsers want it
