import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { checkSchema, type Pool, snapshot } from '@parley/database';
import { pooled, withOwnedDatabase } from '../backup/backup-database.js';
import { writeWhole } from '../backup/whole-file.js';
import { errorCode, exitCodes, Failure, usage } from '../failure.js';
import { interruptible } from '../interruptible.js';
import { output } from '../output.js';
import type { OwnerOptions } from '../owner-database.js';
import { counted, plainJson, terminalLine } from '../plain-text.js';
import type { CommandSession } from '../session.js';
import { channelsToExport, ExportLines, type ExportTotals } from './export-lines.js';
import type { ExportedChannelRow } from './export-store.js';

/** The options of `export`. */
export interface ExportCommandOptions extends OwnerOptions {
  readonly channel?: readonly number[];
  readonly all: boolean;
}

const progressEvery = 1_000;

function checkAllFound(channels: readonly ExportedChannelRow[], ids: readonly number[] | undefined): void {
  const found = new Set(channels.map(({ id }) => id));
  const missing = ids?.find((id) => !found.has(id));
  if (missing === undefined) return;
  throw new Failure('channel-not-found', exitCodes.refused, `There is no channel ${missing}. Correct --channel.`);
}

/** Yields the bytes of an export. */
async function* bytesOf(
  lines: ExportLines,
  channels: readonly ExportedChannelRow[],
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  let count = 0;
  for await (const line of lines.lines(channels)) {
    signal.throwIfAborted();
    yield Buffer.from(`${plainJson(line)}\n`);
    if (++count % progressEvery === 0) output.progress(`${counted(lines.totals.messages, 'message')} so far`);
  }
}

/** Writes to stdout as fast as it is read there. The reader may stop at any point. */
async function writeOut(bytes: AsyncIterable<Buffer>): Promise<void> {
  try {
    await pipeline(bytes, process.stdout, { end: false });
  } catch (thrown) {
    if (errorCode(thrown) !== 'EPIPE') throw thrown;
  }
}

async function exportInto(pool: Pool, file: string, ids: readonly number[] | undefined, signal: AbortSignal) {
  await checkSchema(pool);
  return snapshot(pool, async (client) => {
    await client.query('SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0');
    const channels = await channelsToExport(client, ids);
    checkAllFound(channels, ids);
    const lines = new ExportLines(client);
    const bytes = bytesOf(lines, channels, signal);
    await (file === '-' ? writeOut(bytes) : writeWhole(file, bytes, signal));
    return lines.totals;
  });
}

function missingWords({ filesInS3 }: ExportTotals): string {
  return filesInS3 === 0 ? '' : ` The bytes of ${counted(filesInS3, 'file')} in S3 are not in the export.`;
}

/** Writes channels into a file, as lines of JSON. */
export async function exportChannels(
  session: CommandSession,
  file: string,
  options: ExportCommandOptions,
): Promise<void> {
  const { channel: ids, all } = options;
  if (all === (ids !== undefined)) throw usage('Name the channels with --channel, or give --all.');
  const totals = await interruptible((signal) =>
    withOwnedDatabase(
      options,
      pooled((pool) => exportInto(pool, file, ids, signal)),
    ),
  );
  if (file === '-') return;
  const { people, channels, messages, files, filesInS3 } = totals;
  const { size: bytes } = await stat(file);
  session.print(
    `${terminalLine(file)} has ${counted(channels, 'channel')} with ${counted(messages, 'message')}, ${counted(files, 'file')} and ${counted(people, 'person', 'people')}, in ${bytes} bytes.${missingWords(totals)}`,
    { file, bytes, channels, messages, files, people, files_in_s3: filesInS3 },
  );
}
