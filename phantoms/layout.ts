/**
 * The directory layouts in which phantoms can be written.
 *
 * @module
 */
import type { PhantomLayout } from "../data/readers/phantom_record.ts";
import { chexpertImagePath, chexpertTables } from "./chexpert_layout.ts";
import type { ImageState } from "./exposures.ts";
import { mimicImagePath, mimicReportPath, mimicTables } from "./mimic_layout.ts";
import type { StudyState } from "./patients.ts";
import type { TableFile, WrittenStudy } from "./written_study.ts";

/** Paths of a layout's images and reports, and the tables that list them. */
interface Layout {
  imagePath(study: StudyState, image: ImageState): string;
  /** Absent if the layout has no reports. */
  reportPath?(study: StudyState): string;
  tables(studies: readonly WrittenStudy[]): TableFile[];
}

const LAYOUTS: Readonly<Record<PhantomLayout, Layout>> = {
  "mimic-cxr": { imagePath: mimicImagePath, reportPath: mimicReportPath, tables: mimicTables },
  chexpert: { imagePath: chexpertImagePath, tables: chexpertTables },
};

/** Returns the {@linkcode Layout} with this name. */
export function layoutOf(name: PhantomLayout): Layout {
  return LAYOUTS[name];
}
