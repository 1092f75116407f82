/**
 * Procedurally drawn chest X-ray studies, frontal and lateral, in MIMIC-CXR-JPG's or CheXpert's layout on disk. One hidden state of a patient and a
 * study draws both views and the labels, so that what a model should find is there to find.
 *
 * ```ts
 * await writePhantoms("cache/phantoms", { studies: 400, seed: 1 });
 * ```
 *
 * @module
 */
export { type PhantomOptions, type PhantomSummary, writePhantoms } from "./write_phantoms.ts";
export { PHANTOM_LAYOUTS, PHANTOM_VERSION, type PhantomLayout } from "../data/readers/phantom_record.ts";
export { type Body, type PatientState, phantomStudies, type StudyState } from "./patients.ts";
export { drawImage, drawStudy, type PhantomImage, sceneOf } from "./draw.ts";
export { type Finding, FINDINGS, type Severities } from "./findings.ts";
export { encodeGrayJpeg } from "./jpeg.ts";
