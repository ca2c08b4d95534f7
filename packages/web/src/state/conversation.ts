import type { Channel, EntryEvent, LogPosition, User } from '@parley/client';
import { affordable, type Budget, fold, type Line, put } from './lines.js';
import { isOver, type Link } from './link.js';
import { endingWords } from './link-words.js';
import { type Names, named } from './names.js';
import { type Held, type Outgoing, taken } from './outgoing.js';

export interface Typist {
  readonly userId: string;
  /** Unix ms; then it is forgotten. */
  readonly untilMs: number;
}

/** What is kept in the browser of a channel, besides its lines. */
export interface Bookmarked {
  /** How far its log was received: everything up to here that is kept in the browser is whole. */
  readonly place: LogPosition | undefined;
  readonly readSeq: number;
  readonly outgoing: readonly Outgoing[];
  readonly names: Names;
  /** As it was last described; undefined: nobody has yet. */
  readonly channel: Channel | undefined;
  /** How far the server's clock is ahead of `steadyNow`, in milliseconds. */
  readonly aheadMs: number;
}

export interface ConversationState extends Bookmarked {
  readonly me: string;
  /** How many bytes a message may have; undefined until the server has said so. */
  readonly maxBytes: number | undefined;
  readonly link: Link;
  readonly lines: readonly Line[];
  /** Lines of logs that are gone; nothing can be done to them. */
  readonly earlier: readonly Line[];
  /** There may be lines before the first. */
  readonly hasOlder: boolean;
  /** Who is here, oneself too. */
  readonly here: readonly string[];
  readonly hereCount: number;
  readonly typing: readonly Typist[];
  /** What was read when this page opened the channel. */
  readonly openedAtSeq: number;
}

/** Facts that every tab must know. */
export type SharedAction =
  | {
      readonly type: 'welcome';
      readonly channel: Channel;
      readonly here: readonly User[];
      readonly count: number;
      readonly place: LogPosition;
      readonly maxBytes: number | undefined;
      readonly aheadMs: number;
    }
  /** What the list of channels says of it. */
  | { readonly type: 'described'; readonly channel: Channel }
  /** Messages from before that time (of the server) are not kept any more. */
  | { readonly type: 'expired'; readonly beforeMs: number }
  /** What is known of entries before that seq may not be true any more. */
  | { readonly type: 'stale'; readonly beforeSeq: number }
  | { readonly type: 'entries'; readonly entries: readonly EntryEvent[]; readonly place: LogPosition | undefined }
  | { readonly type: 'missing'; readonly from: number; readonly to: number; readonly at: number }
  | { readonly type: 'reset'; readonly place: LogPosition }
  | { readonly type: 'link'; readonly link: Link }
  | { readonly type: 'presence'; readonly here: readonly User[]; readonly count: number }
  | { readonly type: 'typing'; readonly userId: string; readonly untilMs: number }
  | { readonly type: 'queued'; readonly outgoing: Outgoing }
  | { readonly type: 'taken'; readonly id: string; readonly seq: number; readonly at: number }
  | { readonly type: 'failed'; readonly id: string; readonly why: string }
  | { readonly type: 'held'; readonly id: string; readonly held: Held }
  | { readonly type: 'retried'; readonly id: string; readonly at: number }
  | { readonly type: 'discarded'; readonly id: string }
  | { readonly type: 'read'; readonly seq: number }
  | { readonly type: 'introduced'; readonly user: Pick<User, 'id' | 'name'> }
  | { readonly type: 'snapshot'; readonly state: ConversationState };

/** Facts of one tab. */
export type LocalAction =
  | { readonly type: 'cached'; readonly bookmarked: Bookmarked; readonly lines: readonly Line[] }
  | { readonly type: 'page'; readonly log: string; readonly entries: readonly EntryEvent[]; readonly more: boolean }
  /** Where the lines are over the one budget, they are cut to the other. */
  | { readonly type: 'cut'; readonly over: Budget; readonly to: Budget };

export type ConversationAction = SharedAction | LocalAction;

const mostEarlier = 500;
const clockMs = 60_000;

/** A channel that nothing is known of yet, but what some are called. */
export function noConversation(me: string, names: Names = {}): ConversationState {
  return {
    me,
    channel: undefined,
    aheadMs: 0,
    maxBytes: undefined,
    place: undefined,
    readSeq: 0,
    outgoing: [],
    names,
    link: { state: 'connecting' },
    lines: [],
    earlier: [],
    hasOlder: true,
    here: [],
    hereCount: 0,
    typing: [],
    openedAtSeq: 0,
  };
}

function present(state: ConversationState, here: readonly User[], count: number): ConversationState {
  const ids = here.map(({ id }) => id);
  const typing = state.typing.filter(({ userId }) => ids.includes(userId) || count > ids.length);
  return { ...state, here: ids, hereCount: count, typing, names: named(state.names, here) };
}

/** An answer that is known from an entry is no longer waited for. */
function withEntries(
  state: ConversationState,
  entries: readonly EntryEvent[],
  place: LogPosition | undefined,
): ConversationState {
  const said = new Set(entries.filter(({ sender }) => sender === state.me).map(({ clientId }) => clientId));
  const senders = new Set(entries.filter(({ type }) => type === 'message').map(({ sender }) => sender));
  return {
    ...state,
    place: place ?? state.place,
    lines: fold(state.lines, entries, state.me),
    outgoing: state.outgoing.filter(({ id }) => !said.has(id)),
    typing: state.typing.filter(({ userId }) => !senders.has(userId)),
  };
}

/** Another log: what was heard stays to be read, and what was read of the new one is nothing. */
function reset(state: ConversationState, place: LogPosition): ConversationState {
  const earlier = [...state.earlier, ...state.lines].slice(-mostEarlier);
  return { ...state, earlier, lines: [], place, readSeq: 0, openedAtSeq: 0, hasOlder: true };
}

function welcome(
  state: ConversationState,
  { channel, here, count, place: end, maxBytes, aheadMs }: Extract<SharedAction, { type: 'welcome' }>,
): ConversationState {
  const place = state.place ?? end;
  const now = { ...described(state, channel), place, maxBytes, aheadMs };
  const wasFull = state.place === undefined; // what was read meanwhile lacks what came since
  const wasWrong = Math.abs(aheadMs - state.aheadMs) > clockMs; // what was taken to be too old may not be
  const again = { lines: wasFull ? [] : state.lines, hasOlder: wasFull || wasWrong || state.hasOlder };
  return present({ ...state, ...now, ...again, link: { state: 'catching-up' } }, here, count);
}

/** A welcome may say less of a channel than the list does. */
function described({ channel: before }: ConversationState, channel: Channel): Pick<ConversationState, 'channel'> {
  return { channel: { ...channel, keep: channel.keep ?? before?.keep, kind: channel.kind || (before?.kind ?? 0) } };
}

function expired(state: ConversationState, beforeMs: number): ConversationState {
  const isKept = ({ at }: Line) => at >= beforeMs;
  const [lines, earlier] = [state.lines.filter(isKept), state.earlier.filter(isKept)];
  const isSame = lines.length === state.lines.length && earlier.length === state.earlier.length;
  return isSame ? state : { ...state, lines, earlier, hasOlder: false };
}

function typing(
  state: ConversationState,
  { userId, untilMs }: Extract<SharedAction, { type: 'typing' }>,
): ConversationState {
  if (userId === state.me) return state;
  const others = state.typing.filter((one) => one.userId !== userId);
  return { ...state, typing: untilMs > 0 ? [...others, { userId, untilMs }] : others };
}

function answered(
  state: ConversationState,
  { id, seq, at }: Extract<SharedAction, { type: 'taken' }>,
): ConversationState {
  const outgoing = state.outgoing.find((one) => one.id === id);
  if (outgoing === undefined) return state;
  const lines = taken(state.lines, outgoing, state.me, { seq, at });
  return { ...state, lines, outgoing: state.outgoing.filter((one) => one !== outgoing) };
}

function changeOutgoing(state: ConversationState, id: string, change: Partial<Outgoing>): ConversationState {
  const outgoing = state.outgoing.map((one) => (one.id === id ? { ...one, ...change } : one));
  return { ...state, outgoing };
}

/** Where it is over, what is outgoing goes nowhere. */
function withoutHope(state: ConversationState): ConversationState {
  const { link, outgoing } = state;
  if (!isOver(link) || link.state !== 'ended') return state;
  const failed = endingWords(link);
  return { ...state, outgoing: outgoing.map((one) => (one.failed === undefined ? { ...one, failed } : one)) };
}

function cached(
  state: ConversationState,
  { bookmarked, lines }: Extract<LocalAction, { type: 'cached' }>,
): ConversationState {
  const names = { ...state.names, ...bookmarked.names };
  return { ...state, ...bookmarked, names, lines, openedAtSeq: bookmarked.readSeq };
}

function withPage(
  state: ConversationState,
  { log, entries, more }: Extract<LocalAction, { type: 'page' }>,
): ConversationState {
  if (state.place !== undefined && log !== '' && log !== state.place.log) return state;
  return { ...withEntries(state, entries, undefined), hasOlder: more };
}

/** What the leading tab knows; what this one has read of older lines stays. */
function snapshot(state: ConversationState, { state: theirs }: Extract<SharedAction, { type: 'snapshot' }>) {
  const first = theirs.lines[0]?.seq ?? 0;
  const same = state.place?.log === theirs.place?.log && theirs.lines.length > 0;
  const older = same ? state.lines.filter(({ seq }) => seq < first) : [];
  const { hasOlder } = older.length > 0 ? state : theirs;
  return { ...theirs, lines: [...older, ...theirs.lines], hasOlder, openedAtSeq: state.openedAtSeq };
}

/** The conversation after an action. */
export function converse(state: ConversationState, action: ConversationAction): ConversationState {
  switch (action.type) {
    case 'welcome':
      return welcome(state, action);
    case 'entries':
      return withEntries(state, action.entries, action.place);
    case 'missing':
      return { ...state, lines: put(state.lines, { type: 'missing', seq: action.from, to: action.to, at: action.at }) };
    case 'reset':
      return reset(state, action.place);
    case 'described':
      return { ...state, ...described(state, action.channel) };
    case 'expired':
      return expired(state, action.beforeMs);
    case 'stale':
      return { ...state, lines: state.lines.filter(({ seq }) => seq >= action.beforeSeq), hasOlder: true };
    case 'link':
      return withoutHope({ ...state, link: action.link });
    case 'presence':
      return present(state, action.here, action.count);
    case 'introduced':
      return { ...state, names: named(state.names, [action.user]) };
    case 'typing':
      return typing(state, action);
    case 'read':
      return action.seq > state.readSeq ? { ...state, readSeq: action.seq } : state;
    case 'snapshot':
      return snapshot(state, action);
    case 'cached':
      return cached(state, action);
    case 'page':
      return withPage(state, action);
    case 'cut':
      return cut(state, action);
    default:
      return withoutHope(withOutgoing(state, action));
  }
}

function withOutgoing(
  state: ConversationState,
  action: Extract<SharedAction, { type: 'queued' | 'taken' | 'failed' | 'held' | 'retried' | 'discarded' }>,
): ConversationState {
  switch (action.type) {
    case 'queued':
      return { ...state, outgoing: [...state.outgoing, action.outgoing] };
    case 'taken':
      return answered(state, action);
    case 'failed':
      return changeOutgoing(state, action.id, { failed: action.why, held: undefined });
    case 'held':
      return changeOutgoing(state, action.id, { held: action.held });
    case 'retried':
      return changeOutgoing(state, action.id, { failed: undefined, held: undefined, at: action.at });
    default:
      return { ...state, outgoing: state.outgoing.filter(({ id }) => id !== action.id) };
  }
}

/** The first seq that is here. */
export function firstSeq({ lines }: ConversationState): number {
  return lines[0]?.seq ?? Number.POSITIVE_INFINITY;
}

/** The last seq of the log that this page knows. */
export function lastSeq({ lines, place }: ConversationState): number {
  return Math.max(place?.seq ?? 0, lines.at(-1)?.seq ?? 0);
}

function cut(state: ConversationState, { over, to }: Extract<LocalAction, { type: 'cut' }>): ConversationState {
  const { lines } = state;
  if (affordable(lines, over) === lines.length) return state;
  return { ...state, lines: lines.slice(lines.length - affordable(lines, to)), hasOlder: true };
}
