// The terminal's commands, for those who type them here, too. What they are, do and say, the house knows; a page has
// its own ways to mark an answer, and forms for what is to be written.

import { post } from "/static/owner/api.js";

const ABOUT_ANSWERS = {
  "/good": (last) => last.mark("good"),
  "/bad": (last) => last.mark("bad"),
  "/fix": (last, text) => (text ? last.mark("fix", text) : last.openFix()),
  "/why": (last) => last.why(),
};

/** Do what a line says, with what it said ``last``, if anything; ``asked``: it may answer a question. Returns what the
    house tells of it, where it does. Raises Refused. */
export async function obey(line, last, asked) {
  const [name, text = ""] = line.split(/\s+(.*)/s), known = name.toLowerCase();
  if (last && known in ABOUT_ANSWERS) return void ABOUT_ANSWERS[known](last, text.trim());
  if (known === "/teach" && !text) return void document.querySelector("[data-open=lesson]").click();
  return post("/api/type", { line, reply: last?.id || "", asked });
}
