/** Folder of the peers' packages and of what is exchanged with them; no part of the product. */
export const PACKAGES = "cache/peers";
/** jax-js, in that folder. */
export const JAX = "node_modules/@jax-js/jax/dist/index.js";
/** TensorFlow.js bundled, in that folder. */
export const BUNDLE = "tfjs.js";
