/**
 * DenseNet and ResNet against PyTorch: `golden/make_classifier_networks.py` has the reference, whose parameters and
 * images are the waves computed here.
 *
 * @module
 */
import assert from "node:assert/strict";
import { networkOf } from "../../../models/mod.ts";
import { linear } from "../../../models/layers/layers.ts";
import { declareParameters, fileShape, type HostTensor, Parameters } from "../../../models/layers/parameters.ts";
import { Scope } from "../../../models/layers/scope.ts";
import { denseNet, DENSENET_121, denseNetFeatures } from "../../../models/networks/densenet.ts";
import { resNet, RESNET_50, resNetFeatures } from "../../../models/networks/resnet.ts";
import { compile, Device, gradients, input, mul, pack, sizeOf, sum, type Tensor } from "../../../runtime/mod.ts";
import { relativeError } from "../../reference/compare.ts";

/** Norm and projection of each tensor by name. */
type Summaries = Readonly<Record<string, readonly [number, number]>>;

interface Golden {
  readonly samples: number;
  readonly imageSize: number;
  readonly evaluated: readonly number[];
  readonly features: readonly number[];
  readonly gradients: Summaries;
  readonly statistics: Summaries;
}

interface GoldenFile {
  readonly parameters: { readonly densenet121: number; readonly resnet50: number };
  readonly densenet: Golden & { readonly shape: { blocks: number[]; growth: number; stem: number } };
  readonly resnet: Golden & { readonly shape: { stages: number[]; width: number } };
  readonly densenet121: readonly number[];
  readonly resnet50: readonly number[];
}

const GOLDEN: GoldenFile = JSON.parse(
  Deno.readTextFileSync(new URL("../golden/classifier_networks.json", import.meta.url)),
);

/** A network of the file, as a function of images. */
type Extract = (scope: Scope, image: Tensor) => Tensor;

const NETWORKS = {
  densenet: (scope: Scope, image: Tensor) => denseNet(scope, image, GOLDEN.densenet.shape),
  resnet: (scope: Scope, image: Tensor) => resNet(scope, image, GOLDEN.resnet.shape),
};
const WHOLE = {
  densenet121: (scope: Scope, image: Tensor) => denseNet(scope, image, DENSENET_121),
  resnet50: (scope: Scope, image: Tensor) => resNet(scope, image, RESNET_50),
};

function waves(count: number, phase: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => Math.sin(1.7 * i ** 1.5 + phase));
}

/** The parameters as the reference fills them, in files' layouts. */
function filled(extract: Extract, imageSize: number): { parameters: (device: Device) => Parameters } {
  const image = () => input("image", { shape: [1, imageSize, imageSize, 1] });
  const specs = declareParameters((scope) => extract(scope, image()));
  const values = specs.map((spec): [string, HostTensor] => {
    const { name, trained } = spec;
    const shape = fileShape(spec);
    const size = sizeOf(shape);
    if (!trained) return [name, { shape, data: new Float32Array(size).fill(name.endsWith("var") ? 1 : 0) }];
    const wave = waves(size, [...name].reduce((total, letter) => total + letter.codePointAt(0)!, 0));
    const he = 2 / Math.sqrt(size / shape[0]!);
    const base = name.endsWith("weight") ? 1 : 0;
    return [name, { shape, data: Float32Array.from(wave, (w) => shape.length === 4 ? w * he : base + 0.2 * w) }];
  });
  return {
    parameters(device) {
      const made = Parameters.create(device, { specs, seed: 0 });
      made.write(new Map(values));
      return made;
    },
  };
}

function imagesOf(samples: number, side: number): Float32Array {
  return Float32Array.from(waves(samples * side * side, 0), (wave) => 0.5 + 0.5 * wave);
}

function summaryOf(data: ArrayLike<number>, phase: number): [number, number] {
  const wave = waves(data.length, phase);
  let [squares, projection] = [0, 0];
  for (let i = 0; i < data.length; i++) {
    squares += data[i]! ** 2;
    projection += data[i]! * wave[i]!;
  }
  return [Math.sqrt(squares), projection];
}

/** Compares norm and projection of each tensor, relative to its norm. */
function assertSummaries(got: ReadonlyMap<string, HostTensor>, want: Summaries, phase: number): void {
  for (const [name, [norm, projection]] of Object.entries(want)) {
    const [gotNorm, gotProjection] = summaryOf(got.get(name)!.data, phase);
    const error = Math.max(Math.abs(gotNorm - norm), Math.abs(gotProjection - projection)) / norm;
    assert.ok(error < 2e-4, `${name}: relative error ${error}`);
  }
}

for (const name of ["densenet", "resnet"] as const) {
  Deno.test(`${name}: features, gradients and running statistics equal PyTorch's`, async () => {
    const { samples, imageSize, evaluated, features, ...golden } = GOLDEN[name];
    const extract = NETWORKS[name];
    using device = await Device.open();
    using parameters = filled(extract, imageSize).parameters(device);
    const images = imagesOf(samples, imageSize);
    const shape = [samples, imageSize, imageSize, 1];
    using inference = await compile(device, () => {
      const scope = Scope.bound(parameters.source, { training: false });
      return { outputs: { y: extract(scope, input("image", { shape })) } };
    });
    inference.run({ image: images });
    assert.ok(relativeError((await inference.read("y"))[0]!, evaluated) < 2e-5);
    using training = await compile(device, () => {
      const scope = Scope.bound(parameters.source, { training: true });
      const y = extract(scope, input("image", { shape }));
      const loss = sum(mul(y, input("weights", { shape: y.shape })));
      return { outputs: { y, gradient: pack(gradients(loss, parameters.tensors)) } };
    });
    training.run({ image: images, weights: Float32Array.from(waves(features.length, 1)) });
    const [y, gradient] = await training.read("y", "gradient");
    assert.ok(relativeError(y!, features) < 2e-5);
    assertSummaries(parameters.fromSlab(gradient!), golden.gradients, 2);
    assertSummaries(await parameters.read(), golden.statistics, 3);
  });
}

const WHOLE_NAMES = ["densenet121", "resnet50"] as const;

for (const name of WHOLE_NAMES) {
  Deno.test(`${name} has torchvision's number of parameters`, () => {
    const specs = declareParameters((scope) => {
      const features = WHOLE[name](scope, input("image", { shape: [1, 224, 224, 3] }));
      linear(scope.child("classifier"), features, { outputs: 1000 });
    });
    const trained = specs.filter(({ trained }) => trained);
    const count = trained.reduce((total, { shape }) => total + sizeOf(shape), 0);
    assert.equal(count, GOLDEN.parameters[name]);
    assert.equal(count, { densenet121: 7_978_856, resnet50: 25_557_032 }[name]);
  });
}

// A minute of processor time: their layers are those of the small networks above. MMVM_WHOLE_NETWORKS=1 compares them.
for (const name of Deno.env.get("MMVM_WHOLE_NETWORKS") ? WHOLE_NAMES : []) {
  Deno.test(`${name} at its full size gives PyTorch's features`, async () => {
    using device = await Device.open();
    using parameters = filled(WHOLE[name], 64).parameters(device);
    using program = await compile(device, () => {
      const scope = Scope.bound(parameters.source, { training: false });
      return { outputs: { y: WHOLE[name](scope, input("image", { shape: [1, 64, 64, 1] })) } };
    });
    program.run({ image: imagesOf(1, 64) });
    const error = relativeError((await program.read("y"))[0]!, GOLDEN[name]);
    assert.ok(error < 1e-4, `relative error ${error}`);
  });
}

Deno.test("densenet121 and resnet50 have the features that they declare, at 64 and 224 pixels", () => {
  assert.deepEqual([denseNetFeatures(DENSENET_121), resNetFeatures(RESNET_50)], [1024, 2048]);
  for (const name of ["densenet121", "resnet50"]) {
    for (const imageSize of [64, 224]) {
      const network = networkOf(name, { imageSize, filterDim: 2, latentDim: 3, dropout: 0.1 });
      declareParameters((scope) => {
        const features = network.extract(scope, input("image", { shape: [2, imageSize, imageSize, 1] }));
        assert.deepEqual(features.shape, [2, network.features]);
        const { mu, logvar } = network.posterior(scope, features);
        assert.deepEqual([mu.shape, logvar.shape], [[2, 3], [2, 3]]);
        assert.deepEqual(network.decode(scope, mu).shape, [2, imageSize, imageSize, 1]);
      });
    }
  }
});

Deno.test("densenet121 refuses images that it cannot halve, and decodes to the residual network's sizes only", () => {
  const sizes = { filterDim: 2, latentDim: 3, dropout: 0 };
  assert.throws(() => networkOf("densenet121", { ...sizes, imageSize: 28 }), /takes 29 pixels or more, not 28/);
  for (const [name, imageSize] of [["densenet121", 29], ["resnet50", 28]] as const) {
    const network = networkOf(name, { ...sizes, imageSize });
    declareParameters((scope) => {
      const image = input("image", { shape: [1, imageSize, imageSize, 1] });
      assert.deepEqual(network.extract(scope, image).shape, [1, network.features]);
      assert.throws(
        () => networkOf(name, { ...sizes, imageSize, decodes: true }),
        new RegExp(`${name} is an encoder, .*64, 128, 224 pixels, not ${imageSize}`),
      );
    });
  }
});
