/**
 * Applies the TIFF orientation tag.
 *
 * @module
 */
/**
 * Rotates and mirrors an image according to TIFF's orientation tag: 1 as stored, 2 mirrored, 3 rotated by 180 degrees,
 * 4 flipped vertically, 5 transposed, 6 rotated clockwise, 7 transposed along the other diagonal, 8 rotated
 * counter-clockwise. Other values are treated as 1.
 */
export function orient<T extends Uint8Array | Uint16Array>(
  samples: T,
  { width, height, orientation }: { width: number; height: number; orientation: number },
): { samples: T; width: number; height: number } {
  if (!(orientation >= 2 && orientation <= 8)) return { samples, width, height };
  const transposed = orientation >= 5;
  const flipX = [2, 3, 6, 7].includes(orientation);
  const flipY = [3, 4, 7, 8].includes(orientation);
  const [outWidth, outHeight] = transposed ? [height, width] : [width, height];
  const out = samples.slice() as T;
  for (let y = 0; y < outHeight; y++) {
    const row = flipY ? outHeight - 1 - y : y;
    for (let x = 0; x < outWidth; x++) {
      const column = flipX ? outWidth - 1 - x : x;
      out[y * outWidth + x] = samples[transposed ? column * width + row : row * width + column]!;
    }
  }
  return { samples: out, width: outWidth, height: outHeight };
}
