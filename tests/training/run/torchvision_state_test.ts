import assert from "node:assert/strict";
import { SeededRandom } from "../../../base/random.ts";
import type { ClassifierConfig, HostTensor } from "../../../models/mod.ts";
import { pretrainedClassifier, torchvisionState } from "../../../training/run/torchvision_state.ts";
import { torchvisionTensors } from "../torchvision_tensors.ts";

const CONFIG: Omit<ClassifierConfig, "network"> = {
  method: "supervised",
  views: ["frontal", "lateral"],
  labels: 3,
  imageSize: 32,
  filterDim: 2,
  latentDim: 2,
  dropout: 0,
};

Deno.test("the tensors of torchvision's networks become those of every view's encoder, under heads of zeros", () => {
  const names = {
    densenet121: [
      "features.denseblock1.denselayer1.norm1.weight",
      "features.denseblock4.denselayer16.conv2.weight",
      "features.transition3.conv.weight",
      "features.norm5.running_var",
    ],
    resnet50: ["bn1.bias", "layer1.0.downsample.0.weight", "layer3.5.bn3.running_mean", "layer4.2.conv3.weight"],
  };
  for (const network of ["densenet121", "resnet50"] as const) {
    const theirs = torchvisionTensors(network);
    for (const name of names[network]) assert.ok(theirs.has(name), name);
    const state = torchvisionState(theirs)!;
    assert.equal(state.network, network);
    assert.ok(![...state.tensors.keys()].some((name) => /^(classifier|fc)\./.test(name)));
    const made = pretrainedClassifier(state, { config: { ...CONFIG, network }, file: "weights" });
    for (const view of [0, 1]) {
      for (const name of names[network]) {
        assert.equal(made.get(`encoders.${view}.${name}`), theirs.get(name), name);
      }
      const head = made.get(`classifiers.${view}.weight`)!;
      assert.deepEqual(head.shape, [3, network === "densenet121" ? 1024 : 2048]);
      assert.ok(head.data.every((value) => value === 0));
    }
    assert.equal([...made.keys()].length, 2 * state.tensors.size + 2);
  }
});

Deno.test("names of torchvision's old files of DenseNets are read", () => {
  const theirs = torchvisionTensors("densenet121");
  const old = new Map(
    [...theirs].map(([name, tensor]) =>
      [name.replace(/(denselayer\d+\.(?:norm|conv))([12])\./, "$1.$2."), tensor] as const
    ),
  );
  assert.ok(old.has("features.denseblock1.denselayer1.norm.1.weight"));
  assert.deepEqual([...torchvisionState(old)!.tensors.keys()], [...torchvisionState(theirs)!.tensors.keys()]);
});

Deno.test("a first convolution of normalised colours gives the same of gray images in [0, 1]", () => {
  const theirs = torchvisionTensors("densenet121");
  const random = new SeededRandom("torchvision");
  const weight = Float32Array.from({ length: 64 * 3 * 49 }, () => random.uniform() - 0.5);
  const mean = Float32Array.from({ length: 64 }, () => random.uniform() - 0.5);
  theirs.set("features.conv0.weight", { shape: [64, 3, 7, 7], data: weight });
  theirs.set("features.norm0.running_mean", { shape: [64], data: mean });
  const { tensors } = torchvisionState(theirs)!;
  const [gray, shifted] = [tensors.get("features.conv0.weight")!, tensors.get("features.norm0.running_mean")!];
  assert.deepEqual(gray.shape, [64, 1, 7, 7]);
  const patch = Array.from({ length: 49 }, () => random.uniform());
  for (const output of [0, 31, 63]) {
    const colours = [[0.485, 0.229], [0.456, 0.224], [0.406, 0.225]] as const;
    const wanted = colours.flatMap(([average, deviation], c) =>
      patch.map((value, at) =>
        weight[(output * 3 + c) * 49 + at]! * (value - average) / deviation
      )
    ).reduce((a, b) => a + b) - mean[output]!;
    const got = patch.map((value, at) => value * gray.data[output * 49 + at]!).reduce((a, b) => a + b) -
      shifted.data[output]!;
    assert.ok(Math.abs(got - wanted) < 1e-5, `${got} for ${wanted}`);
  }
  // A network of one channel was trained on gray images.
  const own = { shape: [64, 1, 7, 7], data: weight.slice(0, 64 * 49) };
  const plain = torchvisionState(new Map([...theirs, ["features.conv0.weight", own]]))!;
  assert.equal(plain.tensors.get("features.conv0.weight"), own);
  assert.equal(plain.tensors.get("features.norm0.running_mean")!.data, mean);
});

Deno.test("other tensors are none of torchvision's, and a changed network is refused with what is wrong", () => {
  const one: HostTensor = { shape: [1], data: Float32Array.of(1) };
  assert.equal(torchvisionState(new Map([["encoders.0.feature_extractor.conv1.weight", one]])), undefined);
  const theirs = torchvisionTensors("densenet121");
  theirs.delete("features.norm5.bias");
  theirs.set("features.extra", one);
  theirs.set("features.norm0.weight", { shape: [3], data: new Float32Array(3) });
  theirs.set("features.norm0.bias", { shape: [64], data: new Float32Array(64).fill(NaN) });
  const config = { ...CONFIG, network: "densenet121" };
  assert.throws(() => pretrainedClassifier(torchvisionState(theirs)!, { config, file: "weights.safetensors" }), {
    name: "DataError",
    message: "weights.safetensors: the tensors are not those of torchvision's densenet121: features.norm0.weight has " +
      "shape [3], but [64] is needed; features.norm0.bias has a value that is not finite; features.norm5.bias is " +
      "missing; features.extra is unknown",
  });
});
