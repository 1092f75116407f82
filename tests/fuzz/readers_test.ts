/** A fixed number of cases per reader; `deno task fuzz --minutes 60` tries new ones. */
import assert from "node:assert/strict";
import { fuzzCase } from "./fuzz_case.ts";
import type { Reader } from "./reader.ts";
import { allReaders } from "./readers.ts";

/** Number of cases per reader. */
const CASES = 150;
const SEED = 1;

let folder: string;
let readers: Reader[];
Deno.test.beforeAll(async () => {
  folder = await Deno.makeTempDir({ prefix: "mmvm_fuzz_" });
  readers = await allReaders(folder);
});
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));

Deno.test(`every reader reads or rejects ${CASES} mutated inputs, and then reads valid ones`, async (test) => {
  for (const reader of readers) {
    await test.step(`${reader.name}, seed ${SEED}`, async () => {
      let [read, refused] = [0, 0];
      for (let number = 0; number < CASES; number++) {
        const outcome = await fuzzCase(reader, { seed: SEED, number });
        if (outcome.kind === "bug") {
          throw new Error(`case ${number} of seed ${SEED}`, { cause: outcome.error });
        }
        if (outcome.kind === "read") read++;
        else refused++;
      }
      assert.equal(read + refused, CASES);
      for (const input of reader.inputs) await reader.read(input);
    });
  }
});
