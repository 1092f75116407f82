/**
 * The name of the text view.
 *
 * @module
 */

/** The name by which `--views` asks for the studies' reports. */
export const TEXT_VIEW = "text";
