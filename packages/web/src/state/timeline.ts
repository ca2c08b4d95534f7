import type { ConversationState } from './conversation.js';
import { keeps } from './keeping.js';
import type { Line, SaidLine } from './lines.js';
import { foreseen, type Outgoing, saidBy } from './outgoing.js';

/** Where a message of one's own is. */
export type Standing = 'theirs' | 'sending' | 'sent' | 'failed' | 'long sent';

/** What is before the first row. */
export type Start = 'older' | 'beginning' | 'expired' | 'not kept';

/** One row of what is shown. The key of a message is the same before and after it was sent. */
export type Row =
  | { readonly type: 'day'; readonly key: string; readonly at: number }
  | { readonly type: 'unread'; readonly key: string }
  | { readonly type: 'anew'; readonly key: string }
  | { readonly type: 'start'; readonly key: string; readonly begins: Start; readonly known: boolean }
  | { readonly type: 'note'; readonly key: string; readonly line: Exclude<Line, SaidLine> }
  | SaidRow;

export interface SaidRow {
  readonly type: 'said';
  readonly key: string;
  readonly line: SaidLine;
  /** Shows who and when; else it goes on from the row above. */
  readonly head: boolean;
  readonly standing: Standing;
  readonly outgoing: Outgoing | undefined;
  /** Of a log that is gone. */
  readonly past: boolean;
}

const oneBreathMs = 5 * 60_000;

interface Shown {
  readonly line: Line;
  readonly outgoing?: Outgoing;
  readonly past?: boolean;
  /** The server has not answered a change of it yet. */
  readonly changing?: boolean;
}

/** The local day of a time. */
export function dayOf(at: number): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;
}

function standingOf({ line, outgoing, changing }: Shown, me: string): Standing {
  if (changing === true) return 'sending';
  if (outgoing !== undefined) return outgoing.failed === undefined ? 'sending' : 'failed';
  return line.type === 'said' && line.sender === me ? 'sent' : 'theirs';
}

function keyOf({ line, past }: Shown): string {
  const key = line.type === 'said' && line.clientId !== '' ? line.clientId : `${line.seq}`;
  return past === true ? `past ${key} ${line.seq}` : key;
}

function goesOn(line: SaidLine, before: Row | undefined): boolean {
  if (before?.type !== 'said' || line.replyTo !== undefined) return false;
  return before.line.sender === line.sender && line.at - before.line.at < oneBreathMs;
}

function rowOf(shown: Shown, before: Row | undefined, me: string): Row {
  const { line, outgoing, past = false } = shown;
  const key = keyOf(shown);
  if (line.type !== 'said') return { type: 'note', key, line };
  const standing = standingOf(shown, me);
  return { type: 'said', key, line, head: !goesOn(line, before), standing, outgoing, past };
}

class Rows {
  readonly rows: Row[];
  readonly #me: string;
  #day = '';

  constructor(me: string, first: Row) {
    this.#me = me;
    this.rows = [first];
  }

  add(shown: Shown): void {
    const { at } = shown.line;
    const day = dayOf(at);
    if (day !== this.#day) this.rows.push({ type: 'day', key: `day ${day} ${shown.line.seq}`, at });
    this.#day = day;
    this.rows.push(rowOf(shown, this.rows.at(-1), this.#me));
  }
}

function unreadFrom({ lines, openedAtSeq, me, place }: ConversationState): number | undefined {
  if (openedAtSeq === 0 || place === undefined) return undefined;
  return lines.find((line) => line.seq > openedAtSeq && line.type === 'said' && line.sender !== me)?.seq;
}

/** What is said but not yet in the log comes last. */
function awaited({ outgoing, me }: ConversationState): Shown[] {
  return outgoing
    .filter((one) => one.do === 'say')
    .map((one) => ({ line: saidBy(one, me, Number.MAX_SAFE_INTEGER, one.at), outgoing: one }));
}

/** That the last one was sent says it of those before. */
function onlyLastSent(rows: readonly Row[]): readonly Row[] {
  const last = rows.findLastIndex((row) => row.type === 'said' && row.standing === 'sent');
  return rows.map((row, index) =>
    index < last && row.type === 'said' && row.standing === 'sent' ? { ...row, standing: 'long sent' } : row,
  );
}

const isChanging = (one: Outgoing) => one.do !== 'say' && one.failed === undefined;

/** The message that was said last, where it is this user's to change: undefined while one that came after it is on its way. */
export function lastOwn({ lines, outgoing, me }: ConversationState): SaidLine | undefined {
  if (outgoing.some((one) => one.do === 'say')) return undefined;
  const shown = foreseen(lines, outgoing, me).filter((line) => line.type === 'said');
  return shown.findLast(({ sender, deleted }) => sender === me && !deleted);
}

/** Why the rows begin where they do. */
function startOf({ channel, earlier, lines, place }: ConversationState): Start {
  const first = earlier[0] ?? lines[0];
  if (first === undefined ? place?.seq === 0 : first.seq === 1 && first.type !== 'missing') return 'beginning';
  return earlier.length > 0 || (channel !== undefined && !keeps(channel)) ? 'not kept' : 'expired';
}

/** All rows, oldest first. */
export function timeline(state: ConversationState): readonly Row[] {
  const { earlier, lines, outgoing, me, hasOlder, place } = state;
  const shown = new Rows(me, {
    type: 'start',
    key: 'start',
    begins: hasOlder && earlier.length === 0 ? 'older' : startOf(state),
    known: place !== undefined || lines.length > 0,
  });
  for (const line of earlier) shown.add({ line, past: true });
  if (earlier.length > 0) shown.rows.push({ type: 'anew', key: 'anew' });
  const unread = unreadFrom(state);
  const changing = new Set(outgoing.filter(isChanging).map(({ target }) => target));
  for (const line of foreseen(lines, outgoing, me)) {
    if (line.seq === unread) shown.rows.push({ type: 'unread', key: 'unread' });
    shown.add({ line, changing: changing.has(line.seq) });
  }
  for (const one of awaited(state)) shown.add(one);
  return onlyLastSent(shown.rows);
}
