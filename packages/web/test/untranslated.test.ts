import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseSync } from '@swc/core';

const source = fileURLToPath(new URL('../../src/', import.meta.url));

/** Texts in the code that no user reads as words of a language. */
const codes: ReadonlySet<string> = new Set([
  ...['Parley', 'Enter', 'Escape', 'ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'Backspace', 'Home', 'End'],
  ...['Tab', 'Alt', 'Esc', 'QuotaExceededError', 'noopener noreferrer nofollow', '(pointer: fine)'],
]);

/** Matches a text that starts with a capital, or that has two words next to each other. */
const prose = /^\s*\p{Lu}\p{Ll}|\p{L}{2,}[,.;:!?…]*\s+\p{L}/u;

interface SyntaxNode {
  readonly type?: string;
  readonly [name: string]: unknown;
}

const isNode = (value: unknown): value is SyntaxNode => typeof value === 'object' && value !== null;

/** Parts of a program whose texts are for the browser or for developers. */
function isForMachines({ type, name, callee }: SyntaxNode): boolean {
  if (type === 'ImportDeclaration' || type === 'ExportNamedDeclaration' || type === 'TsLiteralType') return true;
  if (type === 'JSXAttribute' && isNode(name)) return ['className', 'autoComplete'].includes(String(name.value));
  if (type === 'NewExpression' && isNode(callee)) return callee.value === 'Error';
  return (
    type === 'CallExpression' &&
    /"value":"(querySelector|querySelectorAll|closest|matches)"/.test(JSON.stringify(callee))
  );
}

/** Returns the texts of a program that a user would read. */
function textsOf(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(textsOf);
  if (!isNode(node) || isForMachines(node)) return [];
  const { type, value, cooked } = node;
  if (type === 'JSXText') return /\p{L}/u.test(String(value)) ? [String(value).trim()] : [];
  const text = type === 'StringLiteral' ? value : type === 'TemplateElement' ? cooked : undefined;
  if (typeof text === 'string') return prose.test(text) ? [text] : [];
  return Object.values(node).flatMap(textsOf);
}

function untranslated(code: string): string[] {
  const program = parseSync(code, { syntax: 'typescript', tsx: true });
  return textsOf(program.body).filter((text) => !codes.has(text));
}

test('the search finds texts in elements, attributes, expressions and templates', () => {
  const code = `
    import { x } from 'Some Module';
    export const Part = ({ n }) => (
      <p className="icon-button small" title="Go there" aria-label={n > 1 ? 'many of them' : \`Only \${n}\`}>Hello{' or '}</p>
    );`;
  expect(untranslated(code)).toEqual(['Go there', 'many of them', 'Only ', 'Hello']);
});

const files = readdirSync(`${source}ui`, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));

test.each(files)('all texts of ui/%s come from the catalogue', (name) => {
  expect(untranslated(readFileSync(`${source}ui/${name}`, 'utf8'))).toEqual([]);
});
