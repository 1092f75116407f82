/**
 * Preload module (see {@linkcode Fault}): prints `SUBMITTED` on standard error after the `at`-th submission to the GPU,
 * so that a test can kill the process at that point, however fast the machine is.
 *
 * @module
 */
let left = Number(new URL(import.meta.url).searchParams.get("at"));

const { submit } = GPUQueue.prototype;
GPUQueue.prototype.submit = function (commands) {
  submit.call(this, commands);
  if (--left === 0) console.error("SUBMITTED");
};
