import assert from "node:assert/strict";
import { join } from "node:path";
import { main } from "../../cli/evidence.ts";
import { readEvidence, writeResults } from "../../eval/mod.ts";
import { syntheticResults } from "../eval/results/synthetic_results.ts";

const folder = await Deno.makeTempDir({ prefix: "mmvm_evidence_" });
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));
const [from, out] = [join(folder, "experiments"), join(folder, "results")];

Deno.test("evidence without any results names the command that makes some", async () => {
  await assert.rejects(
    main(["--from", from, "--out", out]),
    /neither .*experiments nor .*data has results at scale small: run `deno task experiment table/,
  );
});

Deno.test("evidence shows each experiment's own folders at the scale, and copies small reports only", async () => {
  const results = await syntheticResults({ name: "mmvm-1", method: "mmvm", seed: 1, noise: 0 });
  const names = [
    "table-phantoms-small",
    "table-extended-phantoms-small",
    "table-phantoms-smoke",
    "with-text-phantoms-small",
    "other-datasets-mnist-three-views-small",
    "peers-phantoms-small",
  ];
  for (const name of names) await writeResults(join(from, name, "results.json"), { ...results, title: name });
  await Deno.writeTextFile(join(from, names[0]!, "report.html"), "<!doctype html>small");
  // A file of the user's own among the experiments.
  await Deno.writeTextFile(join(from, "notes.txt"), "");
  await Deno.writeTextFile(join(from, names[3]!, "report.html"), "x".repeat(3_000_000));
  await main(["--from", from, "--out", out]);
  const page = await Deno.readTextFile(join(out, "index.html"));
  const shown = [...page.matchAll(/<code>data\/([\w-]+)\.json<\/code>/g)].map(([, name]) => name);
  assert.deepEqual(shown, [names[0], names[1], names[3], names[4]]);
  assert.match(page, /href="table-phantoms-small\.html"/);
  assert.match(page, /its report is not here\./);
  const written = [...Deno.readDirSync(out)].map(({ name }) => name).sort();
  assert.deepEqual(written, ["data", "index.html", "table-phantoms-small.html"]);
});

Deno.test("evidence shows X-rays before digits", async () => {
  const both = join(folder, "both");
  const names = ["table-mnist-pairs-small", "table-phantoms-small"];
  for (const name of names) {
    const results = await syntheticResults({ name: "mmvm-1", method: "mmvm", seed: 1, noise: 0 });
    const data = { ...results.data, dataset: name.includes("mnist") ? "mnist-pairs" : "phantoms" };
    await writeResults(join(both, name, "results.json"), { ...results, title: name, data });
  }
  await main(["--from", both, "--out", both]);
  const page = await Deno.readTextFile(join(both, "index.html"));
  const shown = [...page.matchAll(/<code>data\/([\w-]+)\.json<\/code>/g)].map(([, name]) => name);
  assert.deepEqual(shown, names.toReversed());
});

Deno.test("evidence adds runs of another day to those it has kept, and remakes the page without runs", async () => {
  const name = "table-phantoms-small";
  const results = await syntheticResults({ name: "mmvm-2", method: "mmvm", seed: 2, noise: 0.5 });
  await Deno.remove(from, { recursive: true });
  await writeResults(join(from, name, "results.json"), { ...results, title: name });
  await main(["--from", from, "--out", out]);
  const record = await readEvidence(join(out, "data", `${name}.json`));
  assert.deepEqual(record.runs.map(({ seed }) => seed), [1, 2]);
  const page = await Deno.readTextFile(join(out, "index.html"));
  assert.match(page, /2 runs with seeds 1 and 2,/);
  assert.match(page, /its report<\/a> shows 1 of these 2 runs\./);
  // Every run of table is one of table-extended too.
  const extended = await readEvidence(join(out, "data", "table-extended-phantoms-small.json"));
  const { reportRuns: _, ...runs } = record;
  assert.deepEqual(extended, { ...runs, title: extended.title });
  await Deno.remove(from, { recursive: true });
  await main(["--from", from, "--out", out]);
  assert.equal(await Deno.readTextFile(join(out, "index.html")), page);
});

Deno.test("evidence keeps a report of more runs than a new one has, and replaces one of as many", async () => {
  const parts = join(folder, "parts");
  const name = "table-phantoms-small";
  const add = async (report: string, methods: readonly string[], seed: number) => {
    const runs = await Promise.all(
      methods.map((method) => syntheticResults({ name: `${method}-${seed}`, method, seed, noise: 0.5 })),
    );
    const results = {
      ...runs[0]!,
      title: name,
      runs: runs.flatMap((each) => each.runs),
      evaluations: runs.flatMap((each) => each.evaluations),
    };
    await writeResults(join(parts, name, "results.json"), results);
    await Deno.writeTextFile(join(parts, name, "report.html"), report);
    await main(["--from", parts, "--out", parts]);
    return [
      await Deno.readTextFile(join(parts, `${name}.html`)),
      (await readEvidence(join(parts, "data", `${name}.json`))).reportRuns,
    ];
  };
  assert.deepEqual(await add("two", ["mmvm", "poe"], 1), ["two", 2]);
  assert.deepEqual(await add("one", ["moe"], 1), ["two", 2]);
  assert.deepEqual(await add("seed 2", ["mmvm", "poe"], 2), ["seed 2", 2]);
});

Deno.test("evidence includes the runs of those methods of table that published-order has", async () => {
  const both = join(folder, "order");
  const save = async (name: string, methods: readonly string[], seed: number) => {
    const all = await Promise.all(
      methods.map((method) => syntheticResults({ name: `${method}-${seed}`, method, seed, noise: 0.5 })),
    );
    const results = { runs: all.flatMap(({ runs }) => runs), evaluations: all.flatMap((each) => each.evaluations) };
    await writeResults(join(both, name, "results.json"), { ...all[0]!, title: name, ...results });
  };
  await save("table-phantoms-small", ["mmvm", "supervised"], 2);
  await save("published-order-phantoms-small", ["mmvm"], 1);
  await main(["--from", both, "--out", both]);
  const { runs, evaluations } = await readEvidence(join(both, "data", "published-order-phantoms-small.json"));
  assert.deepEqual(runs.map(({ name }) => name).sort(), ["mmvm-1", "mmvm-2"]);
  assert.deepEqual(new Set(evaluations.map(({ method }) => method)), new Set(["mmvm"]));
});

Deno.test("evidence leaves out included runs that were scored on other test studies", async () => {
  const other = join(folder, "other");
  const results = await syntheticResults({ name: "mmvm-1", method: "mmvm", seed: 1, noise: 0.5 });
  const cases = results.cases.map((each) => ({ ...each, studyIds: each.studyIds.map((id) => `${id}0`) }));
  const [table, extended] = ["table-phantoms-small", "table-extended-phantoms-small"];
  await writeResults(join(other, table!, "results.json"), { ...results, title: table!, cases });
  const run = await syntheticResults({ name: "clip-1", method: "clip", seed: 1, noise: 0.5 });
  await writeResults(join(other, extended!, "results.json"), { ...run, title: extended! });
  await main(["--from", other, "--out", other]);
  const record = await readEvidence(join(other, "data", `${extended}.json`));
  assert.deepEqual(record.runs.map(({ name }) => name), ["clip-1"]);
});

Deno.test("evidence refuses results on other test studies, and leaves record and report as they are", async () => {
  const name = "table-phantoms-small";
  const results = await syntheticResults({ name: "mmvm-3", method: "mmvm", seed: 3, noise: 0.5 });
  const cases = results.cases.map((each) => ({ ...each, studyIds: each.studyIds.map((id) => `${id}0`) }));
  await writeResults(join(from, name, "results.json"), { ...results, title: name, cases });
  await Deno.writeTextFile(join(from, name, "report.html"), "<!doctype html>other");
  const kept = () =>
    Promise.all([`${name}.html`, join("data", `${name}.json`)].map((file) => Deno.readTextFile(join(out, file))));
  const before = await kept();
  await assert.rejects(main(["--from", from, "--out", out]), /were scored on other test studies in view/);
  assert.deepEqual(await kept(), before);
});
