import assert from "node:assert/strict";
import { parseRelease } from "../../../cli/setup/host.ts";

Deno.test("parseRelease() reads bare and quoted fields", () => {
  assert.deepEqual(parseRelease(`ID=debian\nPRETTY_NAME="Debian GNU/Linux 12"\nID_LIKE='a b'\n# no field\n\n`), {
    ID: "debian",
    PRETTY_NAME: "Debian GNU/Linux 12",
    ID_LIKE: "a b",
  });
});
