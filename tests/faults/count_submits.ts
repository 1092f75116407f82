/**
 * Loaded before the program, see {@linkcode Fault}: says `SUBMITTED` on standard error once work has been submitted to the GPU `at` times, so
 * that a test can kill the process about there, however fast the machine is.
 */
let left = Number(new URL(import.meta.url).searchParams.get("at"));

const { submit } = GPUQueue.prototype;
GPUQueue.prototype.submit = function (commands) {
  submit.call(this, commands);
  if (--left === 0) console.error("SUBMITTED");
};
