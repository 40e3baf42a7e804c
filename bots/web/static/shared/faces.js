// What a bear's face is made of, by mood (the words of school/door/mood.py). Paths in a square of 200.

const both = (left, right) => `${left} ${right}`;
const dot = (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;

const EYES = {
  open: { fill: both(dot(68, 102, 8), dot(132, 102, 8)), shine: both(dot(71, 99, 2.6), dot(135, 99, 2.6)) },
  wide: { fill: both(dot(68, 101, 10), dot(132, 101, 10)), shine: both(dot(72, 97, 3.6), dot(136, 97, 3.6)) },
  aside: { fill: both(dot(73, 99, 8), dot(137, 99, 9)), shine: both(dot(77, 95, 2.8), dot(141, 95, 3.2)) },
  happy: { line: both("M57 105q11 -15 22 0", "M121 105q11 -15 22 0") },
  resting: { line: both("M57 99q11 12 22 0", "M121 99q11 12 22 0") },
  closed: { line: both("M57 103q11 6 22 0", "M121 103q11 6 22 0") },
  flat: {
    line: both("M58 97h20", "M122 97h20"), fill: both("M61 98h14a7 8 0 0 1 -14 0z", "M125 98h14a7 8 0 0 1 -14 0z"),
  },
  tight: { line: both("M59 93l16 9l-16 9", "M141 93l-16 9l16 9") },
};
const BROWS = {
  none: "",
  raised: both("M56 82q12 -8 24 -1", "M120 79q12 -9 24 0"),
  stern: both("M54 80l26 9", "M146 80l-26 9"),
  worried: both("M54 87q12 -9 25 -9", "M146 87q-12 -9 -25 -9"),
};
const MOUTHS = {
  smile: "M100 134v7M100 141q-8 10 -18 2M100 141q8 10 18 2",
  beam: "M100 134v5M78 139q22 24 44 0",
  straight: "M100 134v8M88 143h24",
  down: "M100 134v6M86 147q14 -11 28 0",
  small: "M100 134v6M94 142q6 5 12 0",
};
export const FACES = {
  proud: { eyes: EYES.happy, brows: BROWS.none, mouth: MOUTHS.beam },
  hopeful: { eyes: EYES.wide, brows: BROWS.raised, mouth: MOUTHS.smile },
  overwhelmed: { eyes: EYES.tight, brows: BROWS.worried, mouth: MOUTHS.down },
  frustrated: { eyes: EYES.open, brows: BROWS.stern, mouth: MOUTHS.down },
  curious: { eyes: EYES.aside, brows: BROWS.raised, mouth: MOUTHS.small },
  calm: { eyes: EYES.open, brows: BROWS.none, mouth: MOUTHS.smile },
  bored: { eyes: EYES.flat, brows: BROWS.none, mouth: MOUTHS.straight },
  sleepy: { eyes: EYES.resting, brows: BROWS.none, mouth: MOUTHS.small },
  asleep: { eyes: EYES.closed, brows: BROWS.none, mouth: MOUTHS.small },
};
