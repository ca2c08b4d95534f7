import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as contract from '@parley/contract';
import { limits, refusals, settingsTable } from '@parley/runtime';
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

describe('docs/limits.md', () => {
  /** A row of its tables. */
  interface LimitRow {
    readonly value: string;
    readonly setting: string;
    readonly beyond: string;
    /** Where the code has the number. */
    readonly code: string;
  }

  const rows: LimitRow[] = textOf('docs/limits.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| Limit '))
    .map((line) => {
      const [, , value = '', , setting = '', beyond = '', code = ''] = line.split('|').map((cell) => cell.trim());
      return { value, setting: setting.replaceAll('`', ''), beyond, code: code.replaceAll('`', '') };
    });

  const sources = ['services/user-service', 'services/channel-service', 'services/chat-service', 'services/gateway']
    .concat('packages/service-kit')
    .flatMap((folder) =>
      readdirSync(join(projectFolder, folder, 'src'), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
        .map((name) => ({ name: basename(name, '.ts'), text: textOf(join(folder, 'src', name)) })),
    );

  const count = (value: number) => value.toLocaleString('en');
  const bytes = (value: number) => {
    const units = { GiB: 2 ** 30, MiB: 2 ** 20, KiB: 2 ** 10 };
    const [unit, size] = Object.entries(units).find(([, each]) => value % each === 0) ?? ['bytes', 1];
    return `${count(value / size)} ${unit}`;
  };
  const time = (seconds: number) => {
    const units = { day: 86_400, h: 3_600, min: 60 };
    const [unit, size] = Object.entries(units).find(([, each]) => seconds % each === 0) ?? ['s', 1];
    return `${seconds / size} ${unit}`;
  };

  function numberIn(text: string, expression: string): number {
    const named = new RegExp(`const ${expression} = ([\\d_]+);`).exec(text)?.[1];
    return Number((named ?? expression).replaceAll('_', ''));
  }

  function rateText(text: string, body: string): string {
    const field = (name: string) => numberIn(text, new RegExp(`${name}: ([\\w.]+)`).exec(body)?.[1] ?? '');
    const perSecond = body.includes('perSecond') ? field('perSecond') : 1 / field('secondsPerCall');
    const then = perSecond < 1 ? `1 in ${time(Math.round(1 / perSecond))}` : `${count(Math.round(perSecond))} a second`;
    return `${count(field('burst'))}, then ${then}`;
  }

  /** Every rate of the services, as text. Rates that refer to another limit are left out, as that limit is a row. */
  const rates = new Map(
    sources.flatMap(({ name, text }) =>
      [...text.matchAll(/(?:const (\w+): (?:Burst)?Rate =|^ +'(\w+\/\w+)':) \{ ([^}]*burst: [^}]*) \}/gm)]
        .filter(([, , , body = '']) => !body.includes('limits.'))
        .map(([, constant, call, body = '']) => [`${name}.${constant ?? call}`, rateText(text, body)] as const),
    ),
  );
  const limitTexts = new Map(
    Object.entries(limits).map(([name, value]) => {
      const units: readonly (readonly [RegExp, string])[] = [
        [/BytesPerSecond$/, `${bytes(value)} a second`],
        [/PerSecond$/, `${count(value)} a second`],
        [/bytes/i, bytes(value)],
        [/Ms$/, time(value / 1_000)],
        [/Characters$/, `${count(value)} characters`],
      ];
      return [`limits.${name}`, units.find(([pattern]) => pattern.test(name))?.[1] ?? count(value)] as const;
    }),
  );
  const settingTexts = new Map(
    Object.entries(settingsTable).flatMap(([name, { unit, fallback }]) => {
      const texts = { bytes, MiB: (value: number) => bytes(value * 2 ** 20), entries: count, connections: count };
      const text = texts[unit as keyof typeof texts];
      return text === undefined ? [] : [[`PARLEY_${name}`, text(Number(fallback))] as const];
    }),
  );

  /** Returns the value of a constant such as `strangers.perAddress`, as text. */
  function constantText(code: string): string | undefined {
    const [file = '', name = ''] = code.split('.');
    const found = sources.filter((one) => one.name === file).map(({ text }) => numberIn(text, name));
    const value = found.find((one) => !Number.isNaN(one));
    return value === undefined ? undefined : count(value);
  }

  test('has the values of the code', () => {
    const texts: ReadonlyMap<string, string> = new Map<string, string>([...limitTexts, ...rates, ...settingTexts]);
    const real = rows.map(({ code }) => ({ code, value: texts.get(code) ?? constantText(code) }));
    expect(rows.map(({ code, value }) => ({ code, value }))).toEqual(real);
  });

  test('has every limit and every rate', () => {
    const known = new Set(rows.map(({ code }) => code));
    const lock = 'registration.turn'; // It is a lock, which nobody can use up.
    const all = [...limitTexts.keys(), ...rates.keys()].filter((code) => code !== lock);
    expect(all.filter((code) => !known.has(code))).toEqual([]);
    const settable = new Set(rows.map(({ setting }) => setting));
    expect([...settingTexts.keys()].filter((name) => !settable.has(name))).toEqual([]);
    expect([...settable].filter((name) => name !== '' && !(name.slice(7) in settingsTable))).toEqual([]);
  });

  test('names only reasons that exist', () => {
    const reasons = rows.flatMap(({ beyond }) =>
      [...beyond.matchAll(/`([a-z-]+)`/g)].map(([, reason]) => reason ?? ''),
    );
    expect(reasons.length).toBeGreaterThan(80);
    expect(reasons.filter((reason) => !(reason in refusals))).toEqual([]);
  });
});
