import { Fragment } from 'react';
import type { MemberLine, PinLine } from '../state/lines.js';
import { type Names, namedTogether, nameOf } from '../state/names.js';
import type { Row, Start } from '../state/timeline.js';
import { dayWords } from '../state/times.js';
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
          <span>New</span>
        </p>
      );
    case 'anew':
      return (
        <p className="rule">
          <span>History was reset. Some messages may be missing.</span>
        </p>
      );
    case 'start':
      return <p className="start">{row.known ? startWords[row.begins].replace('room', noun) : ''}</p>;
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

const startWords: Readonly<Record<Start, string>> = {
  older: 'Earlier messages…',
  beginning: 'This is the beginning of the room.',
  expired: 'Older messages have expired.',
  'not kept': 'Earlier messages were not saved.',
};

function Note({ line, names, jump }: { line: Extract<Row, { type: 'note' }>['line']; names: Names; jump: Jump }) {
  switch (line.type) {
    case 'missing': {
      const count = line.to - line.seq + 1;
      return (
        <p className="note">{count === 1 ? 'One message is missing here.' : `${count} messages are missing here.`}</p>
      );
    }
    case 'member':
      return <Membership line={line} names={names} />;
    default:
      return <Pin line={line} names={names} jump={jump} />;
  }
}

const became = { member: 'is now a member', admin: 'is now an admin', owner: 'is now the owner' };

function Membership({ line, names }: { line: MemberLine; names: Names }) {
  const { userId, userIds, joined, role = 'member', by } = line;
  const isRemoved = !joined && by !== '' && by !== userId;
  if (userIds !== undefined) {
    return (
      <p className="note">
        <People ids={userIds} names={names} /> are now members
      </p>
    );
  }
  return (
    <p className="note">
      <Person id={userId} names={names} /> {joined ? became[role] : isRemoved ? 'was removed by ' : 'left'}
      {isRemoved && <Person id={by} names={names} />}
    </p>
  );
}

/** The names of several users. If there are many, only the first ones are named. */
function People({ ids, names }: { ids: readonly string[]; names: Names }) {
  const named = ids.length > namedTogether ? ids.slice(0, namedTogether - 1) : ids;
  const others = ids.length - named.length;
  return (
    <>
      {named.map((id, at) => (
        <Fragment key={id}>
          {at > 0 && (at === ids.length - 1 ? ' and ' : ', ')}
          <Person id={id} names={names} />
        </Fragment>
      ))}
      {others > 0 && ` and ${others} others`}
    </>
  );
}

function Pin({ line, names, jump }: { line: PinLine; names: Names; jump: Jump }) {
  const go = jump(line.target);
  return (
    <p className="note">
      <Person id={line.sender} names={names} /> {line.type === 'pin' ? 'pinned' : 'unpinned'}{' '}
      {go === undefined ? (
        'an earlier message'
      ) : (
        <button type="button" className="to-message" onClick={go}>
          a message
        </button>
      )}
    </p>
  );
}

function Person({ id, names }: { id: string; names: Names }) {
  return <Name of={nameOf(names, id)} title={id} />;
}
