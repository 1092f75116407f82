import type { PhantomLayout } from "../data/readers/phantom_record.ts";
import { chexpertImagePath, chexpertTables } from "./chexpert_layout.ts";
import type { ImageState } from "./exposures.ts";
import { mimicImagePath, mimicTables } from "./mimic_layout.ts";
import type { StudyState } from "./patients.ts";
import type { TableFile, WrittenStudy } from "./written_study.ts";

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
