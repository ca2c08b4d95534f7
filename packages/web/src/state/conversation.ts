import { type Channel, type EntryEvent, isSaid, type LogPosition, type User } from '@parley/client';
import type { ConversationAction, ConversationState, LocalAction, SharedAction } from './conversation-state.js';
import { affordable, fold, type Line, put, withoutTrimmed } from './lines.js';
import { isOver } from './link.js';
import { endingWords } from './link-words.js';
import { named } from './names.js';
import { type Outgoing, withTaken } from './outgoing.js';
import { hasHistory } from './retention.js';

const mostEarlier = 500;
const clockMs = 60_000;

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
    lines: withoutTrimmed(fold(state.lines, entries, state.me), state.channel?.retention?.maxCount ?? 0),
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

/**
 * Applies the end of the log from a summary of the chat. If the lines do not reach that end, they
 * become stale. Lines of another log become earlier lines.
 */
function withSummary(
  state: ConversationState,
  { channel, place, readSeq, receipts }: Extract<SharedAction, { type: 'summary' }>,
): ConversationState {
  const isSame = state.place === undefined || state.place.log === place.log;
  const base = isSame ? state : reset(state, place);
  const isStored = hasHistory(channel);
  const isBehind = isStored && (!isSame || (state.place?.seq ?? 0) < place.seq);
  return {
    ...base,
    ...described(base, channel),
    place: isSame && (state.place?.seq ?? 0) > place.seq ? state.place : place,
    readSeq: isSame ? Math.max(base.readSeq, readSeq) : readSeq,
    receipts,
    isStale: (base.isStale === true && isSame) || isBehind,
    hasOlder: isStored && base.hasOlder && place.seq > 0,
  };
}

/** Replaces all lines up to the end of the latest page. The page contains all changes of them. */
function withLatest(
  state: ConversationState,
  { log, entries, more }: Extract<SharedAction, { type: 'latest' }>,
): ConversationState {
  if (state.place !== undefined && log !== '' && log !== state.place.log) return state;
  const last = Math.max(0, ...entries.map(({ seq }) => seq));
  const later = state.lines.filter(({ seq }) => seq > last);
  return { ...withEntries({ ...state, lines: later }, entries, undefined), hasOlder: more, isStale: false };
}

/** Moves a receipt forward. A receipt of this user comes from another device. */
function withReceipt(
  state: ConversationState,
  { userId, seqs }: Extract<SharedAction, { type: 'receipt' }>,
): ConversationState {
  if (userId === state.me) return seqs.readSeq > state.readSeq ? { ...state, readSeq: seqs.readSeq } : state;
  const { deliveredSeq, readSeq } = state.receipts[userId] ?? { deliveredSeq: 0, readSeq: 0 };
  const moved = {
    deliveredSeq: Math.max(deliveredSeq, seqs.deliveredSeq),
    readSeq: Math.max(readSeq, seqs.readSeq),
  };
  return { ...state, receipts: { ...state.receipts, [userId]: moved } };
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
  const names = { ...bookmarked.names, ...state.names };
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
    case 'summary':
      return withSummary(state, action);
    case 'server':
      return { ...state, aheadMs: action.aheadMs, maxBytes: action.maxBytes };
    case 'outdated':
      return { ...state, isStale: true };
    case 'latest':
      return withLatest(state, action);
    case 'receipt':
      return withReceipt(state, action);
    case 'opened':
      return { ...state, openedAtSeq: state.readSeq };
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
      return changeOutgoing(state, action.id, {
        failed: action.why,
        held: undefined,
        ...(action.withoutMentions === true && { mentions: undefined }),
      });
    case 'held':
      return changeOutgoing(state, action.id, { held: action.held });
    case 'retried':
      return changeOutgoing(state, action.id, { failed: undefined, held: undefined, at: action.at });
    default:
      return { ...state, outgoing: state.outgoing.filter(({ id }) => id !== action.id) };
  }
}

function cut(state: ConversationState, { over, to }: Extract<LocalAction, { type: 'cut' }>): ConversationState {
  const { lines } = state;
  if (affordable(lines, over) === lines.length) return state;
  return { ...state, lines: lines.slice(lines.length - affordable(lines, to)), hasOlder: true };
}
