import { ExportLine, type Hold } from '@parley/contract';
import type { Pool } from '@parley/database';
import { refuse } from '@parley/runtime';
import type { UserCaller } from '@parley/service-kit';
import { limitRate } from '../requests/rate-limit.js';
import { audit } from '../transactions/audit.js';
import { exportJson, lineOfHeld } from './export-lines.js';
import { exportRate, pages } from './export-pages.js';
import { firstUuid } from './export-store.js';
import {
  type HeldEntry,
  heldChannels,
  heldEntries,
  heldEntriesOf,
  heldFile,
  heldPiece,
  keptEntries,
  readHold,
  type StandingHold,
} from './hold-store.js';
import { requireHoldId } from './holds.js';

/** Entries per page. An entry has up to 64 KiB. */
const entriesPerPage = 100;
/** Lines between two checks of the caller. A line has at most 350 KiB. */
const linesPerPage = 50;
const channelsPerPage = 1_000;

type HeldChannel = Awaited<ReturnType<typeof heldChannels.run>>[number];

/** Yields the lines of one export. Each file appears once, after the first entry that has it. */
class HeldLines {
  readonly #pool: Pool;
  readonly #hold: StandingHold;
  readonly #files = new Set<string>();

  constructor(pool: Pool, hold: StandingHold) {
    this.#pool = pool;
    this.#hold = hold;
  }

  async *all(): AsyncGenerator<string> {
    const { id, channelId, userId, reason, setBy, setMs: setAt } = this.#hold;
    yield exportJson('hold', { id, channelId, userId, reason, setBy, setAt });
    yield* this.#channels();
    const page = { channelId, userId, size: entriesPerPage };
    const read = (after: string) => keptEntries.run(this.#pool, { ...page, after });
    for await (const rows of pages('0', entriesPerPage, read)) yield* this.#entries('kept', rows);
  }

  async *#channels(): AsyncGenerator<string> {
    const { channelId, userId } = this.#hold;
    for (let afterChannel = 0; ; ) {
      const page = { channelId, userId, afterChannel, size: channelsPerPage };
      const channels = await heldChannels.run(this.#pool, page);
      for (const channel of channels) yield* this.#channel(channel);
      const last = channels.at(-1);
      if (last === undefined) return;
      afterChannel = last.id;
    }
  }

  async *#channel({ isWhole, ...channel }: HeldChannel): AsyncGenerator<string> {
    yield exportJson('channel', channel);
    const page = { channelId: channel.id, size: entriesPerPage };
    const userId = this.#hold.userId ?? '';
    const read = (after: string) =>
      isWhole
        ? heldEntries.run(this.#pool, { ...page, after })
        : heldEntriesOf.run(this.#pool, { ...page, userId, after });
    const start = isWhole ? '0' : firstUuid;
    for await (const rows of pages(start, entriesPerPage, read)) yield* this.#entries('entry', rows);
  }

  async *#entries(type: 'entry' | 'kept', entries: readonly HeldEntry[]): AsyncGenerator<string> {
    for (const entry of entries) {
      yield lineOfHeld(type, entry);
      for (const fileId of entry.fileIds) if (!this.#files.has(fileId)) yield* this.#file(fileId);
    }
  }

  async *#file(fileId: string): AsyncGenerator<string> {
    this.#files.add(fileId);
    const [file] = await heldFile.run(this.#pool, { fileId });
    if (file === undefined) return;
    yield exportJson('file', file);
    for (let at = 0; at < file.size && !file.inS3; ) {
      const data = (await heldPiece.run(this.#pool, { fileId, at }))[0]?.data;
      if (data == null) return;
      yield exportJson('bytes', { fileId, at, base64: data.toString('base64') });
      at += data.length;
    }
  }
}

/**
 * Handles ExportHold: streams all messages that a hold covers, the copies that it kept, and the files
 * of both. Keeps no transaction open between pages.
 */
export function createExportHold(pool: Pool) {
  return async function* (request: Hold, me: UserCaller): AsyncGenerator<readonly ExportLine[]> {
    const holdId = requireHoldId(request);
    await limitRate(pool, exportRate, me, 'read-too-often');
    const [hold] = await readHold.run(pool, { holdId });
    if (hold === undefined) throw refuse('hold-not-found');
    await audit(pool, { actor: me.id, action: 'hold.export', target: String(holdId), detail: {} });
    let lines = 0;
    let page: ExportLine[] = [];
    for await (const json of new HeldLines(pool, hold).all()) {
      lines += 1;
      page.push(ExportLine.create({ json }));
      if (page.length < linesPerPage) continue;
      yield page;
      page = [];
    }
    yield [...page, ExportLine.create({ json: exportJson('end', { lines }) })];
  };
}
