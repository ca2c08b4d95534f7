import { checkSchema, type Pool, transaction } from '@parley/database';
import { pooled, withOwnedDatabase } from '../backup/backup-database.js';
import { exitCodes, Failure } from '../failure.js';
import { interruptible } from '../interruptible.js';
import type { OwnerOptions } from '../owner-database.js';
import { counted, terminalLine } from '../plain-text.js';
import type { CommandSession } from '../session.js';
import { afterChanges } from './fault.js';
import type { TransferLine } from './format.js';
import { readNow, releaseTurn, takeTurn } from './import-store.js';
import { ImportedPeople, type PeopleMap, readPeopleMap } from './imported-people.js';
import { becomesGroup, Importer } from './importer.js';
import { checkSource, type ExportSource, linesFrom } from './sources/sources.js';
import { checkedLines, type OpenLines, type Survey, surveyOf } from './survey.js';

/** The options of `import`. */
export interface ImportCommandOptions extends OwnerOptions {
  /** File that says which user ids people get here. */
  readonly people?: string;
  readonly dryRun: boolean;
  /** System whose export this is. Default: Parley. */
  readonly from: ExportSource;
  /** Name of the exported system. */
  readonly source?: string;
}

/** What an import does, or with `--dry-run` would do. */
export interface ImportTotals {
  readonly people: number;
  readonly existing_people: number;
  readonly channels: number;
  readonly existing_channels: number;
  readonly messages: number;
  readonly files: number;
  readonly missing_files: number;
  /** Direct chats that become groups, because their people have a direct chat already. */
  readonly groups: number;
}

/**
 * Calls `work` while no other import runs in this database.
 * @throws {Failure} if another one runs
 */
async function inTurn<T>(pool: Pool, work: () => Promise<T>): Promise<T> {
  const [turn] = await takeTurn.run(pool);
  if (turn?.isMine !== true)
    throw new Failure('busy', exitCodes.refused, 'Another import runs in this database. Wait for its end.');
  // In a new system, foreign keys would keep plans that were made while the tables were empty.
  await pool.query('SET plan_cache_mode = force_custom_plan');
  return work().finally(() => releaseTurn.run(pool));
}

async function totalsOf(pool: Pool, survey: Survey, importer: Importer, people: ImportedPeople): Promise<ImportTotals> {
  const fresh = survey.channels.filter((one) => !importer.hasAll(one));
  const sum = (count: (channel: (typeof fresh)[number]) => number) => fresh.reduce((all, one) => all + count(one), 0);
  let groups = 0;
  for (const channel of fresh) groups += (await becomesGroup(pool, channel, people)) ? 1 : 0;
  return {
    people: people.created,
    existing_people: people.existing,
    channels: fresh.length,
    existing_channels: survey.channels.length - fresh.length,
    messages: sum((one) => one.messages),
    files: sum(({ files }) => files),
    missing_files: sum(({ missingFiles }) => missingFiles),
    groups,
  };
}

async function importInTurn(pool: Pool, { open, map, isDry, signal }: ImportWork): Promise<ImportTotals> {
  const [now] = await readNow.run(pool);
  const nowMs = now?.nowMs ?? 0;
  const survey = await surveyOf(open, nowMs, signal);
  const people = await ImportedPeople.plan(pool, survey.source, survey.people, map);
  const importer = await Importer.of(pool, survey.source, people);
  const totals = await totalsOf(pool, survey, importer, people);
  if (isDry) return totals;
  await transaction(pool, (client) => people.create(client));
  const write = async () =>
    writeLines(checkedLines(open, nowMs, 'importing', signal), await Importer.of(pool, survey.source, people));
  while (!(await write())); // Each time, one channel has to be made anew.
  return totals;
}

/** Returns whether all lines have been written, or a channel has to be made anew. */
async function writeLines(lines: AsyncIterable<TransferLine>, importer: Importer): Promise<boolean> {
  try {
    for await (const line of lines) if (!(await importer.take(line))) return false;
    return true;
  } catch (thrown) {
    throw afterChanges(thrown, goOn);
  }
}

const goOn = 'Run the same command again to go on.';

/** An import: its lines, and how to import them. */
export interface ImportWork {
  readonly open: OpenLines;
  readonly map: PeopleMap;
  /** Only says what would be imported. */
  readonly isDry: boolean;
  readonly signal: AbortSignal;
}

/**
 * Imports an export.
 * @param pool pool with one connection, as the owner of the database
 * @throws {Failure}
 */
export async function importLines(pool: Pool, work: ImportWork): Promise<ImportTotals> {
  await checkSchema(pool);
  return inTurn(pool, () => importInTurn(pool, work));
}

/** Returns the sentences about what an import has not done as it is in the file. */
function exceptions(totals: ImportTotals): string {
  const { existing_channels: channels, missing_files: files, groups } = totals;
  const had = counted(channels, 'channel of the file was', 'channels of the file were');
  const words = [
    ...(channels === 0 ? [] : [`${had} imported before.`]),
    ...(files === 0 ? [] : [`${counted(files, 'file has', 'files have')} no bytes, so their messages only name them.`]),
    ...(groups === 0
      ? []
      : [
          `${counted(groups, 'direct chat becomes a group', 'direct chats become groups')}, because its people have one already.`,
        ]),
  ];
  return words.map((one) => ` ${one}`).join('');
}

function report(totals: ImportTotals, isDry: boolean): string {
  const { people, existing_people: others, channels, messages, files } = totals;
  const what = `${counted(channels, 'channel')} with ${counted(messages, 'message')} and ${counted(files, 'file')}`;
  const accounts = `${counted(people, 'new account')}, and ${counted(others, 'account')} that existed before`;
  const passwords = people === 0 ? '' : ' New accounts have no password: `parley admin reset-password` sets one.';
  return `${isDry ? 'This would import' : 'Imported'} ${what}, for ${accounts}.${passwords}${exceptions(totals)}`;
}

/** Returns the sentence about channels that nobody can own. */
function leftOutWords(names: readonly string[]): string {
  if (names.length === 0) return '';
  const what = names.length === 1 ? '1 channel was' : `${names.length} channels were`;
  return ` ${what} left out, because no person can own it: ${names.map(terminalLine).join(', ')}.`;
}

/** Imports channels from a file. */
export async function importChannels(
  session: CommandSession,
  file: string,
  options: ImportCommandOptions,
): Promise<void> {
  checkSource(options.from, options.source);
  const map = await readPeopleMap(options.people);
  const leftOut = new Set<string>(); // The lines are read twice.
  const settings = { source: options.source, leaveOut: (channel: string) => void leftOut.add(channel) };
  const open = () => linesFrom[options.from](file, settings);
  const totals = await interruptible(
    (signal) =>
      withOwnedDatabase(
        options,
        pooled((pool) => importLines(pool, { open, map, isDry: options.dryRun, signal })),
      ),
    goOn,
  );
  const words = `${report(totals, options.dryRun)}${leftOutWords([...leftOut])}`;
  session.print(words, { file, dry_run: options.dryRun, ...totals, left_out: [...leftOut] });
}
