// @ts-types="./image_decode.d.ts"
import decode from "image-decode";

/** image-decode, in a module of its own because it loads six decoders: imported only where a file is no JPEG. */
export default decode;
