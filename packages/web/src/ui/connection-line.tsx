import type { Link } from '../state/link.js';
import { linkWords } from '../state/link-words.js';
import { useNow, useOnline } from './hooks.js';

/**
 * The connection status, and a button that may help. While connected, only screen readers and tests
 * can see the status.
 */
export function ConnectionLine({ link, onRejoin }: { link: Link; onRejoin: () => void }) {
  const now = useNow(link.state === 'waiting' || (link.state === 'ended' && link.untilMs !== undefined), 250);
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
        <button type="button" className="quiet" onClick={onRejoin}>
          {again}
        </button>
      )}
    </div>
  );
}
