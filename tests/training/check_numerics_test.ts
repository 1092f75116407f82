import assert from "node:assert/strict";
import { join } from "node:path";
import { readMetricsFile, runPaths, type RunRanks, trainRun } from "../../training/mod.ts";
import { Device, NonFiniteError } from "../../runtime/mod.ts";
import { smallRunConfig, smallRunData } from "./small_run.ts";

Deno.test("checkNumerics names the first op whose result is not finite, and otherwise changes nothing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const data = await smallRunData(join(folder, "cache"));
    using device = await Device.open();
    try {
      const config = smallRunConfig("mmvm", { training: { epochs: 1 } });
      const train = (name: string, options: { checkNumerics: boolean; learningRate?: number; ranks?: RunRanks }) => {
        const { learningRate = 1e-3, ranks, ...rest } = options;
        const training = { ...config.training, learningRate, ...(ranks && { ranks: ranks.size }) };
        const directory = join(folder, name);
        return trainRun({
          config: { ...config, name, training },
          data,
          device,
          directory,
          ...rest,
          ...(ranks && { ranks }),
        });
      };
      const losses = async (name: string) =>
        (await readMetricsFile(runPaths(join(folder, name)).metrics)).map(({ loss }) => loss);
      await train("plain", { checkNumerics: false });
      await train("watched", { checkNumerics: true });
      const [plain, watched] = [await losses("plain"), await losses("watched")];
      assert.equal(watched.length, plain.length);
      // Ops that are not fused round each intermediate result.
      watched.forEach((loss, i) => assert.ok(Math.abs(loss / plain[i]! - 1) < 1e-4, `step ${i}: ${loss}, ${plain[i]}`));

      // Parameters of 1e30 after the first step: their products overflow somewhere inside.
      const error = await train("diverging", { checkNumerics: true, learningRate: 1e30 }).catch((reason) => reason);
      assert.ok(error instanceof NonFiniteError, String(error));
      assert.match(
        error.message,
        /^step 1: the first result that is not finite is that of \w+\(\) .*applied at .*\.ts:\d+:\d+/,
      );
      assert.match(error.message, /--resume --skip-nonfinite 1/);

      // A rank that is alone repeats the step on its own part of the batch.
      const broadcast = () => Promise.resolve(new TextEncoder().encode("null"));
      const ranks = { rank: 1, size: 2, sum: () => Promise.resolve(), broadcast };
      const ofRank = await train("rank", { checkNumerics: false, learningRate: 1e30, ranks }).catch((reason) => reason);
      assert.match(String(ofRank), /at step 1: the first result that is not finite is that of \w+\(\)/);
    } finally {
      data.pixels.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
