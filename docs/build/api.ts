/**
 * Reads the public API: what `deno doc` knows of the modules that the package exports.
 *
 * `deno doc --json` has the documentation and the names of members, and `deno doc` prints signatures as TypeScript.
 * Both are used, so that no printer of types is needed here.
 *
 * @module
 */
import { z } from "zod";

const tag = z.object({
  kind: z.string(),
  name: z.string().optional(),
  doc: z.string().optional(),
  tsType: z.object({ repr: z.string().optional() }).optional(),
});
const jsDoc = z.object({ doc: z.string().optional(), tags: z.array(tag).optional() }).optional();
const member = z.object({ name: z.string(), jsDoc, accessibility: z.string().optional() });
const members = z.array(member).optional();

interface Declaration {
  kind: string;
  location: { filename: string; line: number; col: number };
  jsDoc?: z.infer<typeof jsDoc>;
  def?: { properties?: z.infer<typeof members>; methods?: z.infer<typeof members>; elements?: Symbol[] | undefined };
}
interface Symbol {
  name: string;
  declarations: Declaration[];
}

const declaration: z.ZodType<Declaration> = z.object({
  kind: z.string(),
  location: z.object({ filename: z.string(), line: z.number(), col: z.number() }),
  jsDoc,
  def: z.object({
    properties: members,
    methods: members,
    get elements() {
      return z.array(symbol).optional();
    },
  }).optional(),
}) as z.ZodType<Declaration>;
const symbol: z.ZodType<Symbol> = z.object({ name: z.string(), declarations: z.array(declaration) });
const documentation = z.object({
  nodes: z.record(z.string(), z.object({ module_doc: jsDoc, symbols: z.array(symbol) })),
});

/** A member of a class or interface. */
export interface ApiMember {
  readonly signature: string;
  readonly doc: string;
}

/** An exported name. */
export interface ApiSymbol {
  /** With the name of its namespace in front, such as `layers.linear`. */
  readonly name: string;
  readonly kind: string;
  readonly signature: string;
  /** Markdown. */
  readonly doc: string;
  readonly parameters: readonly { readonly name: string; readonly doc: string }[];
  readonly returns: string;
  readonly throws: readonly { readonly type: string; readonly doc: string }[];
  /** Markdown, each with a title or nothing in front of its code. */
  readonly examples: readonly string[];
  readonly members: readonly ApiMember[];
  /** Where it is declared, from the project's root. */
  readonly source: string;
  readonly line: number;
}

/** A module of the API. */
export interface ApiModule {
  readonly doc: string;
  readonly symbols: readonly ApiSymbol[];
}

/** Signatures by place, and below each its indented lines. */
type Signatures = ReadonlyMap<string, { readonly signature: string; readonly lines: readonly string[] }>;

/**
 * Reads one module.
 *
 * @param options.source Its file, from the root.
 * @param options.root The URL of the project's folder, with a slash at its end.
 * @param options.denoDoc What `deno doc` prints for these arguments.
 */
export async function readApi(
  options: { source: string; root: string; denoDoc: (args: readonly string[]) => Promise<string> },
): Promise<ApiModule> {
  const { source, root, denoDoc } = options;
  const [module] = Object.values(documentation.parse(JSON.parse(await denoDoc(["--json", source]))).nodes);
  // The text of a module does not go into its namespaces, so the files of those are added.
  const inner = module!.symbols.flatMap(({ declarations }) => declarations).flatMap(({ def }) => def?.elements ?? [])
    .flatMap(({ declarations }) => declarations.map(({ location }) => location.filename.replace(root, "")));
  const signatures = readSignatures(await denoDoc([...new Set([source, ...inner])]), root);
  const symbols = module!.symbols.flatMap((symbol) => readSymbol(symbol, { signatures, root, prefix: "" }));
  return { doc: module!.module_doc?.doc ?? "", symbols };
}

/** Reads the blocks `Defined in PLACE`, a blank line, a signature, indented lines. */
function readSignatures(text: string, root: string): Signatures {
  const blocks = text.split(/^ *Defined in /m).slice(1);
  return new Map(blocks.map((block) => {
    const [place, , first, ...lines] = block.split("\n");
    return [place!.replace(root, ""), { signature: first!.trim(), lines }];
  }));
}

interface Context {
  readonly signatures: Signatures;
  readonly root: string;
  readonly prefix: string;
}

function readSymbol({ name, declarations }: Symbol, context: Context): ApiSymbol[] {
  const { signatures, root, prefix } = context;
  return declarations.flatMap(({ kind, location, jsDoc, def }) => {
    const source = location.filename.replace(root, "");
    const { signature, lines } = signatures.get(`${source}:${location.line}:${location.col + 1}`) ??
      { signature: `${kind} ${name}`, lines: [] };
    const tags = jsDoc?.tags ?? [];
    const of = (kind: string) => tags.filter((tag) => tag.kind === kind);
    const shown = [...def?.properties ?? [], ...def?.methods ?? []].filter(({ accessibility }) => !accessibility);
    const own: ApiSymbol = {
      name: prefix + name,
      kind,
      signature,
      doc: jsDoc?.doc ?? "",
      parameters: of("param").map(({ name = "", doc = "" }) => ({ name, doc })),
      returns: of("return").map(({ doc = "" }) => doc).join(" "),
      throws: of("throws").map(({ tsType, doc = "" }) => ({ type: tsType?.repr ?? "Error", doc })),
      examples: of("example").map(({ doc = "" }) => doc),
      members: shown.flatMap((member) => readMember(member, lines)),
      source,
      line: location.line,
    };
    const inner = (def?.elements ?? []).flatMap((symbol) => readSymbol(symbol, { ...context, prefix: `${name}.` }));
    return [own, ...inner];
  });
}

function readMember({ name, jsDoc }: z.infer<typeof member>, lines: readonly string[]): ApiMember[] {
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const pattern = new RegExp(`^  (?:(?:static|readonly|async|get|set|override) |\\*)*${escaped}[?(<:]`);
  const signature = lines.find((line) => pattern.test(line));
  return signature === undefined ? [] : [{ signature: signature.trim(), doc: jsDoc?.doc ?? "" }];
}
