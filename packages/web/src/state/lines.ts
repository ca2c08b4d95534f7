import { type EntryEvent, type MessageEvent, textOf } from '@parley/client';

interface LineFacts {
  readonly seq: number;
  /** Unix ms. */
  readonly at: number;
}

/** One emoji on a message, and the users who reacted with it. */
export interface Reaction {
  readonly emoji: string;
  /** Ids of the first users who reacted with it, and of this user if they did. */
  readonly userIds: readonly string[];
  /** Number of users who reacted with it. */
  readonly count: number;
}

/** A message, with its edits and reactions applied. */
export interface SaidLine extends LineFacts {
  readonly type: 'said';
  readonly sender: string;
  readonly clientId: string;
  /** Text of the message, or undefined if its bytes are not text. */
  readonly text: string | undefined;
  readonly replyTo: number | undefined;
  readonly editedAt: number | undefined;
  /**
   * Seq of the last edit; undefined if there is none, or if the server sent the message with its
   * edit applied.
   */
  readonly editSeq?: number | undefined;
  readonly deleted: boolean;
  readonly reactions: readonly Reaction[];
  /** Whether the sender mentions this user. */
  readonly mentionsMe?: boolean;
  /** Ids of the users whom the sender mentions, if there are any. */
  readonly mentions?: readonly string[];
  readonly pinned?: boolean;
  /** Ids of its files, if it has any. */
  readonly fileIds?: readonly string[];
}

/** A change of membership: someone joined, got a role or left. */
export interface MemberLine extends LineFacts {
  readonly type: 'member';
  readonly userId: string;
  /** All users of the change, if they are several. */
  readonly userIds?: readonly string[];
  readonly joined: boolean;
  /** New role. Undefined in lines that an earlier version of the page stored. */
  readonly role?: 'member' | 'admin' | 'owner';
  readonly by: string;
}

/** A message was pinned or unpinned. */
export interface PinLine extends LineFacts {
  readonly type: 'pin' | 'unpin';
  readonly sender: string;
  readonly target: number;
}

/** A gap that cannot be filled: entries `seq` to `to`, both included. */
export interface MissingLine extends LineFacts {
  readonly type: 'missing';
  readonly to: number;
}

/** One line of the log, after later changes to it. Arrays of lines are in order of seq. */
export type Line = SaidLine | MemberLine | PinLine | MissingLine;

type Change = Extract<EntryEvent, { target: number }>;

/** A limit on the number of lines and on the characters in them. */
export interface Budget {
  readonly lines: number;
  readonly characters: number;
}

/** Returns how many of the last lines fit into a budget. */
export function affordable(lines: readonly Line[], budget: Budget): number {
  let characters = 0;
  for (let kept = 0; kept < lines.length; kept++) {
    const line = lines[lines.length - 1 - kept];
    characters += line?.type === 'said' ? (line.text ?? '').length : 0;
    if (kept === budget.lines || characters > budget.characters) return kept;
  }
  return lines.length;
}

/**
 * Returns the lines that a channel still has if it stores only the last `maxCount` messages and
 * changes of members; 0 means all.
 */
export function withoutTrimmed(lines: readonly Line[], maxCount: number): readonly Line[] {
  if (maxCount === 0) return lines;
  const counted = lines.filter(({ type }) => type === 'said' || type === 'member');
  const trimmed = counted[counted.length - maxCount - 1];
  return trimmed === undefined ? lines : lines.filter(({ seq }) => seq > trimmed.seq);
}

/** Returns the index of a seq, or the index at which it would be inserted. */
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

/** Returns the message with a seq, if it is loaded. */
export function saidAt(lines: readonly Line[], seq: number): SaidLine | undefined {
  const line = lines[indexOf(lines, seq)];
  return line?.seq === seq && line.type === 'said' ? line : undefined;
}

function putInto(lines: Line[], line: Line): void {
  const index = indexOf(lines, line.seq);
  lines.splice(index, lines[index]?.seq === line.seq ? 1 : 0, line);
}

/** Returns the lines with a line added. The new line replaces one with the same seq. */
export function put(lines: readonly Line[], line: Line): readonly Line[] {
  const next = lines.slice();
  putInto(next, line);
  return next;
}

function reactionOf({ emoji, userIds, count, mine }: MessageEvent['reactions'][number], me: string): Reaction {
  return { emoji, count, userIds: mine && !userIds.includes(me) ? [...userIds, me] : userIds };
}

function saidIn(entry: MessageEvent, me: string): SaidLine {
  const { seq, timestamp: at, sender, clientId, replyTo, editedAt, deleted } = entry;
  const text = textOf(entry);
  const reactions = entry.reactions.map((one) => reactionOf(one, me));
  const { mentions, fileIds = [] } = entry; // Tabs of an earlier version send entries without files.
  const mention = mentions.length > 0 && { mentions, ...(mentions.includes(me) && { mentionsMe: true }) };
  const marks = { ...(entry.pinnedAt !== undefined && { pinned: true }), ...(fileIds.length > 0 && { fileIds }) };
  return { type: 'said', seq, at, sender, clientId, text, replyTo, editedAt, deleted, reactions, ...mention, ...marks };
}

function lineOf(entry: EntryEvent, me: string): Line | undefined {
  const { seq, timestamp: at } = entry;
  if (entry.type === 'member') {
    const { userId, userIds, joined, role, by } = entry;
    return { type: 'member', seq, at, userId, ...(userIds.length > 1 && { userIds }), joined, role, by };
  }
  if (entry.type === 'pin' || entry.type === 'unpin') {
    const { type, sender, target } = entry;
    return { type, seq, at, sender, target };
  }
  return entry.type === 'message' ? saidIn(entry, me) : undefined;
}

/** Returns the reactions after a user has added an emoji. */
export function withReaction(reactions: readonly Reaction[], emoji: string, userId: string): readonly Reaction[] {
  const there = reactions.find((one) => one.emoji === emoji);
  if (there === undefined) return [...reactions, { emoji, userIds: [userId], count: 1 }];
  if (there.userIds.includes(userId)) return reactions;
  const more = { emoji, userIds: [...there.userIds, userId], count: there.count + 1 };
  return reactions.map((one) => (one === there ? more : one));
}

/** Returns the reactions after a user has removed an emoji. */
export function withoutReaction(reactions: readonly Reaction[], emoji: string, userId: string): readonly Reaction[] {
  const there = reactions.find((one) => one.emoji === emoji);
  const isOne = there !== undefined && (there.userIds.includes(userId) || there.count > there.userIds.length);
  if (!isOne) return reactions;
  const less = { emoji, userIds: there.userIds.filter((id) => id !== userId), count: there.count - 1 };
  return reactions.map((one) => (one === there ? less : one)).filter(({ count }) => count > 0);
}

/** The place of an edit in the log: its seq and the server's time, in Unix ms. */
interface EditPlace {
  readonly seq: number;
  readonly at: number;
}

/**
 * Returns a message after an edit. Returns it unchanged if it already shows a later edit or is
 * deleted.
 */
export function withEdit(line: SaidLine, text: string | undefined, { seq, at }: EditPlace): SaidLine {
  const { editSeq, editedAt = 0, deleted } = line;
  const isLater = editSeq === undefined ? at >= editedAt : seq >= editSeq;
  return deleted || !isLater ? line : { ...line, text, editedAt: at, editSeq: seq };
}

function changed(line: SaidLine, change: Change): SaidLine {
  switch (change.type) {
    case 'edit':
      return withEdit(line, textOf(change), { seq: change.seq, at: change.timestamp });
    case 'delete':
      return { ...line, text: '', deleted: true, reactions: [], pinned: false };
    case 'react':
      return { ...line, reactions: withReaction(line.reactions, change.emoji, change.sender) };
    case 'unreact':
      return { ...line, reactions: withoutReaction(line.reactions, change.emoji, change.sender) };
    case 'pin':
    case 'unpin':
      return { ...line, pinned: change.type === 'pin' && !line.deleted };
  }
}

/**
 * Returns the lines with entries applied, in any order. Edits, deletions, reactions and pins change
 * their target.
 */
export function fold(lines: readonly Line[], entries: readonly EntryEvent[], me: string): readonly Line[] {
  const next = lines.slice();
  for (const entry of entries) {
    const line = lineOf(entry, me);
    if (line !== undefined) putInto(next, line);
    if ('target' in entry) {
      const target = saidAt(next, entry.target);
      if (target !== undefined) putInto(next, changed(target, entry));
    }
  }
  return next;
}
