/**
 * `deno task fuzz --minutes 60`: runs every reader on mutated inputs for that long. Prints the seed first, and the
 * reader, seed and number of every input that found a bug; `--seed`, `--reader` and `--number` reproduce one.
 *
 * @module
 */
import { integer, number, text } from "../../base/setting.ts";
import { parseArguments } from "../../cli/options/options.ts";
import { printable } from "../../cli/terminal/errors.ts";
import { runCli } from "../../cli/terminal/run_cli.ts";
import { fuzzCase } from "./fuzz_case.ts";
import { allReaders } from "./readers.ts";

/** Cases that take longer (in milliseconds) are reported: no input should be able to keep a machine busy. */
const SLOW = 10_000;

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
    },
  }, args);
  const seed = values.seed ?? Math.floor(Math.random() * 2 ** 31);
  console.log(`seed ${seed}`);
  const folder = await Deno.makeTempDir({ prefix: "mmvm_fuzz_" });
  try {
    const readers = (await allReaders(folder)).filter(({ name }) =>
      values.reader === undefined || name === values.reader
    );
    const counts = new Map(readers.map(({ name }) => [name, { read: 0, refused: 0, bug: 0, slow: 0 }]));
    const end = performance.now() + values.minutes * 60_000;
    const first = values.number ?? 0;
    const last = values.number ?? Infinity;
    for (let number = first; number <= last && performance.now() < end; number++) {
      for (const reader of readers) {
        const count = counts.get(reader.name)!;
        const started = performance.now();
        const outcome = await fuzzCase(reader, { seed, number });
        count[outcome.kind]++;
        const repeat = `--reader ${reader.name} --seed ${seed} --number ${number}`;
        if (outcome.kind === "bug") {
          console.log(printable(`BUG ${repeat}: ${(outcome.error as Error)?.stack ?? outcome.error}`));
        }
        if (performance.now() - started > SLOW) {
          count.slow++;
          console.log(`SLOW ${repeat}: ${Math.round((performance.now() - started) / 1000)} s`);
        }
      }
    }
    console.table(Object.fromEntries(counts));
    return [...counts.values()].some(({ bug, slow }) => bug + slow > 0) ? 1 : 0;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) await runCli(main);
