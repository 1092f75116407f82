import assert from "node:assert/strict";
import { brokenLinks, LinkResolver } from "../../docs/build/links.ts";

const METHODS = { source: "docs/methods.md", path: "methods.html" };

function resolver(): LinkResolver {
  return new LinkResolver((path) => {
    if (path === "models/methods") return "folder";
    return ["docs/report.png", "examples/vae.ts"].includes(path) ? "file" : undefined;
  });
}

Deno.test("LinkResolver leads from guide to guide with the anchor, and leaves links to elsewhere alone", () => {
  const links = resolver();
  assert.equal(links.resolve("reports.md#its-sections", METHODS), "reports.html#its-sections");
  assert.equal(links.resolve("../README.md", METHODS), "index.html");
  assert.equal(links.resolve("methods.md", { source: "docs/x.md", path: "deep/x.html" }), "../methods.html");
  for (const target of ["https://example.org/a.md", "mailto:a@example.org", "#here"]) {
    assert.equal(links.resolve(target, METHODS), target);
  }
  assert.equal(links.linked.size, 0);
});

Deno.test("LinkResolver collects the sources, folders and pictures that pages link to", () => {
  const links = resolver();
  assert.equal(links.resolve("../models/methods/", METHODS), "source/models/methods/index.html");
  assert.equal(links.resolve("../examples/vae.ts", METHODS), "source/examples/vae.ts.html");
  assert.equal(links.resolve("report.png", METHODS), "report.png");
  assert.deepEqual([...links.linked.keys()], ["models/methods", "examples/vae.ts", "docs/report.png"]);
});

Deno.test("LinkResolver names the page with a link to a file that does not exist", () => {
  assert.throws(
    () => resolver().resolve("gone.md", METHODS),
    /docs\/methods\.md: the link to docs\/gone\.md leads nowhere/,
  );
});

Deno.test("brokenLinks() finds missing pages and anchors", () => {
  const pages = new Map([
    ["index.html", '<h1 id="a">A</h1><a href="#a"></a><a href="#b"></a><a href="deep/x.html#c"></a><img src="p.png">'],
    [
      "deep/x.html",
      '<h2 id="c">C</h2><a href="../index.html#a"></a><a href="../index.html#c"></a><a href="y.html"></a>',
    ],
    ["p.png", ""],
  ]);
  assert.deepEqual(brokenLinks(pages), ["index.html: #b", "deep/x.html: ../index.html#c", "deep/x.html: y.html"]);
});
