// @ts-types="./image_decode.d.ts"
import decode from "image-decode";

/**
 * image-decode, in a module of its own because it loads six decoders: imported only where a file is no JPEG. Its GIF decoder tells of
 * missing data on the console only and fills with zeros: that is an error here.
 */
export default function decodeStrictly(bytes: Uint8Array): ReturnType<typeof decode> {
  const { log } = console;
  let warning: string | undefined;
  console.log = (...parts: unknown[]) => warning ??= parts.join(" ");
  try {
    const image = decode(bytes);
    if (warning !== undefined) throw new Error(warning);
    return image;
  } finally {
    console.log = log;
  }
}
