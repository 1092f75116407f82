/**
 * `deno task fuzz --minutes 60`: runs every reader on mutated inputs for that long. Prints the seed first, and the
 * reader, seed and number of every input that found a bug, does not end, or ends the worker; the input is saved.
 * `--seed`, `--reader` and `--number` reproduce one.
 *
 * @module
 */
import { integer, number, path, text } from "../../base/setting.ts";
import { parseArguments } from "../../cli/options/options.ts";
import { printable } from "../../cli/terminal/errors.ts";
import { runCli } from "../../cli/terminal/run_cli.ts";
import { watchCases } from "./watch_cases.ts";

const WORKER = new URL("./fuzz_worker.ts", import.meta.url);

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArguments({
    name: "fuzz",
    summary: "Tries changed inputs on every reader of files.",
    options: {
      minutes: number({ above: 0, max: 1e5, help: "how long", default: 1 }),
      seed: integer({ min: 0, max: 2 ** 31, help: "chooses the inputs; a new one each time if not given" }),
      reader: text({
        pattern: /^[\w.-]+$/,
        allowed: "the name of a file",
        help: "only this reader",
        placeholder: "name",
      }),
      number: integer({ min: 0, max: 2 ** 31, help: "only this case" }),
      caseSeconds: number({
        above: 0,
        max: 1e5,
        help: "a case that takes longer has failed and is ended",
        default: 20,
      }),
      keep: path({ help: "folder for the inputs of cases that fail", default: "cache/fuzz" }),
    },
  }, args);
  const { seed = Math.floor(Math.random() * 2 ** 31), number: only, reader, keep, caseSeconds } = values;
  console.log(`seed ${seed}`);
  const counts = await watchCases({
    worker: WORKER,
    seconds: 60 * values.minutes,
    caseSeconds,
    seed,
    reader,
    first: only ?? 0,
    last: only ?? Infinity,
    keep,
    onFailure: ({ kind, reader, number, file, reason }) => {
      const repeat = `--reader ${reader} --seed ${seed} --number ${number}`;
      console.log(printable(`${kind.toUpperCase()} ${repeat}: ${reason}; the input is in ${file}`));
    },
  });
  const rows = [...counts].map(([name, { longest, ...count }]) => [name, { ...count, longest: longest.toFixed(2) }]);
  console.table(Object.fromEntries(rows));
  const cases = [...counts.values()].map(({ longest: _, ...count }) => Object.values(count)).flat();
  console.log(`${cases.reduce((a, b) => a + b, 0)} cases`);
  return [...counts.values()].some(({ bug, hang, died }) => bug + hang + died > 0) ? 1 : 0;
}

if (import.meta.main) await runCli(main);
