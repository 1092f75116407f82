/**
 * Runs a notebook without Jupyter: its cells, one after the other, as one program.
 *
 * @module
 */
import { join } from "node:path";
import { z } from "zod";
import { ROOT, runDeno } from "../process.ts";

const notebookSchema = z.object({
  nbformat: z.literal(4),
  metadata: z.object({ kernelspec: z.object({ name: z.literal("deno") }) }),
  cells: z.array(z.object({
    cell_type: z.enum(["markdown", "code"]),
    source: z.array(z.string()),
  })),
});

/** A notebook. */
export type Notebook = z.infer<typeof notebookSchema>;

/** Reads a notebook's file. */
export async function readNotebook(name: string): Promise<Notebook> {
  return notebookSchema.parse(JSON.parse(await Deno.readTextFile(join(ROOT, "notebooks", name))));
}

/** Stands for what only Deno's kernel has; prints what is displayed. Imports are hoisted above it. */
const KERNEL = `
{
  type Shown = { readonly kind: string };
  const describe = (value: unknown) => {
    const { outerHTML, kind } = value as { outerHTML?: string; kind?: string };
    return outerHTML === undefined ? kind ?? typeof value : \`plot of \${outerHTML.length} characters\`;
  };
  const tag = (kind: string) => (): Shown => ({ kind });
  Object.assign(Deno, {
    jupyter: {
      display: (value: unknown) => Promise.resolve(console.log("displayed " + describe(value))),
      html: tag("HTML"),
      md: tag("Markdown"),
      image: (bytes: Uint8Array): Shown => ({ kind: \`image of \${bytes.length} bytes\` }),
    },
  });
}
`;

/** Runs a notebook in its folder, as Jupyter does, and returns what it displays and prints. */
export async function runNotebook(name: string, env: Readonly<Record<string, string>>): Promise<string[]> {
  const { cells } = await readNotebook(name);
  const code = cells.filter(({ cell_type }) => cell_type === "code").map(({ source }) => source.join(""));
  const program = [KERNEL, ...code].join("\n;\n");
  const { code: exit, stdout, stderr } = await runDeno(
    [
      "run",
      "--quiet",
      "--no-check",
      "--no-prompt",
      "--cached-only",
      "--allow-env",
      "--allow-read",
      "--allow-write",
      "--allow-sys=statfs,systemMemoryInfo",
      "-",
    ],
    { cwd: join(ROOT, "notebooks"), env: { NO_COLOR: "1", ...env }, input: program },
  );
  if (exit !== 0) throw new Error(`${name} failed:\n${stderr}`);
  return stdout.trim().split("\n");
}
