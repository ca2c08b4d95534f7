import { type Names, nameOf } from '../state/names.js';
import type { Row } from '../state/timeline.js';
import { dayWords } from '../state/times.js';
import { Name } from './text.js';

/** A row in which nobody says anything. */
export function PlainRow({ row, names }: { row: Exclude<Row, { type: 'said' }>; names: Names }) {
  switch (row.type) {
    case 'day':
      return (
        <h3 className="rule">
          <span>{dayWords(row.at, Date.now())}</span>
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
          <span>The room began anew. What was said meanwhile is not known.</span>
        </p>
      );
    case 'start':
      return <p className="start">{startWords(row)}</p>;
    case 'note':
      return <Note line={row.line} names={names} />;
  }
}

function startWords({ known, hasOlder }: Extract<Row, { type: 'start' }>): string {
  if (!known) return '';
  return hasOlder ? 'Earlier messages…' : 'This is where it begins.';
}

function Note({ line, names }: { line: Extract<Row, { type: 'note' }>['line']; names: Names }) {
  if (line.type === 'missing') {
    const count = line.to - line.seq + 1;
    return (
      <p className="note">{count === 1 ? 'One message is missing here.' : `${count} messages are missing here.`}</p>
    );
  }
  return (
    <p className="note">
      <Name of={nameOf(names, line.userId)} title={line.userId} />{' '}
      {line.joined ? 'is a member now' : 'is no member any more'}
    </p>
  );
}
