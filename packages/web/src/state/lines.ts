import { type EntryEvent, type MessageEvent, textOf } from '@parley/client';

interface LineFacts {
  readonly seq: number;
  /** Unix ms. */
  readonly at: number;
}

/** Who gave one emoji. */
export interface Reaction {
  readonly emoji: string;
  /** The first of them, and this user where it is one. */
  readonly userIds: readonly string[];
  /** All of them. */
  readonly count: number;
}

/** What somebody said, as it is now. */
export interface SaidLine extends LineFacts {
  readonly type: 'said';
  readonly sender: string;
  readonly clientId: string;
  /** Undefined: bytes that are no text. */
  readonly text: string | undefined;
  readonly replyTo: number | undefined;
  readonly editedAt: number | undefined;
  readonly deleted: boolean;
  readonly reactions: readonly Reaction[];
}

/** Somebody became a member, got a role, or is one no longer. */
export interface MemberLine extends LineFacts {
  readonly type: 'member';
  readonly userId: string;
  readonly joined: boolean;
  readonly by: string;
}

/** Entries `seq` to `to` did not come and cannot be had. */
export interface MissingLine extends LineFacts {
  readonly type: 'missing';
  readonly to: number;
}

/** What the log has at a seq, folded; in order of seq. */
export type Line = SaidLine | MemberLine | MissingLine;

type Change = Extract<EntryEvent, { target: number }>;

/** How much of what was said is held. */
export interface Budget {
  readonly lines: number;
  readonly characters: number;
}

/** How many of the last lines a budget allows. */
export function affordable(lines: readonly Line[], budget: Budget): number {
  let characters = 0;
  for (let kept = 0; kept < lines.length; kept++) {
    const line = lines[lines.length - 1 - kept];
    characters += line?.type === 'said' ? (line.text ?? '').length : 0;
    if (kept === budget.lines || characters > budget.characters) return kept;
  }
  return lines.length;
}

/** Where a seq is, or would be. */
function indexOf(lines: readonly Line[], seq: number): number {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((lines[middle]?.seq ?? 0) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The message with a seq, if it is here. */
export function saidAt(lines: readonly Line[], seq: number): SaidLine | undefined {
  const line = lines[indexOf(lines, seq)];
  return line?.seq === seq && line.type === 'said' ? line : undefined;
}

function putInto(lines: Line[], line: Line): void {
  const index = indexOf(lines, line.seq);
  lines.splice(index, lines[index]?.seq === line.seq ? 1 : 0, line);
}

/** With a line, in the place of what was at its seq. */
export function put(lines: readonly Line[], line: Line): readonly Line[] {
  const next = lines.slice();
  putInto(next, line);
  return next;
}

function reactionOf({ emoji, userIds, count, mine }: MessageEvent['reactions'][number], me: string): Reaction {
  return { emoji, count, userIds: mine && !userIds.includes(me) ? [...userIds, me] : userIds };
}

function lineOf(entry: EntryEvent, me: string): Line | undefined {
  const { seq, timestamp: at } = entry;
  if (entry.type === 'member') {
    const { userId, joined, by } = entry;
    return { type: 'member', seq, at, userId, joined, by };
  }
  if (entry.type !== 'message') return undefined;
  const { sender, clientId, replyTo, editedAt, deleted } = entry;
  const reactions = entry.reactions.map((one) => reactionOf(one, me));
  return { type: 'said', seq, at, sender, clientId, text: textOf(entry), replyTo, editedAt, deleted, reactions };
}

/** With somebody's emoji. */
export function withReaction(reactions: readonly Reaction[], emoji: string, userId: string): readonly Reaction[] {
  const there = reactions.find((one) => one.emoji === emoji);
  if (there === undefined) return [...reactions, { emoji, userIds: [userId], count: 1 }];
  if (there.userIds.includes(userId)) return reactions;
  const more = { emoji, userIds: [...there.userIds, userId], count: there.count + 1 };
  return reactions.map((one) => (one === there ? more : one));
}

/** Without it. */
export function withoutReaction(reactions: readonly Reaction[], emoji: string, userId: string): readonly Reaction[] {
  const there = reactions.find((one) => one.emoji === emoji);
  const isOne = there !== undefined && (there.userIds.includes(userId) || there.count > there.userIds.length);
  if (!isOne) return reactions;
  const less = { emoji, userIds: there.userIds.filter((id) => id !== userId), count: there.count - 1 };
  return reactions.map((one) => (one === there ? less : one)).filter(({ count }) => count > 0);
}

function changed(line: SaidLine, change: Change): SaidLine {
  switch (change.type) {
    case 'edit':
      return { ...line, text: textOf(change), editedAt: change.timestamp };
    case 'delete':
      return { ...line, text: '', deleted: true, reactions: [] };
    case 'react':
      return { ...line, reactions: withReaction(line.reactions, change.emoji, change.sender) };
    case 'unreact':
      return { ...line, reactions: withoutReaction(line.reactions, change.emoji, change.sender) };
    default:
      return line;
  }
}

/** Adds entries, whatever their order; what is about an earlier message changes that. */
export function fold(lines: readonly Line[], entries: readonly EntryEvent[], me: string): readonly Line[] {
  const next = lines.slice();
  for (const entry of entries) {
    const line = lineOf(entry, me);
    if (line !== undefined) putInto(next, line);
    else if ('target' in entry) {
      const target = saidAt(next, entry.target);
      if (target !== undefined) putInto(next, changed(target, entry));
    }
  }
  return next;
}
