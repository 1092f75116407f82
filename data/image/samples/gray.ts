/**
 * Converts colour to gray exactly as PIL does.
 *
 * @module
 */
/** PIL's `convert("L")`: ITU-R 601-2 luma in 16-bit fixed point; a fourth channel (alpha) is ignored. */
export function grayFromColour(data: ArrayLike<number>, options: { count: number; channels: 3 | 4 }): Uint8Array {
  const { count, channels } = options;
  const gray = new Uint8Array(count);
  for (let i = 0, at = 0; i < count; i++, at += channels) {
    gray[i] = luma(data[at]!, data[at + 1]!, data[at + 2]!);
  }
  return gray;
}

/** PIL's luma of one pixel, for channels of up to 16 bits. */
export function luma(red: number, green: number, blue: number): number {
  return (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >>> 16;
}
