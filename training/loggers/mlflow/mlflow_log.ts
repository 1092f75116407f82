/**
 * A run in the layout of MLflow's file store: `mlflow ui --backend-store-uri runs/mlruns` shows all runs.
 *
 *     mlruns/EXPERIMENT/meta.yaml
 *     mlruns/EXPERIMENT/RUN/meta.yaml
 *     mlruns/EXPERIMENT/RUN/{metrics,params,tags}/NAME, artifacts/
 *
 * A metric's file has a line `TIMESTAMP VALUE STEP` for each value, with the time in milliseconds. Each session writes
 * the files anew from the lines of `metrics.jsonl`, so that a step is never there twice. `mlflow.json` in the run's own
 * folder remembers which of the store's runs it is.
 *
 * @module
 */
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import { makeFolder, syncFile, writeAll, writeFileAtomic } from "../../../base/atomic_file.ts";
import { nameFile } from "../../../base/errors.ts";
import { openForUpdateSync, readRegular, readRegularText } from "../../../base/regular_file.ts";
import { groupOf, type LoggedEvaluation, type LoggedLine, numbersOf, type RunLogger, stepsDone } from "../logger.ts";

/** The experiment of all runs; MLflow's own numbers have eighteen digits too. */
const EXPERIMENT = { id: "109109118109000001", name: "mmvm" };
/** MLflow's numbers of the states of a run. */
const STATUS = { running: 1, finished: 3, killed: 5 } as const;
/** MLflow refuses to show longer values of parameters. */
const MAX_PARAMETER = 500;
/** A results file or report is much smaller. */
const ARTIFACT = { maxBytes: 2 ** 30, kind: "a file of a run" };

const linkSchema = z.object({ run: z.string().regex(/^[0-9a-f]{32}$/), started: z.int().nonnegative() });

/** Options of {@link MlflowLog}. */
export interface MlflowOptions {
  /** Name of the run. */
  readonly name: string;
  /** The run's configuration, whose values become parameters. */
  readonly config: Readonly<Record<string, unknown>>;
}

/** MLflow's log of a run. */
export class MlflowLog implements RunLogger {
  readonly #store: string;
  #link: z.output<typeof linkSchema> | undefined;
  /** Metrics' files that were added to since they were last made durable. */
  readonly #changed = new Set<string>();
  /** Milliseconds since 1970 at which the run would have started if it had been trained without a break. */
  #started = 0;

  /** @param directory The run's folder; the store is beside it. */
  constructor(private readonly directory: string, private readonly options: MlflowOptions) {
    this.#store = resolve(dirname(resolve(directory)), "mlruns");
  }

  async begin(lines: readonly LoggedLine[]): Promise<void> {
    const { name, config } = this.options;
    this.#started = Date.now() - 1000 * (lines.findLast(({ seconds }) => seconds !== undefined)?.seconds ?? 0);
    const link = await this.#openLink();
    for (const folder of ["metrics", "params", "tags", "artifacts"]) await makeFolder(join(this.#run(link), folder));
    await this.#writeExperiment();
    await this.#writeMeta(STATUS.running);
    await this.#writeValues("params", flatParameters(config));
    await this.#writeValues("tags", {
      "mlflow.runName": name,
      "mlflow.source.name": "mmvm",
      "mlflow.source.type": "LOCAL",
      "mlflow.user": "mmvm",
    });
    await Deno.remove(join(this.#run(link), "metrics"), { recursive: true });
    for (const [metric, values] of this.#valuesOf(lines)) {
      const path = join(this.#run(link), "metrics", metric);
      await makeFolder(dirname(path));
      await writeFileAtomic(path, values);
    }
    await makeFolder(join(this.#run(link), "metrics"));
    await this.#keep(join(this.directory, "config.json"));
  }

  write(lines: readonly LoggedLine[]): void {
    for (const [metric, values] of this.#valuesOf(lines)) this.#append(metric, values);
  }

  async sync(): Promise<void> {
    for (const path of this.#changed) await syncFile(path);
    this.#changed.clear();
  }

  async end({ finished }: { finished: boolean }): Promise<void> {
    await this.sync();
    await this.#writeMeta(finished ? STATUS.finished : STATUS.killed);
  }

  async evaluated({ step, scores, images, files }: LoggedEvaluation): Promise<void> {
    const link = await this.#openLink();
    for (const [score, value] of Object.entries(scores)) {
      const path = join(this.#run(link), "metrics", fileNameOf(score));
      await makeFolder(dirname(path));
      await writeFileAtomic(path, `${Date.now()} ${textOf(value)} ${step}\n`);
    }
    for (const { name, png } of images) {
      const path = join(this.#run(link), "artifacts", "pictures", `${fileNameOf(name)}.png`);
      await makeFolder(dirname(path));
      await writeFileAtomic(path, png);
    }
    for (const file of files) await this.#keep(file);
  }

  #run({ run }: { run: string }): string {
    return join(this.#store, EXPERIMENT.id, run);
  }

  /** The store's run for this run: that of earlier sessions, or a new one. */
  async #openLink(): Promise<z.output<typeof linkSchema>> {
    if (this.#link) return this.#link;
    const path = join(this.directory, "mlflow.json");
    const known = linkSchema.safeParse(await readJson(path)).data;
    this.#link = known ?? { run: crypto.randomUUID().replaceAll("-", ""), started: Date.now() };
    if (!known) await writeFileAtomic(path, `${JSON.stringify(this.#link)}\n`);
    return this.#link;
  }

  async #writeExperiment(): Promise<void> {
    const folder = join(this.#store, EXPERIMENT.id);
    const path = join(folder, "meta.yaml");
    if (await isThere(path)) return;
    const now = Date.now();
    await writeFileAtomic(
      path,
      yaml({
        artifact_location: pathToFileURL(folder).href,
        creation_time: now,
        experiment_id: EXPERIMENT.id,
        last_update_time: now,
        lifecycle_stage: "active",
        name: EXPERIMENT.name,
      }),
    );
  }

  async #writeMeta(status: number): Promise<void> {
    const { run, started } = await this.#openLink();
    await writeFileAtomic(
      join(this.#run({ run }), "meta.yaml"),
      yaml({
        artifact_uri: pathToFileURL(join(this.#run({ run }), "artifacts")).href,
        end_time: status === STATUS.running ? null : Date.now(),
        entry_point_name: "",
        experiment_id: EXPERIMENT.id,
        lifecycle_stage: "active",
        run_id: run,
        run_name: this.options.name,
        run_uuid: run,
        source_name: "",
        source_type: 4,
        source_version: "",
        start_time: started,
        status,
        user_id: "mmvm",
      }) + "tags: []\n",
    );
  }

  async #writeValues(folder: string, values: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(values)) {
      const path = join(this.#run(await this.#openLink()), folder, fileNameOf(name));
      await makeFolder(dirname(path));
      await writeFileAtomic(path, value);
    }
  }

  /** The lines to add to each metric's file. */
  #valuesOf(lines: readonly LoggedLine[]): Map<string, string[]> {
    const found = new Map<string, string[]>();
    for (const line of lines) {
      const time = line.seconds === undefined ? Date.now() : Math.round(this.#started + 1000 * line.seconds);
      for (const [name, value] of numbersOf(line)) {
        const metric = fileNameOf(`${groupOf(line)}/${name}`);
        if (!found.has(metric)) found.set(metric, []);
        found.get(metric)!.push(`${time} ${textOf(value)} ${stepsDone(line)}\n`);
      }
    }
    return found;
  }

  #append(metric: string, values: readonly string[]): void {
    const path = join(this.#run(this.#link!), "metrics", metric);
    try {
      Deno.mkdirSync(dirname(path), { recursive: true });
      using file = openForUpdateSync(path, { append: true });
      writeAll(file, new TextEncoder().encode(values.join("")));
      this.#changed.add(path);
    } catch (error) {
      throw nameFile(error, path);
    }
  }

  /** Copies a file of the run to its artifacts. */
  async #keep(file: string): Promise<void> {
    if (!await isThere(file)) return;
    const target = join(this.#run(await this.#openLink()), "artifacts", basename(file));
    await writeFileAtomic(target, await readRegular(file, ARTIFACT));
  }
}

/** The values of a nested object by dotted names, as texts that MLflow shows. */
function flatParameters(value: unknown, name = ""): Record<string, string> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const inner = Object.entries(value).map(([key, each]) => flatParameters(each, name ? `${name}.${key}` : key));
    return Object.assign({}, ...inner);
  }
  return { [name]: `${value}`.slice(0, MAX_PARAMETER) };
}

/** A name with the characters that MLflow allows; slashes make folders, and dots alone none. */
function fileNameOf(name: string): string {
  const parts = name.split("/").map((part) => part.replaceAll(/[^\w.\- ]/g, "_").replace(/^\.+$/, "_") || "_");
  return parts.join("/");
}

/** A number as Python reads it. */
function textOf(value: number): string {
  if (Number.isNaN(value)) return "nan";
  return Number.isFinite(value) ? `${value}` : value > 0 ? "inf" : "-inf";
}

/** A flat mapping in YAML, with texts in single quotes. */
function yaml(values: Readonly<Record<string, string | number | null>>): string {
  return Object.entries(values).map(([key, value]) =>
    `${key}: ${typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : value}\n`
  ).join("");
}

async function readJson(path: string): Promise<unknown> {
  if (!await isThere(path)) return undefined;
  try {
    return JSON.parse(await readRegularText(path, { maxBytes: 4096, kind: "a link to a run of MLflow" }));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
