/**
 * Lints proto/ and generates packages/contract/src/gen from it, the tables of reasons, kinds and
 * channel settings in docs/protocol.md from refusals.ts, kinds.ts and channel-settings.ts, and
 * packages/database/src/gen/tables.ts from the migrations. With --check it only compares the results
 * with the committed files.
 */
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buf, runScript, tsProto } from './buf.mjs';
import { generateTables } from './generate-tables.mjs';
import { root, runTool } from './setup.mjs';

const contract = join(root, 'packages/contract');
const committed = join(contract, 'src/gen');
const protocol = join(root, 'docs/protocol.md');
const tables = join(root, 'packages/database/src/gen/tables.ts');

const tsProtoOptions = [
  'outputPartialMethods=true',
  'exportCommonSymbols=false',
  'importSuffix=.js',
  'esModuleInterop=true',
  'forceLong=number',
  'enumsAsLiterals=true',
  'removeEnumPrefix=true',
  'unrecognizedEnum=false',
  'useExactTypes=false',
  'env=browser',
  'outputServices=generic-definitions',
];

const require = createRequire(join(contract, 'package.json'));
const health = join(dirname(require.resolve('grpc-health-check/package.json')), 'proto');
const reflection = join(dirname(require.resolve('@grpc/reflection/package.json')), 'build/proto');

/**
 * Generates one set of code for Node and browsers: messages with their codecs, and services as
 * plain definitions.
 */
function generateCode(out) {
  const template = JSON.stringify({ version: 'v2', plugins: [{ local: tsProto, out, opt: tsProtoOptions }] });
  buf('generate', 'proto', '--path', 'proto/chat', '--template', template);
  buf('generate', health, '--template', template);
}

/**
 * Generates the descriptors of our own files, health and reflection. Concatenated descriptor sets
 * are a descriptor set.
 */
function generateDescriptors(out) {
  const sets = [['proto'], [health], [reflection, '--path', join(reflection, 'grpc')]].map((input, index) => {
    const file = join(out, `${index}.binpb`);
    buf('build', ...input, '--as-file-descriptor-set', '--exclude-source-info', '-o', file);
    const set = readFileSync(file);
    rmSync(file);
    return set;
  });
  const set = Buffer.concat(sets);
  writeFileSync(join(out, 'descriptors.binpb'), set);
  writeFileSync(join(out, 'method-names.ts'), methodNamesIn(set));
}

/**
 * Returns a module with the method names of each service. A server needs the names even if it never
 * loads the descriptors.
 */
function methodNamesIn(set) {
  const { fromBinary } = require('@bufbuild/protobuf');
  const { FileDescriptorSetSchema } = require('@bufbuild/protobuf/wkt');
  const services = fromBinary(FileDescriptorSetSchema, set).file.flatMap((file) =>
    file.service.map(({ name, method }) => [[file.package, name].filter(Boolean).join('.'), method]),
  );
  const names = Object.fromEntries(services.map(([service, methods]) => [service, methods.map(({ name }) => name)]));
  return [
    '// Generated from the descriptor set. DO NOT EDIT.\n',
    '/** Method names by the full name of the service, for each service of the descriptor set. */',
    `export const methodNames: Readonly<Record<string, readonly string[]>> = ${JSON.stringify(names, null, 2)};\n`,
  ].join('\n');
}

function filesBelow(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return new Map(
    files.map((file) => join(file.parentPath, file.name)).map((path) => [path.slice(folder.length), path]),
  );
}

function differing(before, after) {
  const [old, fresh] = [filesBelow(before), filesBelow(after)];
  const names = [...new Set([...old.keys(), ...fresh.keys()])];
  const same = (name) =>
    old.has(name) && fresh.has(name) && readFileSync(old.get(name)).equals(readFileSync(fresh.get(name)));
  return names.filter((name) => !same(name));
}

function tableOf(titles, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(titles), `|${'---|'.repeat(titles.length)}`, ...rows.map(line)].join('\n');
}

function reasonsTable(refusals) {
  const rows = Object.entries(refusals).map(([reason, { status, http, message, retryAfterMs }]) => [
    `\`${reason}\``,
    status,
    http,
    retryAfterMs === undefined ? '' : `${retryAfterMs} ms`,
    message.replaceAll('<', '&lt;'),
  ]);
  return tableOf(['Reason', 'gRPC status', 'HTTP', 'Retry after', 'Message'], rows);
}

const dataWords = {
  content: 'the content; `content_type` says what it is',
  emoji: 'an emoji',
  nothing: 'empty',
  'member-change': 'a `MemberChange`',
};
const senderWords = {
  anyone: 'anyone in the channel',
  sender: 'its sender',
  'sender-or-host': 'its sender, the owner, a channel admin',
  host: 'the owner, a channel admin',
};

function targetWords({ amends, fromClients }) {
  if (amends) return 'the message';
  return fromClients ? '0, or the message it replies to' : '0';
}

function dataWordsOf({ amends, data }) {
  return amends && data === 'content' ? 'the new content' : dataWords[data];
}

function kindsTable({ Kind, kindRules }) {
  const rows = Object.entries(Kind).map(([name, number]) => [
    number === 0 ? 'message' : name.toLowerCase(),
    number,
    targetWords(kindRules[number]),
    dataWordsOf(kindRules[number]),
    kindRules[number].fromClients ? senderWords[kindRules[number].by] : 'the server only',
  ]);
  return tableOf(['Kind', 'Number', '`target_seq`', '`data`', 'Who may send it'], rows);
}

function settingsTable({ settingRows, snakeCase }) {
  const rows = settingRows.map(([name, { type, max, unit, meaning }]) => [
    `\`${snakeCase(name)}\``,
    unit === undefined ? type : `number of ${unit}`,
    max === undefined ? '' : max.toLocaleString('en'),
    meaning,
  ]);
  return tableOf(['Field', 'Type', 'Maximum', 'Meaning'], rows);
}

function withTable(page, name, table) {
  const begin = page.indexOf('-->\n', page.indexOf(`<!-- ${name}: begin`)) + 4;
  return `${page.slice(0, begin)}\n${table}\n\n${page.slice(page.indexOf(`<!-- ${name}: end`))}`;
}

/** Returns the text of docs/protocol.md with its tables generated from compiled code. */
async function protocolPage() {
  const { refusals } = await import(join(root, 'packages/runtime/dist/src/refusals.js'));
  const contractModule = await import(join(contract, 'dist/src/index.js'));
  const page = withTable(readFileSync(protocol, 'utf8'), 'reasons', reasonsTable(refusals));
  const withKinds = withTable(page, 'kinds', kindsTable(contractModule));
  return withTable(withKinds, 'settings', settingsTable(contractModule));
}

function checkProtocol(page) {
  if (readFileSync(protocol, 'utf8') === page) return;
  throw new Error('The tables of docs/protocol.md differ from the code. Run "npm run generate".');
}

function checkTables(source) {
  if (readFileSync(tables, 'utf8') === source) return;
  throw new Error('packages/database/src/gen/tables.ts differs from the migrations. Run `npm run generate`.');
}

function check(fresh) {
  const names = differing(committed, fresh);
  if (names.length === 0) return;
  throw new Error(`packages/contract/src/gen differs from proto/ (${names.join(', ')}). Run \`npm run generate\`.`);
}

function replace(fresh) {
  rmSync(committed, { recursive: true, force: true });
  cpSync(fresh, committed, { recursive: true });
  chmodSync(committed, 0o755); // a temporary folder is readable only by its owner
}

const isCheck = process.argv.includes('--check');

/** Generates the contract from proto/ alone, because the code may not compile before that. */
function generateContract() {
  const fresh = mkdtempSync(join(tmpdir(), 'parley-generate-'));
  try {
    buf('lint', 'proto');
    generateCode(fresh);
    generateDescriptors(fresh);
    if (isCheck) check(fresh);
    else replace(fresh);
  } finally {
    rmSync(fresh, { recursive: true });
  }
}

/**
 * Generates the files that are derived from compiled code. Only these packages have to compile for
 * that.
 */
async function generateFromCode() {
  if (runTool('typescript', 'bin/tsc', ['-b', 'packages/contract', 'packages/runtime', 'packages/database']) !== 0)
    throw new Error(
      'The contract is generated, and the rest is not: see the lines above. Run "npm run generate" again.',
    );
  const [page, tableTypes] = [await protocolPage(), await generateTables()];
  if (isCheck) {
    checkProtocol(page);
    checkTables(tableTypes);
  } else {
    writeFileSync(protocol, page);
    writeFileSync(tables, tableTypes);
  }
}

await runScript(async () => {
  generateContract();
  await generateFromCode();
});
