/**
 * Finds the reports, tables and images of Open-i's Indiana University collection.
 *
 * @module
 */
import { join } from "node:path";
import { DataError } from "../../../base/errors.ts";
import { exists, findTable } from "../find_table.ts";
import { listImages } from "../list_images.ts";
import { openiImageKey } from "./openi_views.ts";

/** The files of the collection. */
export interface OpeniFiles {
  /** XML reports, as paths in the directory; empty if the tables are used. */
  reports: string[];
  /** The tables of the copy on Kaggle; `reports` is absent if there are XML reports. */
  tables: { reports: string | undefined; projections: string | undefined };
  /** The table of DICOM tags. */
  dicom: string | undefined;
  /** The images' paths by {@linkcode openiImageKey}. */
  images: Map<string, string>;
}

const REPORT_FOLDERS = ["ecgen-radiology", "NLMCXR_reports/ecgen-radiology", "NLMCXR_reports", "reports"];
const TABLE_FOLDERS = ["", "tables"];
const IMAGE_FOLDERS = /^(NLMCXR_(png|dcm)|images|images_normalized|png|dcm|dicom|[0-9]{1,4})$/i;
const DICOM_TABLES = ["nlmcxr_dicom_metadata", "openi_dicom_metadata", "dicom_metadata"];

/** True if the directory holds the collection's reports, as XML or as tables. */
export function looksLikeOpeni(root: string): boolean {
  return reportFolder(root) !== undefined || findIn(root, ["indiana_reports"]) !== undefined;
}

/**
 * Finds the collection: as distributed (`ecgen-radiology/*.xml`, `NLMCXR_png/*.png` or `NLMCXR_dcm/N/*.dcm`) or as
 * shared on Kaggle (`indiana_reports.csv`, `indiana_projections.csv`, `images/images_normalized/*.png`). If there are
 * both, the XML reports are used, with the views of the projections.
 *
 * @throws {DataError} if there are neither.
 */
export function findOpeni(root: string): OpeniFiles {
  const folder = reportFolder(root);
  const table = findIn(root, ["indiana_reports"]);
  if (folder === undefined && table === undefined) {
    throw new DataError("Open-i's reports are missing: ecgen-radiology/*.xml, or indiana_reports.csv is required", {
      file: root,
    });
  }
  const byName = listImages(root, { folders: IMAGE_FOLDERS, depth: 3 });
  const images = new Map<string, string>();
  for (const [name, path] of byName) {
    const key = openiImageKey(name);
    if (!images.has(key)) images.set(key, path);
  }
  return {
    reports: folder === undefined ? [] : xmlFiles(root, folder),
    tables: {
      reports: folder === undefined ? table : undefined,
      projections: findIn(root, ["indiana_projections"]),
    },
    dicom: findIn(root, DICOM_TABLES),
    images,
  };
}

function findIn(root: string, names: readonly string[]): string | undefined {
  for (const folder of TABLE_FOLDERS) {
    const table = findTable(join(root, folder), names);
    if (table !== undefined) return table;
  }
  return undefined;
}

function reportFolder(root: string): string | undefined {
  return REPORT_FOLDERS.find((folder) => exists(join(root, folder), "directory") && xmlFiles(root, folder).length > 0);
}

/** The XML files of a folder, in the order of their numbers. */
function xmlFiles(root: string, folder: string): string[] {
  const names = [...Deno.readDirSync(join(root, folder))].map(({ name }) => name).filter((name) =>
    /\.xml$/i.test(name)
  );
  const number = (name: string) => Number.parseInt(name, 10);
  return names.sort((a, b) => number(a) - number(b) || (a < b ? -1 : 1)).map((name) => `${folder}/${name}`);
}
