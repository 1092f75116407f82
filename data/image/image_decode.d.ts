/** RGBA pixels of a PNG, BMP or TIFF file; nothing for other data. */
export default function decode(
  bytes: Uint8Array,
): { data: Uint8Array; width: number; height: number } | null | undefined;
