/**
 * Paths shared by the modules that install and start peers.
 *
 * @module
 */

/** Folder of the peers' packages and the exchange files. */
export const PACKAGES = "cache/peers";
/** Debian's Python, for which packages are installed; another one earlier in PATH would not have them. */
export const DEBIAN_PYTHON = "/usr/bin/python3";
/** Path of jax-js in {@linkcode PACKAGES}. */
export const JAX = "node_modules/@jax-js/jax/dist/index.js";
/** Path of the TensorFlow.js bundle in {@linkcode PACKAGES}. */
export const BUNDLE = "tfjs.js";
