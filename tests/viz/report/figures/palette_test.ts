import assert from "node:assert/strict";
import { assignSlots, methodName, methodRank, PALETTE } from "../../../../viz/report/figures/palette.ts";
import { contrast, distanceSeen, type Vision } from "../color_vision.ts";

/** The methods of the published table, which one figure shows together. */
const PUBLISHED = ["mmvm", "independent", "poe", "moe", "mopoe", "avg", "supervised"];

/** All that the project knows. */
const KNOWN = [...PUBLISHED, "supervised-ensemble", "supervised-joint", "frontal", "lateral", "untrained"];

function smallestDistance(methods: readonly string[], seenAs: { theme: "light" | "dark"; vision: Vision }): number {
  const slots = assignSlots(methods);
  const colors = methods.map((method) => PALETTE[slots.get(method)!]![seenAs.theme]);
  return Math.min(...colors.flatMap((a, i) => colors.slice(0, i).map((b) => distanceSeen(a, b, seenAs.vision))));
}

Deno.test("the simulation of colour blindness confuses what it should", () => {
  // A red and a green that deuteranopes are known to confuse, and a blue and a yellow that they are not.
  assert.ok(distanceSeen("#a05000", "#5f7000", "deuteranopia") < distanceSeen("#a05000", "#5f7000", "normal") / 2);
  assert.ok(distanceSeen("#0000ff", "#ffff00", "deuteranopia") > 50);
  assert.equal(distanceSeen("#123456", "#123456", "protanopia"), 0);
});

for (const theme of ["light", "dark"] as const) {
  for (const vision of ["normal", "protanopia", "deuteranopia"] as const) {
    Deno.test(`the colours of methods are far apart for ${vision} vision on the ${theme} page`, () => {
      assert.ok(smallestDistance(PUBLISHED, { theme, vision }) >= 11, "the published methods");
      assert.ok(smallestDistance(KNOWN, { theme, vision }) >= 8, "all methods");
    });
  }
}

Deno.test("every colour has a contrast of at least 3 to its page", () => {
  for (const { light, dark } of PALETTE) {
    assert.ok(contrast(light, "#ffffff") >= 3, light);
    assert.ok(contrast(dark, "#14171a") >= 3, dark);
  }
});

Deno.test("a known method has the same colour whatever else a report shows", () => {
  assert.equal(assignSlots(["mmvm"]).get("mmvm"), assignSlots(["x", "poe", "mmvm"]).get("mmvm"));
});

Deno.test("no two methods share a colour while there are colours left", () => {
  const methods = ["mmvm", "poe", ...Array.from({ length: PALETTE.length - 2 }, (_, k) => `method ${k}`)];
  assert.equal(new Set(assignSlots(methods).values()).size, PALETTE.length);
});

Deno.test("more methods than colours still get a colour each", () => {
  const methods = Array.from({ length: 3 * PALETTE.length }, (_, k) => `method ${k}`);
  for (const slot of assignSlots([...KNOWN, ...methods]).values()) assert.ok(PALETTE[slot] !== undefined);
});

Deno.test("names and ranks of unknown methods do not come from Object's own properties", () => {
  assert.equal(methodName("constructor"), "constructor");
  assert.equal(methodName("mmvm"), "MMVM");
  assert.ok(methodRank("toString") < methodRank("mmvm"));
  assert.ok(assignSlots(["__proto__", "constructor"]).size === 2);
});
