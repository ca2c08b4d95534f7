import type { ConversationState } from '../state/conversation-state.js';
import { type Names, nameOf } from '../state/names.js';
import { readingOf } from '../state/reading.js';
import { plainLine } from '../state/text.js';
import type { SaidRow } from '../state/timeline.js';
import { untilWords } from '../state/times.js';
import { words } from '../words/words.js';
import { useNow } from './hooks.js';
import { Icon } from './icon.js';
import { sentence } from './use-action.js';
import { useOpenConversation } from './workspace-context.js';

interface SentStateProps {
  readonly row: SaidRow;
  readonly receipts: ConversationState['receipts'];
  readonly names: Names;
}

/** The mark of the user's own message: sending, sent, delivered or read. */
export function SentState({ row: { delivery, outgoing, line }, receipts, names }: SentStateProps) {
  if (line.deleted) return null;
  if (delivery === 'sent') return <SentMark seq={line.seq} receipts={receipts} names={names} />;
  return delivery === 'sending' && outgoing?.held === undefined ? (
    <Mark name="clock" label={words().conversation.sending} />
  ) : null;
}

/** Says that the user's own message was delayed or not sent. */
export function DeliveryNotice({ row: { delivery, outgoing }, mayRetry }: { row: SaidRow; mayRetry: boolean }) {
  const conversation = useOpenConversation();
  if (outgoing === undefined) return null;
  if (outgoing.held !== undefined && delivery === 'sending') return <HeldBack {...outgoing.held} />;
  if (delivery !== 'failed') return null;
  return (
    <p className="failed" role="alert">
      <Icon name="alert" size={16} />
      <span>{words().conversation.notSent(sentence(outgoing.failed ?? ''))}</span>
      {mayRetry && (
        <button type="button" className="link" onClick={() => conversation.retry(outgoing.id)}>
          {words().conversation.sendAgain}
        </button>
      )}
      <button type="button" className="link" onClick={() => conversation.discard(outgoing.id)}>
        {words().common.discard}
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
      <span>{words().conversation.waiting(untilWords(Math.max(0, untilMs - now), now), sentence(why))}</span>
    </p>
  );
}

interface SentMarkProps {
  readonly seq: number;
  readonly receipts: ConversationState['receipts'];
  readonly names: Names;
}

/** The state of a sent message: sent, delivered to somebody, or read by somebody, with names. */
function SentMark({ seq, receipts, names }: SentMarkProps) {
  const { readBy, deliveredTo } = readingOf(receipts, seq);
  const say = words().conversation;
  const list = (ids: readonly string[]) => ids.map((id) => plainLine(nameOf(names, id))).join(', ');
  if (readBy.length > 0) return <Mark name="checks" label={say.readBy(list(readBy))} isRead />;
  if (deliveredTo.length > 0) return <Mark name="checks" label={say.deliveredTo(list(deliveredTo))} />;
  return <Mark name="check" label={say.sent} />;
}

function Mark({
  name,
  label,
  isRead = false,
}: {
  name: 'check' | 'checks' | 'clock';
  label: string;
  isRead?: boolean;
}) {
  return (
    <span className="delivery" role="img" aria-label={label} title={label} data-read={isRead}>
      <Icon name={name} size={14} />
    </span>
  );
}
