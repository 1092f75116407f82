/** Folder of the peers' packages and of what is exchanged with them; no part of the product. */
export const PACKAGES = "cache/peers";
/** Debian's Python, whose packages set-up installs; another one that comes first in PATH would not have them. */
export const DEBIAN_PYTHON = "/usr/bin/python3";
/** jax-js, in that folder. */
export const JAX = "node_modules/@jax-js/jax/dist/index.js";
/** TensorFlow.js bundled, in that folder. */
export const BUNDLE = "tfjs.js";
