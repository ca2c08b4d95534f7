import { type Channel, ChannelKind } from '@parley/client';
import { messageHistoryText } from './retention.js';

type Described = Pick<Channel, 'kind' | 'closedHistory' | 'memberCount' | 'retention'>;

const kinds: Readonly<Partial<Record<ChannelKind, string>>> = {
  [ChannelKind.DIRECT]: 'Direct chat',
  [ChannelKind.GROUP]: 'Group',
  [ChannelKind.PUBLIC]: 'Public channel',
  [ChannelKind.PRIVATE]: 'Private channel',
};

/** Returns the name of a kind of channel. */
export function kindWords(kind: ChannelKind): string {
  return kinds[kind] ?? 'Live room';
}

const readers: Readonly<Partial<Record<ChannelKind, string>>> = {
  [ChannelKind.DIRECT]: 'Only the two of you can read this',
  [ChannelKind.GROUP]: 'Only members can read this',
  [ChannelKind.PUBLIC]: 'Everyone with an account can join and read this',
  [ChannelKind.PRIVATE]: 'Only members can read this; admins add people or send invite links',
};

/** Returns the sentence that says which people can read a channel of a kind, without a full stop. */
export function readersWords(kind: ChannelKind): string {
  return readers[kind] ?? 'Everyone with an account can enter and read this';
}

/** Returns the facts about a chat for its header: its readers, its history and what new members see. */
export function chatFacts(channel: Described): string {
  const { kind, closedHistory } = channel;
  const facts = [readersWords(kind), messageHistoryText(channel)];
  if (closedHistory) facts.push('new members see only newer messages');
  return facts.join(' · ');
}

/** Returns the number of members as text. */
export function memberWords(count: number): string {
  return count === 1 ? '1 member' : `${count.toLocaleString()} members`;
}
