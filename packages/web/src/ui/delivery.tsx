import type { SaidRow } from '../state/timeline.js';
import { untilWords } from '../state/times.js';
import { useNow } from './hooks.js';
import { Icon } from './icon.js';
import { sentence } from './use-action.js';
import { useRoom } from './workspace-context.js';

/** The delivery state of the user's own message: sending, sent or failed. */
export function DeliveryMark({ row: { delivery, outgoing }, mayRetry }: { row: SaidRow; mayRetry: boolean }) {
  const room = useRoom();
  if (delivery === 'theirs' || delivery === 'long sent') return null;
  if (delivery === 'sent') return <Mark name="check" words="Sent" />;
  if (outgoing?.held !== undefined && delivery === 'sending') return <HeldBack {...outgoing.held} />;
  if (outgoing === undefined || delivery === 'sending') return <Mark name="clock" words="Sending" />;
  return (
    <p className="failed" role="alert">
      <Icon name="alert" size={16} />
      <span>Not sent. {sentence(outgoing.failed ?? '')}</span>
      {mayRetry && (
        <button type="button" className="link" onClick={() => room.retry(outgoing.id)}>
          Send again
        </button>
      )}
      <button type="button" className="link" onClick={() => room.discard(outgoing.id)}>
        Discard
      </button>
    </p>
  );
}

/** Shows the time until which a message is delayed. The message is then sent automatically. */
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

function Mark({ name, words }: { name: 'check' | 'clock'; words: string }) {
  return (
    <span className="delivery" title={words}>
      <Icon name={name} size={14} />
      <span className="unseen">{words}</span>
    </span>
  );
}
