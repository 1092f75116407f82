import assert from "node:assert/strict";
import { join } from "node:path";
import { ROOT, runDeno, runProcess, runTask } from "../process.ts";

const LINE = `
import { adam, Device, mean, square, sub } from "mmvm";
import { createTrainer, layers } from "mmvm/models";

const device = await Device.open();
const trainer = await createTrainer(device, {
  inputs: { x: [5, 1], y: [5, 1] },
  model: (scope, { x }) => layers.linear(scope, x, { outputs: 1 }),
  loss: (prediction, { y }) => mean(square(sub(prediction, y))),
  optimizer: adam({ learningRate: 0.1 }),
});
const x = Float32Array.of(-2, -1, 0, 1, 2);
for (let step = 0; step < 300; step++) trainer.step({ x, y: x.map((value) => 3 * value - 1) });
const [at10]: Float32Array = await trainer.run({ x: Float32Array.of(10) });
console.log(at10.toFixed(1));
trainer[Symbol.dispose]();
device[Symbol.dispose]();
`;

Deno.test("the npm package, installed in an empty folder, has types and trains a line", async () => {
  const built = await runTask(["build:npm"]);
  assert.equal(built.code, 0, built.stderr);
  const tarball = join(ROOT, built.stdout.trim());
  const folder = await Deno.makeTempDir({ prefix: "mmvm_npm_test_" });
  try {
    await Deno.writeTextFile(join(folder, "package.json"), `{ "type": "module", "private": true }`);
    await Deno.writeTextFile(join(folder, "line.ts"), LINE);
    const installed = await runProcess(["npm", "install", "--offline", "--no-audit", "--no-fund", tarball], {
      cwd: folder,
    });
    assert.equal(installed.code, 0, installed.stderr);
    const flags = ["--quiet", "--check", "--no-prompt", "--node-modules-dir=manual", "--allow-env", "--allow-read"];
    const { code, stdout, stderr } = await runDeno(["run", ...flags, "line.ts"], { cwd: folder });
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "29.0\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
