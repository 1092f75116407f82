/**
 * The public API of mmvm: the tensor engine, the models, the data and the evaluation.
 *
 * @module
 */
export * from "./runtime/mod.ts";
export * from "./models/mod.ts";
export * from "./data/mod.ts";
export * from "./eval/mod.ts";
