import { memo } from 'react';
import type { Names } from '../state/conversation.js';
import { type Line, type SaidLine, saidAt } from '../state/lines.js';
import type { SaidRow } from '../state/timeline.js';
import { clockTime, fullTime } from '../state/times.js';
import { Avatar } from './avatar.js';
import { MessageActions } from './message-actions.js';
import { Reactions } from './reactions.js';
import type { Intent } from './room-view.js';
import { StandingOf } from './standing.js';
import { Name, Text } from './text.js';

interface MessageRowProps {
  readonly row: SaidRow;
  readonly lines: readonly Line[];
  readonly names: Names;
  readonly me: string;
  readonly onIntent: (intent: Intent) => void;
}

/** What somebody said. */
export const MessageRow = memo(function MessageRow({ row, lines, names, me, onIntent }: MessageRowProps) {
  const { line, head, standing, past } = row;
  const name = names[line.sender] ?? line.sender;
  const answered = line.replyTo === undefined || past ? undefined : saidAt(lines, line.replyTo);
  const mayAct = !past && !line.deleted && row.outgoing === undefined;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: its actions are reached from it by keys
    <article className="message" data-head={head} data-standing={standing} tabIndex={0} aria-label={`Message of ${name}`}>
      <div className="margin">{head ? <Avatar id={line.sender} name={name} /> : <Time at={line.at} />}</div>
      <div className="said">
        {line.replyTo !== undefined && <Quote of={answered} names={names} />}
        {head && (
          <p className="who">
            <strong>
              <Name of={name} />
            </strong>
            <Time at={line.at} />
          </p>
        )}
        <Body line={line} />
        {line.reactions.length > 0 && <Reactions line={line} names={names} me={me} mayAct={mayAct} />}
        <StandingOf row={row} />
      </div>
      {mayAct && <MessageActions line={line} isOwn={line.sender === me} onIntent={onIntent} />}
    </article>
  );
});

function Time({ at }: { at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={fullTime(at)}>
      {clockTime(at)}
    </time>
  );
}

function Body({ line }: { line: SaidLine }) {
  if (line.deleted) return <p className="gone">This message was deleted.</p>;
  if (line.text === undefined) return <p className="gone">This is no text, so it cannot be shown.</p>;
  return (
    <>
      <Text text={line.text} />
      {line.editedAt !== undefined && (
        <span className="edited" title={fullTime(line.editedAt)}>
          edited
        </span>
      )}
    </>
  );
}

function Quote({ of, names }: { of: SaidLine | undefined; names: Names }) {
  if (of === undefined) return <p className="quote">In reply to an earlier message</p>;
  return (
    <blockquote className="quote">
      <Name of={names[of.sender] ?? of.sender} /> <Name of={of.deleted ? 'deleted message' : (of.text ?? '…').slice(0, 140)} />
    </blockquote>
  );
}
