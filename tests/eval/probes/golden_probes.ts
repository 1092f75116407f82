/**
 * Reads probes.json: latents, labels, and the results of scikit-learn's probes on them (see golden/make_probes.py).
 *
 * @module
 */
import { join } from "node:path";
import type { Matrix } from "../../../eval/probes/matrix.ts";

interface StoredLabel {
  name: string;
  target: string;
  logistic: { coef: number[]; intercept: number; auroc: number };
  forestAurocs: number[];
  forestProbabilities: string;
}

interface Stored {
  train: number;
  test: number;
  columns: number;
  latents: string;
  trees: number;
  labels: StoredLabel[];
  softmax: {
    classes: number;
    target: string;
    coef: number[][];
    intercept: number[];
    accuracy: number;
    auroc: number;
  };
  separable: { X: number[][]; y: number[]; C: number; coef: number[]; intercept: number };
}

function decode(text: string): Int16Array {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new Int16Array(bytes.buffer);
}

const path = join(import.meta.dirname!, "..", "golden", "probes.json");
export const golden = JSON.parse(await Deno.readTextFile(path)) as Stored;

const latents = Float64Array.from(decode(golden.latents), (value) => value / 1000);
const { train, test, columns } = golden;
export const trainLatents: Matrix = { values: latents.slice(0, train * columns), rows: train, columns };
export const testLatents: Matrix = { values: latents.slice(train * columns), rows: test, columns };

/** Splits targets, given as a string of digits, into those of training and test cases. */
export function splitTarget(target: string): { train: Int8Array; test: Int8Array } {
  const all = Int8Array.from(target, Number);
  return { train: all.slice(0, train), test: all.slice(train) };
}

/** The probabilities that one of scikit-learn's forests predicted for the test cases. */
export function forestProbabilitiesOf(label: StoredLabel): number[] {
  return Array.from(decode(label.forestProbabilities), (value) => value / 10000);
}
