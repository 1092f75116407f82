import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readExchange, writeExchange } from "../../bench/peers/exchange.ts";
import {
  peerLine,
  type RaceWork,
  ratioLines,
  ratiosOf,
  requireAgreement,
  requireFastPeer,
} from "../../bench/peers/race.ts";
import { matmulExchange, stepExchange, stepWork } from "../../bench/peers/work.ts";
import { resultsSchema } from "../../bench/results.ts";
import { runTask } from "../process.ts";

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "mmvm_peers_"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const contestant = (name: string, seconds: number[], processorSeconds = seconds) => ({
  name,
  about: "",
  values: [],
  seconds,
  processorSeconds,
});

Deno.test("ratiosOf() divides wall-clock or processor times, or rates, within rounds", () => {
  const work: RaceWork = { name: "step", contestants: ["ours", "jax-js"], ratios: [["jax-js", "ours"]] };
  const contestants = [contestant("ours", [1, 2, 3], [2, 2, 2]), contestant("jax-js", [10, 30, 27], [10, 10, 10])];
  const result = { work: "step", flops: null, load: [], contestants };
  assert.equal(ratioLines(ratiosOf(work, result)), "RATIO step jax-js/ours 10");
  assert.equal(ratioLines(ratiosOf({ ...work, rates: true }, result)), "RATIO step jax-js/ours 0.1");
  assert.equal(ratioLines(ratiosOf(work, result, "processorSeconds")), "RATIO step jax-js/ours 5");
});

Deno.test("ratiosOf() leaves out who did not take part", () => {
  const ratios = [["tfjs", "ours"], ["ours", "pytorch"]] as const;
  const work: RaceWork = { name: "step", contestants: ["ours", "tfjs", "pytorch"], ratios };
  const contestants = [contestant("ours", [2]), contestant("pytorch", [1])];
  const made = ratiosOf(work, { work: "step", flops: null, load: [], contestants });
  assert.equal(ratioLines(made), "RATIO step ours/pytorch 2");
});

Deno.test("requireAgreement() allows rounding differences and names deviating contestants", () => {
  const results = (value: number) => [{ name: "ours", values: [7, 1000] }, { name: "tfjs", values: [7, value] }];
  requireAgreement("step", results(1000.9));
  assert.throws(
    () => requireAgreement("step", results(1002)),
    /step: the contestants' results differ: value 1 is ours 1000, tfjs 1002/,
  );
  assert.throws(() => requireAgreement("step", results(NaN)));
});

Deno.test("an exchange round-trips unchanged", () =>
  inFolder(async (folder) => {
    const tensors = new Map([
      ["scalar", { shape: [], data: Float32Array.of(0.1) }],
      ["matrix", { shape: [2, 3], data: Float32Array.from({ length: 6 }, (_, i) => i / 3) }],
    ]);
    await writeExchange(folder, { name: "step", exchange: { settings: { scale: 0.75 }, tensors } });
    const read = await readExchange(folder, "step");
    assert.deepEqual(read.settings, { scale: 0.75 });
    assert.deepEqual(read.tensors, tensors);
  }));

Deno.test("stepExchange() has the specified widths, batch and layouts", () => {
  const { settings, tensors } = stepExchange("step");
  const shapes = Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]));
  assert.deepEqual([0, 1, 2, 3].map((i) => shapes[`encoders.0.conv${i}.weight`]), [
    [32, 1, 4, 4],
    [64, 32, 4, 4],
    [128, 64, 4, 4],
    [128, 128, 4, 4],
  ]);
  assert.deepEqual(shapes["decoders.1.conv3.weight"], [32, 1, 4, 4]);
  assert.deepEqual(shapes["encoders.1.mu.weight"], [64, 2048]);
  assert.deepEqual([shapes["batch.images"], shapes["batch.noise"]], [[2, 8, 64, 64], [2, 8, 64]]);
  assert.equal(settings.batchSize, stepWork("step").batchSize);
  for (const { shape, data } of tensors.values()) assert.equal(data.length, shape.reduce((a, b) => a * b, 1));
});

Deno.test("matmulExchange() is random but reproducible", () => {
  const [a, b] = [...matmulExchange(4).tensors.values()].map(({ data }) => data);
  assert.notDeepEqual(a, b);
  assert.deepEqual([...matmulExchange(4).tensors.values()].map(({ data }) => data), [a, b]);
});

Deno.test("bench peers times the selected frameworks and writes valid results", () =>
  inFolder(async (folder) => {
    const args = ["--only", "ours", "--work", "matmul", "--rounds", "2", "--turn", "0.01", "--out", folder];
    const { code, stdout, stderr } = await runTask(["bench", "peers", ...args]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^matmul1024, medians of 2 rounds, load /m);
    assert.match(stdout, /^ours +\d+\.\d +\d+\.\d +\d+\.\d$/m);
    const [file] = await readdir(folder);
    const { parts } = resultsSchema.parse(JSON.parse(await readFile(join(folder, file!), "utf8")));
    const [ours] = parts.peers!.works[0]!.contestants;
    assert.equal(ours!.seconds.length, 2);
    assert.ok(ours!.seconds.every((seconds) => seconds > 0));
    assert.deepEqual(parts.peers!.ratios, []);
  }));

Deno.test("bench peers lists the frameworks it knows", async () => {
  const { code, stderr } = await runTask(["bench", "peers", "--only", "ours,theano"]);
  assert.equal(code, 2);
  assert.match(stderr, /--only must be some of ours, jax-js, tfjs, pytorch/);
});

const FAST = { blas: "openblas", gflops: 151, threads: 2, onednn: true, isa: "avx2", peak: 179.2 };

Deno.test("peerLine() describes how PyTorch multiplies matrices", () => {
  assert.equal(
    peerLine(FAST),
    "PEER pytorch blas=openblas gflops=151 threads=2 onednn=true isa=avx2 peak=179",
  );
  assert.equal(
    peerLine({ ...FAST, blas: "cublas", peak: null }),
    "PEER pytorch blas=cublas gflops=151 threads=2 onednn=true isa=avx2",
  );
});

Deno.test("requireFastPeer() rejects a PyTorch below a tenth of peak speed, and names what to install", () => {
  requireFastPeer(FAST);
  requireFastPeer({ ...FAST, gflops: 17.92 });
  requireFastPeer({ ...FAST, gflops: 1, peak: null });
  assert.throws(
    () => requireFastPeer({ ...FAST, blas: "reference", gflops: 6.6 }),
    /6\.6 GFLOP\/s with the BLAS "reference", below a tenth of the processor's 179: install .*libopenblas0-pthread/,
  );
});
