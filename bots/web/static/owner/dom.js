// Small things around the document. Text is always text: nothing that anybody wrote becomes markup.

export const find = (id) => document.getElementById(id);

/** A new element: make("li", { className: "you" }, "words", otherElement). */
export function make(name, properties = {}, ...inside) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...inside);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

/** The same for a part of a picture. */
export function part(name, attributes = {}, ...inside) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...inside);
  return element;
}

/** Without what nobody sees: a baby of a few steps says any byte. */
export const visible = (text) => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "");

/** Change a text only where it is another, so that nobody hears it twice. */
export function tell(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** With a capital and a full stop. */
export function sentence(words) {
  return words && words[0].toUpperCase() + words.slice(1) + (/[.!?)\n]$/.test(words) ? "" : ".");
}

export const whole = (number) => Number(number).toLocaleString("en", { maximumFractionDigits: 0 });
export const digits = (number, count = 3) => (Number.isFinite(number) ? number.toFixed(count) : "–");
