/**
 * A variational autoencoder in fifty lines: it learns two-dimensional codes of points on a ring in eight dimensions.
 *
 *     deno run --allow-env examples/vae.ts
 *
 * @module
 */
import { createTrainer, layers, type Scope } from "../models/mod.ts";
import {
  adam,
  add,
  Device,
  gaussianNll,
  input,
  klStandardNormal,
  mean,
  randomNormal,
  relu,
  reparameterize,
  type Tensor,
} from "../runtime/mod.ts";

const [BATCH, SIZE, LATENT] = [128, 8, 2];

function decode(scope: Scope, z: Tensor): Tensor {
  const hidden = relu(layers.linear(scope.child("decoder"), z, { outputs: 64 }));
  return layers.linear(scope.child("out"), hidden, { outputs: SIZE });
}

using device = await Device.open();
using trainer = await createTrainer(device, {
  inputs: { x: [BATCH, SIZE] },
  model(scope, { x }) {
    const hidden = relu(layers.linear(scope.child("encoder"), x, { outputs: 64 }));
    const mu = layers.linear(scope.child("mu"), hidden, { outputs: LATENT });
    const logvar = layers.linear(scope.child("logvar"), hidden, { outputs: LATENT });
    const z = scope.training ? reparameterize(mu, logvar, { eps: randomNormal(mu.shape, { stream: 1 }) }) : mu;
    return { mu, logvar, output: decode(scope, z) };
  },
  loss({ mu, logvar, output }, { x }) {
    const [reconstruction, kl] = [mean(gaussianNll(output, x, { scale: 0.1 })), mean(klStandardNormal(mu, logvar))];
    return { loss: add(reconstruction, kl), reconstruction, kl };
  },
  optimizer: adam({ learningRate: 5e-3 }),
});

// Each coordinate is a cosine of the angle with a phase of its own.
const ring = (step: number) =>
  Float32Array.from({ length: BATCH * SIZE }, (_, i) => Math.cos(step + Math.floor(i / SIZE) * 2.4 + i % SIZE));
for (let step = 0; step < 600; step++) trainer.step({ x: ring(step) });
const { reconstruction, kl } = (await trainer.metrics()).at(-1)!;
using decoder = await trainer.compile((scope) => ({
  outputs: { x: decode(scope, input("z", { shape: [1, LATENT] })) },
}));
decoder.run({ z: Float32Array.of(1, -1) });
const [sample] = await decoder.read("x");
console.log(`reconstruction ${reconstruction!.toFixed(2)}, KL ${kl!.toFixed(2)}`);
console.log("a sample:", [...sample!].map((value) => value.toFixed(2)).join(" "));
