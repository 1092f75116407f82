/**
 * Takes one measurement of `deno task bench gpu`: a process of its own, which prints a record for every finding.
 *
 * @module
 */
import { z } from "zod";
import { runCli } from "../../cli/terminal/run_cli.ts";
import { type Measure, measureOptionsSchema } from "./measurement.ts";
import { MEASURES } from "./parts.ts";
import { RECORD_MARK } from "./run_part.ts";

async function main([name, given = "{}"]: readonly string[]): Promise<void> {
  const measureName = z.enum(MEASURES).parse(name);
  const options = measureOptionsSchema.parse(JSON.parse(given));
  // Loaded by name, so that a module that fails to load stops only its own part.
  const { measure } = await import(new URL(`measures/${measureName}.ts`, import.meta.url).href) as { measure: Measure };
  await measure(options, (record) => console.log(RECORD_MARK + JSON.stringify(record)));
}

if (import.meta.main) await runCli(main);
