#!/usr/bin/env node
// A chat in a terminal: node chat.mjs ./baby

import { createInterface } from "node:readline";
import { stdin, stdout } from "node:process";
import { Baby } from "./baby.mjs";

const [program] = process.argv.slice(2);
if (!program) {
  console.error("say which program: node chat.mjs ./baby");
  process.exit(2);
}
const baby = new Baby(program);
const lines = createInterface({ input: stdin, output: stdin.isTTY ? stdout : undefined, prompt: "you: " });
try {
  if (stdin.isTTY) lines.prompt();
  for await (const line of lines) {
    if (line.trim() === "/quit") break;
    for await (const piece of line.trim() ? baby.generate(line, { remember: true }) : []) stdout.write(piece);
    if (line.trim()) stdout.write("\n");
    if (stdin.isTTY) lines.prompt();
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  lines.close();
  baby.close();
}
