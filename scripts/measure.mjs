/**
 * Prints the sizes of functions and files and counts `any`. `--check` fails if a budget is
 * exceeded.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseSync } from '@swc/core';

const budgets = { medianFunction: 6, p90Function: 20, longFunction: 60, file: 400 };
const functionTypes = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'ClassMethod',
  'PrivateMethod',
  'MethodProperty',
  'Constructor',
]);

const isTest = (file) => /\.test\.ts$|\/test\//.test(file);
const listed = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.tsx', '*.mjs'],
  {
    encoding: 'utf8',
  },
);
const files = listed.split('\n').filter((file) => file !== '' && !file.includes('/gen/'));

function visit(node, found) {
  if (node === null || typeof node !== 'object') return;
  if (functionTypes.has(node.type)) found.functions.push(node.function?.span ?? node.span);
  if (node.type === 'TsKeywordType' && node.kind === 'any') found.any += 1;
  if (node.type === 'ExportDeclaration') found.exported.push(...namesOf(node.declaration));
  for (const child of Object.values(node)) visit(child, found);
}

/** Returns the names that a declaration exports. */
function namesOf({ identifier, id, declarations = [] }) {
  const names = [identifier ?? id, ...declarations.map((one) => one.id)];
  return names.flatMap((name) => name?.value ?? []);
}

/**
 * Measures a file. swc counts bytes from 1 across all files it has read, so the offset of a file is
 * the start of its module.
 */
function measure(file) {
  const text = readFileSync(file, 'utf8');
  const bytes = Buffer.from(text);
  const found = { functions: [], any: 0, exported: [] };
  const ast = parseSync(`;${text}`, { syntax: 'typescript', tsx: file.endsWith('.tsx'), target: 'es2022' });
  visit(ast, found);
  const begin = ast.span.start + 1;
  const linesOf = ({ start, end }) =>
    bytes
      .subarray(start - begin, end - begin)
      .toString()
      .split('\n').length;
  const functions = found.functions.map((span) => ({
    file,
    lines: linesOf(span),
    text: bytes
      .subarray(span.start - begin, span.start - begin + 50)
      .toString()
      .split('\n')[0],
  }));
  return { file, lines: text.split('\n').length - 1, functions, any: found.any, exported: found.exported };
}

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
const measured = files.map(measure);
const functions = measured
  .filter(({ file }) => !isTest(file))
  .flatMap((one) => one.functions)
  .sort((a, b) => a.lines - b.lines);
const lengths = functions.map(({ lines }) => lines);
const long = functions.filter(({ lines }) => lines > budgets.longFunction);
const longFiles = measured.filter(({ lines }) => lines > budgets.file);
const any = measured.reduce((sum, one) => sum + one.any, 0);
/** File paths by exported name. */
const homes = new Map();
for (const { file, exported } of measured.filter((one) => !isTest(one.file))) {
  for (const name of new Set(exported)) homes.set(name, [...(homes.get(name) ?? []), file]);
}
const twice = [...homes].filter(([, places]) => places.length > 1);
const largest = measured.toSorted((a, b) => b.lines - a.lines)[0];

const rows = [
  ['files', measured.length],
  ['lines', measured.reduce((sum, { lines }) => sum + lines, 0)],
  ['largest file', `${largest?.lines} ${basename(largest?.file ?? '')}`],
  ['functions (tests aside)', functions.length],
  ['function lines, median / p90 / max', `${quantile(lengths, 0.5)} / ${quantile(lengths, 0.9)} / ${lengths.at(-1)}`],
  [`functions over ${budgets.longFunction} lines`, long.length],
  ['names exported twice', twice.length],
  ['any', any],
];
for (const [name, value] of rows) process.stdout.write(`${String(name).padEnd(36)} ${value}\n`);
for (const { file, lines, text } of long) process.stdout.write(`long function: ${file} ${lines} lines: ${text}\n`);
for (const { file, lines } of longFiles) process.stdout.write(`long file: ${file} ${lines} lines\n`);

for (const [name, places] of twice) {
  process.stdout.write(`exported twice: ${name} in ${places.join(', ')}\n`);
}

const isWithinBudgets =
  quantile(lengths, 0.5) <= budgets.medianFunction &&
  quantile(lengths, 0.9) <= budgets.p90Function &&
  long.length === 0 &&
  twice.length === 0 &&
  longFiles.length === 0 &&
  any === 0;
if (process.argv.includes('--check') && !isWithinBudgets) process.exitCode = 1;
