import assert from "node:assert/strict";
import { PhantomTraining, SIDE } from "../../page/client/phantom_training.ts";
import { Device } from "../../runtime/mod.ts";

Deno.test("the page's training draws phantoms, lowers the loss and decodes each view from each", async () => {
  using device = await Device.open();
  using training = new PhantomTraining();
  for (let i = 0; i < 4; i++) training.draw();
  for (const [frontal, lateral] of training.pairs) {
    assert.deepEqual([frontal.length, lateral.length], [SIDE * SIDE, SIDE * SIDE]);
    assert.notDeepEqual(frontal, lateral);
  }
  await training.compile(device);
  for (let i = 0; i < 10; i++) training.step();
  await training.readLosses();
  const { losses } = training;
  assert.deepEqual([losses.length, training.steps], [10, 10]);
  assert.ok(losses.at(-1)! < 0.97 * losses[0]!, `${losses[0]} to ${losses.at(-1)}`);
  const decoded = await training.decode(training.pairs[0]!);
  assert.deepEqual(decoded.map((row) => row.map(({ length }) => length)), [[1024, 1024], [1024, 1024]]);
  assert.ok(decoded.flat().every((image) => image.every((value) => Number.isFinite(value))));
});
