import { type Names, nameOf } from '../state/names.js';
import type { Row, Start } from '../state/timeline.js';
import { dayWords } from '../state/times.js';
import { useNow } from './hooks.js';
import { Name } from './text.js';

/** A row that is not a message. */
export function PlainRow({ row, names }: { row: Exclude<Row, { type: 'said' }>; names: Names }) {
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
      return <p className="start">{row.known ? startWords[row.begins] : ''}</p>;
    case 'note':
      return <Note line={row.line} names={names} />;
  }
}

/** The heading of a day. Checks the clock, so that Today becomes Yesterday at midnight. */
function Day({ at }: { at: number }) {
  return <span>{dayWords(at, useNow(true, 10_000))}</span>;
}

const startWords: Readonly<Record<Start, string>> = {
  older: 'Earlier messages…',
  beginning: 'This is the beginning of the room.',
  expired: 'Older messages have expired.',
  'not kept': 'Earlier messages were not saved.',
};

function Note({ line, names }: { line: Extract<Row, { type: 'note' }>['line']; names: Names }) {
  if (line.type === 'missing') {
    const count = line.to - line.seq + 1;
    return (
      <p className="note">{count === 1 ? 'One message is missing here.' : `${count} messages are missing here.`}</p>
    );
  }
  return (
    <p className="note">
      <Name of={nameOf(names, line.userId)} title={line.userId} /> {line.joined ? 'joined' : 'left'}
    </p>
  );
}
