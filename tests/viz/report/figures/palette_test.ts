import assert from "node:assert/strict";
import { assignSlots, methodName, methodRank, PALETTE } from "../../../../viz/report/figures/palette.ts";
import { contrast, distanceSeen, type Vision } from "../color_vision.ts";

/** The methods of the published table, which appear together in one figure. */
const PUBLISHED = ["mmvm", "independent", "poe", "moe", "mopoe", "avg", "supervised"];

/** All known methods. */
const KNOWN = [...PUBLISHED, "supervised-ensemble", "supervised-joint", "frontal", "lateral", "untrained"];

function smallestDistance(methods: readonly string[], seenAs: { theme: "light" | "dark"; vision: Vision }): number {
  const slots = assignSlots(methods);
  const colors = methods.map((method) => PALETTE[slots.get(method)!]![seenAs.theme]);
  return Math.min(...colors.flatMap((a, i) => colors.slice(0, i).map((b) => distanceSeen(a, b, seenAs.vision))));
}

Deno.test("the simulation of colour vision deficiency reproduces known confusions", () => {
  // A red and a green that deuteranopes confuse, and a blue and a yellow that they distinguish.
  assert.ok(distanceSeen("#a05000", "#5f7000", "deuteranopia") < distanceSeen("#a05000", "#5f7000", "normal") / 2);
  assert.ok(distanceSeen("#0000ff", "#ffff00", "deuteranopia") > 50);
  assert.equal(distanceSeen("#123456", "#123456", "protanopia"), 0);
});

for (const theme of ["light", "dark"] as const) {
  for (const vision of ["normal", "protanopia", "deuteranopia"] as const) {
    Deno.test(`method colours are distinguishable with ${vision} vision in the ${theme} theme`, () => {
      assert.ok(smallestDistance(PUBLISHED, { theme, vision }) >= 11, "the published methods");
      assert.ok(smallestDistance(KNOWN, { theme, vision }) >= 8, "all methods");
    });
  }
}

Deno.test("every colour has a contrast of at least 3:1 with the page", () => {
  for (const { light, dark } of PALETTE) {
    assert.ok(contrast(light, "#ffffff") >= 3, light);
    assert.ok(contrast(dark, "#14171a") >= 3, dark);
  }
});

Deno.test("assignSlots() gives a known method the same colour in every report", () => {
  assert.equal(assignSlots(["mmvm"]).get("mmvm"), assignSlots(["x", "poe", "mmvm"]).get("mmvm"));
});

Deno.test("assignSlots() gives methods distinct colours while any are left", () => {
  const methods = ["mmvm", "poe", ...Array.from({ length: PALETTE.length - 2 }, (_, k) => `method ${k}`)];
  assert.equal(new Set(assignSlots(methods).values()).size, PALETTE.length);
});

Deno.test("assignSlots() reuses colours if there are more methods than colours", () => {
  const methods = Array.from({ length: 3 * PALETTE.length }, (_, k) => `method ${k}`);
  for (const slot of assignSlots([...KNOWN, ...methods]).values()) assert.ok(PALETTE[slot] !== undefined);
});

Deno.test("methods without a colour of their own have a name, a place among the VAEs and free colours", () => {
  const others = ["helvae", "mvtcae", "dmvae", "mmvae-plus"];
  assert.deepEqual(others.map(methodName), ["HELVAE", "MVTCAE", "DMVAE", "MMVAE+"]);
  for (const method of others) {
    assert.ok(methodRank("poe") < methodRank(method) && methodRank(method) < methodRank("mmvm"), method);
  }
  assert.equal(new Set(assignSlots([...PUBLISHED, ...others]).values()).size, PUBLISHED.length + others.length);
});

Deno.test("methodName() and methodRank() ignore properties inherited from Object", () => {
  assert.equal(methodName("constructor"), "constructor");
  assert.equal(methodName("mmvm"), "MMVM");
  assert.ok(methodRank("toString") < methodRank("mmvm"));
  assert.ok(assignSlots(["__proto__", "constructor"]).size === 2);
});
