/**
 * The TensorFlow.js contestant, written idiomatically: variables, `tf.tidy`, the package's own Adam, NHWC throughout;
 * nothing is read back while steps run.
 *
 * Started by `deno task bench peers` with the folder of the exchange and the path of the bundle.
 *
 * @module
 */
import { CHECKED_STEPS, readExchange } from "./exchange.ts";
import { serve } from "./serve.ts";

const [folder, bundle] = Deno.args;

// The backend requests one of its features in a nested list, which Deno rejects.
const { requestDevice } = GPUAdapter.prototype;
GPUAdapter.prototype.requestDevice = function (descriptor) {
  return requestDevice.call(this, { ...descriptor, requiredFeatures: descriptor.requiredFeatures.flat() });
};

const tf = await import(bundle);
if (!await tf.setBackend("webgpu")) throw new Error("TensorFlow.js finds no WebGPU adapter");
await tf.ready();
const about = `TensorFlow.js ${tf.version_core} on WebGPU`;

/** Variables of a view's encoder or decoder in TensorFlow's layouts: HWIO, and linear layers as [inputs, outputs]. */
function parameters(tensors, prefix) {
  const tensor = (name) => {
    const { shape, data } = tensors.get(`${prefix}.${name}`);
    return tf.tensor(data, shape);
  };
  const variable = (value) => tf.variable(value);
  const convs = [0, 1, 2, 3].map((i) => ({
    w: variable(tf.transpose(tensor(`conv${i}.weight`), [2, 3, 1, 0])),
    b: variable(tensor(`conv${i}.bias`)),
  }));
  const linear = (name) => ({
    w: variable(tf.transpose(tensor(`${name}.weight`))),
    b: variable(tensor(`${name}.bias`)),
  });
  if (prefix.startsWith("encoders")) return { convs, mu: linear("mu"), logvar: linear("logvar") };
  return { convs, linear: linear("linear") };
}

function encode({ convs, mu, logvar }, image) {
  const h = convs.reduce((x, { w, b }) => tf.relu(tf.add(tf.conv2d(x, w, 2, "same"), b)), image);
  const flat = tf.reshape(h, [image.shape[0], -1]);
  return { mu: tf.add(tf.matMul(flat, mu.w), mu.b), logvar: tf.add(tf.matMul(flat, logvar.w), logvar.b) };
}

function decode({ convs, linear }, z, side) {
  const start = tf.reshape(tf.relu(tf.add(tf.matMul(z, linear.w), linear.b)), [z.shape[0], side, side, -1]);
  return convs.reduce((x, { w, b }, i) => {
    const [batch, height, width] = x.shape;
    const y = tf.add(tf.conv2dTranspose(x, w, [batch, 2 * height, 2 * width, w.shape[2]], 2, "same"), b);
    return i === convs.length - 1 ? y : tf.relu(y);
  }, start);
}

/** KL(N(mu, exp(logvar)) || N(0, 1)), summed. */
function klStandard({ mu, logvar }) {
  return tf.mul(tf.sum(tf.sub(tf.add(tf.square(mu), tf.exp(logvar)), tf.add(logvar, 1))), 0.5);
}

/** KL(p || q) of diagonal normals, summed. */
function klPair(p, q) {
  const difference = tf.sub(p.logvar, q.logvar);
  const distance = tf.mul(tf.square(tf.sub(p.mu, q.mu)), tf.exp(tf.neg(q.logvar)));
  return tf.mul(tf.sum(tf.sub(tf.add(tf.exp(difference), distance), tf.add(difference, 1))), 0.5);
}

async function stepJob() {
  const { settings, tensors } = await readExchange(folder, "step");
  const { learningRate, alpha, beta, scale, imageSize, batchSize } = settings;
  const side = imageSize / 16;
  const half = (name) => [0, 1].map((m) => parameters(tensors, `${name}.${m}`));
  const [encoders, decoders] = tf.tidy(() => [half("encoders"), half("decoders")]);
  const batchOf = (name, shape) => {
    const { data } = tensors.get(`batch.${name}`);
    const size = data.length / 2;
    return [0, 1].map((m) => tf.tensor(data.subarray(m * size, (m + 1) * size), shape));
  };
  const loss = () => {
    const images = batchOf("images", [batchSize, imageSize, imageSize, 1]);
    const noise = batchOf("noise", [batchSize, settings.latentDim]);
    const posteriors = encoders.map((encoder, m) => encode(encoder, images[m]));
    const [first, second] = posteriors;
    const fixed = tf.mul(tf.add(klStandard(first), klStandard(second)), alpha);
    const pairs = tf.mul(tf.add(klPair(first, second), klPair(second, first)), (1 - alpha) / 2);
    const misfits = posteriors.map(({ mu, logvar }, m) => {
      const z = tf.add(mu, tf.mul(tf.exp(tf.mul(logvar, 0.5)), noise[m]));
      return tf.div(tf.sum(tf.abs(tf.sub(decode(decoders[m], z, side), images[m]))), scale);
    });
    const total = tf.add(tf.add(...misfits), tf.mul(tf.add(fixed, pairs), beta));
    return tf.add(tf.div(total, batchSize), 2 * imageSize * imageSize * Math.log(2 * scale));
  };
  const optimizer = tf.train.adam(learningRate, 0.9, 0.999, 1e-8);
  const once = () => optimizer.minimize(loss, true);
  return {
    about,
    async check() {
      const losses = [];
      for (let i = 0; i < CHECKED_STEPS; i++) losses.push((await once().data())[0]);
      return losses;
    },
    async run(steps) {
      for (let i = 0; i < steps; i++) once().dispose();
      await finish(encoders[0].convs[0].w);
    },
  };
}

async function matmulJob() {
  const { tensors } = await readExchange(folder, "matmul1024");
  const [a, b] = ["a", "b"].map((name) => tf.tensor(tensors.get(name).data, tensors.get(name).shape));
  return {
    about,
    async check() {
      const product = await tf.matMul(a, b).data();
      return [product[0], product.at(-1)];
    },
    async run(steps) {
      for (let i = 0; i < steps; i++) {
        const product = tf.matMul(a, b);
        if (i === steps - 1) await finish(product);
        product.dispose();
      }
    },
  };
}

/** Waits until the GPU has computed a tensor. */
async function finish(tensor) {
  const element = tf.tidy(() => tf.slice(tf.reshape(tensor, [-1]), [0], [1]));
  await element.data();
  element.dispose();
}

await serve({ step: stepJob, matmul1024: matmulJob });
