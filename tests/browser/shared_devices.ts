/**
 * GPU devices that one test leaves to the next. A test opens a device of its own, and a browser's software driver
 * compiles every kernel anew for each device, which takes most of a test's time. Here a page compiles every kernel
 * once, as with a driver that has a cache.
 *
 * @module
 */

/** What one lent device owns. */
interface Lent {
  readonly gpu: GPUDevice;
  readonly key: string;
  /** Destroyed when the device is returned, as they would be with it. */
  readonly made: (GPUBuffer | GPUTexture)[];
}

/** Makes `requestDevice()` lend devices, and `destroy()` return them. */
export function shareDevices(): void {
  const idle = new Map<string, Lent[]>();
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = async function (descriptor) {
    const key = JSON.stringify([descriptor?.requiredFeatures, descriptor?.requiredLimits]);
    const returned = idle.get(key)?.pop();
    if (returned) return returned.gpu;
    const gpu = await requestDevice.call(this, descriptor);
    const lent: Lent = { gpu, key, made: [] };
    keepTrack(lent);
    keepPipelines(gpu);
    // A device that was lost is not lent again.
    let isLost = false;
    gpu.lost.then(() => isLost = true);
    gpu.destroy = () => {
      for (const each of lent.made.splice(0)) each.destroy();
      if (!isLost) idle.set(key, [...idle.get(key) ?? [], lent]);
      return undefined;
    };
    return gpu;
  };
}

/** Notes the buffers and textures of a device. */
function keepTrack({ gpu, made }: Lent): void {
  const createBuffer = gpu.createBuffer.bind(gpu);
  gpu.createBuffer = (descriptor) => noted(made, createBuffer(descriptor));
  const createTexture = gpu.createTexture.bind(gpu);
  gpu.createTexture = (descriptor) => noted(made, createTexture(descriptor));
}

function noted<T extends GPUBuffer | GPUTexture>(made: (GPUBuffer | GPUTexture)[], one: T): T {
  made.push(one);
  return one;
}

/** Returns a pipeline made before for the same text and the same bindings. */
function keepPipelines(gpu: GPUDevice): void {
  const texts = new WeakMap<object, string>();
  const pipelines = new Map<string, GPUComputePipeline>();
  const describe = <D, R extends object>(make: (descriptor: D) => R, text: (descriptor: D) => string) => {
    const original = make.bind(gpu) as (descriptor: D) => R;
    return (descriptor: D) => {
      const made = original(descriptor);
      texts.set(made, text(descriptor));
      return made;
    };
  };
  const namesOf = (parts: Iterable<object | null | undefined>) => [...parts].map((part) => part && texts.get(part));
  gpu.createShaderModule = describe(gpu.createShaderModule, ({ code }) => code as string);
  gpu.createBindGroupLayout = describe(gpu.createBindGroupLayout, ({ entries }) => JSON.stringify([...entries]));
  gpu.createPipelineLayout = describe(
    gpu.createPipelineLayout,
    ({ bindGroupLayouts }) => JSON.stringify(namesOf(bindGroupLayouts)),
  );
  const create = gpu.createComputePipeline.bind(gpu);
  gpu.createComputePipeline = (descriptor) => {
    const { layout, compute: { module, entryPoint, constants } } = descriptor;
    const parts = [layout === "auto" ? layout : texts.get(layout), texts.get(module), entryPoint, constants];
    const key = JSON.stringify(parts);
    const known = pipelines.get(key);
    if (known) return known;
    const pipeline = create(descriptor);
    pipelines.set(key, pipeline);
    return pipeline;
  };
}
