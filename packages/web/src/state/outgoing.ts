import { type Line, put, type SaidLine, saidAt, withEdit, withoutReaction, withReaction } from './lines.js';

/** A delay that the server imposes, such as slow mode. */
export interface HeldBack {
  readonly why: string;
  /** End of the delay, in Unix ms. */
  readonly untilMs: number;
}

/** A message or change of this user that the server has not confirmed yet. */
export interface Outgoing {
  /**
   * Id of the message or change in every tab. For a message it is the client id, the same in every
   * attempt.
   */
  readonly id: string;
  /** Time at which the user made it, in Unix ms. */
  readonly at: number;
  readonly do: 'say' | 'edit' | 'delete' | 'react' | 'unreact' | 'pin' | 'unpin';
  /** The text or the emoji. */
  readonly text: string;
  /** Ids of the users whom a new message mentions, if there are any. */
  readonly mentions?: readonly string[] | undefined;
  /** Ids of the files of a new message, if it has any. */
  readonly fileIds?: readonly string[] | undefined;
  /** Seq of the message to change. For a new message, seq of the message to which it replies. */
  readonly target: number | undefined;
  /** Reason for which the server rejected it; undefined if it did not. */
  readonly failed: string | undefined;
  /** Delay that the server imposes, if there is one. */
  readonly held?: HeldBack | undefined;
}

/** Optional parts of a new message besides its text. */
export type MessageParts = Pick<Outgoing, 'mentions' | 'fileIds'>;

/** Returns a message or change that was not sent yet. */
export function newOutgoing(fields: Omit<Outgoing, 'failed' | 'held'>): Outgoing {
  const { mentions = [], fileIds = [], ...rest } = fields;
  const lists = { ...(mentions.length > 0 && { mentions }), ...(fileIds.length > 0 && { fileIds }) };
  return { ...rest, failed: undefined, ...lists };
}

/** Returns a message as it looks after a change. */
export function changedBy(line: SaidLine, change: Outgoing, me: string): SaidLine {
  switch (change.do) {
    case 'edit':
      return { ...line, text: change.text, editedAt: change.at };
    case 'delete':
      return { ...line, text: '', deleted: true, reactions: [], pinned: false };
    case 'react':
      return { ...line, reactions: withReaction(line.reactions, change.text, me) };
    case 'unreact':
      return { ...line, reactions: withoutReaction(line.reactions, change.text, me) };
    case 'pin':
    case 'unpin':
      return { ...line, pinned: change.do === 'pin' };
    default:
      return line;
  }
}

/** Returns a new message as a line of the log. */
export function saidBy(outgoing: Outgoing, me: string, seq: number, at: number): SaidLine {
  const { id: clientId, text, target: replyTo, mentions, fileIds } = outgoing;
  return {
    type: 'said',
    seq,
    at,
    sender: me,
    clientId,
    text,
    replyTo,
    editedAt: undefined,
    deleted: false,
    reactions: [],
    ...(mentions !== undefined && { mentions }),
    ...(fileIds !== undefined && { fileIds }),
  };
}

function withChange(
  lines: readonly Line[],
  outgoing: Outgoing,
  change: (target: SaidLine) => SaidLine,
): readonly Line[] {
  const target = saidAt(lines, outgoing.target ?? 0);
  return target === undefined ? lines : put(lines, change(target));
}

/**
 * Returns the lines after the server has accepted a message or change. If a message has several
 * edits, the last one in the server's order applies, no matter which of them was confirmed last.
 */
export function withTaken(
  lines: readonly Line[],
  outgoing: Outgoing,
  me: string,
  place: { seq: number; at: number },
): readonly Line[] {
  if (outgoing.do === 'say') return put(lines, saidBy(outgoing, me, place.seq, place.at));
  return withChange(lines, outgoing, (target) =>
    outgoing.do === 'edit' ? withEdit(target, outgoing.text, place) : changedBy(target, outgoing, me),
  );
}

/** Returns the lines as they will be once the server has accepted every pending change. */
export function withPending(lines: readonly Line[], outgoing: readonly Outgoing[], me: string): readonly Line[] {
  return outgoing
    .filter((one) => one.do !== 'say' && one.failed === undefined)
    .reduce((sofar, one) => withChange(sofar, one, (target) => changedBy(target, one, me)), lines);
}
