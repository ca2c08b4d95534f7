import type { Link } from '../state/link.js';
import { linkWords } from '../state/link-words.js';
import { useNow, useOnline } from './hooks.js';

/** What is wrong with the connection, and what can be done about it; while all is well, only tests and screen readers hear of it. */
export function ConnectionLine({ link, onReturn }: { link: Link; onReturn: () => void }) {
  const now = useNow(link.state === 'waiting', 250);
  const isOnline = useOnline();
  const { tone, words, steady, again } = linkWords(link, now, isOnline);
  return (
    <div className={link.state === 'live' ? 'unseen' : 'connection'} data-tone={tone}>
      <span className="dot" aria-hidden="true" />
      <span data-connection={link.state}>{words}</span>
      <span className="unseen" role="status">
        {steady}
      </span>
      {again !== undefined && (
        <button type="button" className="quiet" onClick={onReturn}>
          {again}
        </button>
      )}
    </div>
  );
}
