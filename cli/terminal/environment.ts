/**
 * The environment variables that the command line reads.
 *
 * @module
 */

/**
 * Sets environment variables of the graphics drivers, unless the user has, before the first adapter is requested:
 *
 * - `DENO_WEBGPU_BACKEND`: without a Vulkan driver Deno would fall back to OpenGL, which every desktop has, but with
 *   half of the storage bindings and no subgroups. Set-up would then find an adapter that suits the engine poorly, and
 *   install nothing.
 * - `XDG_RUNTIME_DIR`: lavapipe prints two error lines if it is unset. Any folder will do.
 *
 * Tasks without permission to read these variables do not use an adapter and are not affected.
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
