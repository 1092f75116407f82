/**
 * Fits a line to five points: the shortest training loop.
 *
 *     deno run --allow-env examples/line.ts
 *
 * @module
 */
import { createTrainer, layers } from "../models/mod.ts";
import { adam, Device, mean, square, sub } from "../runtime/mod.ts";

using device = await Device.open();
using trainer = await createTrainer(device, {
  inputs: { x: [5, 1], y: [5, 1] },
  model: (scope, { x }) => layers.linear(scope, x, { outputs: 1 }),
  loss: (prediction, { y }) => mean(square(sub(prediction, y))),
  optimizer: adam({ learningRate: 0.1 }),
});

const x = Float32Array.of(-2, -1, 0, 1, 2);
const y = x.map((value) => 3 * value - 1);
for (let step = 0; step < 300; step++) trainer.step({ x, y });

const { loss } = (await trainer.metrics()).at(-1)!;
const [prediction] = await trainer.run({ x: Float32Array.of(10) });
console.log(`loss ${loss.toExponential(1)}; at x = 10 the line is at ${prediction!.toFixed(2)} (29 is right)`);
