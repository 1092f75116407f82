import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { MlflowLog } from "../../../training/loggers/mlflow/mlflow_log.ts";

const train = (step: number) => ({ step, loss: 10 - step, seconds: 2 * step });
const config = {
  schema: "mmvm-run",
  model: { method: "mmvm", views: ["frontal", "lateral"] },
  data: { strict: false },
};

async function inRuns(run: (directory: string, folders: () => string[]) => Promise<void>): Promise<void> {
  const runs = await Deno.makeTempDir();
  try {
    const directory = join(runs, "first");
    await Deno.mkdir(directory);
    await run(directory, () => {
      const store = join(runs, "mlruns");
      return [...Deno.readDirSync(store)].flatMap(({ name }) =>
        [...Deno.readDirSync(join(store, name))].filter(({ isDirectory }) => isDirectory)
          .map((each) => join(store, name, each.name))
      );
    });
  } finally {
    await Deno.remove(runs, { recursive: true });
  }
}

const read = (...path: string[]) => Deno.readTextFileSync(join(...path));
/** Value and step of each line of a metric, without its time. */
const values = (folder: string, metric: string) =>
  read(folder, "metrics", metric).trimEnd().split("\n").map((line) => line.split(" ").slice(1).join(" "));

Deno.test("a run has the layout of MLflow's file store", () =>
  inRuns(async (directory, folders) => {
    const log = new MlflowLog(directory, { name: "first", config });
    await log.begin([]);
    log.write([train(0), { step: 1, loss: NaN, kl: -Infinity } as { step: number }]);
    log.write([{ kind: "validation", step: 2, loss: 3 } as { step: number }]);
    await log.sync();
    const [folder] = folders();
    assert.deepEqual(values(folder!, "train/loss"), ["10 1", "nan 2"]);
    assert.deepEqual(values(folder!, "train/kl"), ["-inf 2"]);
    assert.deepEqual(values(folder!, "validation/loss"), ["3 2"]);
    assert.match(read(folder!, "metrics/train/loss"), /^\d{13} 10 1\n\d{13} nan 2\n$/);
    assert.equal(read(folder!, "params/model.method"), "mmvm");
    assert.equal(read(folder!, "params/model.views"), "frontal,lateral");
    assert.equal(read(folder!, "params/data.strict"), "false");
    assert.equal(read(folder!, "tags/mlflow.runName"), "first");
    const meta = read(folder!, "meta.yaml");
    assert.match(meta, /^run_id: '[0-9a-f]{32}'$/m);
    assert.match(meta, /^status: 1$/m);
    assert.match(meta, /^end_time: null$/m);
    assert.match(meta, /^artifact_uri: 'file:\/\/\/.*\/artifacts'$/m);
    assert.ok(existsSync(join(folder!, "artifacts")));
    const experiment = read(folder!, "..", "meta.yaml");
    assert.match(experiment, /^name: 'mmvm'$/m);
    const [, id] = /^experiment_id: '(\d+)'$/m.exec(experiment)!;
    assert.ok(meta.includes(`experiment_id: '${id}'`));
    assert.ok(folder!.includes(`/mlruns/${id}/`));
    await log.end({ finished: true });
    assert.match(read(folder!, "meta.yaml"), /^status: 3$/m);
    assert.match(read(folder!, "meta.yaml"), /^end_time: \d{13}$/m);
  }));

Deno.test("a later session goes on in the same run of the store, and has every step once", () =>
  inRuns(async (directory, folders) => {
    const first = new MlflowLog(directory, { name: "first", config });
    await first.begin([]);
    first.write([train(0), train(1), train(2)]);
    await first.end({ finished: false });
    assert.match(read(folders()[0]!, "meta.yaml"), /^status: 5$/m);
    const second = new MlflowLog(directory, { name: "first", config });
    await second.begin([train(0)]);
    second.write([train(1)]);
    assert.equal(folders().length, 1);
    assert.deepEqual(values(folders()[0]!, "train/loss"), ["10 1", "9 2"]);
    assert.match(read(folders()[0]!, "meta.yaml"), /^status: 1$/m);
  }));

Deno.test("names and texts with characters that files and YAML do not take as they are are made harmless", () =>
  inRuns(async (directory, folders) => {
    const log = new MlflowLog(directory, { name: "it's: #1", config: { "a/..": "x".repeat(600) } });
    await log.begin([]);
    log.write([{ step: 0, "nll/../text": 1, "äß": 2 } as { step: number }]);
    const [folder] = folders();
    assert.deepEqual(values(folder!, "train/nll/_/text"), ["1 1"]);
    assert.deepEqual(values(folder!, "train/__"), ["2 1"]);
    assert.equal(read(folder!, "params/a/_").length, 500);
    assert.match(read(folder!, "meta.yaml"), /^run_name: 'it''s: #1'$/m);
  }));

Deno.test("an evaluation adds scores as metrics, and pictures and files as artifacts", () =>
  inRuns(async (directory, folders) => {
    const log = new MlflowLog(directory, { name: "first", config });
    await log.begin([train(0)]);
    Deno.writeTextFileSync(join(directory, "results.json"), "{}");
    await new MlflowLog(directory, { name: "first", config }).evaluated({
      step: 1,
      scores: { "test/auroc/frontal": 0.75 },
      images: [{ name: "reconstruction/frontal", png: Uint8Array.of(7), width: 1, height: 1 }],
      latents: [],
      files: [join(directory, "results.json"), join(directory, "report.html")],
    });
    const [folder] = folders();
    assert.deepEqual(values(folder!, "test/auroc/frontal"), ["0.75 1"]);
    assert.equal(read(folder!, "artifacts/results.json"), "{}");
    assert.deepEqual([...Deno.readFileSync(join(folder!, "artifacts/pictures/reconstruction/frontal.png"))], [7]);
    assert.ok(!existsSync(join(folder!, "artifacts/report.html")));
  }));
