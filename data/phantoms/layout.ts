import { chexpertImagePath, chexpertTables } from "./chexpert_layout.ts";
import type { ImageState } from "./exposures.ts";
import { mimicImagePath, mimicTables } from "./mimic_layout.ts";
import type { StudyState } from "./patients.ts";
import type { TableFile, WrittenStudy } from "./written_study.ts";

/** The data sets whose files and tables phantoms can be written as. */
export const PHANTOM_LAYOUTS = ["mimic-cxr", "chexpert"] as const;
/** One of {@linkcode PHANTOM_LAYOUTS}. */
export type PhantomLayout = typeof PHANTOM_LAYOUTS[number];

/** Where a layout has its images, and the tables that list them. */
interface Layout {
  imagePath(study: StudyState, image: ImageState): string;
  tables(studies: readonly WrittenStudy[]): TableFile[];
}

const LAYOUTS: Readonly<Record<PhantomLayout, Layout>> = {
  "mimic-cxr": { imagePath: mimicImagePath, tables: mimicTables },
  chexpert: { imagePath: chexpertImagePath, tables: chexpertTables },
};

/** The {@linkcode Layout} of a name. */
export function layoutOf(name: PhantomLayout): Layout {
  return LAYOUTS[name];
}
