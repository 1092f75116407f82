/**
 * Locates the images of MIMIC-CXR-JPG in folders or in `files.zip`.
 *
 * @module
 */
import { join } from "node:path";
import type { DropLog, DropReason } from "../index/drop_log.ts";
import { exists } from "./find_table.ts";
import type { ImageSource } from "../image/image_source.ts";
import { readZipDirectory, type ZipDirectory } from "../zip/zip_directory.ts";

const REFUSED_MEMBER: DropReason = {
  step: "files",
  reason: "zip member's name is not safe or not unique",
  unit: "row",
  fault: true,
};

/**
 * Locates MIMIC-CXR-JPG's images in the folder `files` or, if there is none, in `files.zip`. `name` returns an image's
 * path relative to the root, beginning with `files/`.
 */
export function mimicSource(place: { root: string; drops: DropLog }, name: (image: number) => string): ImageSource {
  const { root, drops } = place;
  if (exists(join(root, "files"), "directory")) {
    return {
      preprocessing: "radiograph",
      name,
      locate: (image) => ({ kind: "file", path: join(root, name(image)) }),
      hasImages: true,
    };
  }
  const archive = join(root, "files.zip");
  if (!exists(archive, "file")) {
    return { preprocessing: "radiograph", name, locate: () => undefined, hasImages: false };
  }
  const directory = readZipDirectory(archive);
  for (const refused of directory.refused) {
    drops.add(REFUSED_MEMBER, `${archive}, member ${refused.name}: ${refused.reason}`);
  }
  const prefix = memberPrefix(directory);
  return {
    preprocessing: "radiograph",
    name,
    locate: (image) => {
      const entry = directory.entries.get(prefix + name(image).slice("files/".length));
      if (entry === undefined) return undefined;
      const { name: member, ...where } = entry;
      return { kind: "zip", archive, member, ...where };
    },
    hasImages: true,
  };
}

/** The path before `p10/p10000032/...` in the archive: `files/`, nothing, or an outer folder. */
function memberPrefix(directory: ZipDirectory): string {
  for (const name of directory.entries.keys()) {
    const match = /^(|.*?\/)p[0-9]{2}\/p[0-9]+\/s[0-9]+\/[^/]+$/.exec(name);
    if (match !== null) return match[1]!;
  }
  return "files/";
}
