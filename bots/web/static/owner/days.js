// Its days: what is due, the diary, whom it knows, what was said elsewhere.

import { get } from "/static/owner/api.js";
import { find, make, visible } from "/static/owner/dom.js";

const PAGES = 7, ELSEWHERE = 5;

export async function showDays() {
  await Promise.allSettled([showTimetable(), showDiary(), showPeople()]);
  find("told").classList.add("known");
}

/** A moment by the reader's clock; words as they are. */
function moment(next) {
  const at = new Date(next);
  if (!/^\d{4}-/.test(next ?? "") || Number.isNaN(at.getTime())) return next || "";
  const today = new Date().toDateString() === at.toDateString();
  return at.toLocaleString([], { hour: "2-digit", minute: "2-digit", ...(today ? {} : { weekday: "short" }) });
}

async function showTimetable() {
  const bells = await get("/api/timetable");
  find("timetable").tBodies[0].replaceChildren(...bells.map(({ name, when, help, next }) =>
    make("tr", {}, make("td", {}, name), make("td", {}, help), make("td", { title: when }, moment(next) || when))));
}

async function showDiary() {
  const pages = await get(`/api/diary?pages=${PAGES}`);
  if (!pages.length) return;
  find("diary").replaceChildren(...pages.map(({ title, text }, n) =>
    make("details", { open: n === 0 }, make("summary", {}, title), ...paragraphs(text, title))));
}

/** Markdown as it is written here: paragraphs, headings, tables. */
function paragraphs(text, title) {
  const blocks = text.split(/\n\s*\n/).map((block) => block.trim()).filter(Boolean);
  return blocks.filter((block) => block.replace(/^#+ /, "") !== title).map((block) => {
    if (block.startsWith("|")) return make("div", { className: "scroll" }, tableOf(block));
    const words = block.replace(/^#+ /, "").replace(/(\*\*?)(.+?)\1/g, "$2");
    return make("p", {}, block.startsWith("#") ? make("b", {}, words) : words);
  });
}

function tableOf(block) {
  const rows = block.split("\n").filter((row) => !/^[|\s:-]+$/.test(row)).map((row) => row.split("|").slice(1, -1));
  const row = (cells) => make("tr", {}, ...cells.map((cell) => make("td", {}, cell.trim())));
  return make("table", {}, make("tbody", {}, ...rows.map(row)));
}

async function showPeople() {
  const people = await get("/api/people");
  const rows = people.map(({ name, where, since, messages }) => {
    const agreed = since ? `agreed on ${new Date(since).toLocaleDateString([], { dateStyle: "medium" })}, ` : "";
    return make("li", {}, make("span", {}, `${name ?? "somebody"}${where ? `, in ${where}` : ""}`),
      make("span", { className: "quiet" }, `${agreed}${messages} ${messages === 1 ? "question" : "questions"}`));
  });
  find("people").replaceChildren(...(rows.length ? rows : [make("li", { className: "quiet" }, "Nobody but you yet.")]));
}

/** Answers that were given somewhere else: the last few. */
export class Elsewhere {
  constructor() {
    this.growing = new Map();
  }

  begin({ id, question, to, surface }) {
    if (surface === "web") return;
    const answer = make("span"), where = [to, surface && `in ${surface}`].filter(Boolean).join(", ");
    const asked = make("span", { className: "quiet" }, `${where}: ${question ?? ""} `);
    const line = make("li", {}, asked, make("br"), answer);
    this.growing.set(id, answer);
    const place = find("elsewhere");
    if (place.querySelector(".quiet:only-child")?.parentNode === place) place.replaceChildren();
    place.prepend(line);
    while (place.children.length > ELSEWHERE) place.lastChild.remove();
  }

  token({ id, text }) {
    this.growing.get(id)?.append(visible(text));
  }

  end({ id }) {
    this.growing.delete(id);
  }
}
