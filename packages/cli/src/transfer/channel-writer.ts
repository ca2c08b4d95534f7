import { Kind, MemberChange, MemberRole } from '@parley/contract';
import { type Pool, transaction } from '@parley/database';
import { exitCodes, Failure } from '../failure.js';
import type { FileLine } from './checked-lines.js';
import { base64Bytes, type LineOf } from './format.js';
import {
  addEntries,
  addFile,
  addPiece,
  addReactions,
  completeFile,
  countEntries,
  findEntry,
  keepChannel,
  linkFiles,
} from './import-store.js';
import { importedData } from './imported-data.js';
import type { ImportedPeople } from './imported-people.js';

type Entry = LineOf<'message' | 'change'>;

/** An entry with its bytes, and the ids of its files here. */
interface WaitingEntry {
  readonly line: Entry;
  readonly data: Buffer;
  readonly fileIds: readonly string[];
}

const batchRows = 500;
const batchBytes = 4_194_304;
/** Maximum number of mentions and reactions in a batch, besides those of its last message. */
const batchNames = 10_000;

/** A file that is being written. */
interface WrittenFile {
  readonly line: FileLine;
  readonly id: string;
  written: number;
}

const roles: Readonly<Record<LineOf<'change'>['role'], MemberRole>> = {
  none: MemberRole.UNSPECIFIED,
  member: MemberRole.MEMBER,
  admin: MemberRole.ADMIN,
  owner: MemberRole.OWNER,
};

/** Writes the log of one channel in batches. Each batch is one short transaction. */
export class ChannelWriter {
  readonly #pool: Pool;
  readonly #channelId: number;
  readonly #people: ImportedPeople;
  /** Seq of the last entry that is stored. */
  #stored: number;
  #batch: WaitingEntry[] = [];
  #bytes = 0;
  #names = 0;
  /** Files for the next message, by their ids in the export. */
  #files = new Map<string, FileLine>();
  readonly #fileIds = new Map<string, string>();
  #open: WrittenFile | undefined;

  /** @param stored number of entries that an earlier import has stored */
  constructor(pool: Pool, channelId: number, people: ImportedPeople, stored: number) {
    this.#pool = pool;
    this.#channelId = channelId;
    this.#people = people;
    this.#stored = stored;
  }

  async file(line: FileLine): Promise<void> {
    this.#files.set(line.id, line);
    if (line.missing === true) return;
    const { name, content_type: contentType, size, width, height } = line;
    const ownerId = this.#people.idOf(line.from);
    const [made] = await addFile.run(this.#pool, { ownerId, name, contentType, size, width, height });
    if (made === undefined) throw new Error('The database has created no file.');
    this.#fileIds.set(line.id, made.id);
    this.#open = { line, id: made.id, written: 0 };
    if (size === 0) await this.#completeFile(this.#open);
  }

  async bytes({ base64 }: LineOf<'bytes'>): Promise<void> {
    const file = this.#open;
    if (file === undefined) throw new Error('Bytes belong to no file.');
    const data = base64Bytes(base64);
    await addPiece.run(this.#pool, { fileId: file.id, n: file.written, data });
    file.written += data.length;
    if (file.written === file.line.size) await this.#completeFile(file);
  }

  async #completeFile({ id: fileId, line: { thumbnail } }: WrittenFile): Promise<void> {
    const picture = thumbnail === undefined ? null : base64Bytes(thumbnail);
    await completeFile.run(this.#pool, { fileId, thumbnail: picture });
    this.#open = undefined;
  }

  /** Takes a file of a message that an earlier import has stored. */
  skipFile(line: FileLine): void {
    this.#files.set(line.id, line);
  }

  /**
   * Takes an entry that an earlier import has stored. Returns whether it can be the same one: only
   * the last of them is compared.
   */
  async skipEntry(line: Entry): Promise<boolean> {
    const isSame = line.n < this.#stored || (await this.#isStored(line));
    this.#files.clear();
    return isSame;
  }

  async #isStored(line: Entry): Promise<boolean> {
    const [stored] = await findEntry.run(this.#pool, { channelId: this.#channelId, seq: line.n });
    const isOfSender = stored?.senderId === this.#senderOf(line) && stored.sentMs === line.at;
    return isOfSender && stored.data.equals(this.#dataOf(line));
  }

  #senderOf(line: Entry): string {
    return this.#people.idOf(line.type === 'message' ? line.from : line.by);
  }

  #dataOf(line: Entry): Buffer {
    return line.type === 'change' ? this.#change(line) : importedData(line, this.#files);
  }

  async entry(line: Entry): Promise<void> {
    const data = this.#dataOf(line);
    const files = line.type === 'change' ? [] : (line.files ?? []);
    const fileIds = files.flatMap((id) => this.#fileIds.get(id) ?? []);
    this.#files.clear();
    this.#fileIds.clear();
    this.#batch.push({ line, data, fileIds });
    this.#bytes += data.length;
    this.#names += namesIn(line);
    if (this.#isFull) await this.flush();
  }

  get #isFull(): boolean {
    return this.#batch.length === batchRows || this.#bytes >= batchBytes || this.#names >= batchNames;
  }

  #change({ by, people, joined, role }: LineOf<'change'>): Buffer {
    const [userId = '', ...moreUserIds] = people.map((id) => this.#people.idOf(id));
    const change = { userId, moreUserIds, joined, role: roles[role], by: this.#people.idOf(by) };
    return Buffer.from(MemberChange.encode(MemberChange.fromPartial(change)).finish());
  }

  /**
   * Stores the entries that wait.
   * @throws {Failure} if the channel has changed, so that they cannot follow what is stored
   */
  async flush(): Promise<void> {
    const entries = this.#batch;
    if (entries.length === 0) return;
    this.#batch = [];
    this.#bytes = 0;
    this.#names = 0;
    const channelId = this.#channelId;
    const afterSeq = this.#stored;
    await transaction(this.#pool, async (client) => {
      await keepChannel.run(client, { channelId });
      const added = await addEntries.run(client, { ...this.#columns(entries), channelId, afterSeq });
      if (added.length !== entries.length) throw changedFailure(channelId);
      await countEntries.run(client, { channelId, afterSeq });
      await addReactions.run(client, { channelId, ...this.#reactions(entries) });
      await linkFiles.run(client, { channelId, ...linksOf(entries) });
    });
    this.#stored += entries.length;
  }

  #columns(entries: readonly WaitingEntry[]) {
    const messages = entries.map(({ line }) => (line.type === 'message' ? line : undefined));
    const id = (person: string | undefined) => (person === undefined ? null : this.#people.idOf(person));
    return {
      kinds: messages.map((one) => (one === undefined ? Kind.MEMBER : Kind.UNSPECIFIED)),
      senderIds: entries.map(({ line }) => this.#senderOf(line)),
      sentMs: entries.map(({ line }) => line.at),
      targetSeqs: messages.map((one) => one?.reply_to ?? null),
      contentTypes: messages.map((one) => one?.content_type ?? ''),
      data: entries.map(({ data }) => data),
      mentions: messages.map((one) => (one?.mentions ?? []).map((person) => this.#people.idOf(person)).join(',')),
      editedMs: messages.map((one) => one?.edited_at ?? null),
      deletedMs: messages.map((one) => one?.deleted_at ?? null),
      pinnedMs: messages.map((one) => one?.pinned_at ?? null),
      pinnedBy: messages.map((one) => id(one?.pinned_by)),
    };
  }

  #reactions(entries: readonly WaitingEntry[]) {
    const all = entries.flatMap(({ line }) =>
      line.type === 'message'
        ? (line.reactions ?? []).flatMap(({ emoji, people }) =>
            people.map((person) => ({ seq: line.n, userId: this.#people.idOf(person), emoji })),
          )
        : [],
    );
    return {
      seqs: all.map(({ seq }) => seq),
      userIds: all.map(({ userId }) => userId),
      emoji: all.map(({ emoji }) => emoji),
    };
  }
}

function changedFailure(channelId: number): Failure {
  const words = `The channel ${channelId} has changed while it was imported. Run the same command again to import it anew.`;
  return new Failure('import-changed', exitCodes.refused, words);
}

/** Returns how many people an entry mentions, and how many have reacted to it. */
function namesIn(line: Entry): number {
  if (line.type === 'change') return 0;
  const { mentions = [], reactions = [] } = line;
  return reactions.reduce((sum, { people }) => sum + people.length, mentions.length);
}

function linksOf(entries: readonly WaitingEntry[]) {
  const all = entries.flatMap(({ line, fileIds }) => fileIds.map((fileId, place) => ({ seq: line.n, fileId, place })));
  return {
    seqs: all.map(({ seq }) => seq),
    fileIds: all.map(({ fileId }) => fileId),
    places: all.map(({ place }) => place),
  };
}
