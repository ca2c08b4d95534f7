import { type Line, type SaidLine, saidAt } from '../state/lines.js';
import type { May } from '../state/may.js';
import { givenName, type Names, nameOf } from '../state/names.js';
import type { SaidRow } from '../state/timeline.js';
import { clockTime, fullTime, shortTime } from '../state/times.js';
import { Avatar } from './avatar.js';
import type { Wish } from './intent.js';
import { MessageActions } from './message-actions.js';
import { Reactions } from './reactions.js';
import { StandingOf } from './standing.js';
import { Name, Text } from './text.js';

interface MessageRowProps {
  readonly row: SaidRow;
  readonly lines: readonly Line[];
  readonly names: Names;
  readonly me: string;
  readonly may: May;
  /** Where one comes in by keys. */
  readonly isLast: boolean;
  readonly onWish: (wish: Wish) => void;
}

/** What somebody said. */
export function MessageRow({ row, lines, names, me, may, isLast, onWish }: MessageRowProps) {
  const { line, head, standing, past } = row;
  const name = nameOf(names, line.sender);
  const answered = line.replyTo === undefined || past ? undefined : saidAt(lines, line.replyTo);
  const isThere = !past && !line.deleted && row.outgoing === undefined;
  return (
    <article
      className="message"
      data-head={head}
      data-standing={standing}
      tabIndex={isLast ? 0 : -1}
      aria-label={`Message from ${name}`}
    >
      <div className="margin">
        {head ? <Avatar id={line.sender} name={givenName(names, line.sender)} /> : <Time at={line.at} short />}
      </div>
      <div className="said">
        {line.replyTo !== undefined && <Quote of={answered} names={names} />}
        {head && (
          <p className="who">
            <strong>
              <Name of={name} title={line.sender} />
            </strong>
            <Time at={line.at} />
          </p>
        )}
        <Body line={line} />
        {line.reactions.length > 0 && <Reactions line={line} names={names} me={me} mayAct={isThere && may.change} />}
        <StandingOf row={row} mayRetry={may.say} />
      </div>
      {isThere && may.say && (
        <MessageActions line={line} isOwn={line.sender === me} mayChange={may.change} onWish={onWish} />
      )}
    </article>
  );
}

function Time({ at, short = false }: { at: number; short?: boolean }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={fullTime(at)}>
      {short ? shortTime(at) : clockTime(at)}
    </time>
  );
}

function Body({ line }: { line: SaidLine }) {
  if (line.deleted) return <p className="gone">This message was deleted.</p>;
  if (line.text === undefined) return <p className="gone">This message is not text and cannot be shown.</p>;
  return (
    <Text text={line.text}>
      {line.editedAt !== undefined && (
        <span className="edited" title={fullTime(line.editedAt)}>
          (edited)
        </span>
      )}
    </Text>
  );
}

function Quote({ of, names }: { of: SaidLine | undefined; names: Names }) {
  if (of === undefined) return <p className="quote">In reply to an earlier message</p>;
  return (
    <blockquote className="quote">
      <Name of={`${nameOf(names, of.sender)}:`} title={of.sender} />{' '}
      <Name of={of.deleted ? 'Deleted message' : (of.text ?? '…').slice(0, 140)} />
    </blockquote>
  );
}
