/**
 * The environment variables that the command line reads.
 *
 * @module
 */

/**
 * Sets what the graphics drivers read from the environment, before the first adapter is asked for, where the user has
 * not:
 *
 * - `DENO_WEBGPU_BACKEND`: without a Vulkan driver Deno would fall back on OpenGL, which any desktop has, with half of
 *   the storage bindings and no subgroups. Set-up would then see an adapter that the engine cannot well use, and
 *   install nothing.
 * - `XDG_RUNTIME_DIR`: lavapipe prints two error lines where it is unset. Any folder will do.
 *
 * A task that may not see these variables goes on without: it asks for no adapter.
 */
export function prepareEnvironment(): void {
  setDefault("DENO_WEBGPU_BACKEND", "vulkan,metal,dx12");
  if (Deno.build.os === "linux") setDefault("XDG_RUNTIME_DIR", "/tmp");
}

function setDefault(name: string, value: string): void {
  try {
    if (!Deno.env.get(name)) Deno.env.set(name, value);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
  }
}
