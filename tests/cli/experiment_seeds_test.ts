import assert from "node:assert/strict";
import { main } from "../../cli/experiment.ts";

Deno.test("experiment refuses seed 0, and --seed together with --seeds", async () => {
  await assert.rejects(main(["table", "--seed", "2", "--seeds", "1"]), /--seed and --seeds exclude each other/);
  await assert.rejects(main(["table", "--seed", "0"]), /--seed must be a whole number from 1 to 99/);
});

Deno.test("experiment refuses methods that it does not have", async () => {
  await assert.rejects(
    main(["table", "--scale", "smoke", "--methods", "mmvm,clip"]),
    /--methods has "clip", which is none of those here, supervised, independent, .*, mmvm: name some of them/,
  );
  await assert.rejects(main(["table", "--methods", "mmvm;poe"]), /--methods must be comma-separated names of methods/);
});

Deno.test("experiment refuses a part that it does not have", async () => {
  await assert.rejects(
    main(["other-datasets", "--scale", "smoke", "--part", "chexpert"]),
    /--part chexpert is none of the experiment's, other-datasets-mnist-pairs, .*-chexpert: name one of them/,
  );
});

Deno.test("experiment with --part has the methods of that part", async () => {
  await assert.rejects(
    main(["other-datasets", "--scale", "smoke", "--part", "other-datasets-chexpert", "--methods", "mopoe"]),
    /--methods has "mopoe", which is none of those here, independent, poe, mmvm: name some of them/,
  );
});

Deno.test("experiment refuses a setting that it does not have, and data that it would have to draw", async () => {
  await assert.rejects(
    main(["published-order", "--scale", "smoke", "--setting", "harder"]),
    /--setting harder is none of the experiment's, base; latents 16; epochs 3; .*; hard 0\.5: name one/,
  );
  await assert.rejects(
    main(["polymnist", "--scale", "smoke", "--setting", "2^9"]),
    /--setting 2\^9 is none of the experiment's, beta 2\^0, latent 4: name one/,
  );
  for (const flags of [["--dataset", "mnist-pairs"], ["--data", "elsewhere"]]) {
    await assert.rejects(
      main(["published-order", "--scale", "smoke", ...flags]),
      /published-order draws phantoms of several kinds itself: leave out --dataset and --data/,
    );
  }
});
