/**
 * `deno task verify [DIR]`: runs every golden case on this machine's adapter and compares it with the reference.
 *
 * @module
 */
import { type VerifiedQuantity, verifyMetrics, verifyModels, verifyOps, verifyTexts } from "../eval/mod.ts";
import { Device, PRECISIONS } from "../runtime/mod.ts";
import { UserError } from "./terminal/errors.ts";
import { exists } from "./terminal/exists.ts";
import { choice, parseArguments } from "./options/options.ts";
import { userPath } from "./terminal/paths.ts";
import { runCli } from "./terminal/run_cli.ts";

/** Runs the command with these arguments; returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const { values, operands: [given] } = parseArguments({
    name: "verify",
    summary: "Compares ops, models and metrics with golden values from PyTorch and scikit-learn.",
    options: {
      only: choice(["ops", "models", "text", "metrics"], { help: "verify only one of the files" }),
      profile: choice(["gpu", "software"], { help: "kernel profile, instead of this adapter's" }),
      precision: choice(PRECISIONS, {
        help: "storage of feature maps; f16 is compared with the tolerances of f32, to measure its loss of accuracy",
        default: "f32",
      }),
    },
    operands: { name: "DIR", help: "directory of golden values (default tests/golden)", min: 0, max: 1 },
  }, args);
  const directory = given === undefined ? "tests/golden" : userPath(given);
  const has = async (file: string) => await exists(`${directory}/${file}`);
  const wants = (part: string) => values.only === undefined || values.only === part;
  const rows: VerifiedQuantity[] = [];
  const onCase = (made: readonly VerifiedQuantity[]) => {
    rows.push(...made);
    printCase(made);
  };
  const gpuFiles = [
    ...(wants("ops") && await has("ops.safetensors") ? [verifyOps] : []),
    ...(wants("models") && await has("models.safetensors") ? [verifyModels] : []),
    ...(wants("text") && await has("text.safetensors") ? [verifyTexts] : []),
  ];
  if (gpuFiles.length) {
    using device = await Device.open(values.profile === undefined ? {} : { profile: values.profile });
    console.log(`adapter: ${device.description}, kernels for ${device.target.profile}`);
    for (const verify of gpuFiles) await verify(device, { directory, precision: values.precision, onCase });
  }
  if (wants("metrics") && await has("metrics.json")) {
    const metrics = await verifyMetrics(directory);
    for (const made of Map.groupBy(metrics, (row) => row.case).values()) onCase(made);
  }
  if (rows.length === 0) {
    throw new UserError(
      `${directory} has no golden values (ops.safetensors, models.safetensors, text.safetensors, metrics.json)`,
    );
  }
  const failed = rows.filter(({ pass }) => !pass);
  console.log(`${rows.length - failed.length} quantities within their tolerance, ${failed.length} not`);
  return failed.length ? 1 : 0;
}

/** One line a case: the quantity that uses the largest part of its tolerance. */
function printCase(rows: readonly VerifiedQuantity[]): void {
  const worst = rows.reduce((a, b) => (b.relativeError / b.tolerance > a.relativeError / a.tolerance ? b : a));
  const failed = rows.filter(({ pass }) => !pass);
  const errors = `worst ${worst.relativeError.toExponential(1)} of ${
    worst.tolerance.toExponential(0)
  } (${worst.quantity})`;
  console.log(`${worst.case.padEnd(40)} ${failed.length ? "FAIL" : "pass"}  ${errors}`);
  for (const row of failed) console.log(`  ${row.quantity}: ${row.relativeError.toExponential(2)}`);
}

if (import.meta.main) await runCli(main);
