import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The packages that somebody can import, by the names of their folders. */
export const PACKAGES = [
  'adapter-age',
  'adapter-local',
  'adapter-postgres',
  'adapter-s3',
  'core',
  'runner',
  'system',
] as const;

/** Where the report of a package stands. */
export function reportPath(name: string): string {
  return join(ROOT, 'docs', 'api-report', `${name}.api.md`);
}

/**
 * All that a package exports, as its built declarations say it, without comments, sorted by name: every
 * change of the surface is a change of this text. What is private is left out.
 */
export function apiReport(name: string): string {
  const folder = join(ROOT, 'packages', name);
  const file = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    exports: Record<string, { types?: string }>;
  };
  const entries = Object.entries(file.exports).flatMap(([entry, { types }]) =>
    types === undefined ? [] : [{ entry, path: join(folder, types) }],
  );
  const program = ts.createProgram(
    entries.map(({ path }) => path),
    {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      target: ts.ScriptTarget.ES2024,
      noEmit: true,
    },
  );
  const sections = entries.map(
    ({ entry, path }) =>
      `## ${join(file.name, entry)}\n\n\`\`\`ts\n${surface(program, path).join('\n\n')}\n\`\`\`\n`,
  );
  return `# What ${file.name} exports\n\nWritten by \`npm run docs\`; a test minds that it is so.\n\n${sections.join('\n')}`;
}

function surface(program: ts.Program, path: string): readonly string[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(path);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${path} is not there: build first`);
  const exported = checker.getExportsOfModule(module).sort((one, other) => (one.name < other.name ? -1 : 1));
  return exported.map((symbol) => {
    const original = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return (original.declarations ?? []).map((declaration) => textOf(statementOf(declaration))).join('\n');
  });
}

function statementOf(declaration: ts.Declaration): ts.Node {
  return ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
}

function textOf(node: ts.Node): string {
  const printer = ts.createPrinter({ removeComments: true });
  const {
    transformed: [transformed = node],
  } = ts.transform(node, [withoutPrivates]);
  return printer
    .printNode(ts.EmitHint.Unspecified, transformed, node.getSourceFile())
    .replace(/^export (declare )?/, '');
}

const withoutPrivates: ts.TransformerFactory<ts.Node> = () => (node) => {
  if (!ts.isClassDeclaration(node)) return node;
  const members = node.members.filter((member) => !isPrivate(member));
  return ts.factory.updateClassDeclaration(
    node,
    node.modifiers,
    node.name,
    node.typeParameters,
    node.heritageClauses,
    members,
  );
};

function isPrivate(member: ts.ClassElement): boolean {
  return (
    Boolean(ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) ||
    (member.name !== undefined && ts.isPrivateIdentifier(member.name))
  );
}
