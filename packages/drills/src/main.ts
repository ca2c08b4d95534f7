import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { address, defaultData, usageWords, wholeNumber } from '@parley/cli';
import { didYouMean, textTable } from '@parley/runtime';
import { Command, CommanderError, Option } from 'commander';
import { type CatalogEntry, drills } from './catalog.js';
import { type DrillOptions, runDrill } from './drill.js';
import { LocalSystem } from './local-system.js';
import { ReplicatedParley } from './replicated-parley.js';
import { RemoteSystem, type System } from './system.js';
import { upgradeFrom } from './upgrade/upgrade.js';
import { type DrillVerdict, describeVerdict } from './verdict.js';

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
  readonly from: string;
  readonly releases: string;
  readonly json?: true;
}

/** Folder of the builds of `upgrade`. Nobody else may write there, because the drill runs their code. */
const ownReleases = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'parley', 'releases');

const upgrade = 'upgrade';
const drillNames = [...Object.keys(drills), upgrade];
const listed = [
  ...Object.entries(drills).map(([name, { description }]) => [name, description]),
  [upgrade, 'upgrades a system of its own from an earlier revision to this one, and goes back'],
];
const after = `
${textTable(['drill', 'what it does'], listed)}
A drill runs against the \`npm start\` of the data folder: it kills, freezes and restarts its processes, and checks the
messages in channels of its own. With --manager and --user-service it runs against a remote system, where it can only
disturb the network. Do the rest there by hand while \`parley drill watch\` measures. The drills of a failover start a
Parley of their own.
Exit codes: 0 passed, 1 failed, 2 wrong usage or no such system.`;

/**
 * Returns the system that the options choose.
 * @throws {Error} if none runs there
 */
async function findSystem({ data, manager, userService }: Options): Promise<System> {
  if (manager === undefined && userService === undefined) {
    const system = await LocalSystem.open(resolve(data));
    await system.refuseDraining();
    return system;
  }
  if (manager !== undefined && userService !== undefined) return new RemoteSystem(userService, manager);
  throw new Error('Give both --manager and --user-service, or neither.');
}

/** Runs a drill against a Parley that it starts, because the drill needs a PostgreSQL with a standby. */
async function runReplicated(entry: CatalogEntry, options: DrillOptions): Promise<DrillVerdict> {
  options.report('starting a Parley and a PostgreSQL with a standby');
  const parley = await ReplicatedParley.start();
  try {
    return await runDrill(await parley.open(), entry, options);
  } finally {
    await parley.stop();
  }
}

/** Runs a drill of the catalog, or an upgrade. */
async function run(name: string, options: Options, drillOptions: DrillOptions): Promise<DrillVerdict> {
  if (name === upgrade) return upgradeFrom(options.from, resolve(options.releases), drillOptions);
  const [, entry] = Object.entries(drills).find(([known]) => known === name) ?? [];
  if (entry !== undefined && 'ofStandby' in entry) return runReplicated(entry, drillOptions);
  if (entry !== undefined) return runDrill(await findSystem(options), entry, drillOptions);
  throw new Error(`There is no drill ${name}.${didYouMean(name, drillNames)} Choose one of: ${drillNames.join(', ')}.`);
}

async function drill(name: string, options: Options): Promise<number> {
  const { rounds, json, channels, people, rate, for: seconds = name === 'all' ? 10 : 30 } = options;
  const report = (line: string) => void (json ? process.stderr : process.stdout).write(`${line}\n`);
  const shape = { channels, people, rate, seconds, report, ...(rounds !== undefined && { rounds }) };
  const verdict = await run(name, options, shape);
  const { histories: _, ...output } = verdict;
  process.stdout.write(`${json ? JSON.stringify(output) : describeVerdict(verdict)}\n`);
  return verdict.wrong.length === 0 ? exitCodes.passed : exitCodes.failed;
}

function command(): Command {
  return new Command('parley drill')
    .description('Disturbs a running Parley under load, and checks that no message is lost, repeated or reordered.')
    .argument('<name>', 'name of a drill, or "list"')
    .allowExcessArguments()
    .option('--rounds <n>', 'total number of disturbances, in turn (default: each once)', wholeNumber(1, 10_000))
    .option(
      '--for <seconds>',
      'duration of a database outage, or of `watch` (default: 30, with `all` 10)',
      wholeNumber(1, 3_600),
    )
    .option('--channels <n>', 'number of channels', wholeNumber(1, 100), 4)
    .option('--people <n>', 'people per channel', wholeNumber(1, 22), 5)
    .option('--rate <n>', 'total messages per second', wholeNumber(1, 5_000), 200)
    .option('--data <dir>', 'data folder of the running `npm start`', defaultData)
    .addOption(new Option('--manager <host:port,...>', 'managers of a remote system').argParser(addresses))
    .option('--user-service <host:port>', 'user-service of the remote system', address)
    .option('--from <revision>', 'with `upgrade`: Git revision to upgrade from', 'HEAD~1')
    .option('--releases <dir>', 'with `upgrade`: folder in which that revision is built', ownReleases)
    .option('--json', 'print the verdict as JSON')
    .addHelpText('after', after)
    .configureOutput({ outputError: (text, write) => write(`parley: ${usageWords(text)}\n`) })
    .exitOverride();
}

function addresses(text: string): string[] {
  return text.split(',').map(address);
}

async function main(): Promise<number> {
  try {
    const parsed = command().parse(process.argv.slice(2), { from: 'user' });
    const [name = '', ...more] = parsed.args;
    if (more.length > 0) throw new Error('Give one drill at a time, or `all`.');
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
