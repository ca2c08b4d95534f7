import type { Channel, Chat } from '@parley/contract';
import type { ServiceCalls } from '../../api/service-calls.js';
import type { Directory, KnownUser } from './directory.js';

/** A chat of the caller, with its members. */
export interface ListedChat {
  readonly channel: Channel;
  readonly members: readonly KnownUser[];
}

/** Maximum number of chats in one list: the most active ones. */
const maxChats = 1_000;
const pageSize = 100;
/** Number of chats whose members are read at the same time. */
const atOnce = 4;

async function overviewOf(calls: ServiceCalls): Promise<Chat[]> {
  const chats: Chat[] = [];
  for (let after = '', isFirst = true; isFirst || after !== ''; isFirst = false) {
    const page = await calls.overview({ size: pageSize, after });
    chats.push(...page.chats);
    after = chats.length < maxChats ? page.next : '';
  }
  return chats;
}

/** Returns the chats of the caller with their members, the most active first, at most 1,000. */
export async function chatsWithMembers(calls: ServiceCalls, directory: Directory): Promise<ListedChat[]> {
  const channels = (await overviewOf(calls)).flatMap(({ channel }) => channel ?? []);
  const listed: ListedChat[] = [];
  for (let at = 0; at < channels.length; at += atOnce) {
    const some = channels.slice(at, at + atOnce);
    const members = await Promise.all(some.map((channel) => directory.members(calls, channel)));
    listed.push(...some.map((channel, n) => ({ channel, members: members[n] ?? [] })));
  }
  return listed;
}
