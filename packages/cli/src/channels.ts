import type { ParleyClient } from '@parley/client';
import { type Channel, ChannelKind, ChannelStatus, type Retention } from '@parley/contract';
import { limits, textTable } from '@parley/runtime';
import { givenSettings, settingValues } from './channel-options.js';
import { usage } from './failure.js';
import { findOnly, namesakeNote } from './find-channel.js';
import { output } from './output.js';
import { terminalLine } from './plain-text.js';
import { historyWords, retentionWords } from './retention.js';
import type { CommandSession } from './session.js';

/** Kinds of channels that `create` can make, by their name on the command line. */
export const createdKinds = {
  room: ChannelKind.ROOM,
  group: ChannelKind.GROUP,
  public: ChannelKind.PUBLIC,
  private: ChannelKind.PRIVATE,
} as const;

const kindWords: Readonly<Partial<Record<ChannelKind, string>>> = {
  [ChannelKind.ROOM]: 'room',
  [ChannelKind.DIRECT]: 'direct',
  [ChannelKind.GROUP]: 'group',
  [ChannelKind.PUBLIC]: 'public',
  [ChannelKind.PRIVATE]: 'private',
};

/** Returns the kind of a channel as a word. */
export function kindWordOf({ kind }: Pick<Channel, 'kind'>): string {
  return kindWords[kind] ?? 'unknown';
}

const statusWords: Readonly<Record<ChannelStatus, string>> = {
  [ChannelStatus.UNKNOWN]: 'unknown',
  [ChannelStatus.IDLE]: 'idle',
  [ChannelStatus.SERVING]: 'serving',
};

/** Converts a channel for JSON output. */
export function channelValue(channel: Channel) {
  return {
    id: channel.id,
    name: channel.name,
    users: channel.users.map(({ id, name }) => ({ id, name })),
    user_count: channel.userCount,
    limit: channel.limit,
    kind: kindWordOf(channel),
    status: statusWords[channel.status] ?? 'unknown',
    owner_id: channel.ownerId,
    retention: retentionWords(channel.retention),
    closed_history: channel.closedHistory,
    ...settingValues(channel),
  };
}

/** Returns the ids of the first users in a channel, and the number of the others. */
function insideOf({ users, userCount }: Channel): string {
  const more = userCount - users.length;
  return [...users.map((user) => terminalLine(user.id)), ...(more > 0 ? [`and ${more} more`] : [])].join(' ');
}

/** Formats channels as a table. */
export function channelTable(channels: readonly Channel[]): string {
  const rows = channels.map((channel) => [
    String(channel.id),
    terminalLine(channel.name),
    kindWordOf(channel),
    historyWords(channel.retention),
    terminalLine(channel.ownerId),
    channel.kind === ChannelKind.ROOM ? `${channel.userCount}/${channel.limit}` : String(channel.userCount),
    insideOf(channel),
  ]);
  return textTable(['id', 'name', 'kind', 'history', 'owner', 'people', 'inside'], rows);
}

const maxPages = 10;

/** Fetches all pages of a list, up to `maxPages`. `cut` says whether there are more. */
async function allPages(client: ParleyClient, mine: boolean): Promise<{ channels: Channel[]; cut: boolean }> {
  const channels: Channel[] = [];
  let after = '';
  for (let page = 0; page < maxPages; page++) {
    const answer = await client.listChannels({ mine, after });
    channels.push(...answer.ids.flatMap((id) => answer.channels.find((one) => one.id === id) ?? []));
    after = answer.next;
    if (after === '') return { channels, cut: false };
  }
  return { channels, cut: true };
}

/** Prints the user's own channels, then the other listed ones, the most active first. */
export async function listChannels(session: CommandSession): Promise<void> {
  const client = await session.loggedIn();
  const [mine, listed] = [await allPages(client, true), await allPages(client, false)];
  const own = new Set(mine.channels.map(({ id }) => id));
  const channels = [...mine.channels, ...listed.channels.filter(({ id }) => !own.has(id))];
  const none = `There are no channels yet. Create one with \`${(await session.advised()).self} create <name>\`.`;
  session.print(channels.length === 0 ? none : channelTable(channels), channels.map(channelValue));
  if (mine.cut || listed.cut) output.complain('* more channels exist than are listed; use the name of one to find it');
}

/** The options of `create`. */
export interface CreateOptions {
  readonly kind: keyof typeof createdKinds;
  /** Maximum number of users. Default: 10 for a room, and the server's default for other kinds. */
  readonly limit?: number;
  /** Retention. Default: 7 days for a room, forever for other kinds. */
  readonly retention?: Partial<Retention>;
  readonly closedHistory?: true;
}

async function tellOfNamesakes(session: CommandSession, client: ParleyClient, channel: Channel): Promise<void> {
  const note = await namesakeNote(client, channel, (await session.advised()).self);
  if (note !== undefined) output.complain(`* ${note}`);
}

const roomRetention = { seconds: 604_800 };

/**
 * Creates a channel, and prints its id, limit and history. Warns if other channels have the same
 * name.
 */
export async function makeChannel(session: CommandSession, name: string, options: CreateOptions): Promise<void> {
  const { kind, limit, closedHistory = false } = options;
  if (kind === 'room' && limit !== undefined && limit > limits.roomSeats)
    throw usage(`A room has at most ${limits.roomSeats} seats.`);
  if (kind === 'room' && closedHistory) throw usage('A room has no members. Leave out --closed-history.');
  const retention = options.retention ?? (kind === 'room' ? roomRetention : { everything: true });
  const client = await session.loggedIn();
  const settings = { ...givenSettings(options), ...(limit !== undefined && { limit }) };
  const asked = { name, retention, kind: createdKinds[kind], closedHistory, ...settings };
  const channel = await client.create(asked);
  const words = `${terminalLine(channel.name)} is channel ${channel.id}, for up to ${channel.limit} people`;
  session.print(`${words}; history: ${historyWords(channel.retention)}`, channelValue(channel));
  await tellOfNamesakes(session, client, channel);
}

/** The options of `set`. Each plain setting has one more. */
export interface ChangeOptions {
  readonly name?: string;
  readonly kind?: 'public' | 'private';
  readonly limit?: number;
  readonly retention?: Partial<Retention>;
}

/** Changes the settings of a channel, by its id or exact name. */
export async function changeChannel(session: CommandSession, wanted: string, options: ChangeOptions): Promise<void> {
  const { name, kind, limit, retention } = options;
  const change = { name, ...(kind && { kind: createdKinds[kind] }), limit, retention, ...givenSettings(options) };
  if (Object.values(change).every((value) => value === undefined)) throw usage('Name a setting to change.');
  const client = await session.loggedIn();
  const { id } = await findOnly(client, wanted);
  const channel = await client.chats.update(id, change);
  session.print(`Changed ${terminalLine(channel.name)} (channel ${id}).`, channelValue(channel));
  if (name !== undefined) await tellOfNamesakes(session, client, channel);
}

/** Deletes a channel by its id or exact name. */
export async function removeChannel(session: CommandSession, wanted: string): Promise<void> {
  const client = await session.loggedIn();
  const { id, name } = await findOnly(client, wanted);
  await client.delete(id);
  session.print(`Deleted ${terminalLine(name)} (channel ${id}).`, { id, name });
}
