import type { Link } from '../state/link.js';
import { linkWords } from '../state/link-words.js';
import { useNow } from './hooks.js';

/** How this page hears the room, as it is. */
export function ConnectionLine({ link, onReturn }: { link: Link; onReturn: () => void }) {
  const now = useNow(link.state === 'waiting', 250);
  const { tone, words, steady, mayReturn } = linkWords(link, now);
  return (
    <div className="connection" data-tone={tone}>
      <span className="dot" aria-hidden="true" />
      <span data-connection={link.state}>{words}</span>
      <span className="unseen" role="status">
        {steady}
      </span>
      {mayReturn && (
        <button type="button" className="quiet" onClick={onReturn}>
          Come back
        </button>
      )}
    </div>
  );
}
