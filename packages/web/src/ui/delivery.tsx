import type { ConversationState } from '../state/conversation-state.js';
import { type Names, nameOf } from '../state/names.js';
import { readingOf } from '../state/reading.js';
import { plainLine } from '../state/text.js';
import type { SaidRow } from '../state/timeline.js';
import { untilWords } from '../state/times.js';
import { useNow } from './hooks.js';
import { Icon } from './icon.js';
import { sentence } from './use-action.js';
import { useOpenConversation } from './workspace-context.js';

interface DeliveryMarkProps {
  readonly row: SaidRow;
  readonly mayRetry: boolean;
  readonly receipts: ConversationState['receipts'];
  readonly names: Names;
}

/** The delivery state of the user's own message: sending, sent, delivered, read or failed. */
export function DeliveryMark({ row, mayRetry, receipts, names }: DeliveryMarkProps) {
  const { delivery, outgoing, line } = row;
  const conversation = useOpenConversation();
  if (delivery === 'theirs' || delivery === 'long sent') return null;
  if (delivery === 'sent') return <SentMark seq={line.seq} receipts={receipts} names={names} />;
  if (outgoing?.held !== undefined && delivery === 'sending') return <HeldBack {...outgoing.held} />;
  if (outgoing === undefined || delivery === 'sending') return <Mark name="clock" words="Sending" />;
  return (
    <p className="failed" role="alert">
      <Icon name="alert" size={16} />
      <span>Not sent. {sentence(outgoing.failed ?? '')}</span>
      {mayRetry && (
        <button type="button" className="link" onClick={() => conversation.retry(outgoing.id)}>
          Send again
        </button>
      )}
      <button type="button" className="link" onClick={() => conversation.discard(outgoing.id)}>
        Discard
      </button>
    </p>
  );
}

/** Shows when a delayed message will be sent. It is sent automatically. */
function HeldBack({ why, untilMs }: { why: string; untilMs: number }) {
  const now = useNow();
  return (
    <p className="held" role="status">
      <Icon name="clock" size={14} />
      <span>
        Waiting {untilWords(Math.max(0, untilMs - now), now)}. {sentence(why)}
      </span>
    </p>
  );
}

interface SentMarkProps {
  readonly seq: number;
  readonly receipts: ConversationState['receipts'];
  readonly names: Names;
}

/** How far a sent message has come: sent, delivered to somebody, or read by somebody, with names. */
function SentMark({ seq, receipts, names }: SentMarkProps) {
  const { readBy, deliveredTo } = readingOf(receipts, seq);
  const list = (ids: readonly string[]) => ids.map((id) => plainLine(nameOf(names, id))).join(', ');
  if (readBy.length > 0) return <Mark name="checks" words={`Read by ${list(readBy)}`} isRead />;
  if (deliveredTo.length > 0) return <Mark name="checks" words={`Delivered to ${list(deliveredTo)}`} />;
  return <Mark name="check" words="Sent" />;
}

function Mark({
  name,
  words,
  isRead = false,
}: {
  name: 'check' | 'checks' | 'clock';
  words: string;
  isRead?: boolean;
}) {
  return (
    <span className="delivery" title={words} data-read={isRead}>
      <Icon name={name} size={14} />
      <span className="unseen">{words}</span>
    </span>
  );
}
