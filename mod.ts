/**
 * The public API of mmvm: the tensor engine, the models, data, training, evaluation and experiments.
 *
 * @module
 */
export * from "./runtime/mod.ts";
export * from "./models/mod.ts";
export * from "./data/mod.ts";
export * from "./phantoms/mod.ts";
export * from "./training/mod.ts";
export * from "./eval/mod.ts";
export * from "./experiments/mod.ts";
