import { type Line, put, type SaidLine, saidAt, withoutReaction, withReaction } from './lines.js';

export interface Held {
  readonly why: string;
  /** Unix ms. */
  readonly untilMs: number;
}

/** Something that this user wants done, until the server has answered. */
export interface Outgoing {
  /** Names it in every tab; of what is said, the server's name for all its tries too. */
  readonly id: string;
  /** Unix ms. */
  readonly at: number;
  readonly do: 'say' | 'edit' | 'delete' | 'react' | 'unreact';
  /** The text, or the emoji. */
  readonly text: string;
  /** The seq that it is about; of what is said, that of the message it answers. */
  readonly target: number | undefined;
  /** Why the server did not take it. */
  readonly failed: string | undefined;
  /** Why the server does not take it yet, and until when. */
  readonly held?: Held | undefined;
}

/** The message that a change leaves behind. */
export function changedBy(line: SaidLine, change: Outgoing, me: string): SaidLine {
  switch (change.do) {
    case 'edit':
      return { ...line, text: change.text, editedAt: change.at };
    case 'delete':
      return { ...line, text: '', deleted: true, reactions: [] };
    case 'react':
      return { ...line, reactions: withReaction(line.reactions, change.text, me) };
    case 'unreact':
      return { ...line, reactions: withoutReaction(line.reactions, change.text, me) };
    default:
      return line;
  }
}

/** What is said, as the line that it becomes. */
export function saidBy(outgoing: Outgoing, me: string, seq: number, at: number): SaidLine {
  const { id: clientId, text, target: replyTo } = outgoing;
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
  };
}

/** The lines after the server has taken it. */
export function taken(
  lines: readonly Line[],
  outgoing: Outgoing,
  me: string,
  place: { seq: number; at: number },
): readonly Line[] {
  if (outgoing.do === 'say') return put(lines, saidBy(outgoing, me, place.seq, place.at));
  const target = saidAt(lines, outgoing.target ?? 0);
  return target === undefined ? lines : put(lines, changedBy(target, outgoing, me));
}

/** The lines as they will be when everything under way is taken. */
export function foreseen(lines: readonly Line[], outgoing: readonly Outgoing[], me: string): readonly Line[] {
  return outgoing
    .filter((one) => one.do !== 'say' && one.failed === undefined)
    .reduce((sofar, one) => taken(sofar, one, me, { seq: 0, at: 0 }), lines);
}
