// The terminal's commands, for those who type them here, too.

const ABOUT_LAST = "It has not said anything here yet.";
const ARROW = "=>";

const ROWS = {
  "/good": ["", "its last answer was good: it learns the exchange", (talk) => onLast(talk, (last) => last.mark("good"))],
  "/bad": ["", "it was bad: it will never learn that", (talk) => onLast(talk, (last) => last.mark("bad"))],
  "/fix": ["TEXT", "what it should have said", (talk, text) => onLast(talk, (last) => (text ? last.mark("fix", text) : last.openFix()))],
  "/why": ["", "who told it that, if somebody did", (talk) => onLast(talk, (last) => last.why())],
  "/teach": ["TEXT", "learn this; QUESTION => ANSWER: say that when asked so", teach],
  "/undo": ["", "take back the last that you taught", (talk) => talk.do("undo")],
  "/new": ["", "begin another conversation; nothing is deleted", (talk) => talk.do("new")],
  "/pause": ["", "let lessons rest; it still answers", (talk) => talk.do("pause")],
  "/resume": ["", "let lessons go on", (talk) => talk.do("resume")],
  "/save": ["", "save its soul now", (talk) => talk.do("save")],
  "/help": ["", "this", help],
};

function onLast(talk, act) {
  return talk.last ? act(talk.last) : talk.tell(ABOUT_LAST);
}

function teach(talk, text) {
  if (!text) return document.querySelector("[data-open=lesson]").click();
  const [question, ...rest] = text.split(ARROW), answer = rest.join(ARROW).trim();
  return talk.do("teach", answer && question.trim() ? { question: question.trim(), answer } : { question: "", answer: text });
}

function help(talk) {
  talk.tell(Object.entries(ROWS).map(([name, [argument, what]]) => `${name} ${argument}`.trim() + `: ${what}`).join("\n"));
}

/** Do what a line says that begins with a stroke. */
export function obey(line, talk) {
  const [name, text = ""] = line.split(/\s+(.*)/s);
  const row = ROWS[name.toLowerCase()];
  return row ? row[2](talk, text.trim()) : talk.tell(`${name} is not a command of this page; /help lists them, the terminal has more.`);
}
