import type { SaidRow } from '../state/timeline.js';
import { untilWords } from '../state/times.js';
import { useRoom } from './desk-context.js';
import { useNow } from './hooks.js';
import { Icon } from './icon.js';
import { sentence } from './use-action.js';

/** Where a message of one's own is: on its way, there, or refused. */
export function StandingOf({ row: { standing, outgoing }, mayRetry }: { row: SaidRow; mayRetry: boolean }) {
  const room = useRoom();
  if (standing === 'theirs' || standing === 'long sent') return null;
  if (standing === 'sent') return <Mark name="check" words="Sent" />;
  if (outgoing?.held !== undefined && standing === 'sending') return <Held {...outgoing.held} />;
  if (outgoing === undefined || standing === 'sending') return <Mark name="clock" words="Sending" />;
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

/** It waits for its turn, and goes out by itself. */
function Held({ why, untilMs }: { why: string; untilMs: number }) {
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
    <span className="standing" title={words}>
      <Icon name={name} size={14} />
      <span className="unseen">{words}</span>
    </span>
  );
}
