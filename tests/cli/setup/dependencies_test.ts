import assert from "node:assert/strict";
import { join } from "node:path";
import { checkDependencies } from "../../../cli/setup/dependencies.ts";

async function project(installed: Record<string, string>): Promise<string> {
  const root = await Deno.makeTempDir();
  await Deno.writeTextFile(
    join(root, "package.json"),
    JSON.stringify({ dependencies: { "@a/b": "1.0.0", c: "2.0.0" }, devDependencies: { d: "3.0.0" } }),
  );
  for (const [name, version] of Object.entries(installed)) {
    await Deno.mkdir(join(root, "node_modules", name), { recursive: true });
    await Deno.writeTextFile(join(root, "node_modules", name, "package.json"), JSON.stringify({ name, version }));
  }
  return root;
}

Deno.test("checkDependencies() accepts exactly the versions of package.json", async () => {
  const root = await project({ "@a/b": "1.0.0", c: "2.0.0", d: "3.0.0" });
  await checkDependencies(root);
  await Deno.remove(root, { recursive: true });
});

Deno.test("checkDependencies() names missing packages and wrong versions, and what to do", async () => {
  const root = await project({ c: "2.0.1", d: "3.0.0" });
  await assert.rejects(checkDependencies(root), {
    name: "UserError",
    message: "node_modules is not complete: @a/b 1.0.0 (missing), c 2.0.0 (2.0.1); " +
      "delete the folder node_modules and run this again, with a network",
  });
  await Deno.remove(root, { recursive: true });
});

Deno.test("this checkout's dependencies are complete", () => checkDependencies(join(import.meta.dirname!, "../../..")));
