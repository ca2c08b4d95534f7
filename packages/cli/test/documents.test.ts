import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as contract from '@parley/contract';
import { settingsTable } from '@parley/runtime';
import type { Command } from 'commander';
import { projectFolder } from '../src/launcher/options.js';
import { parleyCommand } from '../src/program.js';

const folders = ['packages', 'services'].flatMap((folder) =>
  readdirSync(join(projectFolder, folder)).map((name) => `${folder}/${name}/README.md`),
);
const pages = [
  ...['README.md', 'ARCHITECTURE.md', 'SECURITY.md', 'CONTRIBUTING.md', 'examples/README.md'],
  ...readdirSync(join(projectFolder, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
  ...folders,
].filter((page) => existsSync(join(projectFolder, page)));

function textOf(page: string): string {
  return readFileSync(join(projectFolder, page), 'utf8');
}

/** Returns the distinct matches of a pattern's first group in a page. */
function found(page: string, pattern: RegExp): string[] {
  return [...new Set([...textOf(page).matchAll(pattern)].map(([, match]) => match ?? ''))];
}

function anchorsOf(page: string): string[] {
  return found(page, /^#+ (.+)$/gm).map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replace(/ /g, '-'),
  );
}

test.each(pages)('the links of %s lead to pages and headings that exist', (page) => {
  for (const link of found(page, /\]\((?!https?:)([^)\s]+)\)/g)) {
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : join(dirname(page), path);
    expect([link, existsSync(join(projectFolder, target))]).toEqual([link, true]);
    if (anchor !== undefined) expect(anchorsOf(target)).toContain(anchor);
  }
});

test.each(pages)('the files that %s names exist', (page) => {
  const paths = found(page, /`((?:packages|services|proto|scripts|docs|bin|examples|deploy|\.ci)\/[\w./-]+)`/g);
  expect(paths.filter((path) => !existsSync(join(projectFolder, path)))).toEqual([]);
});

test.each(pages)('the settings and npm scripts that %s names exist', (page) => {
  const settings = found(page, /\bPARLEY_([A-Z][A-Z_]*[A-Z])\b/g);
  expect(settings.filter((name) => !Object.hasOwn(settingsTable, name))).toEqual([]);
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
  expect(found(page, /npm run ([\w-]+)/g).filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});

function helpOf(...args: string[]): Promise<string> {
  return new Promise((resolve) => execFile(process.execPath, args, (_error, out) => resolve(out)));
}

/**
 * Returns the options of a command line that neither its command nor the commands above it have. If
 * the first word is not a command, returns that word.
 */
function unknownWords(line: string, program: Command): string[] {
  let command: Command | undefined = program;
  const known = [...program.options];
  const words = line.replace(/\\\|/g, '|').split(/\s+/);
  for (const word of words.filter((one) => /^[a-z-]+$/.test(one))) {
    const inner: Command | undefined = command?.commands.find((one) => one.name() === word);
    if (inner === undefined) continue;
    known.push(...inner.options);
    command = inner;
  }
  const options = words.filter((word) => word.startsWith('--'));
  const unknown = options.filter((option) => option !== '--help' && !known.some(({ long }) => long === option));
  return command === program && options.length === 0 ? [line] : unknown;
}

test('the commands and options of `parley` and `npm start` that the pages name exist', async () => {
  const program = parleyCommand();
  const drillHelp = await helpOf(join(projectFolder, 'bin', 'parley.js'), 'drill', '--help');
  const startHelp = await helpOf(join(projectFolder, 'packages/cli/dist/src/launcher/start.js'), '--help');
  for (const page of pages) {
    const lines = found(page, /npx parley ([^`\n]+)/g).filter((line) => !line.startsWith('drill'));
    expect([page, lines.flatMap((line) => unknownWords(line, program))]).toEqual([page, []]);
    const drillOptions = found(page, /npx parley drill [^`\n]*(--[\w-]+)/g);
    expect(drillOptions.filter((option) => !drillHelp.includes(option))).toEqual([]);
    const startOptions = found(page, /npm start -- ([^`\n]+)/g).flatMap((line) => line.match(/--[\w-]+/g) ?? []);
    expect(startOptions.filter((option) => !startHelp.includes(option))).toEqual([]);
  }
});

test('docs/protocol.md names every call of the contract', () => {
  const { AdminService, ChannelService, ChatService, InboxService, UserService } = contract;
  const methods = [AdminService, ChannelService, ChatService, InboxService, UserService].flatMap((service) =>
    Object.values(service).map(({ path }) => path.split('/').at(-1) ?? ''),
  );
  const page = textOf('docs/protocol.md');
  expect(methods.filter((method) => !page.includes(`\`${method}\``))).toEqual([]);
});
