import assert from "node:assert/strict";
import fc from "fast-check";
import { parseHTML } from "linkedom";
import { createBuilder } from "../../../../viz/report/markup/dom.ts";
import { picture } from "../../../../viz/report/markup/picture.ts";
import { serialize } from "../../../../viz/report/markup/serialize.ts";

function newDocument(markup = ""): Document {
  return (parseHTML(`<!doctype html><html><body>${markup}</body></html>`) as unknown as { document: Document })
    .document;
}

const h = createBuilder(newDocument());

Deno.test("serialize() escapes text and attributes", () => {
  const hostile = "</script><img src=x onerror=alert(1)> \"'&quot;";
  const markup = serialize(h("p", { title: hostile }, hostile));
  assert.equal(
    markup,
    '<p title="&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt; &quot;\'&amp;quot;">' +
      "&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt; \"'&amp;quot;</p>",
  );
});

Deno.test("any text survives serialisation and parsing", () => {
  // deno-lint-ignore no-control-regex
  const text = fc.string({ unit: "binary" }).filter((s) => !/[\0-\x08\x0b-\x1f\x7f-\x9f]/.test(s) && s.isWellFormed());
  fc.assert(fc.property(text, (value) => {
    const back = newDocument(serialize(h("p", { title: value }, value))).querySelector("p")!;
    assert.equal(back.children.length, 0);
    assert.equal(back.textContent, value);
    assert.equal(back.getAttribute("title"), value);
  }));
});

Deno.test("serialize() writes U+FFFD for what HTML cannot hold", () => {
  const text = "a\0b\x1b[2J\x9b\ud800c\td\n";
  assert.equal(
    serialize(h("p", { title: text }, text)),
    '<p title="X">X</p>'.replaceAll("X", "a\ufffdb\ufffd[2J\ufffd\ufffdc\td\n"),
  );
});

Deno.test("SVG element and attribute names keep their case", () => {
  const markup = serialize(h.svg("svg", { viewBox: "0 0 1 1" }, h.svg("linearGradient")));
  assert.equal(markup, '<svg viewBox="0 0 1 1"><linearGradient></linearGradient></svg>');
});

Deno.test("serialize() omits end tags of void elements, absent attributes and null children", () => {
  assert.equal(serialize(h("br", { class: null, id: undefined, hidden: false })), "<br>");
  assert.equal(serialize(h("input", { checked: true })), '<input checked="">');
  assert.equal(serialize(h("p", null, null, undefined, ["a", [1]])), "<p>a1</p>");
});

Deno.test("createBuilder() rejects event handlers, inline styles and external URLs", () => {
  for (const name of ["onclick", "ONLOAD", "style", "srcdoc"]) {
    assert.throws(() => h("p", { [name]: "x" }), { name: "TypeError", message: /is not allowed/ });
  }
  for (
    const address of [
      "https://example.org/",
      "javascript:alert(1)",
      "data:text/html,x",
      "//example.org",
      "data:image/svg+xml;base64,AA",
    ]
  ) {
    assert.throws(() => h("a", { href: address }), { name: "TypeError", message: /must be a fragment of the report/ });
    assert.throws(() => h("img", { src: address }), TypeError);
  }
  assert.equal(serialize(h("a", { href: "#auroc" })), '<a href="#auroc"></a>');
});

Deno.test("createBuilder() rejects http-equiv except for the policy", () => {
  for (const value of ["refresh", "Refresh", "set-cookie", "content-security-policy-report-only"]) {
    assert.throws(() => h("meta", { "http-equiv": value, content: "0;url=#x" }), { name: "TypeError" });
  }
  assert.match(serialize(h("meta", { "http-equiv": "Content-Security-Policy", content: "x" })), /^<meta /);
});

Deno.test("picture() accepts PNG only", () => {
  const image = picture(h, "iVBORw0KGgo=", { alt: "a", size: 8 });
  assert.equal(image.getAttribute("src"), "data:image/png;base64,iVBORw0KGgo=");
  for (const text of ["", "PHN2Zz4=", 'iVBORw0KGgo="onerror="x', "iVBORw0KGgo=\n"]) {
    assert.throws(() => picture(h, text, { alt: "a", size: 8 }), TypeError);
  }
});

Deno.test("serialize() rejects a script whose text would close it", () => {
  assert.throws(() => serialize(h("script", null, "'</script>'")), TypeError);
  assert.throws(() => serialize(h("style", null, "/* <!-- */")), TypeError);
  assert.equal(serialize(h("script", null, "1 < 2 && 3")), "<script>1 < 2 && 3</script>");
});
