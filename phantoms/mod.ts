/**
 * Procedurally generated chest X-ray studies, frontal and lateral, in the layout of MIMIC-CXR-JPG or CheXpert. Both
 * views and the labels derive from one hidden state of patient and study, so that there is shared structure for a model
 * to learn.
 *
 * ```ts
 * await writePhantoms("cache/phantoms", { studies: 400, seed: 1 });
 * ```
 *
 * @module
 */
export { arePhantoms } from "./are_phantoms.ts";
export { type PhantomOptions, type PhantomSummary, writePhantoms } from "./write_phantoms.ts";
export { PHANTOM_LAYOUTS, PHANTOM_VERSION, type PhantomLayout } from "../data/readers/phantom_record.ts";
export { type Body, type PatientState, phantomStudies, type StudyState } from "./patients.ts";
export { drawImage, drawStudy, type PhantomImage, sceneOf } from "./draw.ts";
export type { Blob, Ellipsoid, FindingSide, Lung, Point, Scene, Side, Tube } from "./scene.ts";
export type { ImageState, ViewPosition } from "./exposures.ts";
export type { ReportedLabels } from "./reports.ts";
export { type Finding, FINDINGS, type Severities } from "./findings.ts";
export { reportText } from "./text/report_text.ts";
export { encodeGrayJpeg } from "./jpeg.ts";
