import assert from "node:assert/strict";
import fc from "fast-check";
import { namedNumbers } from "../../base/named_numbers.ts";

const LIMITS = { shift: 0.5, rotate: 180, flip: 1 };
const setting = namedNumbers(LIMITS, { help: "changes", implied: { shift: 0.05, rotate: 7 } });
const read = (text: string) => setting.schema.safeParse(setting.parse(text));

Deno.test("namedNumbers() reads NAME=NUMBER, in any order and with spaces after commas", () => {
  assert.deepEqual(read("rotate=7, shift=.05").data, { shift: 0.05, rotate: 7 });
  assert.deepEqual(Object.keys(read("rotate=7,shift=0.05").data!), ["shift", "rotate"]);
});

Deno.test("namedNumbers() drops zeros, which are what a name left out has", () => {
  assert.deepEqual(read("rotate=7,flip=0").data, { rotate: 7 });
  assert.deepEqual(read("flip=0").data, {});
});

Deno.test("namedNumbers() without a value stands for the implied numbers", () => {
  assert.deepEqual(read(setting.implied!).data, { shift: 0.05, rotate: 7 });
});

Deno.test("namedNumbers() refuses unknown and repeated names, other numbers and other texts", () => {
  for (
    const text of ["", ",", "shift", "shift=", "turn=1", "shift=0.1,shift=0.2", "shift=0.6", "rotate=-7", "shift=1e9"]
  ) {
    assert.equal(read(text).success, false, text);
  }
  assert.equal(setting.schema.safeParse({ shift: "0.1" }).success, false);
  assert.equal(setting.schema.safeParse({ turn: 1 }).success, false);
});

Deno.test("namedNumbers() reads what it wrote, whatever the numbers", () => {
  const amounts = fc.record({
    shift: fc.double({ min: 0, max: 0.5, noNaN: true }),
    rotate: fc.double({ min: 0, max: 180, noNaN: true }),
  });
  fc.assert(fc.property(amounts, (given) => {
    const known = setting.schema.parse(given);
    const text = Object.entries(known).map(([name, number]) => `${name}=${number}`).join(",");
    if (text !== "") assert.deepEqual(read(text).data, known);
  }));
});
