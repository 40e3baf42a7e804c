// A word for the mood, from the self-state's colour and from where the surprise is going: school/door/mood.py once
// more.
"use strict";

const FEWEST = 8, CLEAR = 2.0, TELLING = 0.005;
const STIRRED = 0.5, STIRRING = 0.42, SKILLED = 0.5, UNSKILLED = 0.3, CALM = 0.45;

const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const varianceOf = (values, mean) =>
  values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);

/** Its mean over the older and the newer half, and the difference in standard errors. */
function course(values) {
  const half = Math.floor(values.length / 2), older = values.slice(0, half), newer = values.slice(half);
  const before = meanOf(older), now = meanOf(newer);
  const error = Math.sqrt(varianceOf(older, before) / older.length + varianceOf(newer, now) / newer.length);
  return { before, now, trend: (now - before) / Math.max(error, 1e-9) };
}

/** The mood after these colours (red, green, blue) and losses in nats, the oldest first. */
function mood(colours, losses) {
  const known = losses.filter(Number.isFinite);
  if (Math.min(colours.length, known.length) < FEWEST) return "sleepy";
  const [red, green, blue] = [0, 1, 2].map((channel) => course(colours.map((colour) => colour[channel])));
  const loss = course(known);
  if (green.now > STIRRED) return "overwhelmed";
  if (Math.abs(loss.now - loss.before) > TELLING * loss.before && Math.abs(loss.trend) > CLEAR) {
    const better = red.trend > 0 && red.now > UNSKILLED && blue.now > CALM;
    return loss.trend > 0 ? "frustrated" : better ? "proud" : "hopeful";
  }
  if (green.now > STIRRING || blue.now < CALM) return "curious";
  return red.now < UNSKILLED ? "sleepy" : red.now > SKILLED ? "bored" : "calm";
}
