import assert from "node:assert/strict";
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { runPaths } from "../../training/mod.ts";
import { latestCheckpoint, saveCheckpoint } from "../../runtime/files/checkpoint.ts";
import { type Ended, makePipe } from "../process.ts";
import { STEPS, Subject } from "./subject.ts";

const PRECIOUS = "not to be touched";
/** Clears a terminal, closes a script and an attribute, and starts a spreadsheet formula. */
const HOSTILE = `=cmd|'/C x'!A0\x1b[2J\x9b31m</script>"'><img src=x onerror="globalThis.hacked=1">`;

let subject: Subject;
/** A complete run, which each case copies. */
const WHOLE = "victim";
Deno.test.beforeAll(async () => {
  subject = await Subject.create();
  await subject.finish(WHOLE);
  await Deno.writeTextFile(join(subject.folder, "precious"), PRECIOUS);
});
Deno.test.afterAll(() => subject[Symbol.asyncDispose]());

/** Copies the complete run under another name. */
async function copyRun(run: string): Promise<ReturnType<typeof runPaths>> {
  await cp(subject.directory(WHOLE), subject.directory(run), { recursive: true });
  return runPaths(subject.directory(run));
}

/** Asserts that nothing outside the runs has changed, and that the output has no control characters. */
async function assertHarmless(kind: string, { stdout, stderr }: Ended): Promise<void> {
  assert.equal(await Deno.readTextFile(join(subject.folder, "precious")), PRECIOUS);
  const names = [...Deno.readDirSync(subject.folder)].map(({ name }) => name).sort();
  assert.deepEqual(names, ["cache", "phantoms", "precious", "runs"]);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(stdout + stderr, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
  subject.faults.survived(kind);
}

/** Starts a task, which must reject its input with a one-line error. */
async function assertRefused(kind: string, options: { task: string[]; says: RegExp }): Promise<void> {
  subject.faults.tried(kind);
  const [name = "", ...args] = options.task;
  const ended = await subject.task(name, args).ended;
  assert.ok([1, 2].includes(ended.code), ended.stderr);
  assert.match(ended.stderr, /(^|\n)error: [^\n]+\n$/);
  assert.match(ended.stderr, options.says);
  await assertHarmless(kind, ended);
}

const CONFIGS: readonly [what: string, section: string, fields: Record<string, unknown>, says: RegExp][] = [
  [
    "a method from Object's prototype",
    "model",
    { method: "__proto__" },
    /model\.method is not valid \(Invalid option: expected one of "mmvm"/,
  ],
  ["a network from Object's prototype", "model", { network: "constructor" }, /model\.network is not valid/],
  ["a view that is not there", "model", { views: [HOSTILE] }, /is to use the view =cmd/],
  ["images of a size that no disk has", "model", { imageSize: 1e9 }, /model\.imageSize is not valid/],
  ["a network that no memory has", "model", { filterDim: 1e7 }, /model\.filterDim is not valid/],
  ["a path with a NUL", "data", { root: "x\0y" }, /data\.root is not valid/],
  ["another folder as data", "data", { root: "/etc" }, /no known data set is here/],
  ["a split file without end", "data", { splitFile: "/dev/zero" }, /this is a device, not a regular file/],
];

Deno.test("a hostile run configuration is rejected with a one-line error", async () => {
  const paths = await copyRun("config");
  const config = JSON.parse(await Deno.readTextFile(paths.config));
  for (const [, section, fields, says] of CONFIGS) {
    await Deno.writeTextFile(paths.config, JSON.stringify({ ...config, [section]: { ...config[section], ...fields } }));
    await assertRefused("hostile configuration", { task: ["evaluate", "config"], says });
  }
  for (const text of ["[".repeat(100_000), " ".repeat(2 ** 20 + 1), '{"schema":', "\0\xff", "null"]) {
    await Deno.writeTextFile(paths.config, text);
    await assertRefused("hostile configuration", { task: ["evaluate", "config"], says: /config\.json/ });
  }
});

Deno.test("unknown fields of a configuration are ignored, and its name is not used as a path", async () => {
  const paths = await copyRun("named");
  const text = await Deno.readTextFile(paths.config);
  const config = { ...JSON.parse(text), name: `../../${HOSTILE}` };
  await Deno.writeTextFile(
    paths.config,
    `{"__proto__":{"polluted":1},"constructor":{"a":1},${JSON.stringify(config).slice(1)}`,
  );
  for (const task of ["evaluate", "encode"]) {
    subject.faults.tried("hostile name of a run");
    const ended = await subject.task(task, ["named"]).ended;
    assert.equal(ended.code, 0, ended.stderr);
    await assertHarmless("hostile name of a run", ended);
  }
  const html = await Deno.readTextFile(paths.report);
  assert.ok(!html.includes("<img src=x"));
});

Deno.test("forged checkpoints with valid checksums are rejected with a one-line error", async () => {
  const { checkpoints } = await copyRun("forged");
  const { found } = await latestCheckpoint(checkpoints);
  const { state, tensors } = found!;
  const [[first, weight]] = [...tensors] as [[string, { shape: number[]; data: Float32Array }]];
  const with_ = (name: string, shape: number[]) =>
    new Map([...tensors, [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }]]);
  const nan = new Map([...tensors, [first, { ...weight, data: weight.data.map(() => NaN) }]]);
  const forgeries = [
    { says: /lacks 1 of the model's tensors/, tensors: new Map([...tensors].slice(1)) },
    { says: /has 1 tensors that the model lacks, the first is __proto__/, tensors: with_("__proto__", [1]) },
    { says: /has shape \[3\], but the model needs/, tensors: with_(first, [3]) },
    { says: /was made with another configuration/, state: { ...state, configHash: HOSTILE } },
    { says: /goes to step 900000000000000, but the run has 24 steps only/, state: { ...state, step: 9e14 } },
    { says: /the loss is NaN at step 12/, state: { ...state, step: 12 }, tensors: nan },
  ];
  for (const { says, ...forged } of forgeries) {
    await Deno.remove(checkpoints, { recursive: true });
    await saveCheckpoint(checkpoints, { state, tensors, ...forged });
    await assertRefused("forged checkpoint", { task: ["train", "--run", "forged", "--resume"], says });
  }
  assert.equal(STEPS, 24);
});

Deno.test("links in a run's folder are not followed", async () => {
  const kind = "link in a run's folder";
  for (const name of ["metrics.jsonl", "results.json", "report.html"]) {
    const { directory } = await copyRun("links");
    await Deno.remove(join(directory, name));
    await Deno.symlink(join(subject.folder, "precious"), join(directory, name));
    subject.faults.tried(kind);
    const ended = await subject.start("links").ended;
    assert.equal(ended.code, 0, ended.stderr);
    await assertHarmless(kind, ended);
    await Deno.remove(directory, { recursive: true });
  }
  const { directory, checkpoints } = await copyRun("links");
  const next = join(checkpoints, `step-${String(STEPS).padStart(8, "0")}.safetensors`);
  for await (const { name } of Deno.readDir(checkpoints)) await Deno.remove(join(checkpoints, name));
  await Deno.symlink(join(subject.folder, "precious"), next);
  await Deno.symlink(join(subject.folder, "precious"), `${next}.${crypto.randomUUID()}.tmp`);
  await Deno.symlink("/dev/zero", join(checkpoints, "step-00000099.safetensors"));
  subject.faults.tried(kind);
  const ended = await subject.start("links").ended;
  assert.equal(ended.code, 0, ended.stderr);
  assert.match(ended.stderr, /step-00000099\.safetensors: this is a device, not a regular file; .* falling back/);
  await assertHarmless(kind, ended);
  await Deno.symlink(join(subject.folder, "precious"), join(directory, "lock"));
  await assertRefused(kind, {
    task: ["train", "--run", "links", "--resume"],
    says: /links\/lock: this is a link, not a regular file; remove it/,
  });
});

Deno.test("pipes, devices and files larger than memory are rejected unread in place of a task's files", async () => {
  const kind = "special or sparse file";
  const paths = await copyRun("special");
  const file = join(subject.folder, "runs", "special.json");
  const evaluate = ["evaluate", "special"];
  const resume = ["train", "--run", "special", "--resume"];
  const [cache] = [...Deno.readDirSync(join(subject.folder, "cache"))].filter(({ isDirectory }) => isDirectory);
  const prepared = join(subject.folder, "cache", cache!.name);
  const cases: [path: string, task: string[]][] = [
    [file, ["train", "--config", file]],
    [paths.metrics, resume],
    [paths.tuning, resume],
    [paths.config, evaluate],
    [paths.results, ["report", "special"]],
    [paths.results, ["compare", "special"]],
    [join(prepared, "manifest.json"), evaluate],
    [join(prepared, "shard-00000.idx"), evaluate],
  ];
  for (const [i, [path, task]] of cases.entries()) {
    const kept = `${path}.kept`;
    const there = await Deno.rename(path, kept).then(() => true, () => false);
    if (i % 3 === 0) await makePipe(path);
    else if (i % 3 === 1) await Deno.symlink("/dev/zero", path);
    else {
      using sparse = await Deno.open(path, { write: true, createNew: true });
      await sparse.truncate(2 ** 36);
    }
    await assertRefused(kind, {
      task,
      says: i % 3 === 0 ? /this is a named pipe/ : i % 3 === 1 ? /this is a device/ : /has 68719476736 bytes, but/,
    });
    await Deno.remove(path);
    if (there) await Deno.rename(kept, path);
  }
});

Deno.test("labels with markup, formulas or escape sequences are plain text in terminal and report", async () => {
  const kind = "hostile labels";
  // Next to the data shared by all runs, and prepared in the same cache.
  const root = join(subject.folder, "runs", "hostile-labels");
  const images = [...walk(join(subject.folder, "phantoms", "files"))].filter((path) => path.endsWith(".jpg"));
  await Deno.mkdir(join(root, "images"), { recursive: true });
  const labels = [HOSTILE, "__proto__", "constructor"];
  const header = { format: "mmvm-paired-csv", version: 1, csv: "studies.csv", views: ["front", "side"], labels };
  await Deno.writeTextFile(join(root, "dataset.json"), JSON.stringify(header));
  const rows = Array.from({ length: 36 }, (_, i) => {
    for (const view of ["front", "side"]) {
      Deno.copyFileSync(images[i % images.length]!, join(root, "images", `${view}${i}.jpg`));
    }
    const split = i < 24 ? "train" : i < 30 ? "validate" : "test";
    return [
      `p${i}`,
      `s${i}`,
      split,
      `images/front${i}.jpg`,
      `images/side${i}.jpg`,
      i % 2,
      i % 3 === 0 ? 1 : 0,
      (i >> 1) % 2,
    ];
  });
  const columns = ["subject", "study", "split", "front", "side", ...labels].map((name) =>
    `"${name.replaceAll('"', '""')}"`
  );
  await Deno.writeTextFile(join(root, "studies.csv"), `${[columns, ...rows].map((row) => row.join(",")).join("\n")}\n`);
  const sizes = ["--network", "small", "--image-size", "28", "--filter-dim", "1", "--batch-size", "8", "--epochs", "1"];
  const tasks = [["data", root], ["train", "--data", root, "--run", "labels", ...sizes], ["compare", "labels"]];
  for (const [task = "", ...args] of tasks) {
    subject.faults.tried(kind);
    const ended = await subject.task(task, args).ended;
    assert.equal(ended.code, 0, ended.stderr);
    await assertHarmless(kind, ended);
  }
  const html = await Deno.readTextFile(runPaths(subject.directory("labels")).report);
  assert.ok(html.includes("&lt;/script"));
  assert.ok(!html.includes("<img src=x"));
});

Deno.test("run names that could escape the runs folder are rejected before anything is created", async () => {
  for (const name of ["../x", "..", ".", "a/b", "/tmp/x", "-x", "", "a\nb", "x".repeat(101), "a\\b", HOSTILE]) {
    await assertRefused("hostile name of a run", { task: ["train", `--run=${name}`], says: /--run/ });
  }
});

Deno.test("a hostile flags file is rejected, naming the field", async () => {
  const file = join(subject.folder, "runs", "flags.json");
  const files: [text: string, says: RegExp][] = [
    ['{"__proto__":{"run":"x"}}', /unknown field "__proto__"/],
    ['{"run":"../x"}', /run/],
    ['{"imageSize":1e9}', /imageSize/],
    ["[1]", /must hold one JSON object/],
    [`{${JSON.stringify(HOSTILE)}:1}`, /unknown field/],
  ];
  for (const [text, says] of files) {
    await Deno.writeTextFile(file, text);
    await assertRefused("hostile file of flags", { task: ["train", "--config", file], says });
  }
});

Deno.test("every injected fault was survived", (test) => subject.faults.report(test));

function* walk(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* walk(path);
    else yield path;
  }
}
