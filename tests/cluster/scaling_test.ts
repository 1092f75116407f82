import assert from "node:assert/strict";
import { PLAN_OPTIONS, plannedVae } from "../../cli/plan.ts";
import { parseArguments } from "../../cli/options/options.ts";
import { formatBandwidth, parseBandwidth, type Placement, predictStep } from "../../cluster/scaling.ts";
import { runProcess, taskCommand } from "../process.ts";

const MIB = 2 ** 20;
const placement: Placement = { ranks: 8, hosts: 2, network: 10e9, local: 2e9, latency: 0, shared: false };

Deno.test("predictStep() counts what crosses the network and what stays within a host", () => {
  const { step, exchange, speedup, efficiency } = predictStep({ whole: 0.8, part: 0.1, bytes: 100 * MIB }, placement);
  // Each of 4 ranks of a host sends half of 2 S to the other host, and 3/8 of 2 S within its own.
  const crossing = 2 * 100 * MIB * 4 * 4 / 8 * 8 / 10e9;
  const inside = 2 * 100 * MIB * 3 / 8 / 2e9;
  assert.ok(Math.abs(exchange - crossing - inside) < 1e-12);
  assert.ok(Math.abs(step - 0.1 - exchange) < 1e-12);
  assert.ok(Math.abs(speedup - 0.8 / step) < 1e-12);
  assert.ok(Math.abs(efficiency - speedup / 8) < 1e-12);
});

Deno.test("at the break-even bandwidth the ranks are as fast as one process", () => {
  const measured = { whole: 0.4, part: 0.06, bytes: 85 * MIB };
  const { breakEven } = predictStep(measured, placement);
  const { speedup } = predictStep(measured, { ...placement, network: breakEven });
  assert.ok(Math.abs(speedup - 1) < 1e-9, `${speedup}`);
  assert.equal(predictStep(measured, { ...placement, hosts: 1 }).breakEven, 0);
  assert.equal(predictStep({ ...measured, part: 0.5 }, placement).breakEven, Infinity);
});

Deno.test("one rank exchanges nothing; latency counts for every message", () => {
  const measured = { whole: 0.1, part: 0.11, bytes: 8 * MIB };
  assert.equal(predictStep(measured, { ...placement, ranks: 1, hosts: 1, latency: 1 }).exchange, 0);
  const quiet = { ...placement, network: Infinity, local: Infinity, latency: 1e-4 };
  // Two pieces, two calls each, seven messages.
  assert.ok(Math.abs(predictStep(measured, quiet).exchange - 28e-4) < 1e-12);
  assert.throws(
    () => predictStep(measured, { ...placement, hosts: 3 }),
    /8 ranks cannot be spread evenly over 3 hosts/,
  );
});

Deno.test("ranks that share an adapter add up their work", () => {
  const measured = { whole: 0.2, part: 0.1, bytes: 0 };
  const shared = { ...placement, ranks: 2, hosts: 1, shared: true };
  assert.equal(predictStep(measured, shared).step, 0.2);
  assert.equal(predictStep(measured, shared).efficiency, 1);
});

Deno.test("parseBandwidth() reads rates, and formatBandwidth() writes them", () => {
  assert.equal(parseBandwidth("10G"), 1e10);
  assert.equal(parseBandwidth("2.5G"), 2.5e9);
  assert.equal(parseBandwidth("800"), 800);
  for (const wrong of ["", "G", "-1G", "10GB", "1e9", "0"]) assert.equal(parseBandwidth(wrong), undefined, wrong);
  assert.deepEqual([1e10, 1.24e8, 12].map(formatBandwidth), ["10G", "120M", "12"]);
});

Deno.test("deno task plan refuses ranks that do not divide the batch or the hosts, and odd rates", async () => {
  const refused: [string[], RegExp][] = [
    [["--ranks", "8", "--hosts", "3"], /--ranks 8 must be a multiple of --hosts 3/],
    [["--ranks", "5"], /--batch-size 32 must be a multiple of --ranks 5/],
    [["--network", "fast"], /--network must be a number with K, M, G or T, not "fast"/],
    [["--method", "supervised-joint"], /--method must be/],
    [["table"], /an experiment is planned at a scale: add --scale smoke\|small\|paper/],
  ];
  for (const [flags, expected] of refused) {
    const { code, stderr } = await runProcess([...taskCommand("plan"), ...flags]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, expected);
  }
});

Deno.test("deno task plan measures the model that the flags of train describe", () => {
  const planned = (...args: string[]) =>
    plannedVae(parseArguments({ name: "plan", summary: "", options: PLAN_OPTIONS }, args).values);
  const split = planned("--method", "poe", "--latent-dim", "6", "--private-dim", "2", "--joint-kl", "once");
  assert.deepEqual([split.latentDim, split.privateDim, split.jointKl], [6, 2, "once"]);
  assert.deepEqual(split.views, ["frontal", "lateral"]);
  assert.equal(planned().privateDim, undefined);
  const published = planned("--method", "mmvae-plus", "--architecture", "small", "--tc-ratio", "0.5");
  assert.deepEqual([published.method, published.network, published.tcRatio], ["mmvae-plus", "small", 0.5]);
  assert.deepEqual(planned("--method", "lateral").views, ["lateral"]);
});

Deno.test("deno task plan predicts from measured steps", async () => {
  const flags = ["--ranks", "2", "--hosts", "2", "--network", "1G", "--architecture", "small", "--image-size", "28"]
    .concat("--filter-dim", "2", "--latent-dim", "2", "--batch-size", "4", "--steps", "3");
  const { code, stdout, stderr } = await runProcess([...taskCommand("plan"), ...flags]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^2 ranks on 2 hosts {3}\d+\.\d ms a step, \d+\.\d ms of it exchange$/m);
  assert.match(stdout, /^efficiency +\d+ %$/m);
  assert.match(stdout, /^break-even +\w/m);
});
