import assert from "node:assert/strict";
import { join } from "node:path";
import { LABEL_STATES, type PairTable, selectPairs, SPLITS, StudyIndex } from "../../../data/mod.ts";
import { type RunData, runPaths, trainRun, type TrainRunOptions } from "../../../training/mod.ts";
import { evaluateRun } from "../../../eval/mod.ts";
import { describeDataChanges, fingerprintOf } from "../../../training/data/data_fingerprint.ts";
import { acceptedChanges } from "../../../training/run/run_data_record.ts";
import { Device } from "../../../runtime/mod.ts";
import { smallRunConfig, smallRunData } from "../small_run.ts";

const CONFIG = smallRunConfig("mmvm");

async function withData(work: (context: { data: RunData; folder: string }) => Promise<void> | void) {
  const folder = await Deno.makeTempDir();
  const data = await smallRunData(join(folder, "cache"));
  try {
    await work({ data, folder });
  } finally {
    data.pixels.close();
    await Deno.remove(folder, { recursive: true });
  }
}

/** The data with changed pixels in some images. */
function withOtherPixels(data: RunData, images: ReadonlySet<number>): RunData {
  const pixels = new Proxy(data.pixels, {
    get(target, name) {
      if (name === "sum") return (image: number) => target.sum(image) ^ (images.has(image) ? 1 : 0);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { ...data, pixels };
}

function reordered(pairs: PairTable): PairTable {
  const order = Array.from({ length: pairs.count }, (_, pair) => pairs.count - 1 - pair);
  return {
    ...pairs,
    study: Int32Array.from(order, (pair) => pairs.study[pair]!),
    images: Int32Array.from(order.flatMap((pair) => [...pairs.images.subarray(2 * pair, 2 * pair + 2)])),
  };
}

function withoutFirst(data: RunData, count: number): RunData {
  return { ...data, pairs: selectPairs(data.pairs, (pair) => data.pairs.study[pair]! >= count) };
}

Deno.test("describeDataChanges() finds nothing if the training pairs are unchanged", () =>
  withData(({ data }) => {
    const before = fingerprintOf(CONFIG, data);
    const isTraining = (pair: number) => SPLITS[data.index.splitOfStudy(data.pairs.study[pair]!)] === "train";
    const fewer = { ...data, pairs: selectPairs(data.pairs, isTraining) };
    assert.deepEqual(describeDataChanges(before, fingerprintOf(CONFIG, fewer), fewer), []);
    assert.equal(before.pairs, 96);
  }));

Deno.test("describeDataChanges() names removed and added studies with their images", () =>
  withData(({ data }) => {
    const fewer = withoutFirst(data, 4);
    const [before, after] = [fingerprintOf(CONFIG, data), fingerprintOf(CONFIG, fewer)];
    assert.deepEqual(describeDataChanges(before, after, fewer), [
      "4 training studies are gone (train-000000, train-000001, train-000002, ...)",
      "8 images are gone",
      "there are 92 training pairs, not 96",
    ]);
    const [studies, images, pairs] = describeDataChanges(after, before, data);
    assert.equal(studies, "4 training studies are new (train-000000, train-000001, train-000002, ...)");
    assert.match(images!, /^8 images are new \((train-00000[0-3]\/\w+, ){3}\.\.\.\)$/);
    assert.equal(pairs, "there are 96 training pairs, not 92");
  }));

Deno.test("describeDataChanges() names images with changed pixels, and reports a changed order", () =>
  withData(({ data }) => {
    const before = fingerprintOf(CONFIG, data);
    const changed = withOtherPixels(data, new Set([3]));
    assert.deepEqual(describeDataChanges(before, fingerprintOf(CONFIG, changed), data), [
      `1 image has other pixels (${data.index.source.name(3)})`,
    ]);
    const other = { ...data, pairs: reordered(data.pairs) };
    assert.match(describeDataChanges(before, fingerprintOf(CONFIG, other), data)[0]!, /in another order/);
  }));

Deno.test("describeDataChanges() considers labels only if they are learned from", () =>
  withData(({ data }) => {
    const states = data.index.studies.states.slice();
    states[5] = states[5] === LABEL_STATES.positive ? LABEL_STATES.negative : LABEL_STATES.positive;
    const index = new StudyIndex(
      data.index,
      { ...data.index, studies: { ...data.index.studies, states } },
      data.index.drops,
    );
    const relabelled = { ...data, index };
    const changes = (config: typeof CONFIG) =>
      describeDataChanges(fingerprintOf(config, data), fingerprintOf(config, relabelled), relabelled);
    assert.deepEqual(changes(CONFIG), []);
    assert.deepEqual(changes(smallRunConfig("supervised")), ["1 study has other labels (train-000000)"]);
  }));

Deno.test("a run is not resumed on changed data unless that is accepted, and then it is recorded", () =>
  withData(async ({ data, folder }) => {
    using device = await Device.open();
    const directory = join(folder, "run");
    const start: TrainRunOptions = { config: CONFIG, directory, data, device };
    const stop = new AbortController();
    await trainRun({ ...start, checkpointSteps: 2, signal: stop.signal, onProgress: () => stop.abort() });
    const fewer = withoutFirst(data, 2);
    const resume = { ...start, data: fewer, resume: true };
    await assert.rejects(
      trainRun(resume),
      /the data changed since the run began: 2 training studies are gone \(train-000000, train-000001\); 4 images .*--accept-changed-data/,
    );
    const warnings: string[] = [];
    const trained = await trainRun({
      ...resume,
      acceptChangedData: true,
      onWarning: (warning) => void warnings.push(warning),
    });
    assert.equal(trained.stopped, false);
    assert.match(warnings.join(), /2 training studies are gone/);
    const [accepted, ...more] = await acceptedChanges(directory);
    assert.deepEqual(more, []);
    assert.ok(accepted!.step > 0);
    assert.match(accepted!.changes[0]!, /2 training studies are gone/);
    await trainRun(resume);
    await assert.rejects(trainRun({ ...start, resume: true }), /2 training studies are new/);
    const results = await evaluateRun({
      ...{ config: CONFIG, directory, data: fewer, device, bootstrap: { resamples: 20 }, commands: [], versions: {} },
    });
    assert.deepEqual(results.runs[0]!.config["acceptedDataChanges"], [accepted]);
    await Deno.writeTextFile(runPaths(directory).data, "{}");
    await assert.rejects(trainRun(resume), /data\.json is not the record of the run's data/);
    await Deno.remove(runPaths(directory).data);
    await trainRun({ ...start, resume: true });
  }));
