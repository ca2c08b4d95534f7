import { Fragment, memo, type ReactNode } from 'react';
import type { MemberLine, PinLine } from '../state/lines.js';
import { type Names, namedTogether, nameOf } from '../state/names.js';
import type { Row, Start } from '../state/timeline.js';
import { dayWords } from '../state/times.js';
import { listParts, words } from '../words/words.js';
import { useNow } from './hooks.js';
import { Name } from './text.js';

interface PlainRowProps {
  readonly row: Exclude<Row, { type: 'said' }>;
  readonly names: Names;
  /** Whether the message that the row names can be shown. */
  readonly mayJump: boolean;
  /** Scrolls to the message with a seq. */
  readonly onJump: (seq: number) => void;
  readonly noun: 'room' | 'chat';
}

/** A row that is not a message. */
export const PlainRow = memo(function PlainRow({ row, names, mayJump, onJump, noun }: PlainRowProps) {
  switch (row.type) {
    case 'day':
      return (
        <h3 className="rule">
          <Day at={row.at} />
        </h3>
      );
    case 'unread':
      return (
        <p className="rule unread-rule">
          <span>{words().conversation.new}</span>
        </p>
      );
    case 'anew':
      return (
        <p className="rule">
          <span>{words().conversation.anew}</span>
        </p>
      );
    case 'start':
      return (
        <p className="start" data-unread={row.isUnread}>
          {row.known ? startWords(row, noun) : ''}
        </p>
      );
    case 'note':
      return <Note line={row.line} names={names} mayJump={mayJump} onJump={onJump} />;
  }
});

/**
 * The heading of a day. Checks the clock every ten seconds, so that Today becomes Yesterday at
 * midnight.
 */
function Day({ at }: { at: number }) {
  return <span>{dayWords(at, useNow(true, 10_000))}</span>;
}

interface StartFacts {
  readonly begins: Start;
  readonly isUnread: boolean;
}

function startWords({ begins, isUnread }: StartFacts, noun: 'room' | 'chat'): string {
  const { older, olderUnread, roomBegins, chatBegins, expired, notKept } = words().conversation;
  if (begins === 'beginning') return noun === 'room' ? roomBegins : chatBegins;
  if (begins === 'expired') return expired;
  if (begins === 'older') return isUnread ? olderUnread : older;
  return notKept;
}

interface NoteProps<L> extends Pick<PlainRowProps, 'names' | 'mayJump' | 'onJump'> {
  readonly line: L;
}

function Note({ line, names, ...jump }: NoteProps<Extract<Row, { type: 'note' }>['line']>) {
  switch (line.type) {
    case 'missing':
      return <p className="note">{words().conversation.missing(line.to - line.seq + 1)}</p>;
    case 'member':
      return <Membership line={line} names={names} />;
    default:
      return <Pin line={line} names={names} {...jump} />;
  }
}

/** Returns a sentence with elements in the places of its parameters. */
function filled(sentence: (...places: string[]) => string, ...elements: readonly ReactNode[]): ReactNode {
  const parts = sentence(...elements.map((_, index) => `\0${index}\0`)).split(/\0(\d)\0/);
  // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a sentence have no id and no state
  return parts.map((part, at) => <Fragment key={at}>{at % 2 === 0 ? part : elements[Number(part)]}</Fragment>);
}

function Membership({ line, names }: { line: MemberLine; names: Names }) {
  const { userId, userIds, joined, role = 'member', by } = line;
  const { areMembers, isMember, isAdmin, isOwner, left, removed } = words().conversation;
  if (userIds !== undefined)
    return <p className="note">{filled(areMembers, <People ids={userIds} names={names} />)}</p>;
  const person = <Person id={userId} names={names} />;
  if (joined)
    return <p className="note">{filled({ member: isMember, admin: isAdmin, owner: isOwner }[role], person)}</p>;
  if (by === '' || by === userId) return <p className="note">{filled(left, person)}</p>;
  return <p className="note">{filled(removed, person, <Person id={by} names={names} />)}</p>;
}

/** The names of several users. If there are many, only the first ones are named. */
function People({ ids, names }: { ids: readonly string[]; names: Names }) {
  const named = ids.length > namedTogether ? ids.slice(0, namedTogether - 1) : ids;
  const others = ids.length - named.length;
  const all = others > 0 ? [...named, words().conversation.othersCount(others)] : named;
  let index = -1;
  return listParts(all).map(({ type, value }, at) => {
    if (type === 'element') index += 1;
    const isPerson = type === 'element' && index < named.length;
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a list have no id and no state
    return <Fragment key={at}>{isPerson ? <Person id={value} names={names} /> : value}</Fragment>;
  });
}

function Pin({ line, names, mayJump, onJump }: NoteProps<PinLine>) {
  const { pinned, unpinned, aMessage, earlierMessage } = words().conversation;
  const message = mayJump ? (
    <button type="button" className="to-message" onClick={() => onJump(line.target)}>
      {aMessage}
    </button>
  ) : (
    earlierMessage
  );
  const person = <Person id={line.sender} names={names} />;
  return <p className="note">{filled(line.type === 'pin' ? pinned : unpinned, person, message)}</p>;
}

function Person({ id, names }: { id: string; names: Names }) {
  return <Name of={nameOf(names, id)} title={id} />;
}
