/**
 * Finds out which packages are installed.
 *
 * @module
 */
import { join } from "node:path";
import { UserError } from "../terminal/errors.ts";

interface Manifest {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/**
 * Checks that node_modules holds every package of package.json in the version it names. Deno installs them before a
 * task starts but does not verify them afterwards: without this check an interrupted download or a stray `npm install`
 * would cause a confusing error later.
 *
 * @throws {UserError} naming the missing or wrong packages.
 */
export async function checkDependencies(root: string): Promise<void> {
  const { dependencies = {}, devDependencies = {} } = await readManifest(join(root, "package.json"));
  const wrong: string[] = [];
  for (const [name, wanted] of Object.entries({ ...dependencies, ...devDependencies })) {
    const found = await installedVersion(join(root, "node_modules", name, "package.json"));
    if (found !== wanted) wrong.push(`${name} ${wanted} (${found ?? "missing"})`);
  }
  if (wrong.length === 0) return;
  throw new UserError(
    `node_modules is not complete: ${wrong.slice(0, 3).join(", ")}${wrong.length > 3 ? " and others" : ""}; ` +
      `delete the folder node_modules and run this again, with a network`,
  );
}

async function readManifest(path: string): Promise<Manifest> {
  return JSON.parse(await Deno.readTextFile(path)) as Manifest;
}

async function installedVersion(path: string): Promise<string | undefined> {
  try {
    return (await readManifest(path)).version;
  } catch {
    return undefined;
  }
}
