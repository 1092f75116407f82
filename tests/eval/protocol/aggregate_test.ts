import assert from "node:assert/strict";
import { meanByStudy, meanRowsByStudy } from "../../../eval/protocol/aggregate.ts";

Deno.test("meanByStudy() averages the pairs of each study and ignores other studies", () => {
  const means = meanByStudy([1, 5, 3, 9, 7], { rowStudies: [4, 2, 4, 8, 2], studies: [2, 4] });
  assert.deepEqual([...means], [6, 2]);
});

Deno.test("meanRowsByStudy() averages every column and is NaN for a study without rows", () => {
  const matrix = { values: Float32Array.of(1, 2, 3, 4, 5, 6), rows: 3, columns: 2 };
  const means = meanRowsByStudy(matrix, { rowStudies: [7, 7, 1], studies: [7, 3, 1] });
  assert.deepEqual([...means.values], [2, 3, NaN, NaN, 5, 6]);
});
