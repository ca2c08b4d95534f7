import { ExportLine, type User } from '@parley/contract';
import type { Pool } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { requireUserId } from '../members/membership.js';
import { limitRate } from '../requests/rate-limit.js';
import { audit } from '../transactions/audit.js';
import { exportJson, lineOfEntry, lineOfRow } from './export-lines.js';
import { exportRate, pages } from './export-pages.js';
import {
  type ExportSection,
  exportAccount,
  exportEntries,
  exportMemberships,
  firstUuid,
  sections,
  walkChannels,
} from './export-store.js';

type Lines = readonly string[];

const rowsPerPage = 500;
/** Entries per page. An entry has up to 64 KiB. */
const entriesPerPage = 100;
const channelsPerPage = 1_000;

async function* sectionLines(pool: Pool, userId: string, { type, start, read }: ExportSection): AsyncGenerator<Lines> {
  const page = { userId, size: rowsPerPage };
  for await (const rows of pages(start, rowsPerPage, (after) => read(pool, { ...page, after }))) {
    yield rows.map((row) => lineOfRow(type, row));
  }
}

async function* entryLines(pool: Pool, userId: string, channelId: number): AsyncGenerator<Lines> {
  const page = { userId, channelId, size: entriesPerPage };
  const read = (after: string) => exportEntries.run(pool, { ...page, after });
  for await (const rows of pages(firstUuid, entriesPerPage, read)) yield rows.map(lineOfEntry);
}

/**
 * Yields lines of memberships and entries. Visits every channel, because no index finds the entries
 * of a user.
 */
async function* channelLines(pool: Pool, userId: string): AsyncGenerator<Lines> {
  for (let afterChannel = 0; ; ) {
    const channels = await walkChannels.run(pool, { userId, afterChannel, size: channelsPerPage });
    const last = channels.at(-1);
    if (last === undefined) return;
    const memberships = await exportMemberships.run(pool, { userId, channelIds: channels.map(({ id }) => id) });
    yield memberships.map((row) => exportJson('membership', row));
    for (const { id, hasEntries } of channels) if (hasEntries) yield* entryLines(pool, userId, id);
    afterChannel = last.id;
  }
}

async function* allLines(pool: Pool, userId: string): AsyncGenerator<Lines> {
  for (const section of sections) yield* sectionLines(pool, userId, section);
  yield* channelLines(pool, userId);
}

/**
 * Handles ExportUser: streams everything stored about an account, deleted or not. Reads the next
 * page only after the caller has taken the current one, and keeps no transaction open between
 * pages.
 */
export function createExportUser(pool: Pool) {
  return async function* ({ id: asked }: User, me: UserCaller): AsyncGenerator<readonly ExportLine[]> {
    requireUserId(asked);
    await limitRate(pool, exportRate, me, 'read-too-often');
    const [account] = await exportAccount.run(pool, { userId: asked });
    if (account === undefined) throw refuse('user-not-found');
    await audit(pool, { actor: me.id, action: 'user.export', target: account.id, detail: {} });
    yield [ExportLine.create({ json: exportJson('account', account) })];
    let count = 1;
    for await (const lines of allLines(pool, account.id)) {
      count += lines.length;
      yield lines.map((json) => ExportLine.create({ json }));
    }
    yield [ExportLine.create({ json: exportJson('end', { lines: count }) })];
  };
}
