/**
 * Preload module (see {@linkcode Fault}): the GPU device is lost when the evaluation encodes a batch, the first `times`
 * times.
 *
 * @module
 */
import { VaeInference } from "../../models/mod.ts";

let times = Number(new URL(import.meta.url).searchParams.get("times"));

const { encode } = VaeInference.prototype;
VaeInference.prototype.encode = function (...given) {
  if (times-- > 0) this.device.gpu.destroy();
  return encode.apply(this, given);
};
