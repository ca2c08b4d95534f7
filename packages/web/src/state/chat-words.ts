import { type Channel, ChannelKind } from '@parley/client';
import { words } from '../words/words.js';
import { messageHistoryText } from './retention.js';

type Described = Pick<Channel, 'kind' | 'closedHistory' | 'memberCount' | 'retention'>;
type ChatKindName = 'direct' | 'group' | 'public' | 'private';

const names: Readonly<Partial<Record<ChannelKind, ChatKindName>>> = {
  [ChannelKind.DIRECT]: 'direct',
  [ChannelKind.GROUP]: 'group',
  [ChannelKind.PUBLIC]: 'public',
  [ChannelKind.PRIVATE]: 'private',
};

/** Returns the name of a kind of channel. */
export function kindWords(kind: ChannelKind): string {
  return words().chats[names[kind] ?? 'room'];
}

/** Returns the sentence that says which people can read a channel of a kind, without a full stop. */
export function readersWords(kind: ChannelKind): string {
  return words().chats[`${names[kind] ?? 'room'}Readers`];
}

/** Returns the facts about a chat for its header: its readers, its history and what new members see. */
export function chatFacts(channel: Described): string {
  const { kind, closedHistory } = channel;
  const facts = [readersWords(kind), messageHistoryText(channel)];
  if (closedHistory) facts.push(words().chats.closedHistory);
  return facts.join(' · ');
}

/** Returns the number of members as text. */
export function memberWords(count: number): string {
  return words().chats.members(count);
}
