import { type Channel, type EntryEvent, isSaid, type LogPosition, type User } from '@parley/client';
import { affordable, type Budget, fold, type Line, put } from './lines.js';
import { isOver, type Link } from './link.js';
import { endingWords } from './link-words.js';
import { type Names, named } from './names.js';
import { type HeldBack, type Outgoing, withTaken } from './outgoing.js';

/** A user who is typing. */
export interface Typist {
  readonly userId: string;
  /** Time at which the typing indicator disappears, in Unix ms. */
  readonly untilMs: number;
}

/** The part of a conversation, besides its lines, that the browser stores. */
export interface Bookmarked {
  /** Position up to which the log was received. The stored lines have no gaps up to here. */
  readonly place: LogPosition | undefined;
  readonly readSeq: number;
  readonly outgoing: readonly Outgoing[];
  readonly names: Names;
  /** The last known description of the channel, or undefined. */
  readonly channel: Channel | undefined;
  /** Milliseconds by which the server's clock is ahead of `steadyNow`. */
  readonly aheadMs: number;
}

export interface ConversationState extends Bookmarked {
  readonly me: string;
  /** Maximum size of a message in bytes; undefined until the server sends it. */
  readonly maxBytes: number | undefined;
  readonly link: Link;
  readonly lines: readonly Line[];
  /** Lines of logs that no longer exist. They cannot be changed. */
  readonly earlier: readonly Line[];
  /** Whether older lines may exist on the server. */
  readonly hasOlder: boolean;
  /** Ids of the users in the room, this user included. */
  readonly here: readonly string[];
  readonly hereCount: number;
  readonly typing: readonly Typist[];
  /**
   * Value of `readSeq` when this page opened the channel, or when it last reconnected after it had
   * missed entries.
   */
  readonly openedAtSeq: number;
}

/** Actions that every tab of the channel applies. */
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
  /** For the description of the channel from the list of channels. */
  | { readonly type: 'described'; readonly channel: Channel }
  /**
   * For messages from before `beforeMs`, by the server's clock, which the server no longer stores.
   */
  | { readonly type: 'expired'; readonly beforeMs: number }
  /** For entries before a seq that may have changed and must be loaded again. */
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
  | { readonly type: 'held'; readonly id: string; readonly held: HeldBack }
  | { readonly type: 'retried'; readonly id: string; readonly at: number }
  | { readonly type: 'discarded'; readonly id: string }
  | { readonly type: 'read'; readonly seq: number }
  | { readonly type: 'introduced'; readonly user: Pick<User, 'id' | 'name'> }
  | { readonly type: 'snapshot'; readonly state: ConversationState };

/** Actions of one tab only. */
export type LocalAction =
  | { readonly type: 'cached'; readonly bookmarked: Bookmarked; readonly lines: readonly Line[] }
  | { readonly type: 'page'; readonly log: string; readonly entries: readonly EntryEvent[]; readonly more: boolean }
  /**
   * For the oldest lines, which are dropped until the rest fits `to`, if all lines exceed `over`.
   */
  | { readonly type: 'cut'; readonly over: Budget; readonly to: Budget };

export type ConversationAction = SharedAction | LocalAction;

const mostEarlier = 500;
const clockMs = 60_000;

/** Returns the initial state, which knows only some names. */
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

/** Applies entries. An entry of this user also confirms the pending message that caused it. */
function withEntries(
  state: ConversationState,
  entries: readonly EntryEvent[],
  place: LogPosition | undefined,
): ConversationState {
  const said = new Set(entries.filter(({ sender }) => sender === state.me).map(({ clientId }) => clientId));
  const senders = new Set(entries.filter(isSaid).map(({ sender }) => sender));
  return {
    ...state,
    place: place ?? state.place,
    lines: fold(state.lines, entries, state.me),
    outgoing: state.outgoing.filter(({ id }) => !said.has(id)),
    typing: state.typing.filter(({ userId }) => !senders.has(userId)),
  };
}

/** Switches to a new log. The old lines stay visible; nothing of the new log is read yet. */
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
  const wasFull = state.place === undefined; // Pages that were loaded while the user waited for a seat lack the messages since then.
  const wasWrong = Math.abs(aheadMs - state.aheadMs) > clockMs; // If the clock was wrong, lines that were dropped as expired may still be valid.
  const again = { lines: wasFull ? [] : state.lines, hasOlder: wasFull || wasWrong || state.hasOlder };
  const openedAtSeq = !wasFull && end.seq > state.readSeq ? state.readSeq : state.openedAtSeq;
  return present({ ...state, ...now, ...again, openedAtSeq, link: { state: 'catching-up' } }, here, count);
}

/**
 * Returns the new description of the channel. Keeps the previous retention and kind if the new
 * description lacks them.
 */
function described({ channel: before }: ConversationState, channel: Channel): Pick<ConversationState, 'channel'> {
  return {
    channel: {
      ...channel,
      retention: channel.retention ?? before?.retention,
      kind: channel.kind || (before?.kind ?? 0),
    },
  };
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

function confirmed(
  state: ConversationState,
  { id, seq, at }: Extract<SharedAction, { type: 'taken' }>,
): ConversationState {
  const outgoing = state.outgoing.find((one) => one.id === id);
  if (outgoing === undefined) return state;
  const lines = withTaken(state.lines, outgoing, state.me, { seq, at });
  return { ...state, lines, outgoing: state.outgoing.filter((one) => one !== outgoing) };
}

function changeOutgoing(state: ConversationState, id: string, change: Partial<Outgoing>): ConversationState {
  const outgoing = state.outgoing.map((one) => (one.id === id ? { ...one, ...change } : one));
  return { ...state, outgoing };
}

/** Marks all pending messages and changes as failed once the connection has ended permanently. */
function failIfOver(state: ConversationState): ConversationState {
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

/** Takes over the state of the leading tab, and keeps older lines that only this tab has loaded. */
function snapshot(state: ConversationState, { state: theirs }: Extract<SharedAction, { type: 'snapshot' }>) {
  const first = theirs.lines[0]?.seq ?? 0;
  const same = state.place?.log === theirs.place?.log && theirs.lines.length > 0;
  const older = same ? state.lines.filter(({ seq }) => seq < first) : [];
  const { hasOlder } = older.length > 0 ? state : theirs;
  return { ...theirs, lines: [...older, ...theirs.lines], hasOlder, openedAtSeq: state.openedAtSeq };
}

/** Returns the conversation after an action. */
export function conversationReducer(state: ConversationState, action: ConversationAction): ConversationState {
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
      return failIfOver({ ...state, link: action.link });
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
      return failIfOver(withOutgoing(state, action));
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
      return confirmed(state, action);
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

/** Returns the first loaded seq, or Infinity if there is none. */
export function firstSeq({ lines }: ConversationState): number {
  return lines[0]?.seq ?? Number.POSITIVE_INFINITY;
}

/** Returns the last seq of the log that this page knows. */
export function lastSeq({ lines, place }: ConversationState): number {
  return Math.max(place?.seq ?? 0, lines.at(-1)?.seq ?? 0);
}

function cut(state: ConversationState, { over, to }: Extract<LocalAction, { type: 'cut' }>): ConversationState {
  const { lines } = state;
  if (affordable(lines, over) === lines.length) return state;
  return { ...state, lines: lines.slice(lines.length - affordable(lines, to)), hasOlder: true };
}
