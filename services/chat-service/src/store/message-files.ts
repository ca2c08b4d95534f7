import { array, int2, int4, int8, loadSql, type Queryable, text, uuid } from '@parley/database';
import type { BatchOutcome, LogEntry } from '../core/entry.js';

const sql = loadSql('message-files.sql', import.meta.url);
const findUnknownFiles = sql.statement(
  'findUnknownFiles',
  { ownerIds: array(text), fileIds: array(uuid) },
  { position: int4 },
);
const linkFiles = sql.statement('linkFiles', {
  channelIds: array(int4),
  seqs: array(int8),
  fileIds: array(uuid),
  places: array(int2),
});

/** Returns whether an entry has files. */
export function hasFiles({ fileIds }: LogEntry): boolean {
  return fileIds.length > 0;
}

/**
 * Returns the entries with a file that is not a complete file of their sender. Reads nothing if no
 * entry has a file.
 */
export async function entriesWithUnknownFiles(client: Queryable, batch: readonly LogEntry[]): Promise<LogEntry[]> {
  const files = batch.flatMap((entry) => entry.fileIds.map((fileId) => ({ entry, fileId })));
  if (files.length === 0) return [];
  const unknown = await findUnknownFiles.run(client, {
    ownerIds: files.map(({ entry }) => entry.senderId),
    fileIds: files.map(({ fileId }) => fileId),
  });
  return unknown.flatMap(({ position }) => files[position]?.entry ?? []);
}

/** Adds their files to entries that the same transaction has stored. */
export async function linkStoredFiles(client: Queryable, outcomes: ReadonlyMap<LogEntry, BatchOutcome>): Promise<void> {
  const links = [...outcomes].flatMap(([{ channelId, fileIds }, outcome]) =>
    outcome.is === 'stored' ? fileIds.map((fileId, place) => ({ channelId, seq: outcome.seq, fileId, place })) : [],
  );
  if (links.length === 0) return;
  await linkFiles.run(client, {
    channelIds: links.map(({ channelId }) => channelId),
    seqs: links.map(({ seq }) => seq),
    fileIds: links.map(({ fileId }) => fileId),
    places: links.map(({ place }) => place),
  });
}
