/**
 * The views of a chest X-ray study.
 *
 * @module
 */
/** The two views of a chest X-ray study, in the order used everywhere. */
export const CHEST_VIEWS: readonly string[] = ["frontal", "lateral"];

/**
 * The view that a DICOM ViewPosition belongs to: `AP` and `PA` are frontal, `LATERAL` and `LL` lateral (both spellings
 * are common; matching only `LATERAL` loses a third of the laterals). Returns -1 for anything else, including blank.
 */
export function viewOfPosition(position: string): number {
  switch (position) {
    case "AP":
    case "PA":
      return 0;
    case "LATERAL":
    case "LL":
      return 1;
    default:
      return -1;
  }
}
