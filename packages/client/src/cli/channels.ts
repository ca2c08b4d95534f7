import { type Channel, ChannelKind, ChannelStatus, type Keep } from '@parley/contract';
import { limits, textTable } from '@parley/runtime';
import { usage } from './failure.js';
import { keepWords } from './keep.js';
import { plainLine } from './plain-text.js';
import { findChannel, type Session } from './session.js';

/** The kinds that `create` makes. */
export const kindWords = {
  room: ChannelKind.ROOM,
  group: ChannelKind.GROUP,
  public: ChannelKind.PUBLIC,
  private: ChannelKind.PRIVATE,
} as const;

export type KindWord = keyof typeof kindWords;

const statusWords: Readonly<Record<ChannelStatus, string>> = {
  [ChannelStatus.UNKNOWN]: 'unknown',
  [ChannelStatus.IDLE]: 'idle',
  [ChannelStatus.SERVING]: 'serving',
};

/** A channel for programs. */
function channelValue(channel: Channel) {
  return {
    id: channel.id,
    name: channel.name,
    users: channel.users.map(({ id, name }) => ({ id, name })),
    limit: channel.limit,
    status: statusWords[channel.status],
    owner_id: channel.ownerId,
    keep: keepWords(channel.keep),
  };
}

/** Channels with who is in them, for people. */
export function channelTable(channels: readonly Channel[]): string {
  const rows = channels.map(({ id, name, users, limit, status }) => [
    String(id),
    plainLine(name),
    `${users.length}/${limit}`,
    statusWords[status],
    users.map((user) => plainLine(user.id)).join(' '),
  ]);
  return textTable(['id', 'name', 'inside', 'status', 'who'], rows);
}

/** Lists what the user may see. */
export async function listChannels(session: Session): Promise<void> {
  const client = await session.loggedIn();
  const channels = (await client.channels()).toSorted((a, b) => a.id - b.id);
  const none = 'there are no channels yet; make one with `npx parley create <name>`';
  session.print(channels.length === 0 ? none : channelTable(channels), channels.map(channelValue));
}

/** What `create` is asked for. */
export interface CreateOptions {
  readonly kind: KindWord;
  readonly limit?: number;
  readonly keep?: Partial<Keep>;
}

function limitOf({ kind, limit }: CreateOptions): number {
  const most = kind === 'room' ? limits.roomSeats : limits.chatMembers;
  if (limit !== undefined && limit > most) throw usage(`--limit of a ${kind} is a whole number from 1 to ${most}`);
  return limit ?? (kind === 'room' ? most : 0);
}

/** Makes a channel. */
export async function createChannel(session: Session, name: string, options: CreateOptions): Promise<void> {
  const { kind, keep } = options;
  const wanted = { name, kind: kindWords[kind], limit: limitOf(options), ...(keep !== undefined && { keep }) };
  const channel = await (await session.loggedIn()).create(wanted);
  const words = `${plainLine(channel.name)} is channel ${channel.id}, for up to ${channel.limit}`;
  session.print(`${words}; kept: ${keepWords(channel.keep)}`, channelValue(channel));
}

/** Deletes one by its id or exact name. */
export async function deleteChannel(session: Session, wanted: string): Promise<void> {
  const client = await session.loggedIn();
  const { id, name } = await findChannel(client, wanted);
  await client.delete(id);
  session.print(`${plainLine(name)} (channel ${id}) is deleted`, { id, name });
}
