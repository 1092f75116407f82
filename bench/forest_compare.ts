/**
 * Compares our random forest with scikit-learn's on the same latents, 20,000 x 256 for training and 5,000 for testing:
 *
 *     deno run --allow-read --allow-write --allow-run=python3 bench/forest_compare.ts [TREES]
 *
 * Needs a python3 with numpy and scikit-learn; prints AUROC and seconds of both on all cores.
 *
 * @module
 */
import { join } from "node:path";
import { auroc } from "../eval/metrics/roc.ts";
import { forestProbabilities } from "../eval/probes/random_forest.ts";
import { drawLatents } from "./probe_latents.ts";

const trees = Number(Deno.args[0] ?? 200);
const train = drawLatents({ rows: 20_000, seed: 0 });
const test = drawLatents({ rows: 5000, seed: 1 });

const start = performance.now();
const [probabilities] = await forestProbabilities(train.features, test.features, { targets: [train.target], trees });
const ours = { auroc: auroc([...test.target], probabilities!)!, seconds: (performance.now() - start) / 1000 };

const directory = await Deno.makeTempDir();
try {
  for (const [part, { features, target }] of Object.entries({ train, test })) {
    await Deno.writeFile(join(directory, `${part}.f32`), new Uint8Array(features.values.buffer as ArrayBuffer));
    await Deno.writeFile(join(directory, `${part}.i8`), new Uint8Array(target.buffer as ArrayBuffer));
  }
  const script = join(import.meta.dirname!, "forest_peer.py");
  const command = new Deno.Command("python3", {
    args: [script, directory, String(trees), String(train.features.columns)],
  });
  const { code, stdout, stderr } = await command.output();
  if (code !== 0) throw new Error(new TextDecoder().decode(stderr));
  const theirs = JSON.parse(new TextDecoder().decode(stdout)) as typeof ours;
  console.table({ ours, "scikit-learn": theirs });
  console.log(
    `difference of AUROC ${(ours.auroc - theirs.auroc).toFixed(4)}, time ${
      (ours.seconds / theirs.seconds).toFixed(2)
    } x`,
  );
} finally {
  await Deno.remove(directory, { recursive: true });
}
