import { type Channel, ChannelStatus } from '@parley/contract';
import { textTable } from '@parley/runtime';
import { plainLine } from './plain-text.js';
import type { Session } from './session.js';

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
  const { token } = await session.login();
  const channels = (await session.client.list(token)).toSorted((a, b) => a.id - b.id);
  const none = 'there are no channels yet; make one with `npx parley create <name>`';
  session.print(channels.length === 0 ? none : channelTable(channels), channels.map(channelValue));
}

/** Makes a room. */
export async function createChannel(session: Session, name: string, limit: number): Promise<void> {
  const { token } = await session.login();
  const channel = await session.client.create(token, name, limit);
  session.print(
    `${plainLine(channel.name)} is channel ${channel.id}, for up to ${channel.limit}`,
    channelValue(channel),
  );
}

/** Deletes one by its id or exact name. */
export async function deleteChannel(session: Session, wanted: string): Promise<void> {
  const { token } = await session.login();
  const { id, name } = await session.findChannel(token, wanted);
  await session.client.delete(token, id);
  session.print(`${plainLine(name)} (channel ${id}) is deleted`, { id, name });
}
