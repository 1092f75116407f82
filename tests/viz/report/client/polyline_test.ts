import assert from "node:assert/strict";
import { cornersOf, heightAt } from "../../../../viz/report/client/polyline.ts";
import { curvePath } from "../../../../viz/report/figures/curves.ts";

Deno.test("cornersOf() parses what curvePath() writes", () => {
  const d = curvePath([[0, 0], [0, 0.5], [0.25, 0.5], [1, 1]]);
  assert.equal(d, "M0 1000v-500h250l750 -500");
  assert.deepEqual(cornersOf(d), [[0, 1000], [0, 500], [250, 500], [1000, 0]]);
  assert.deepEqual(cornersOf(""), []);
});

Deno.test("heightAt() returns the top of a step, interpolates slopes, and is null outside the curve", () => {
  const corners = cornersOf("M100 1000v-500h250l500 -400");
  assert.equal(heightAt(corners, 100), 500);
  assert.equal(heightAt(corners, 200), 500);
  assert.equal(heightAt(corners, 600), 300);
  assert.equal(heightAt(corners, 50), null);
  assert.equal(heightAt(corners, 900), null);
});
