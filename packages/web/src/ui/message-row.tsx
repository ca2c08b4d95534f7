import { memo, type ReactNode, useMemo } from 'react';
import type { AllowedActions } from '../state/allowed-actions.js';
import type { ConversationState } from '../state/conversation-state.js';
import type { SaidLine } from '../state/lines.js';
import { plainStart } from '../state/markdown.js';
import { mentionsByName } from '../state/mentions.js';
import { textOrFiles } from '../state/message-words.js';
import { givenName, type Names, nameOf } from '../state/names.js';
import type { SaidRow } from '../state/timeline.js';
import { clockTime, fullTime, shortTime } from '../state/times.js';
import { words } from '../words/words.js';
import { Avatar, personClass } from './avatar.js';
import { DeliveryNotice, SentState } from './delivery.js';
import { FilesOfMessage } from './files-of-message.js';
import { Icon } from './icon.js';
import type { IntentRequest } from './intent.js';
import { MentionsContext } from './mentions.js';
import { MessageActions } from './message-actions.js';
import { PersonName } from './person-name.js';
import { Reactions } from './reactions.js';
import { Name, Text } from './text.js';

interface MessageRowProps {
  readonly row: SaidRow;
  readonly names: Names;
  readonly me: string;
  readonly allowed: AllowedActions;
  readonly mayReply: boolean;
  /** Whether this is the last message of the rendered ones. The Tab key reaches it first. */
  readonly isLast: boolean;
  /** Receipts of others, if the row shows them. */
  readonly receipts: ConversationState['receipts'];
  /** Whether others send receipts here. */
  readonly hasReceipts: boolean;
  /** The message to which this one replies, if it is loaded. */
  readonly answered: SaidLine | undefined;
  /** Whether that message can be shown. */
  readonly mayJump: boolean;
  /** Whether the address of the page names this message. */
  readonly isLinked: boolean;
  /** Scrolls to the message with a seq. */
  readonly onJump: (seq: number) => void;
  readonly onIntent: (request: IntentRequest) => void;
}

/** A message and its actions. It is rendered again only if a property has changed. */
export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { row, names, me, allowed, isLast, isLinked, receipts, hasReceipts, onIntent } = props;
  const { line, head, delivery, past } = row;
  const name = nameOf(names, line.sender);
  const mentions = useMemo(() => ({ userIds: line.mentions ?? [], names, me }), [line.mentions, names, me]);
  const isThere = !past && !line.deleted && row.outgoing === undefined;
  return (
    <article
      className="message"
      data-head={head}
      data-delivery={delivery}
      data-linked={isLinked}
      data-mention={line.mentionsMe === true && !line.deleted}
      tabIndex={isLast ? 0 : -1}
      aria-label={words().conversation.messageFrom(name)}
    >
      <div className="margin">
        {head ? <Avatar id={line.sender} name={givenName(names, line.sender)} /> : <Time at={line.at} short />}
      </div>
      <div className="said">
        {head && (
          <p className="who">
            <strong className={personClass(line.sender)}>
              <PersonName id={line.sender} name={name} tabIndex={-1} />
            </strong>
            <Time at={line.at} />
          </p>
        )}
        {line.replyTo !== undefined && <Quote {...props} seq={line.replyTo} />}
        <MentionsContext value={mentions}>
          <Body line={line}>
            <SentState row={row} receipts={receipts} names={names} />
          </Body>
        </MentionsContext>
        {!line.deleted && line.fileIds !== undefined && <FilesOfMessage ids={line.fileIds} />}
        {!line.deleted && <Marks line={line} />}
        {line.reactions.length > 0 && (
          <Reactions line={line} names={names} me={me} mayAct={isThere && allowed.change} />
        )}
        <DeliveryNotice row={row} mayRetry={allowed.say} />
      </div>
      {isThere && allowed.say && (
        <MessageActions
          {...{ line, names, onIntent }}
          isOwn={line.sender === me}
          mayReply={props.mayReply}
          mayChange={allowed.change}
          mayModerate={allowed.moderate}
          hasReceipts={hasReceipts}
        />
      )}
    </article>
  );
});

/** Marks of a message that mentions this user or is pinned. */
function Marks({ line: { mentionsMe = false, pinned = false } }: { line: SaidLine }) {
  const say = words().conversation;
  if (!mentionsMe && !pinned) return null;
  return (
    <p className="marks">
      {mentionsMe && <span className="mention">{say.mentionsYou}</span>}
      {pinned && (
        <span className="pinned">
          <Icon name="pin" size={14} /> {say.isPinned}
        </span>
      )}
    </p>
  );
}

function Time({ at, short = false }: { at: number; short?: boolean }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={fullTime(at)}>
      {short ? shortTime(at) : clockTime(at)}
    </time>
  );
}

function Body({ line, children }: { line: SaidLine; children: ReactNode }) {
  if (line.deleted)
    return (
      <p className="gone">
        {words().conversation.deleted}
        {children}
      </p>
    );
  if (line.text === undefined) return <p className="gone">{words().conversation.unreadable}</p>;
  if (line.text === '' && line.fileIds === undefined) return <p className="gone">{words().conversation.empty}</p>;
  return (
    <Text text={line.text}>
      {line.editedAt !== undefined && (
        <span className="edited" title={fullTime(line.editedAt)}>
          {words().conversation.edited}
        </span>
      )}
      {children}
    </Text>
  );
}

interface QuoteProps extends Pick<MessageRowProps, 'answered' | 'names' | 'mayJump' | 'onJump'> {
  readonly seq: number;
}

function Quote({ seq, answered, names, mayJump, onJump }: QuoteProps) {
  return (
    <blockquote className="quote">
      <button type="button" title={words().conversation.goToMessage} disabled={!mayJump} onClick={() => onJump(seq)}>
        {answered === undefined ? words().conversation.replyToEarlier : <QuoteStart of={answered} names={names} />}
      </button>
    </blockquote>
  );
}

function QuoteStart({ of, names }: { of: SaidLine; names: Names }) {
  const start = of.deleted
    ? words().conversation.deletedQuote
    : mentionsByName(plainStart(textOrFiles(of) ?? '…', 140), names);
  return (
    <>
      <Name of={`${nameOf(names, of.sender)}:`} title={of.sender} /> <Name of={start} />
    </>
  );
}
