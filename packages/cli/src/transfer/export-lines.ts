import { Kind, MemberChange, MemberRole, settingRows, snakeCase } from '@parley/contract';
import type { Queryable } from '@parley/database';
import { version } from '@parley/runtime';
import {
  type EntryRow,
  type ExportedChannelRow,
  type FileRow,
  type PersonRow,
  readChanges,
  readExportedChannels,
  readExportedEntries,
  readFile,
  readPeople,
  readPiece,
  readSource,
} from './export-store.js';
import { ExportedMembers } from './exported-members.js';
import { formatVersion, type NewLine } from './format.js';

/** Number of messages in memory at a time. */
const messagesAtOnce = 50;
const peopleAtOnce = 500;

/** Totals of an export. */
export interface ExportTotals {
  people: number;
  channels: number;
  messages: number;
  files: number;
  /** Files whose bytes are in S3, and so not in the export. */
  filesInS3: number;
}

/** Yields the lines of an export, which all show the database at one moment. */
export class ExportLines {
  readonly totals: ExportTotals = { people: 0, channels: 0, messages: 0, files: 0, filesInS3: 0 };
  readonly #client: Queryable;

  /** @param client connection in a transaction with one snapshot */
  constructor(client: Queryable) {
    this.#client = client;
  }

  async *lines(channels: readonly ExportedChannelRow[]): AsyncGenerator<NewLine> {
    let lines = 0;
    for await (const line of this.#all(channels)) {
      lines += 1;
      yield line;
    }
    yield { type: 'end', lines };
  }

  async *#all(channels: readonly ExportedChannelRow[]): AsyncGenerator<NewLine> {
    const [facts] = await readSource.run(this.#client);
    const { source = '', momentMs = 0 } = facts ?? {};
    yield { type: 'export', version: formatVersion, source, moment: momentMs, parley: version };
    const channelIds = channels.map(({ id }) => id);
    yield* this.#people(channelIds);
    for (const channel of channels) yield* this.#channel(channel);
  }

  async *#people(channelIds: number[]): AsyncGenerator<NewLine> {
    const unknown = new Set<string>();
    for await (const { data } of readChanges.each(this.#client, peopleAtOnce, { channelIds }))
      for (const id of peopleOf(MemberChange.decode(data))) unknown.add(id);
    const people = { channelIds, changed: [...unknown] };
    for await (const person of readPeople.each(this.#client, peopleAtOnce, people)) {
      unknown.delete(person.id);
      yield this.#person(person);
    }
    for (const id of unknown) yield this.#gone(id);
  }

  /** Returns somebody who no longer exists, such as a guest, and is only in changes of members. */
  #gone(id: string): NewLine {
    this.totals.people += 1;
    const isGuest = id.startsWith('guest.');
    return { type: 'person', id, ...(isGuest && { user_id: guestName(id) }), name: id, status: 'deleted' };
  }

  #person({ id, name, about, bot, role, status, createdMs }: PersonRow): NewLine {
    this.totals.people += 1;
    return {
      type: 'person',
      id,
      ...(role === 'guest' && { user_id: guestName(id) }),
      name,
      ...(about !== '' && { about }),
      ...(bot && { bot }),
      ...(status !== 'active' && !(bot && status === 'suspended') && { status }),
      created_at: createdMs,
    };
  }

  async *#channel(row: ExportedChannelRow): AsyncGenerator<NewLine> {
    this.totals.channels += 1;
    yield channelLine(row);
    const members = await ExportedMembers.read(this.#client, row.id);
    for await (const entry of readExportedEntries.each(this.#client, messagesAtOnce, { channelId: row.id })) {
      members.pass(entry.seq, entry.n);
      yield* this.#entry(entry);
    }
    yield* members.lines();
  }

  async *#entry(row: EntryRow): AsyncGenerator<NewLine> {
    const { n, sentMs: at, kind } = row;
    if (kind === Kind.MEMBER) {
      yield { type: 'change', n, at, ...changeOf(row) };
      return;
    }
    this.totals.messages += 1;
    const files: string[] = [];
    for (const id of row.fileIds) {
      if (yield* this.#file(id)) files.push(id);
    }
    yield messageLine(row, files);
  }

  /** Yields a file with its bytes. Returns whether the export has it. */
  async *#file(fileId: string): AsyncGenerator<NewLine, boolean> {
    const [file] = await readFile.run(this.#client, { fileId });
    if (file === undefined) return false;
    yield fileLine(fileId, file);
    if (file.inS3) {
      this.totals.filesInS3 += 1;
      return true;
    }
    this.totals.files += 1;
    for (let n = 0; n < file.size; ) {
      const [piece] = await readPiece.run(this.#client, { fileId, n });
      if (piece === undefined) throw new Error(`The file ${fileId} has no bytes from ${n} on.`);
      yield { type: 'bytes', base64: piece.data.toString('base64') };
      n += piece.data.length;
    }
    return true;
  }
}

/** Returns the user id that a guest would like to have in another system. */
const guestName = (id: string) => id.replace(/^guest\./, 'guest-');

/** Returns whom a change of members is about. */
const peopleOf = ({ userId, moreUserIds }: MemberChange) => [userId, ...moreUserIds];

const roleNames: Readonly<Partial<Record<MemberRole, 'none' | 'member' | 'admin' | 'owner'>>> = {
  [MemberRole.MEMBER]: 'member',
  [MemberRole.ADMIN]: 'admin',
  [MemberRole.OWNER]: 'owner',
};

/** Returns who changed which members. */
function changeOf({ data, senderId: by }: EntryRow) {
  const change = MemberChange.decode(data);
  return { by, people: peopleOf(change), joined: change.joined, role: roleNames[change.role] ?? 'none' };
}

function channelLine(row: ExportedChannelRow): NewLine {
  const { pairLow, pairHigh } = row;
  return {
    type: 'channel',
    id: String(row.id),
    kind: row.kind,
    name: row.name,
    owner: row.ownerId,
    ...(pairLow !== null && pairHigh !== null && { pair: [pairLow, pairHigh] }),
    limit: row.userLimit,
    retention_seconds: row.retentionSeconds,
    retention_count: row.retentionCount,
    open_history: row.openHistory,
    metadata: row.metadata,
    created_at: row.createdMs,
    ...Object.fromEntries(settingRows.map(([name]) => [snakeCase(name), row[name]])),
  };
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Returns the content of a message: as text, or as base64 if it is not UTF-8. */
function contentOf(data: Buffer): { text: string } | { base64: string } {
  try {
    return { text: strict.decode(data) };
  } catch {
    return { base64: data.toString('base64') };
  }
}

function messageLine(row: EntryRow, files: string[]): NewLine {
  const { contentType, mentions, reactions, replyTo, editedMs, deletedMs, pinnedMs, pinnedBy } = row;
  const isDeleted = deletedMs !== null;
  return {
    type: 'message',
    n: row.n,
    at: row.sentMs,
    from: row.senderId,
    ...(!isDeleted && contentOf(row.data)),
    ...(!isDeleted && contentType !== '' && { content_type: contentType }),
    ...(replyTo !== null && { reply_to: replyTo }),
    ...(!isDeleted && mentions.length > 0 && { mentions }),
    ...(editedMs !== null && { edited_at: editedMs }),
    ...(isDeleted && { deleted_at: deletedMs }),
    ...(pinnedMs !== null && pinnedBy !== null && { pinned_at: pinnedMs, pinned_by: pinnedBy }),
    ...(!isDeleted && reactions.length > 0 && { reactions }),
    ...(!isDeleted && files.length > 0 && { files }),
  };
}

function fileLine(id: string, file: FileRow): NewLine {
  const { width, height, thumbnail, inS3 } = file;
  return {
    type: 'file',
    id,
    from: file.ownerId,
    name: file.name,
    content_type: file.contentType,
    size: file.size,
    ...(width !== null && height !== null && { width, height }),
    ...(thumbnail !== null && { thumbnail: thumbnail.toString('base64') }),
    ...(inS3 && { missing: true }),
  };
}

/** Reads channels by id; undefined: all of them. */
export function channelsToExport(client: Queryable, ids: readonly number[] | undefined): Promise<ExportedChannelRow[]> {
  return readExportedChannels.run(client, { channelIds: ids ?? null });
}
