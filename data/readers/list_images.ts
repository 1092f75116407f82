/**
 * Lists the image files of data sets that come in many folders.
 *
 * @module
 */
import { join } from "node:path";
import { nameFile } from "../../base/errors.ts";

const IMAGE = /\.(png|jpe?g|dcm|dicom|tiff?|bmp)$/i;
/** More files than the largest of these data sets has, several times over. */
const MAX_FILES = 2_000_000;

/**
 * The image files below a directory by file name, as paths relative to it. Folders are entered if their name matches
 * `folders`, down to `depth` levels; links to folders are followed, as data sets are often spread over disks. If
 * several files have the same name, the one in the first folder (by name) counts.
 */
export function listImages(root: string, options: { folders: RegExp; depth: number }): Map<string, string> {
  const found = new Map<string, string>();
  let level = [""];
  for (let depth = 0; depth <= options.depth && level.length > 0; depth++) {
    const next: string[] = [];
    for (const folder of level) {
      for (const { name, isFile, isDirectory } of entriesOf(join(root, folder))) {
        const path = folder === "" ? name : `${folder}/${name}`;
        if (isDirectory && options.folders.test(name)) next.push(path);
        else if (isFile && IMAGE.test(name) && !found.has(name) && found.size < MAX_FILES) found.set(name, path);
      }
    }
    level = next.sort();
  }
  return found;
}

/** The entries of a folder, by name; links are resolved, and broken ones left out. */
function entriesOf(folder: string): { name: string; isFile: boolean; isDirectory: boolean }[] {
  const entries: { name: string; isFile: boolean; isDirectory: boolean }[] = [];
  for (const entry of Deno.readDirSync(folder)) {
    if (!entry.isSymlink) {
      entries.push(entry);
      continue;
    }
    try {
      const { isFile, isDirectory } = Deno.statSync(join(folder, entry.name));
      entries.push({ name: entry.name, isFile, isDirectory });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw nameFile(error, join(folder, entry.name));
    }
  }
  return entries.sort((a, b) => a.name < b.name ? -1 : 1);
}
