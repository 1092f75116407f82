import assert from "node:assert/strict";
import { join } from "node:path";
import { pairsOfSplit, type PairTable } from "../../../data/mod.ts";
import { readPng } from "../../../data/image/png/read_png.ts";
import { evaluateRun, loggedEvaluation, type LoggedEvaluationOptions, type Results } from "../../../eval/mod.ts";
import { encodePairs } from "../../../eval/runs/encode_pairs.ts";
import { openEncoders } from "../../../eval/runs/open_model.ts";
import { Device } from "../../../runtime/mod.ts";
import { type RunConfig, type RunData, runPaths, trainRun, viewsOfRun } from "../../../training/mod.ts";
import { smallRunConfig, smallRunData, withMissingViews } from "../../training/small_run.ts";

let folder: string;
let device: Device;
let data: RunData;
Deno.test.beforeAll(async () => {
  folder = await Deno.makeTempDir({ prefix: "mmvm_logged_evaluation_" });
  data = await smallRunData(join(folder, "cache"));
  device = await Device.open();
});
Deno.test.afterAll(async () => {
  device[Symbol.dispose]();
  data.pixels.close();
  await Deno.remove(folder, { recursive: true });
});

/** Trains and evaluates a run. */
async function evaluated(config: RunConfig, on: RunData = data): Promise<LoggedEvaluationOptions> {
  const directory = join(folder, config.name);
  const run = { config, data: on, device, directory };
  await trainRun(run);
  const results = await evaluateRun({
    ...run,
    bootstrap: { resamples: 20 },
    labelledFractions: config.model.method === "supervised" ? [1] : [0.5, 1],
    commands: [],
    versions: {},
    pictures: true,
  });
  return { ...run, results };
}

const everybody = () => Promise.resolve(true);

/** A table with its pairs repeated. */
function repeated(table: PairTable, times: number): PairTable {
  const again = (values: Int32Array) =>
    Int32Array.from({ length: values.length * times }, (_, i) => values[i % values.length]!);
  return { ...table, count: table.count * times, study: again(table.study), images: again(table.images) };
}

Deno.test("loggers get scores with all labels, the pictures of the results, and latents of test pairs", async () => {
  const options = await evaluated(smallRunConfig("mmvm"));
  const found = await loggedEvaluation({ ...options, maySee: everybody });
  const { results, directory } = options;
  const { results: file, report, card } = runPaths(directory);
  assert.deepEqual([found.step, found.files], [12, [file, report, card]]);
  const whole = results.evaluations.filter(({ labelledFraction }) => labelledFraction === 1);
  assert.deepEqual(
    found.scores,
    Object.fromEntries(whole.flatMap(({ view, macro }) => [
      [`test/auroc/${view}`, macro.auroc.value],
      [`test/averagePrecision/${view}`, macro.averagePrecision.value],
    ])),
  );
  assert.deepEqual(found.images.map(({ name }) => name), [
    "reconstruction/rotated",
    "translation/rotated to noisy",
    "translation/noisy to rotated",
    "reconstruction/noisy",
  ]);
  const [image] = found.images;
  const shown = readPng(image!.png);
  assert.deepEqual([shown.width, shown.height], [image!.width, image!.height]);
  // Eight studies beside each other, what was encoded above what was decoded, with gaps of two pixels.
  assert.deepEqual([shown.width, shown.height], [8 * 30 - 2, 2 * 30 - 2]);
  const output = readPng(Uint8Array.fromBase64(results.pictures[0]!.items[3]!.output)).samples;
  const pasted = Array.from({ length: 28 * 28 }, (_, i) => {
    const [y, x] = [Math.floor(i / 28), i % 28];
    return shown.samples[(30 + y) * shown.width + 3 * 30 + x]!;
  });
  assert.deepEqual(pasted, [...output]);

  const { index, pairs: all } = data;
  const pairs = pairsOfSplit(index, all, "test");
  using open = await openEncoders(device, options);
  const expected = await encodePairs({ model: open.model, data, pairs });
  assert.deepEqual(found.latents.map(({ view, width }) => [view, width]), [["rotated", 3], ["noisy", 3]]);
  for (const [m, { values, columns, rows, sprite }] of found.latents.entries()) {
    assert.deepEqual(values, expected[m]!.values);
    assert.deepEqual(columns, ["split", ...index.labels]);
    assert.equal(rows.length, 60);
    assert.ok(
      rows.every(([split, ...labels]) => split === "test" && labels.filter((label) => label === "1").length === 1),
    );
    // The smallest square of 60 pictures of 32 pixels.
    assert.deepEqual([sprite!.size, readPng(sprite!.png).width, readPng(sprite!.png).height], [32, 256, 256]);
  }
});

Deno.test("latents have no pictures where the images may not be seen, or the results show none", async () => {
  const options = await evaluated(smallRunConfig("independent"));
  const sprites = async (more: Partial<LoggedEvaluationOptions>) =>
    (await loggedEvaluation({ ...options, ...more })).latents.filter(({ sprite }) => sprite !== undefined).length;
  const asked: string[] = [];
  const nobody = (names: readonly string[]) => {
    asked.push(...names);
    return Promise.resolve(false);
  };
  assert.equal(await sprites({ maySee: nobody }), 0);
  assert.equal(new Set(asked).size, asked.length);
  assert.ok(asked.length > 60, "all images of the pairs are asked about");
  assert.equal(await sprites({}), 0);
  const results: Results = { ...options.results, pictures: [] };
  assert.equal(await sprites({ results, maySee: everybody }), 0);
});

Deno.test("latents are of pairs that have the view, at most 500, and features without a posterior", async () => {
  const missing = withMissingViews(data);
  const config = { ...smallRunConfig("barlow-twins", { missing: true, model: { projector: [4] } }), name: "features" };
  const options = await evaluated(config, missing);
  const { latents, images } = await loggedEvaluation({ ...options, maySee: everybody });
  assert.deepEqual(images, []);
  const views = viewsOfRun(config, missing);
  const pairs = pairsOfSplit(missing.index, views.pairs, "test");
  const present = [0, 1].map((m) => pairs.images.filter((image, i) => i % 2 === m && image >= 0).length);
  assert.ok(present.every((count) => count < 60));
  assert.deepEqual(latents.map(({ rows }) => rows.length), present);
  // The features of the small network, before any head.
  assert.deepEqual(latents.map(({ values, width }) => values.length / width), present);
  assert.ok(latents.every(({ width, sprite }) => width > 3 && sprite === undefined));

  const many = { ...data, pairs: repeated(data.pairs, 9) };
  const own = await evaluated({ ...smallRunConfig("poe"), name: "many" });
  const { latents: most } = await loggedEvaluation({ ...own, data: many });
  assert.deepEqual(most.map(({ rows }) => rows.length), [500, 500]);
});

Deno.test("a classifier has scores and no latents, and a run without evaluation no scores", async () => {
  const options = await evaluated(smallRunConfig("supervised"));
  const found = await loggedEvaluation({ ...options, maySee: everybody });
  assert.deepEqual([found.latents, found.images], [[], []]);
  assert.deepEqual(Object.keys(found.scores), [
    "test/auroc/rotated",
    "test/averagePrecision/rotated",
    "test/auroc/noisy",
    "test/averagePrecision/noisy",
  ]);
  const results: Results = { ...options.results, evaluations: [] };
  assert.deepEqual((await loggedEvaluation({ ...options, results })).scores, {});
});
