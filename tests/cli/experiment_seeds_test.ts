import assert from "node:assert/strict";
import { main } from "../../cli/experiment.ts";

Deno.test("experiment refuses a seed that its scale has not, and --seed together with --seeds", async () => {
  await assert.rejects(
    main(["table", "--scale", "smoke", "--seed", "2"]),
    /--seed 2 is none of the scale's seeds, 1: name one of them/,
  );
  await assert.rejects(main(["table", "--seed", "2", "--seeds", "1"]), /--seed and --seeds exclude each other/);
  await assert.rejects(main(["table", "--seed", "4"]), /--seed/);
});
