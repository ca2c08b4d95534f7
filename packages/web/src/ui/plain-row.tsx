import { Fragment, type ReactNode } from 'react';
import type { MemberLine, PinLine } from '../state/lines.js';
import { type Names, namedTogether, nameOf } from '../state/names.js';
import type { Row, Start } from '../state/timeline.js';
import { dayWords } from '../state/times.js';
import { listParts, words } from '../words/words.js';
import { useNow } from './hooks.js';
import { Name } from './text.js';

/**
 * Returns a function that scrolls to the message with a seq, or undefined if that message is not
 * loaded.
 */
export type Jump = (seq: number) => (() => void) | undefined;

interface PlainRowProps {
  readonly row: Exclude<Row, { type: 'said' }>;
  readonly names: Names;
  readonly jump: Jump;
  readonly noun: 'room' | 'chat';
}

/** A row that is not a message. */
export function PlainRow({ row, names, jump, noun }: PlainRowProps) {
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
      return <p className="start">{row.known ? startWords(row.begins, noun) : ''}</p>;
    case 'note':
      return <Note line={row.line} names={names} jump={jump} />;
  }
}

/**
 * The heading of a day. Checks the clock every ten seconds, so that Today becomes Yesterday at
 * midnight.
 */
function Day({ at }: { at: number }) {
  return <span>{dayWords(at, useNow(true, 10_000))}</span>;
}

function startWords(begins: Start, noun: 'room' | 'chat'): string {
  const { older, roomBegins, chatBegins, expired, notKept } = words().conversation;
  if (begins === 'beginning') return noun === 'room' ? roomBegins : chatBegins;
  if (begins === 'expired') return expired;
  return begins === 'older' ? older : notKept;
}

function Note({ line, names, jump }: { line: Extract<Row, { type: 'note' }>['line']; names: Names; jump: Jump }) {
  switch (line.type) {
    case 'missing':
      return <p className="note">{words().conversation.missing(line.to - line.seq + 1)}</p>;
    case 'member':
      return <Membership line={line} names={names} />;
    default:
      return <Pin line={line} names={names} jump={jump} />;
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

function Pin({ line, names, jump }: { line: PinLine; names: Names; jump: Jump }) {
  const go = jump(line.target);
  const { pinned, unpinned, aMessage, earlierMessage } = words().conversation;
  const message =
    go === undefined ? (
      earlierMessage
    ) : (
      <button type="button" className="to-message" onClick={go}>
        {aMessage}
      </button>
    );
  const person = <Person id={line.sender} names={names} />;
  return <p className="note">{filled(line.type === 'pin' ? pinned : unpinned, person, message)}</p>;
}

function Person({ id, names }: { id: string; names: Names }) {
  return <Name of={nameOf(names, id)} title={id} />;
}
