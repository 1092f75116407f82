/**
 * Operands that kernels read through a texture.
 *
 * On lavapipe a load from a storage buffer is a loop over the lanes with tests for each of them; a load of a texel is a
 * few vector instructions and takes less than half the time. A kernel may therefore read operands as texels: the engine
 * copies them, one after the other, into one `texture_storage_2d<rgba32float, read>`, at 12 to 27 GB/s.
 *
 * Texel i of the texture is at (i mod {@link TEXEL_ROW}, i div TEXEL_ROW). Each operand begins a row of its own. What
 * is in the texture already is not copied again, see `texel_plan.ts`.
 *
 * Operands of float16 are copied into a texture of rgba16float, to the rows that they would have in the other one:
 * where a dispatch reads both kinds, it binds both textures, and a texel's number does not depend on its format.
 *
 * @module
 */

/** Texels of a row of the texture. */
export const TEXEL_ROW = 1024;

/** Bytes of a texel, four 32-bit floats. */
export const TEXEL_BYTES = 16;

/** Bytes of a texel of four 16-bit floats. */
export const HALF_TEXEL_BYTES = 8;

/** Rows that so many elements, a multiple of 4, take. */
export function texelRows(elements: number): number {
  return Math.ceil(elements / 4 / TEXEL_ROW);
}

/** True if operands of so many elements each can be read as texels together, in at most `maxTexels`. */
export function fitTexels(sizes: readonly number[], maxTexels = 0): boolean {
  const rows = sizes.reduce((total, elements) => total + texelRows(elements), 0);
  return sizes.every((elements) => elements % 4 === 0) && rows * TEXEL_ROW <= maxTexels;
}

/** Elements from which a copy costs less than the loads gain where each element is loaded once. */
const MIN_MAP_ELEMENTS = 2 ** 17;
/** Texels, 16 MiB, that kernels which load each element once may take at most, so that the texture stays small. */
const MOST_MAP_TEXELS = 2 ** 20;

/** True if kernels that load each element of these feature maps once should read them as texels. */
export function readMapsAsTexels(sizes: readonly number[], maxTexels = 0): boolean {
  return sizes.every((elements) => elements >= MIN_MAP_ELEMENTS) &&
    fitTexels(sizes, Math.min(maxTexels, MOST_MAP_TEXELS));
}

/** The texture that holds `rows` rows of float32, or of float16. */
export function texelTexture(gpu: GPUDevice, options: { rows: number; label: string; half?: boolean }): GPUTexture {
  return gpu.createTexture({
    label: options.label,
    size: [TEXEL_ROW, options.rows],
    format: options.half ? "rgba16float" : "rgba32float",
    usage: GPUTextureUsage.STORAGE_BINDING | GPUTextureUsage.COPY_DST,
  });
}

/** Bytes of rows of a texture. */
export function texelBytes(rows: number, { half }: { half: boolean }): number {
  return rows * TEXEL_ROW * (half ? HALF_TEXEL_BYTES : TEXEL_BYTES);
}

/** A piece of a buffer that is copied into the texture. */
export interface TexelSource {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
  /** True where it holds float16. */
  readonly half?: boolean;
  /** The row of the texture where it begins. */
  readonly row: number;
}

/** Copies pieces of buffers into the texture of their format, each from the start of a row. */
export function copyTexels(
  encoder: GPUCommandEncoder,
  options: { texture?: GPUTexture | undefined; halfTexture?: GPUTexture | undefined; sources: readonly TexelSource[] },
): void {
  for (const { buffer, offset, bytes, row, half = false } of options.sources) {
    const texture = (half ? options.halfTexture : options.texture)!;
    const bytesPerRow = texelBytes(1, { half });
    const texels = bytes / (bytesPerRow / TEXEL_ROW);
    const [whole, rest] = [Math.floor(texels / TEXEL_ROW), texels % TEXEL_ROW];
    const copy = (part: { row: number; width: number; height: number }) =>
      encoder.copyBufferToTexture(
        { buffer, offset: offset + part.row * bytesPerRow, bytesPerRow },
        { texture, origin: [0, row + part.row] },
        [part.width, part.height],
      );
    if (whole > 0) copy({ row: 0, width: TEXEL_ROW, height: whole });
    if (rest > 0) copy({ row: whole, width: rest, height: 1 });
  }
}
