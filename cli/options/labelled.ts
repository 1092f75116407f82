/**
 * The flag for fractions of the labels.
 *
 * @module
 */
import { text } from "../../base/setting.ts";
import { UsageError } from "../terminal/errors.ts";

/** The flag `--labelled`; {@link fractions} reads its value. */
export const LABELLED = text({
  help: "fractions of the training patients whose labels are used",
  pattern: /^[0-9.,e-]+$/,
  allowed: "comma-separated numbers above 0 and at most 1",
  placeholder: "list",
  default: "1",
});

/**
 * The fractions in the value of `--labelled`.
 *
 * @throws {UsageError} for a number that is not a fraction.
 */
export function fractions(list: string): number[] {
  return list.split(",").map((word) => {
    const value = Number(word);
    if (word === "" || !(value > 0 && value <= 1)) {
      throw new UsageError(
        `--labelled must be comma-separated numbers above 0 and at most 1, not ${JSON.stringify(list)}`,
      );
    }
    return value;
  });
}
