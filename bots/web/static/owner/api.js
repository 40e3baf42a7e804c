// Asking the house for something, and what it says where it refuses.

const HEADERS = { "Content-Type": "application/json", "X-Babyllm": "1" };
export const GONE = "It can't hear you just now; this page goes on looking for it.";

export class Refused extends Error {}

/** The JSON it answers; its own words where it refuses. Raises Refused. */
export async function get(path) {
  return (await answered(path, {})).json();
}

/** Do something; returns the JSON it answers. Raises Refused. */
export async function post(path, what = {}) {
  return (await answered(path, { method: "POST", headers: HEADERS, body: JSON.stringify(what) })).json();
}

/** Ask, and hear the answer as it comes: heard[NAME](data) for each event. Raises Refused, or AbortError. */
export async function ask(text, heard, signal) {
  const how = { method: "POST", headers: HEADERS, body: JSON.stringify({ text }), signal };
  const answer = await answered("/api/ask", how);
  for await (const { name, data } of eventsOf(answer.body)) heard[name]?.(data);
}

async function answered(path, how) {
  let answer;
  try {
    answer = await fetch(path, how);
  } catch (error) {
    throw error.name === "AbortError" ? error : new Refused(GONE);
  }
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => null);
  throw new Refused(told?.error?.message || `It refused (${answer.status}).`);
}

/** The events of a stream, as the browser's EventSource reads them; that one can't post. */
async function* eventsOf(body) {
  const reader = body.getReader(), letters = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += letters.decode(value, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const event = eventIn(text.slice(0, end));
      text = text.slice(end + 2);
      if (event) yield event;
    }
  }
}

function eventIn(block) {
  const lines = block.split("\n").filter((line) => line && !line.startsWith(":"));
  const { event, data } = Object.fromEntries(lines.map((line) => line.split(/: ?(.*)/s)));
  return event ? { name: event, data: JSON.parse(data) } : null;
}
