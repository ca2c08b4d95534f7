import { type Channel, ChannelKind } from '@parley/client';
import { adminWords } from '../../words/admin.js';

const kindNames: Readonly<Record<number, keyof ReturnType<typeof adminWords>['channels']['kinds']>> = {
  [ChannelKind.ROOM]: 'room',
  [ChannelKind.DIRECT]: 'direct',
  [ChannelKind.GROUP]: 'group',
  [ChannelKind.PUBLIC]: 'public',
  [ChannelKind.PRIVATE]: 'private',
};

/** Returns the kind of a channel as a word. */
export function adminKindWords({ kind }: Pick<Channel, 'kind'>): string {
  return adminWords().channels.kinds[kindNames[kind] ?? 'unknown'];
}

/** Returns the name of a channel; direct chats have none. */
export function channelName({ name, kind }: Pick<Channel, 'name' | 'kind'>): string {
  return kind === ChannelKind.DIRECT ? adminWords().channels.noName : name;
}
