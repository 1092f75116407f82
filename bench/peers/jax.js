/**
 * The jax-js contestant, written idiomatically: the whole step, including Adam, is one jitted function over trees of
 * arrays; nothing is read back while steps run. Arrays are reference counted: `.ref` keeps one for another use.
 *
 * Started by `deno task bench peers` with the folder of the exchange and the path of the package.
 *
 * @module
 */
import { CHECKED_STEPS, readExchange } from "./exchange.ts";
import { serve } from "./serve.ts";

const [folder, path] = Deno.args;
const jax = await import(path);
const { blockUntilReady, init, jit, lax, nn, numpy: np, tree, valueAndGrad } = jax;

if (!(await init("webgpu")).includes("webgpu")) throw new Error("jax-js finds no WebGPU adapter");
jax.defaultDevice("webgpu");
const about = "jax-js on WebGPU, jit";

/** Parameters of a view's encoder or decoder as a tree, in the layouts that the ops take without transposition. */
function parameters(tensors, { prefix, side }) {
  const array = (name) => {
    const { shape, data } = tensors.get(`${prefix}.${name}`);
    return np.array(data).reshape(shape);
  };
  const convs = [0, 1, 2, 3].map((i) => ({
    w: array(`conv${i}.weight`),
    b: array(`conv${i}.bias`).reshape([-1, 1, 1]),
  }));
  const linear = (name) => ({ w: np.transpose(array(`${name}.weight`)), b: array(`${name}.bias`) });
  // Images are flattened channels-first here, but channels-last in the exchange.
  const channels = 128;
  const fromLast = (w, inner) =>
    np.transpose(w.reshape([side, side, channels, inner]), [2, 0, 1, 3]).reshape([side * side * channels, inner]);
  if (prefix.startsWith("encoders")) {
    const head = (name) => {
      const { w, b } = linear(name);
      return { w: fromLast(w, b.shape[0]), b };
    };
    return { convs, mu: head("mu"), logvar: head("logvar") };
  }
  const { w, b } = linear("linear");
  const latent = w.shape[0];
  return {
    convs,
    linear: {
      w: np.transpose(fromLast(np.transpose(w), latent)),
      b: fromLast(b, 1).reshape([-1]),
    },
  };
}

const PADDING = [[1, 1], [1, 1]];

function encode({ convs, mu, logvar }, image) {
  const h = convs.reduce((x, { w, b }) => nn.relu(lax.convGeneralDilated(x, w, [2, 2], PADDING).add(b)), image);
  const flat = h.reshape([image.shape[0], -1]);
  return [np.matmul(flat.ref, mu.w).add(mu.b), np.matmul(flat, logvar.w).add(logvar.b)];
}

function decode({ convs, linear }, z, side) {
  const start = nn.relu(np.matmul(z, linear.w).add(linear.b)).reshape([z.shape[0], -1, side, side]);
  return convs.reduce((x, { w, b }, i) => {
    const y = lax.convTranspose(x, w, [2, 2], PADDING, { transposeKernel: true }).add(b);
    return i === convs.length - 1 ? y : nn.relu(y);
  }, start);
}

/** KL(N(mu, exp(logvar)) || N(0, 1)), summed. */
function klStandard(mu, logvar) {
  return np.square(mu).add(np.exp(logvar.ref)).sub(1).sub(logvar).sum().mul(0.5);
}

/** KL(p || q) of diagonal normals, summed. */
function klPair([mu, logvar], [muQ, logvarQ]) {
  const ratio = np.exp(logvar.ref.sub(logvarQ.ref));
  const distance = np.square(mu.sub(muQ)).mul(np.exp(np.negative(logvarQ.ref)));
  return logvarQ.sub(logvar).sub(1).add(ratio).add(distance).sum().mul(0.5);
}

async function stepJob() {
  const { settings, tensors } = await readExchange(folder, "step");
  const { learningRate, alpha, beta, scale, imageSize, batchSize } = settings;
  const side = imageSize / 16;
  const images = tensors.get("batch.images");
  const noise = tensors.get("batch.noise");
  const pixels = imageSize * imageSize;

  const lossOf = (params, x, eps) => {
    const posteriors = params.encoders.map((encoder, m) => encode(encoder, x.ref.slice(m)));
    const [first, second] = posteriors;
    const both = ([mu, logvar]) => [mu.ref, logvar.ref];
    const fixed = klStandard(...both(first)).add(klStandard(...both(second)));
    const pairs = klPair(both(first), both(second)).add(klPair(both(second), both(first)));
    const kl = fixed.mul(alpha).add(pairs.mul((1 - alpha) / 2)).div(batchSize);
    const misfits = posteriors.map(([mu, logvar], m) => {
      const z = mu.add(np.exp(logvar.mul(0.5)).mul(eps.ref.slice(m)));
      return np.absolute(decode(params.decoders[m], z, side).sub(x.ref.slice(m))).sum().div(scale * batchSize);
    });
    x.dispose();
    eps.dispose();
    return misfits.reduce((a, b) => a.add(b)).add(2 * pixels * Math.log(2 * scale)).add(kl.mul(beta));
  };

  const [decay1, decay2, epsilon] = [0.9, 0.999, 1e-8];
  const step = jit((state, x, eps, corrections) => {
    const [loss, gradients] = valueAndGrad(lossOf)(tree.ref(state.params), x, eps);
    const moments1 = tree.map((m, g) => m.mul(decay1).add(g.ref.mul(1 - decay1)), state.m, gradients);
    const moments2 = tree.map((v, g) => v.mul(decay2).add(np.square(g).mul(1 - decay2)), state.v, gradients);
    const [correct1, correct2] = [corrections.ref.slice(0), corrections.slice(1)];
    const params = tree.map(
      (p, m, v) => p.sub(m.ref.mul(correct1.ref).mul(learningRate).div(np.sqrt(v.ref.mul(correct2.ref)).add(epsilon))),
      state.params,
      moments1,
      moments2,
    );
    correct1.dispose();
    correct2.dispose();
    return [{ params, m: moments1, v: moments2 }, loss];
  });

  const half = (name) => [0, 1].map((m) => parameters(tensors, { prefix: `${name}.${m}`, side }));
  const params = { encoders: half("encoders"), decoders: half("decoders") };
  const zeros = () => tree.map((p) => np.zeros(p.shape), params);
  let state = { params, m: zeros(), v: zeros() };
  let count = 0;
  const once = () => {
    count++;
    const x = np.array(images.data).reshape([2, batchSize, 1, imageSize, imageSize]);
    const eps = np.array(noise.data).reshape(noise.shape);
    const corrections = np.array([1 / (1 - decay1 ** count), 1 / (1 - decay2 ** count)]);
    const [next, loss] = step(state, x, eps, corrections);
    state = next;
    return loss;
  };
  return {
    about,
    async check() {
      const losses = [];
      for (let i = 0; i < CHECKED_STEPS; i++) losses.push((await once().data())[0]);
      return losses;
    },
    async run(steps) {
      for (let i = 0; i < steps; i++) {
        const loss = once();
        // Queuing several steps does not make jax-js faster here, and makes it slower in browsers.
        await blockUntilReady(loss);
        loss.dispose();
      }
      await blockUntilReady(state.params);
    },
  };
}

async function matmulJob() {
  const { tensors } = await readExchange(folder, "matmul1024");
  const [a, b] = ["a", "b"].map((name) => np.array(tensors.get(name).data).reshape(tensors.get(name).shape));
  const product = jit((x, y) => np.matmul(x, y));
  return {
    about,
    async check() {
      const c = await product(a.ref, b.ref).data();
      return [c[0], c.at(-1)];
    },
    async run(steps) {
      for (let i = 0; i < steps; i++) {
        const c = product(a.ref, b.ref);
        if (i === steps - 1) await blockUntilReady(c);
        c.dispose();
      }
    },
  };
}

await serve({ step: stepJob, matmul1024: matmulJob });
