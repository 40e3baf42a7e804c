// The terminal's commands, for those who type them here, too.

const ABOUT_LAST = "It has not said anything here yet.";
const ARROW = "=>";

const ROWS = {
  "/good": ["", "its last answer was good: it learns the exchange", onLast((last) => last.mark("good"))],
  "/bad": ["", "it was bad: it will never learn that", onLast((last) => last.mark("bad"))],
  "/fix": ["TEXT", "what it should have said", onLast(fix)],
  "/why": ["", "who told it that, if somebody did", onLast((last) => last.why())],
  "/teach": ["TEXT", "learn this; QUESTION => ANSWER: say that when asked so", teach],
  "/undo": ["", "take back the last that you taught", (talk) => talk.do("undo")],
  "/new": ["", "begin another conversation; nothing is deleted", (talk) => talk.do("new")],
  "/pause": ["", "let lessons rest; it still answers", (talk) => talk.do("pause")],
  "/resume": ["", "let lessons go on", (talk) => talk.do("resume")],
  "/save": ["", "save its soul now", (talk) => talk.do("save")],
  "/help": ["", "this", help],
};

function fix(last, text) {
  return text ? last.mark("fix", text) : last.openFix();
}

function onLast(act) {
  return (talk, text) => (talk.last ? act(talk.last, text) : talk.tell(ABOUT_LAST));
}

function teach(talk, text) {
  if (!text) return document.querySelector("[data-open=lesson]").click();
  const [question, ...rest] = text.split(ARROW), answer = rest.join(ARROW).trim();
  const known = Boolean(answer && question.trim());
  return talk.do("teach", known ? { question: question.trim(), answer } : { question: "", answer: text });
}

function help(talk) {
  const lines = Object.entries(ROWS).map(([name, [argument, what]]) => `${name} ${argument}`.trim() + `: ${what}`);
  talk.tell(lines.join("\n"));
}

/** Do what a line says that begins with a stroke. */
export function obey(line, talk) {
  const [name, text = ""] = line.split(/\s+(.*)/s);
  const row = ROWS[name.toLowerCase()];
  if (row) return row[2](talk, text.trim());
  return talk.tell(`${name} is not a command of this page; /help lists them, the terminal has more.`);
}
