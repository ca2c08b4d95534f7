import {
  type Channel,
  ChannelKind,
  type ChatSummary,
  type EntryEvent,
  MemberRole,
  type MessageEvent,
  type NotifyLevel,
  textOf,
  type UserInboxEvent,
} from '@parley/client';
import { words } from '../words/words.js';
import type { ConversationState } from './conversation-state.js';
import type { Link } from './link.js';
import { textOrFiles } from './message-words.js';
import { type Names, named } from './names.js';
import { isRoom } from './rooms.js';
import { excerpt } from './text.js';

/** The other user of a direct chat. */
export interface Peer {
  readonly id: string;
  readonly name: string;
}

/** The last message of a chat, as a preview. */
export interface Preview {
  readonly seq: number;
  /** Unix ms. */
  readonly at: number;
  readonly sender: string;
  /** Start of the text. Empty if the message was deleted, and undefined if it is not text. */
  readonly text: string | undefined;
}

/** One chat of the user in the list. */
export interface ChatItem {
  readonly channel: Channel;
  /** Only in a direct chat. */
  readonly peer: Peer | undefined;
  /** Whether the user has blocked that user. */
  readonly isBlocked?: boolean;
  readonly last: Preview | undefined;
  /** Unread messages of others. The server counts up to 100. */
  readonly unread: number;
  /** Unread messages that mention this user. */
  readonly mentions: number;
  readonly markedUnread: boolean;
  readonly notify: NotifyLevel;
  readonly log: string;
  /** Receipts of the other members when the server last described the chat, by user id. */
  readonly receipts: ConversationState['receipts'];
  /** Seq of a change of members since then: only the server can count the members now. */
  readonly recountSeq?: number;
  /** Seq of the last entry of the log. The counts include everything up to it. */
  readonly lastSeq: number;
  readonly readSeq: number;
  /** Read position to which the counts refer. It is before `readSeq` until the server has counted again. */
  readonly countedSeq: number;
}

/** The part of the list that the browser stores. */
export interface ChatsListing {
  readonly items: Readonly<Record<number, ChatItem>>;
  /** Ids of the chats that this browser shows first. */
  readonly favourites: readonly number[];
  readonly names: Names;
}

/** All chats of the user: direct chats, groups and channels. Rooms are in another list. */
export interface ChatsState extends ChatsListing {
  readonly me: string;
  readonly link: Link;
  /** Whether the items come from the server, not only from the last visit. */
  readonly fresh: boolean;
  /** Users who are present in a chat now, as far as this page knows. */
  readonly online: ReadonlySet<string>;
  /** Number of this user's unsent messages and changes, by chat. */
  readonly unsent: Readonly<Record<number, number>>;
  /** Milliseconds by which the server's clock is ahead of `steadyNow`. */
  readonly aheadMs: number;
  readonly maxBytes: number | undefined;
}

/** The user's own membership of a chat, beside the receipt. */
type Membership = Pick<Extract<UserInboxEvent, { type: 'membership' }>, 'role' | 'markedUnread' | 'notify'>;

/** Actions that every tab applies. */
export type ChatsAction =
  /** Sets the state of all chats, which replaces everything else. */
  | { readonly type: 'all'; readonly chats: readonly ChatSummary[] }
  /** Sets the state of some chats, the most active of those that have not arrived yet. */
  | { readonly type: 'some'; readonly chats: readonly ChatSummary[] }
  | { readonly type: 'refreshed'; readonly chat: ChatSummary }
  | { readonly type: 'entries'; readonly id: number; readonly log: string; readonly entries: readonly EntryEvent[] }
  /** Notes that a chat has another log, whose seqs begin again. */
  | { readonly type: 'restarted'; readonly id: number; readonly log: string }
  | { readonly type: 'changed'; readonly channel: Channel }
  | { readonly type: 'removed'; readonly id: number }
  | { readonly type: 'read'; readonly id: number; readonly seq: number }
  | { readonly type: 'notify'; readonly id: number; readonly level: NotifyLevel }
  | ({ readonly type: 'membership'; readonly id: number } & Membership)
  | { readonly type: 'favourite'; readonly id: number; readonly isFavourite: boolean }
  | { readonly type: 'presence'; readonly came: readonly Peer[]; readonly went: readonly Peer[] }
  | { readonly type: 'introduced'; readonly user: Peer }
  | { readonly type: 'unsent'; readonly id: number; readonly count: number }
  | { readonly type: 'linked'; readonly link: Link }
  | { readonly type: 'connected'; readonly aheadMs: number; readonly maxBytes: number | undefined }
  | { readonly type: 'snapshot'; readonly state: ChatsState }
  | { readonly type: 'cached'; readonly listing: ChatsListing };

/** Highest number of unread messages that is counted. */
const mostCounted = 100;
const previewCharacters = 200;

/** Returns the empty list. */
export function noChats(me: string, names: Names = {}): ChatsState {
  const empty = { items: {}, favourites: [], names, online: new Set<string>(), unsent: {} };
  return { me, ...empty, link: { state: 'connecting' }, fresh: false, aheadMs: 0, maxBytes: undefined };
}

/** Returns the start of a message. Tabs of an earlier version of the page send entries without files. */
function startOfMessage(
  entry: Pick<MessageEvent, 'data' | 'contentType'> & { fileIds?: readonly string[] },
): string | undefined {
  const text = textOrFiles({ text: textOf(entry), fileIds: entry.fileIds });
  return text === undefined ? undefined : excerpt(text, previewCharacters);
}

function previewOf(entry: EntryEvent | undefined): Preview | undefined {
  if (entry?.type !== 'message') return undefined;
  const { seq, timestamp: at, sender, deleted } = entry;
  return { seq, at, sender, text: deleted ? '' : startOfMessage(entry) };
}

/** Returns the receipts of the other members, by user id. */
export function receiptsOf(others: ChatSummary['others']): ConversationState['receipts'] {
  return Object.fromEntries(others.map(({ userId, deliveredSeq, readSeq }) => [userId, { deliveredSeq, readSeq }]));
}

function itemOf({ channel, peer, last, log, mine, ...rest }: ChatSummary): ChatItem {
  const { unread, mentions, markedUnread, notify, others } = rest;
  const other = peer && { id: peer.id, name: peer.name };
  const counts = { unread, mentions, markedUnread, notify, log, lastSeq: channel.lastSeq };
  const read = { readSeq: mine.readSeq, countedSeq: mine.readSeq };
  const block = peer?.blocked === true && { isBlocked: true };
  return { channel, peer: other, ...block, last: previewOf(last), ...counts, ...read, receipts: receiptsOf(others) };
}

/**
 * Returns the seq up to which this browser has read a chat, if the server does not know it yet: the
 * user may have read while there was no connection.
 */
export function readBeyond({ channel, log, mine }: ChatSummary, before: ChatItem | undefined): number | undefined {
  if (before === undefined || before.log !== log || log === '') return undefined;
  const seq = Math.min(before.readSeq, channel.lastSeq);
  return seq > mine.readSeq ? seq : undefined;
}

function itemNow(chat: ChatSummary, before: ChatItem | undefined): ChatItem {
  const [item, seq] = [itemOf(chat), readBeyond(chat, before)];
  return seq === undefined ? item : { ...readUpTo(item, seq), markedUnread: item.markedUnread };
}

function peersOf(chats: readonly ChatSummary[]): Peer[] {
  return chats.flatMap(({ peer }) => (peer === undefined ? [] : [peer]));
}

function onlineAmong(online: ReadonlySet<string>, chats: readonly ChatSummary[]): ReadonlySet<string> {
  const found = new Set(online);
  for (const { peer } of chats) {
    if (peer?.online === true) found.add(peer.id);
    else if (peer !== undefined) found.delete(peer.id);
  }
  return found;
}

function withItems(state: ChatsState, chats: readonly ChatSummary[], before: ChatsState['items']): ChatsState {
  const items = Object.fromEntries(chats.map((chat) => [chat.channel.id, itemNow(chat, state.items[chat.channel.id])]));
  return {
    ...state,
    items: { ...before, ...items },
    names: named(state.names, peersOf(chats)),
    online: onlineAmong(state.online, chats),
  };
}

function changeItem(state: ChatsState, id: number, change: (item: ChatItem) => ChatItem): ChatsState {
  const item = state.items[id];
  const next = item && change(item);
  return next === undefined || next === item ? state : { ...state, items: { ...state.items, [id]: next } };
}

/**
 * Takes over the settings of a channel. They come to all members alike, without the role of this
 * user. Another role comes as a membership, except to a new owner.
 */
function withSettings(item: ChatItem, settings: Channel, me: string): ChatItem {
  const isOwner = settings.ownerId === me && settings.kind !== ChannelKind.DIRECT;
  const myRole = isOwner ? MemberRole.OWNER : item.channel.myRole;
  return { ...item, channel: { ...settings, users: [], lastSeq: item.lastSeq, myRole } };
}

/** Returns a preview after a later edit or deletion of its message. */
function changedPreview(last: Preview | undefined, entry: EntryEvent): Preview | undefined {
  if (last === undefined || !('target' in entry) || entry.target !== last.seq) return last;
  if (entry.type === 'delete') return { ...last, text: '' };
  return entry.type === 'edit' ? { ...last, text: startOfMessage(entry) } : last;
}

/** Counts one entry, unless the counts already include it. */
function withEntry(item: ChatItem, entry: EntryEvent, me: string): ChatItem {
  const { seq } = entry;
  if (seq <= item.lastSeq) return item;
  if (entry.type === 'member') return { ...item, lastSeq: seq, recountSeq: seq };
  if (entry.type !== 'message') return { ...item, lastSeq: seq, last: changedPreview(item.last, entry) };
  const isNew = entry.sender !== me && seq > item.readSeq;
  const unread = Math.min(mostCounted, item.unread + (isNew ? 1 : 0));
  const mentions = Math.min(mostCounted, item.mentions + (isNew && entry.mentions.includes(me) ? 1 : 0));
  return { ...item, lastSeq: seq, unread, mentions, last: previewOf(entry) };
}

/** Marks a chat as read up to a seq. Only the server can count the messages after it. */
function readUpTo(item: ChatItem, seq: number): ChatItem {
  if (seq < item.readSeq || seq < item.lastSeq) return { ...item, readSeq: Math.max(item.readSeq, seq) };
  const isRead = item.unread === 0 && item.mentions === 0 && !item.markedUnread && item.readSeq === seq;
  return isRead ? item : { ...item, readSeq: seq, countedSeq: seq, unread: 0, mentions: 0, markedUnread: false };
}

function withPresence(state: ChatsState, { came, went }: Extract<ChatsAction, { type: 'presence' }>): ChatsState {
  const online = new Set(state.online);
  for (const { id } of went) online.delete(id);
  for (const { id } of came) online.add(id);
  return { ...state, online, names: named(state.names, came) };
}

function without(state: ChatsState, id: number): ChatsState {
  const { [id]: _gone, ...items } = state.items;
  return { ...state, items, favourites: state.favourites.filter((one) => one !== id) };
}

function withFavourite(state: ChatsState, id: number, isFavourite: boolean): ChatsState {
  const others = state.favourites.filter((one) => one !== id);
  return { ...state, favourites: isFavourite ? [...others, id] : others };
}

/** Returns the chats after an action. */
export function chatsReducer(state: ChatsState, action: ChatsAction): ChatsState {
  switch (action.type) {
    case 'all':
      return { ...withItems(state, action.chats, {}), fresh: true };
    case 'some':
      return withItems(state, action.chats, state.items);
    case 'refreshed':
      return withItems(state, [action.chat], state.items);
    case 'changed':
      return changeItem(state, action.channel.id, (item) => withSettings(item, action.channel, state.me));
    case 'removed':
      return without(state, action.id);
    case 'favourite':
      return withFavourite(state, action.id, action.isFavourite);
    case 'presence':
      return withPresence(state, action);
    case 'introduced':
      return { ...state, names: named(state.names, [action.user]) };
    case 'unsent':
      return { ...state, unsent: { ...state.unsent, [action.id]: action.count } };
    case 'linked':
      return { ...state, link: action.link };
    case 'connected':
      return { ...state, aheadMs: action.aheadMs, maxBytes: action.maxBytes };
    case 'snapshot':
      return action.state;
    case 'cached':
      return state.fresh ? state : { ...state, ...action.listing, names: { ...action.listing.names, ...state.names } };
    default:
      return changeItem(state, action.id, (item) => itemAfter(item, action, state.me));
  }
}

type ItemAction = Extract<ChatsAction, { type: 'entries' | 'restarted' | 'read' | 'notify' | 'membership' }>;

function itemAfter(item: ChatItem, action: ItemAction, me: string): ChatItem {
  switch (action.type) {
    case 'entries':
      return item.log === action.log ? action.entries.reduce((one, entry) => withEntry(one, entry, me), item) : item;
    case 'restarted':
      return {
        ...item,
        log: action.log,
        lastSeq: 0,
        readSeq: 0,
        countedSeq: 0,
        unread: 0,
        mentions: 0,
        last: undefined,
        receipts: {},
      };
    case 'read':
      return readUpTo(item, action.seq);
    case 'notify':
      return { ...item, notify: action.level };
    case 'membership': {
      const { role: myRole, markedUnread, notify } = action;
      return { ...item, channel: { ...item.channel, myRole }, markedUnread, notify };
    }
  }
}

/** Returns whether a channel is a chat, which the inbox carries, and not a room. */
export function isChat(channel: Pick<Channel, 'kind'>): boolean {
  return !isRoom(channel);
}

/** Returns whether a chat has something new for the user. In a muted chat, only mentions count. */
export function needsAttention({ unread, mentions, markedUnread, notify }: ChatItem): boolean {
  return mentions > 0 || (notify !== 'none' && (unread > 0 || markedUnread));
}

/**
 * Returns what a receipt of this user does to a chat. Only the server can count the messages after
 * it. Only the server also knows whether the receipt has removed a mark. When a stream starts, the
 * server repeats the receipts of all chats, and most of them change nothing.
 */
export function receiptEffect(item: ChatItem, readSeq: number): 'nothing' | 'read' | 'recount' {
  const { unread, mentions, markedUnread, lastSeq, countedSeq } = item;
  if (readSeq < item.readSeq) return 'nothing';
  if (markedUnread) return 'recount';
  if ((unread === 0 && mentions === 0) || readSeq <= countedSeq) return 'nothing';
  return readSeq >= lastSeq ? 'read' : 'recount';
}

/** Returns whether entries delete an unread message, so that only the server knows the counts. */
export function deletesUnread({ unread, readSeq }: ChatItem, entries: readonly EntryEvent[]): boolean {
  return unread > 0 && entries.some((entry) => entry.type === 'delete' && entry.target > readSeq);
}

/** Returns the time of the last activity of a chat, in Unix ms. */
export function activityOf({ last, channel }: ChatItem): number {
  return last?.at ?? channel.createdAt;
}

/** Returns the title of a chat: its name, or the name of the other user. */
export function titleOf({ channel, peer }: Pick<ChatItem, 'channel' | 'peer'>): string {
  if (channel.kind !== ChannelKind.DIRECT) return channel.name;
  return peer?.name || peer?.id || words().chats.direct;
}

/** Ways to filter the list. */
export type ChatFilter = 'all' | 'unread' | 'direct' | 'groups';

function passes(item: ChatItem, filter: ChatFilter): boolean {
  if (filter === 'unread') return item.unread > 0 || item.markedUnread;
  const isDirect = item.channel.kind === ChannelKind.DIRECT;
  return filter === 'all' || isDirect === (filter === 'direct');
}

/** The chats of the list in two sections, each by activity, the latest first. */
export interface OrderedChats {
  readonly favourites: readonly ChatItem[];
  readonly others: readonly ChatItem[];
}

/** Returns the chats that pass a filter, in order. */
export function orderedChats({ items, favourites }: ChatsListing, filter: ChatFilter = 'all'): OrderedChats {
  const marked = new Set(favourites);
  const sorted = Object.values(items)
    .filter((item) => passes(item, filter))
    .sort((a, b) => activityOf(b) - activityOf(a) || b.channel.id - a.channel.id);
  return {
    favourites: sorted.filter(({ channel }) => marked.has(channel.id)),
    others: sorted.filter(({ channel }) => !marked.has(channel.id)),
  };
}

/** Returns the first `most` chats, and those up to the open one if it comes later. */
export function firstChats(items: readonly ChatItem[], most: number, openId: number | undefined): readonly ChatItem[] {
  return items.slice(0, Math.max(most, items.findIndex(({ channel }) => channel.id === openId) + 1));
}

/** Numbers for the title of the window. */
export interface UnreadTotals {
  /** Chats with something new. */
  readonly chats: number;
  readonly mentions: number;
}

/** Counts the chats with something new, except muted ones. */
export function unreadTotals({ items }: Pick<ChatsListing, 'items'>): UnreadTotals {
  const all = Object.values(items);
  return {
    chats: all.filter(needsAttention).length,
    mentions: all.reduce((sum, { mentions }) => sum + mentions, 0),
  };
}
