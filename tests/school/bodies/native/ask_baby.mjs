// Asks a baby through extras/node what the test wants to know: node ask_baby.mjs MODULE PROGRAM

const [module, program] = process.argv.slice(2);
const { Baby } = await import(module);
const found = {};
const complaint = async (act) => {
  try {
    await act();
    return null;
  } catch (error) {
    return error.message;
  }
};

const baby = new Baby(program, { seed: 5 });
const cold = { temperature: 0, tokens: 6 };
found.first = await baby.say("the cat", cold);
found.again = await baby.say("the cat", cold);
found.own = (await baby.say("the cat", { temperature: 0 })).length;
found.remembered = await baby.say("the cat", { ...cold, remember: true });
found.lines = await baby.say("the\ncat\0 👩‍🚀", cold);
found.command = await baby.say("/quit", cold);
found.about = await baby.about();
let pieces = 0;
for await (const piece of baby.generate("the mat", { tokens: 4000, temperature: 1.5 })) if ((pieces += 1)) break;
found.broken = pieces;
found.afterwards = await baby.say("the cat", cold);
found.together = await Promise.all([1, 2, 3].map(() => baby.say("the cat", cold)));
found.crowd = (await Promise.allSettled(Array.from({ length: 70 }, () => baby.say("a", { tokens: 1 })))).filter(
  (one) => one.status === "rejected",
).length;
found.wrong = [
  await complaint(() => baby.say(7)),
  await complaint(() => baby.say("x".repeat(70_000))),
  await complaint(() => baby.say("x", { temperature: 9 })),
  await complaint(() => baby.say("x", { tokens: "9; rm -rf" })),
  await complaint(() => new Baby(program, { seed: "1" })),
  await complaint(() => new Baby(`${program}; echo`).say("x")),
];
const asked = [1, 2, 3, 4].map(() => complaint(() => baby.say("the", { tokens: 9 })));
await asked[0];
baby.close();
found.closed = (await Promise.all(asked)).slice(2);
process.stdout.write(JSON.stringify(found));
