import type { ConversationState } from './conversation-state.js';
import type { Line, SaidLine } from './lines.js';
import { type Outgoing, saidBy, withPending } from './outgoing.js';
import { hasHistory } from './retention.js';

/** State of the delivery of a message. Messages by others are `theirs`. */
export type Delivery = 'theirs' | 'sending' | 'sent' | 'failed' | 'long sent';

/**
 * The messages before the first row of the list: older ones that can be loaded, none, expired ones,
 * or ones that the server never stored.
 */
export type Start = 'older' | 'beginning' | 'expired' | 'not kept';

/** One row of the list. The key of a message is the same before and after it was sent. */
export type Row =
  | { readonly type: 'day'; readonly key: string; readonly at: number }
  | { readonly type: 'unread'; readonly key: string }
  | { readonly type: 'anew'; readonly key: string }
  | {
      readonly type: 'start';
      readonly key: string;
      readonly begins: Start;
      readonly known: boolean;
      readonly isUnread: boolean;
    }
  | { readonly type: 'note'; readonly key: string; readonly line: Exclude<Line, SaidLine> }
  | SaidRow;

export interface SaidRow {
  readonly type: 'said';
  readonly key: string;
  readonly line: SaidLine;
  /** Whether to show the sender and the time. False if the row continues the one above. */
  readonly head: boolean;
  readonly delivery: Delivery;
  readonly outgoing: Outgoing | undefined;
  /** Whether the row is from an earlier log, which no longer exists. */
  readonly past: boolean;
}

const groupWithinMs = 5 * 60_000;

interface ShownLine {
  readonly line: Line;
  readonly outgoing?: Outgoing;
  readonly past?: boolean;
  /** Whether a change of this message is pending. */
  readonly changing?: boolean;
}

/** Returns the local day of a time. */
export function dayOf(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

function deliveryOf({ line, outgoing, changing }: ShownLine, me: string): Delivery {
  if (changing === true) return 'sending';
  if (outgoing !== undefined) return outgoing.failed === undefined ? 'sending' : 'failed';
  return line.type === 'said' && line.sender === me ? 'sent' : 'theirs';
}

function keyOf({ line, past }: ShownLine): string {
  const key = line.type === 'said' && line.clientId !== '' ? line.clientId : `${line.seq}`;
  return past === true ? `past ${key} ${line.seq}` : key;
}

function continues(line: SaidLine, before: Row | undefined): boolean {
  if (before?.type !== 'said' || line.replyTo !== undefined) return false;
  return before.line.sender === line.sender && line.at - before.line.at < groupWithinMs;
}

function rowOf(shown: ShownLine, before: Row | undefined, me: string): Row {
  const { line, outgoing, past = false } = shown;
  const key = keyOf(shown);
  if (line.type !== 'said') return { type: 'note', key, line };
  const delivery = deliveryOf(shown, me);
  return { type: 'said', key, line, head: !continues(line, before), delivery, outgoing, past };
}

class Rows {
  readonly rows: Row[];
  readonly #me: string;
  #day = '';

  constructor(me: string, first: Row) {
    this.#me = me;
    this.rows = [first];
  }

  add(shown: ShownLine): void {
    const { at } = shown.line;
    const day = dayOf(at);
    if (day !== this.#day) this.rows.push({ type: 'day', key: `day ${day} ${shown.line.seq}`, at });
    this.#day = day;
    this.rows.push(rowOf(shown, this.rows.at(-1), this.#me));
  }
}

/** Returns whether the first unread messages may be among those that are not loaded. */
function beginsUnread({ lines, openedAtSeq, place, hasOlder }: ConversationState): boolean {
  const [first] = lines;
  return openedAtSeq > 0 && place !== undefined && hasOlder && first !== undefined && first.seq > openedAtSeq + 1;
}

/** Returns the seq of the first unread message, if it is loaded. */
function unreadFrom(state: ConversationState): number | undefined {
  const { lines, openedAtSeq, me, place } = state;
  if (openedAtSeq === 0 || place === undefined || beginsUnread(state)) return undefined;
  return lines.find((line) => line.seq > openedAtSeq && line.type === 'said' && line.sender !== me)?.seq;
}

/** Returns the messages that are not in the log yet. They come last. */
function pendingRows({ outgoing, me }: ConversationState): ShownLine[] {
  return outgoing
    .filter((one) => one.do === 'say')
    .map((one) => ({ line: saidBy(one, me, Number.MAX_SAFE_INTEGER, one.at), outgoing: one }));
}

/**
 * Marks only the last sent message as `sent`, and all earlier ones as `long sent`, because one mark
 * is enough.
 */
function onlyLastSent(rows: readonly Row[]): readonly Row[] {
  const last = rows.findLastIndex((row) => row.type === 'said' && row.delivery === 'sent');
  return rows.map((row, index) =>
    index < last && row.type === 'said' && row.delivery === 'sent' ? { ...row, delivery: 'long sent' } : row,
  );
}

const isChanging = (one: Outgoing) => one.do !== 'say' && one.failed === undefined;

/** Returns this user's last message, or undefined while a newer one is pending. */
export function lastOwn({ lines, outgoing, me }: ConversationState): SaidLine | undefined {
  if (outgoing.some((one) => one.do === 'say')) return undefined;
  const shown = withPending(lines, outgoing, me).filter((line) => line.type === 'said');
  return shown.findLast(({ sender, deleted }) => sender === me && !deleted);
}

/** Returns which messages come before the first row of the list. */
function startOf({ channel, earlier, lines, place }: ConversationState): Start {
  const first = earlier[0] ?? lines[0];
  if (first === undefined ? place?.seq === 0 : first.seq === 1 && first.type !== 'missing') return 'beginning';
  return earlier.length > 0 || (channel !== undefined && !hasHistory(channel)) ? 'not kept' : 'expired';
}

/** Returns all rows, oldest first. */
export function timeline(state: ConversationState): readonly Row[] {
  const { earlier, lines, outgoing, me, hasOlder, place } = state;
  const shown = new Rows(me, {
    type: 'start',
    key: 'start',
    begins: hasOlder && earlier.length === 0 ? 'older' : startOf(state),
    known: place !== undefined || lines.length > 0,
    isUnread: earlier.length === 0 && beginsUnread(state),
  });
  for (const line of earlier) shown.add({ line, past: true });
  if (earlier.length > 0) shown.rows.push({ type: 'anew', key: 'anew' });
  const unread = unreadFrom(state);
  const changing = new Set(outgoing.filter(isChanging).map(({ target }) => target));
  for (const line of withPending(lines, outgoing, me)) {
    if (line.seq === unread) shown.rows.push({ type: 'unread', key: 'unread' });
    shown.add({ line, changing: changing.has(line.seq) });
  }
  for (const one of pendingRows(state)) shown.add(one);
  return onlyLastSent(shown.rows);
}

function isSameRow(a: Row, b: Row): boolean {
  const fields = Object.keys(a) as (keyof Row)[];
  return fields.length === Object.keys(b).length && fields.every((field) => a[field] === b[field]);
}

/** Returns the rows. A row that equals an earlier one is the same object, so that it is not rendered again. */
export function withSameRows(rows: readonly Row[], before: readonly Row[]): readonly Row[] {
  const known = new Map(before.map((row) => [row.key, row]));
  return rows.map((row) => {
    const one = known.get(row.key);
    return one !== undefined && isSameRow(one, row) ? one : row;
  });
}
