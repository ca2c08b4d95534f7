import { resolve } from 'node:path';
import { address, projectFolder, wholeNumber } from '@parley/cli';
import { textTable } from '@parley/runtime';
import { Command, CommanderError, Option } from 'commander';
import { drills } from './catalog.js';
import { runDrill } from './drill.js';
import { LocalSystem } from './local-system.js';
import { FarSystem, type System } from './system.js';
import { describeVerdict } from './verdict.js';

const exitCodes = { passed: 0, failed: 1, usage: 2 } as const;

interface Options {
  readonly rounds?: number;
  readonly for?: number;
  readonly channels: number;
  readonly people: number;
  readonly rate: number;
  readonly data: string;
  readonly manager?: string[];
  readonly userService?: string;
  readonly json?: true;
}

const listed = Object.entries(drills).map(([name, { words }]) => [name, words]);
const after = `
${textTable(['drill', 'what it does'], listed)}
It runs against the \`npm start\` of the data folder: its processes are killed, stopped and started again, and channels
of the drill's own are talked in and checked. With --manager and --user-service it runs against a system elsewhere, where
it can do what needs no more than a network; the rest is yours to do, while \`parley drill watch\` counts.
Exit codes: 0 passed, 1 failed, 2 wrong usage or no such system.`;

/** Where the system is: here, or behind addresses. Throws one sentence where there is none. */
async function findSystem({ data, manager, userService }: Options): Promise<System> {
  if (manager === undefined && userService === undefined) {
    const system = await LocalSystem.open(resolve(data));
    await system.refuseDraining();
    return system;
  }
  if (manager !== undefined && userService !== undefined) return new FarSystem(userService, manager);
  throw new Error('--manager and --user-service go together');
}

async function drill(name: string, options: Options): Promise<number> {
  const [, asked] = Object.entries(drills).find(([known]) => known === name) ?? [];
  if (asked === undefined) throw new Error(`there is no drill ${name}: ${Object.keys(drills).join(', ')}`);
  const { rounds, json, channels, people, rate, for: seconds = name === 'all' ? 10 : 30 } = options;
  const tell = (line: string) => void (json ? process.stderr : process.stdout).write(`${line}\n`);
  const shape = { channels, people, rate, seconds, tell, ...(rounds !== undefined && { rounds }) };
  const verdict = await runDrill(await findSystem(options), asked, shape);
  const { histories: _, ...told } = verdict;
  process.stdout.write(`${json ? JSON.stringify(told) : describeVerdict(verdict)}\n`);
  return verdict.wrong.length === 0 ? exitCodes.passed : exitCodes.failed;
}

function command(): Command {
  return new Command('parley drill')
    .description('Makes trouble in a running Parley, and proves by counting that nothing said in it was lost.')
    .argument('<name>', 'which drill, or "list"')
    .allowExcessArguments()
    .option('--rounds <n>', 'how many troubles in all, in turn (default: each once)', wholeNumber(1, 10_000))
    .option(
      '--for <seconds>',
      'how long the database is away, or is watched (default: 30, in all 10)',
      wholeNumber(1, 3_600),
    )
    .option('--channels <n>', 'rooms that are talked in', wholeNumber(1, 100), 4)
    .option('--people <n>', 'people in each', wholeNumber(1, 22), 5)
    .option('--rate <n>', 'messages a second, of all together', wholeNumber(1, 5_000), 200)
    .option('--data <dir>', 'the data folder of the running `npm start`', resolve(projectFolder, '.parley'))
    .addOption(
      new Option('--manager <host:port,...>', 'instead: the managers of a system elsewhere').argParser(addresses),
    )
    .option('--user-service <host:port>', 'and its user-service', address)
    .option('--json', 'the verdict as JSON')
    .addHelpText('after', after)
    .exitOverride();
}

function addresses(text: string): string[] {
  return text.split(',').map(address);
}

async function main(): Promise<number> {
  try {
    const parsed = command().parse(process.argv.slice(2), { from: 'user' });
    const [name = '', ...more] = parsed.args;
    if (more.length > 0) throw new Error('one part at a time, or `all`');
    if (name !== 'list') return await drill(name, parsed.opts<Options>());
    process.stdout.write(textTable(['drill', 'what it does'], listed));
    return exitCodes.passed;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? exitCodes.passed : exitCodes.usage;
    process.stderr.write(`parley: ${thrown instanceof Error ? thrown.message : thrown}\n`);
    return exitCodes.usage;
  }
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(exitCodes.failed));
process.exit(await main());
