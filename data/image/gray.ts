/** PIL's `convert("L")`: ITU-R 601-2 luma in 16-bit fixed point; a fourth channel (alpha) is ignored. */
export function grayFromColour(data: ArrayLike<number>, options: { count: number; channels: 3 | 4 }): Uint8Array {
  const { count, channels } = options;
  const gray = new Uint8Array(count);
  for (let i = 0, at = 0; i < count; i++, at += channels) {
    gray[i] = (data[at]! * 19595 + data[at + 1]! * 38470 + data[at + 2]! * 7471 + 0x8000) >> 16;
  }
  return gray;
}
