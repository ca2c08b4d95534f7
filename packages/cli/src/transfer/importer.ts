import { settingRows, snakeCase } from '@parley/contract';
import { type Pool, type PoolClient, transaction } from '@parley/database';
import { settingsOf } from '@parley/service-kit';
import { ChannelWriter } from './channel-writer.js';
import type { LineOf, TransferLine } from './format.js';
import {
  addChannel,
  findDirectChat,
  findImportedChannels,
  forgetChannel,
  type ImportedChannel,
  importMembers,
  keepChannel,
  makeGroup,
  recordChannel,
  showChannel,
} from './import-store.js';
import { memberColumns } from './imported-members.js';
import type { ImportedPeople } from './imported-people.js';

type ChannelLine = LineOf<'channel'>;

/** A channel that is being written. */
interface OpenChannel {
  readonly line: ChannelLine;
  readonly id: number;
  readonly writer: ChannelWriter;
  /** Number of entries that an earlier import has stored. */
  readonly stored: number;
  entries: number;
  readonly members: LineOf<'member'>[];
}

/** Two people, in the order of the bytes of their ids; undefined if the channel is no direct chat. */
function pairOf({ pair }: ChannelLine, people: ImportedPeople): [low: string, high: string] | undefined {
  if (pair === undefined) return undefined;
  const [one, other] = pair.map((id) => people.idOf(id)) as [string, string];
  return one < other ? [one, other] : [other, one];
}

const groupNameLength = 64;

/**
 * Returns whether a direct chat becomes a group, because its two people have a direct chat here
 * already, or have become one person.
 */
export async function becomesGroup(
  client: Pool | PoolClient,
  line: ChannelLine,
  people: ImportedPeople,
): Promise<boolean> {
  const pair = pairOf(line, people);
  if (pair === undefined || line.pair === undefined) return false;
  const [low, high] = pair;
  const hasMerged = low === high && line.pair[0] !== line.pair[1];
  return hasMerged || (await findDirectChat.run(client, { low, high })).length > 0;
}

/** Takes a line up to the last entry that an earlier import has stored. Returns whether it can be the same. */
async function skip(line: TransferLine, channel: OpenChannel): Promise<boolean> {
  if (line.type === 'member') channel.members.push(line);
  if (line.type === 'file') channel.writer.skipFile(line);
  if (line.type !== 'message' && line.type !== 'change') return true;
  channel.entries += 1;
  return channel.writer.skipEntry(line);
}

/** Takes a line after all entries that are stored. */
async function write(line: TransferLine, channel: OpenChannel): Promise<true> {
  const { writer } = channel;
  if (line.type === 'member') channel.members.push(line);
  else if (line.type === 'file') await writer.file(line);
  else if (line.type === 'bytes') await writer.bytes(line);
  else if (line.type === 'message' || line.type === 'change') {
    channel.entries += 1;
    await writer.entry(line);
  }
  return true;
}

/** Writes the channels of a file into the database, one after the other. */
export class Importer {
  readonly #pool: Pool;
  readonly #source: string;
  readonly #people: ImportedPeople;
  readonly #known: ReadonlyMap<string, ImportedChannel>;
  #open: OpenChannel | undefined;

  private constructor(pool: Pool, source: string, people: ImportedPeople, known: ReadonlyMap<string, ImportedChannel>) {
    this.#pool = pool;
    this.#source = source;
    this.#people = people;
    this.#known = known;
  }

  static async of(pool: Pool, source: string, people: ImportedPeople): Promise<Importer> {
    const rows = await findImportedChannels.run(pool, { source });
    return new Importer(pool, source, people, new Map(rows.map((row) => [row.id, row])));
  }

  /** Returns whether an earlier import has completed a channel. */
  hasAll({ id }: Pick<ChannelLine, 'id'>): boolean {
    return this.#known.get(id)?.isDone === true;
  }

  /**
   * Takes the next line. The lines have been checked.
   * @returns whether the next one can follow. If not, the file is not the one whose import was
   *   interrupted. A new importer then has to read it from the beginning, and makes the channel anew.
   */
  async take(line: TransferLine): Promise<boolean> {
    const open = this.#open;
    const isOver = line.type === 'channel' || line.type === 'end';
    if (isOver && open !== undefined && !(await this.#complete(open))) return this.#forget(open);
    if (line.type === 'channel' && !this.hasAll(line)) this.#open = await this.#begin(line);
    if (isOver || open === undefined) return true;
    const isSame = await (open.entries < open.stored ? skip(line, open) : write(line, open));
    return isSame || this.#forget(open);
  }

  async #forget({ line: { id } }: OpenChannel): Promise<false> {
    await forgetChannel.run(this.#pool, { source: this.#source, id });
    return false;
  }

  async #begin(line: ChannelLine): Promise<OpenChannel> {
    const known = this.#known.get(line.id);
    const isKept = known?.channelId != null && known.hasAll;
    const id = isKept ? (known.channelId as number) : await this.#make(line);
    const stored = isKept ? known.entries : 0;
    if (isKept) await keepChannel.run(this.#pool, { channelId: id });
    return {
      line,
      id,
      stored,
      entries: 0,
      members: [],
      writer: new ChannelWriter(this.#pool, id, this.#people, stored),
    };
  }

  #make(line: ChannelLine): Promise<number> {
    return transaction(this.#pool, async (client) => {
      const [pairLow, pairHigh] = pairOf(line, this.#people) ?? [null, null];
      const fields = line as Readonly<Record<string, unknown>>;
      const [made] = await addChannel.run(client, {
        ownerId: this.#people.idOf(line.owner),
        name: line.name,
        limit: line.limit,
        kind: line.kind,
        pairLow,
        pairHigh,
        retentionSeconds: line.retention_seconds,
        retentionCount: line.retention_count,
        ...settingsOf(Object.fromEntries(settingRows.map(([name]) => [name, fields[snakeCase(name)]])) as never),
        openHistory: line.open_history,
        metadata: line.metadata,
        createdMs: line.created_at,
      });
      if (made === undefined) throw new Error('The database has created no channel.');
      await recordChannel.run(client, { source: this.#source, id: line.id, channelId: made.id });
      return made.id;
    });
  }

  /** Adds the members, and shows the channel to them. Returns false if it has more entries than the file. */
  async #complete(channel: OpenChannel): Promise<boolean> {
    this.#open = undefined;
    const { id: channelId, line, writer, members, entries, stored } = channel;
    if (entries < stored) return false;
    await writer.flush();
    await transaction(this.#pool, async (client) => {
      if (await becomesGroup(client, line, this.#people)) await this.#makeGroup(client, channel);
      await importMembers.run(client, { channelId, ...memberColumns(members, this.#people, entries) });
      await showChannel.run(client, { channelId, source: this.#source, id: line.id });
    });
    return true;
  }

  async #makeGroup(client: PoolClient, { id: channelId, line }: OpenChannel): Promise<void> {
    const pair = pairOf(line, this.#people) ?? [];
    const name = [...new Set(pair)].join(', ').slice(0, groupNameLength);
    await makeGroup.run(client, { channelId, name });
  }
}
