// The page: what is typed goes to the worker, and what comes back is shown.
"use strict";

const find = (id) => document.getElementById(id);
const said = JSON.parse(find("said").textContent);
const worker = new Worker(URL.createObjectURL(new Blob([find("worker").textContent], { type: "text/javascript" })));
let answer = null; // the line that is growing

function show(who, text) {
  const line = document.createElement("li"), name = document.createElement("b"), words = document.createElement("span");
  name.textContent = `${who}: `;
  words.textContent = text;
  line.append(name, words);
  line.className = who;
  find("talk").append(line);
  line.scrollIntoView({ block: "end" });
  return words;
}

function feel(colour, word) {
  const hex = "#" + colour.map((part) => Math.round(255 * part).toString(16).padStart(2, "0")).join("");
  find("colour").style.backgroundColor = hex;
  find("mood").textContent = `mood: ${word}, colour: ${hex}`;
}

function busy(is) {
  find("talk").setAttribute("aria-busy", String(is));
  find("send").disabled = find("forget").disabled = is;
  find("stop").disabled = !is;
}

const heard = {
  awake() {
    find("status").textContent = "It is awake.";
    busy(false);
  },
  said({ piece, colour, mood: word }) {
    answer.textContent = (answer.textContent + piece).trimStart();
    answer.scrollIntoView({ block: "nearest" });
    feel(colour, word);
  },
  done({ piece, tokens, seconds, first }) {
    answer.textContent += piece;
    const rate = Math.round(tokens / seconds);
    find("status").textContent = `${tokens} tokens, ${rate} a second, the first after ${Math.round(first)} ms`;
    busy(false);
  },
  broke({ why }) {
    find("status").textContent = `Something broke: ${why}`;
    busy(false);
  },
};

worker.onmessage = ({ data }) => heard[data.kind](data);
worker.onerror = (event) => heard.broke({ why: event.message || "it could not be started" });

find("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const question = find("question"), text = question.value.trim();
  if (!text || find("send").disabled) return;
  question.value = "";
  show("you", text);
  answer = show("baby", "");
  busy(true);
  find("status").textContent = "It is thinking.";
  const temperature = Number(find("temperature").value), tokens = Number(find("length").value);
  worker.postMessage({ kind: "ask", text, temperature, tokens });
});
find("stop").addEventListener("click", () => worker.postMessage({ kind: "stop" }));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") worker.postMessage({ kind: "stop" });
});
find("forget").addEventListener("click", () => {
  worker.postMessage({ kind: "reset" });
  find("talk").replaceChildren();
  find("status").textContent = "It has forgotten what was said here.";
  find("question").focus();
});
for (const [slider, value] of [["temperature", said.speech.temperature], ["length", said.speech.max_tokens]]) {
  const tell = () => (find(`${slider}-now`).textContent = find(slider).value);
  find(slider).value = value;
  find(slider).addEventListener("input", tell);
  tell();
}
for (const line of said.about) {
  const item = document.createElement("li");
  item.textContent = line;
  find("card").append(item);
}
feel([0, 1, 2].map(() => said.habits.neutral), "sleepy");
busy(true);
find("stop").disabled = true;
const seed = crypto.getRandomValues(new Uint32Array(1))[0];
worker.postMessage({ kind: "wake", said, weights: find("weights").textContent.trim(), seed });
find("weights").remove();
