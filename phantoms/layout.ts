/**
 * The directory layouts in which phantoms can be written.
 *
 * @module
 */
import type { PhantomLayout } from "../data/readers/phantom_record.ts";
import { chexpertImagePath, chexpertTables } from "./chexpert_layout.ts";
import type { ImageState } from "./exposures.ts";
import { dicomFile } from "./dicom_file.ts";
import { mimicDicomPath, mimicDicomTables, mimicImagePath, mimicReportPath, mimicTables } from "./mimic_layout.ts";
import type { StudyState } from "./patients.ts";
import type { TableFile, WrittenStudy } from "./written_study.ts";

/** Paths of a layout's images and reports, and the tables that list them. */
interface Layout {
  imagePath(study: StudyState, image: ImageState): string;
  /** Absent if the layout has no reports. */
  reportPath?(study: StudyState): string;
  tables(studies: readonly WrittenStudy[]): TableFile[];
  /** The file of an image; the JPEG itself by default. */
  wrap?(drawn: DrawnJpeg, image: ImageState): Uint8Array<ArrayBuffer>;
}

/** An image drawn and encoded. */
export interface DrawnJpeg {
  width: number;
  height: number;
  jpeg: Uint8Array<ArrayBuffer>;
}

const LAYOUTS: Readonly<Record<PhantomLayout, Layout>> = {
  "mimic-cxr": { imagePath: mimicImagePath, reportPath: mimicReportPath, tables: mimicTables },
  "mimic-dicom": {
    imagePath: mimicDicomPath,
    reportPath: mimicReportPath,
    tables: mimicDicomTables,
    wrap: dicomFile,
  },
  chexpert: { imagePath: chexpertImagePath, tables: chexpertTables },
};

/** Returns the {@linkcode Layout} with this name. */
export function layoutOf(name: PhantomLayout): Layout {
  return LAYOUTS[name];
}
