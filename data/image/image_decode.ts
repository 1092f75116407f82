// @ts-types="./image_decode.d.ts"
import decode from "image-decode";

/** image-decode, imported only where a file is no JPEG: it loads six decoders. */
export default decode;
