/**
 * Tensors with the names and shapes of torchvision's networks.
 *
 * @module
 */
import { Classifier, declareParameters, fileShape, type HostTensor } from "../../models/mod.ts";

/** A state_dict of a network for colour images with 1000 classes; all values are 0.5. */
export function torchvisionTensors(network: "densenet121" | "resnet50"): Map<string, HostTensor> {
  const sizes = { imageSize: 32, filterDim: 2, latentDim: 2, dropout: 0 };
  const classifier = new Classifier({ method: "supervised", views: ["one"], labels: 1, network, ...sizes });
  const [conv, head, features] = network === "densenet121"
    ? ["features.conv0.weight", "classifier", 1024] as const
    : ["conv1.weight", "fc", 2048] as const;
  const tensor = (shape: readonly number[]): HostTensor => ({
    shape: [...shape],
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5),
  });
  const encoder = declareParameters((scope) => classifier.declare(scope))
    .filter(({ name }) => name.startsWith("encoders.0."))
    .map((spec): [string, HostTensor] => [spec.name.slice("encoders.0.".length), tensor(fileShape(spec))]);
  return new Map([
    ...encoder,
    [conv, tensor([64, 3, 7, 7])],
    [`${head}.weight`, tensor([1000, features])],
    [`${head}.bias`, tensor([1000])],
  ]);
}
